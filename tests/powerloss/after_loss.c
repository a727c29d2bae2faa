#include "after_loss.h"

#include <stdio.h>
#include <string.h>

#include "store_lmdb.h"
#include "store_operations.h"

enum { ONE_IN = 8, ENTRIES = 200, VALUE_BYTES = 700 };

const char *check_contents(struct store *store, unsigned table_count, const struct contents *commits,
                           const struct moment *moment, size_t *ret_commit) {
  struct contents contents;
  if (contents_of(store, table_count, &contents) < 0)
    return "a table cannot be read";
  *ret_commit = moment->acknowledged;
  if (contents_equal(&contents, &commits[moment->acknowledged]))
    return NULL;
  *ret_commit = moment->newest;
  if (contents_equal(&contents, &commits[moment->newest]))
    return NULL;
  for (size_t i = 0; i < moment->acknowledged; i++) {
    if (contents_equal(&contents, &commits[i]))
      return "what was acknowledged is lost: an earlier commit is there";
  }
  return "what is there was never committed";
}

static int change_entries(struct store *store, bool put) {
  char key[32];
  uint8_t value[VALUE_BYTES] = {0};
  int r = 0;
  for (unsigned i = 0; r == 0 && i < ENTRIES; i++) {
    int length = snprintf(key, sizeof key, "after the loss %u", i);
    r = put ? store_put(store, 0, key, (size_t)length, value, sizeof value)
            : store_delete(store, 0, key, (size_t)length);
  }
  return r < 0 ? r : store_commit(store);
}

/* Several times: pages freed by one transaction are used again two later. */
static int use_free_pages(struct store *store) {
  int r = 0;
  for (unsigned i = 0; r == 0 && i < 3; i++) {
    r = change_entries(store, true);
    if (r == 0)
      r = change_entries(store, false);
  }
  return r;
}

static const char *go_on(struct store **store, const char *path, const char *const *tables,
                         size_t map_bytes) {
  struct contents before, after;
  unsigned table_count = (*store)->table_count;
  if (contents_of(*store, table_count, &before) < 0 || use_free_pages(*store) < 0)
    return "the store does not go on";
  store_close(*store);
  *store = NULL;
  if (store_open_lmdb(path, tables, map_bytes, store) < 0)
    return "the store does not open a second time";
  if (contents_of(*store, table_count, &after) < 0 || !contents_equal(&before, &after))
    return "what was there did not outlive the next commits";
  return NULL;
}

const char *check_goes_on(struct store **store, const char *path, const char *const *tables,
                          size_t map_bytes) {
  static unsigned count;
  return ++count % ONE_IN == 0 ? go_on(store, path, tables, map_bytes) : NULL;
}
