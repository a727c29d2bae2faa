/* What both kinds of store promise: each test runs on LMDB and on memory. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "store_lmdb.h"
#include "store_memory.h"

enum { TABLE_ONE, TABLE_TWO, MAP_BYTES = 64 << 20 };

static const char *const tables[] = {"one", "two", NULL};

static int kinds[] = {0, 1};

#define STORE_TEST(name)                                                                                     \
  ParameterizedTestParameters(store, name) {                                                                 \
    return cr_make_param_array(int, kinds, 2);                                                               \
  }                                                                                                          \
  ParameterizedTest(int *kind, store, name)

struct opened {
  struct scratch scratch;
  struct store *store;
};

static struct opened open_kind(int kind) {
  struct opened opened = {.scratch = scratch_make()};
  int r = kind == 0 ? store_open_lmdb(opened.scratch.file, tables, MAP_BYTES, &opened.store)
                    : store_open_memory(tables, &opened.store);
  cr_assert_eq(r, 0);
  return opened;
}

static void close_opened(struct opened *opened) {
  store_close(opened->store);
  scratch_remove(&opened->scratch);
}

static void put(struct store *store, unsigned table, const char *key, const char *value) {
  cr_assert_eq(store_put(store, table, key, strlen(key), value, strlen(value)), 0);
}

static void expect(struct store *store, unsigned table, const char *key, const char *value) {
  struct view view;
  int r = store_get(store, table, key, strlen(key), &view);
  if (!value) {
    cr_assert_eq(r, STORE_ABSENT, "%s is there", key);
    return;
  }
  cr_assert_eq(r, 0, "%s is absent", key);
  cr_assert_eq(view.length, strlen(value));
  cr_assert_arr_eq(view.bytes, value, view.length);
}

static void expect_key(int r, struct view key, const char *wanted) {
  if (!wanted) {
    cr_assert_eq(r, STORE_ABSENT);
    return;
  }
  cr_assert_eq(r, 0);
  cr_assert_eq(key.length, strlen(wanted));
  cr_assert_arr_eq(key.bytes, wanted, key.length);
}

static void expect_next(struct store *store, const char *from, bool or_equal, const char *wanted) {
  struct view key, value;
  expect_key(store_next(store, TABLE_ONE, from, strlen(from), or_equal, &key, &value), key, wanted);
}

static void expect_last(struct store *store, const char *until, const char *wanted) {
  struct view key, value;
  expect_key(store_last(store, TABLE_ONE, until, strlen(until), &key, &value), key, wanted);
}

STORE_TEST(puts_are_seen_at_once_and_after_the_commit) {
  struct opened opened = open_kind(*kind);
  expect(opened.store, TABLE_ONE, "a", NULL);
  put(opened.store, TABLE_ONE, "a", "1");
  expect(opened.store, TABLE_ONE, "a", "1");
  expect(opened.store, TABLE_TWO, "a", NULL);
  cr_assert(store_pending(opened.store));
  cr_assert_eq(store_commit(opened.store), 0);
  cr_assert_not(store_pending(opened.store));
  expect(opened.store, TABLE_ONE, "a", "1");
  put(opened.store, TABLE_ONE, "a", "");
  expect(opened.store, TABLE_ONE, "a", "");
  close_opened(&opened);
}

STORE_TEST(abandoned_batches_leave_nothing) {
  struct opened opened = open_kind(*kind);
  put(opened.store, TABLE_ONE, "kept", "old");
  put(opened.store, TABLE_ONE, "deleted", "old");
  cr_assert_eq(store_commit(opened.store), 0);
  put(opened.store, TABLE_ONE, "kept", "new");
  put(opened.store, TABLE_ONE, "kept", "newer");
  put(opened.store, TABLE_ONE, "fresh", "new");
  cr_assert_eq(store_delete(opened.store, TABLE_ONE, "deleted", 7), 0);
  cr_assert_eq(store_delete(opened.store, TABLE_ONE, "absent", 6), 0);
  expect(opened.store, TABLE_ONE, "deleted", NULL);
  store_abandon(opened.store);
  cr_assert_not(store_pending(opened.store));
  expect(opened.store, TABLE_ONE, "kept", "old");
  expect(opened.store, TABLE_ONE, "fresh", NULL);
  expect(opened.store, TABLE_ONE, "deleted", "old");
  close_opened(&opened);
}

STORE_TEST(keys_are_walked_in_order_batch_included) {
  struct opened opened = open_kind(*kind);
  expect_next(opened.store, "", true, NULL);
  expect_last(opened.store, "", NULL);
  put(opened.store, TABLE_ONE, "b", "");
  put(opened.store, TABLE_ONE, "bb", "");
  cr_assert_eq(store_commit(opened.store), 0);
  put(opened.store, TABLE_ONE, "a", "");
  put(opened.store, TABLE_ONE, "c", "");
  cr_assert_eq(store_delete(opened.store, TABLE_ONE, "b", 1), 0);
  for (int committed = 0; committed <= 1; committed++) {
    expect_next(opened.store, "", false, "a");
    expect_next(opened.store, "a", true, "a");
    expect_next(opened.store, "a", false, "bb");
    expect_next(opened.store, "ab", false, "bb");
    expect_next(opened.store, "bb", false, "c");
    expect_next(opened.store, "c", false, NULL);
    expect_last(opened.store, "", "c");
    expect_last(opened.store, "bc", "bb");
    expect_last(opened.store, "bb", "bb");
    expect_last(opened.store, "b", "a");
    expect_last(opened.store, "A", NULL);
    expect_last(opened.store, "zz", "c");
    cr_assert_eq(store_commit(opened.store), 0);
  }
  close_opened(&opened);
}

STORE_TEST(lengths_out_of_range_are_refused) {
  struct opened opened = open_kind(*kind);
  char *long_value = calloc(1, STORE_VALUE_MAX + 1);
  char long_key[STORE_KEY_MAX + 1];
  memset(long_key, 'k', sizeof long_key);
  struct view view;
  cr_assert_eq(store_put(opened.store, TABLE_ONE, "", 0, "v", 1), -EINVAL);
  cr_assert_eq(store_put(opened.store, TABLE_ONE, long_key, sizeof long_key, "v", 1), -EINVAL);
  cr_assert_eq(store_put(opened.store, TABLE_ONE, "k", 1, long_value, STORE_VALUE_MAX + 1), -EINVAL);
  cr_assert_eq(store_get(opened.store, TABLE_ONE, long_key, sizeof long_key, &view), -EINVAL);
  cr_assert_eq(store_put(opened.store, TABLE_ONE, long_key, STORE_KEY_MAX, long_value, STORE_VALUE_MAX), 0);
  cr_assert_eq(store_commit(opened.store), 0);
  cr_assert_eq(store_get(opened.store, TABLE_ONE, long_key, STORE_KEY_MAX, &view), 0);
  cr_assert_eq(view.length, STORE_VALUE_MAX);
  free(long_value);
  close_opened(&opened);
}

/* A model: one byte of value per key, 0 for absent. */
enum { MODEL_KEYS = 512, MODEL_STEPS = 20000 };

static void check_model(struct store *store, const uint8_t *model) {
  struct view key, value;
  uint16_t last = 0;
  bool first = true;
  for (unsigned i = 0; i < MODEL_KEYS; i++) {
    if (!model[i])
      continue;
    uint8_t from[2] = {(uint8_t)(last >> 8), (uint8_t)last};
    cr_assert_eq(store_next(store, TABLE_ONE, from, first ? 0 : 2, false, &key, &value), 0);
    cr_assert_eq(key.bytes[0] << 8 | key.bytes[1], (int)i);
    cr_assert_eq(value.bytes[0], model[i]);
    last = (uint16_t)i;
    first = false;
  }
  uint8_t from[2] = {(uint8_t)(last >> 8), (uint8_t)last};
  cr_assert_eq(store_next(store, TABLE_ONE, from, first ? 0 : 2, false, &key, &value), STORE_ABSENT);
}

STORE_TEST(random_batches_agree_with_a_model) {
  struct opened opened = open_kind(*kind);
  uint8_t model[MODEL_KEYS] = {0}, committed[MODEL_KEYS] = {0};
  srandom(7);
  for (unsigned i = 0; i < MODEL_STEPS; i++) {
    unsigned key = (unsigned)random() % MODEL_KEYS;
    uint8_t bytes[2] = {(uint8_t)(key >> 8), (uint8_t)key};
    uint8_t value = (uint8_t)(1 + random() % 255);
    unsigned what = (unsigned)random() % 100;
    if (what < 55) {
      cr_assert_eq(store_put(opened.store, TABLE_ONE, bytes, 2, &value, 1), 0);
      model[key] = value;
    } else if (what < 98) {
      cr_assert_eq(store_delete(opened.store, TABLE_ONE, bytes, 2), 0);
      model[key] = 0;
    } else if (what < 99) {
      store_abandon(opened.store);
      memcpy(model, committed, sizeof model);
      check_model(opened.store, model);
    } else {
      cr_assert_eq(store_commit(opened.store), 0);
      memcpy(committed, model, sizeof model);
      check_model(opened.store, model);
    }
  }
  close_opened(&opened);
}
