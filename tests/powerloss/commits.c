#include "commits.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "recorder.h"

static struct {
  unsigned table_count; /* 0: nothing is noted */
  struct contents *all;
  size_t count, capacity;
} commits;

int __real_store_commit(struct store *store);
int __wrap_store_commit(struct store *store);

static void add_bytes(crypto_generichash_state *state, struct view view) {
  uint32_t length = (uint32_t)view.length;
  crypto_generichash_update(state, (const uint8_t *)&length, sizeof length);
  crypto_generichash_update(state, view.bytes, view.length);
}

static int add_table(crypto_generichash_state *state, struct store *store, unsigned table) {
  struct view key = {0};
  struct view value;
  int r = store_next(store, table, NULL, 0, true, &key, &value);
  while (r == 0) {
    add_bytes(state, key);
    add_bytes(state, value);
    r = store_next(store, table, key.bytes, key.length, false, &key, &value);
  }
  add_bytes(state, (struct view){(const uint8_t *)"", 0});
  return r < 0 ? r : 0;
}

int contents_of(struct store *store, unsigned table_count, struct contents *ret_contents) {
  crypto_generichash_state state;
  int r = 0;
  crypto_generichash_init(&state, NULL, 0, sizeof ret_contents->hash);
  for (unsigned i = 0; r == 0 && i < table_count; i++)
    r = add_table(&state, store, i);
  if (r == 0)
    crypto_generichash_final(&state, ret_contents->hash, sizeof ret_contents->hash);
  return r;
}

bool contents_equal(const struct contents *left, const struct contents *right) {
  return memcmp(left->hash, right->hash, sizeof left->hash) == 0;
}

static void note(const struct contents *contents) {
  if (commits.count == commits.capacity) {
    commits.capacity = commits.capacity ? 2 * commits.capacity : 1024;
    commits.all = realloc(commits.all, commits.capacity * sizeof *commits.all);
    if (!commits.all)
      abort();
  }
  commits.all[commits.count++] = *contents;
}

void commits_begin(unsigned table_count) {
  struct contents empty;
  crypto_generichash_state state;
  crypto_generichash_init(&state, NULL, 0, sizeof empty.hash);
  for (unsigned i = 0; i < table_count; i++)
    add_bytes(&state, (struct view){(const uint8_t *)"", 0});
  crypto_generichash_final(&state, empty.hash, sizeof empty.hash);
  commits.table_count = table_count;
  note(&empty);
}

struct contents *commits_end(size_t *ret_count) {
  struct contents *all = commits.all;
  *ret_count = commits.count;
  commits.all = NULL;
  commits.count = commits.capacity = 0;
  commits.table_count = 0;
  return all;
}

size_t commits_count(void) {
  return commits.count - 1;
}

/* Noted before the commit: what was put, not what the commit made of it. */
int __wrap_store_commit(struct store *store) {
  struct contents contents;
  if (commits.table_count == 0 || !store_pending(store))
    return __real_store_commit(store);
  if (contents_of(store, commits.table_count, &contents) < 0)
    abort();
  note(&contents);
  recorder_mark(EVENT_COMMIT);
  int r = __real_store_commit(store);
  if (r < 0)
    abort(); /* no disk fails in these tests */
  recorder_mark(EVENT_COMMITTED);
  return r;
}
