#include <criterion/criterion.h>
#include <errno.h>

#include "store_memory.h"

static const char *const tables[] = {"one", NULL};

static struct store *open_store(void) {
  struct store *store;
  cr_assert_eq(store_open_memory(tables, &store), 0);
  return store;
}

static bool has(struct store *store, const char *key) {
  struct view view;
  return store_get(store, 0, key, 1, &view) == 0;
}

Test(store_memory, a_crash_loses_the_batch_and_nothing_else) {
  struct store *store = open_store();
  cr_assert_eq(store_put(store, 0, "a", 1, "1", 1), 0);
  cr_assert_eq(store_commit(store), 0);
  cr_assert_eq(store_put(store, 0, "b", 1, "1", 1), 0);
  cr_assert_eq(store_delete(store, 0, "a", 1), 0);
  store_memory_crash(store);
  cr_assert(has(store, "a"));
  cr_assert_not(has(store, "b"));
  store_close(store);
}

Test(store_memory, a_failed_commit_leaves_nothing_of_its_batch) {
  struct store *store = open_store();
  store_memory_fail_commits(store, -ENOSPC);
  cr_assert_eq(store_commit(store), 0, "an empty batch cannot fail");
  cr_assert_eq(store_put(store, 0, "a", 1, "1", 1), 0);
  cr_assert_eq(store_commit(store), -ENOSPC);
  cr_assert_not(store_pending(store));
  cr_assert_not(has(store, "a"));
  store_memory_fail_commits(store, 0);
  cr_assert_eq(store_put(store, 0, "a", 1, "1", 1), 0);
  cr_assert_eq(store_commit(store), 0);
  cr_assert(has(store, "a"));
  store_close(store);
}

static void put_two_and_remove_one(struct store *store) {
  cr_assert_eq(store_put(store, 0, "a", 1, "1", 1), 0);
  cr_assert_eq(store_commit(store), 0);
  cr_assert_eq(store_put(store, 0, "b", 1, "2", 1), 0);
  cr_assert_eq(store_delete(store, 0, "a", 1), 0);
  cr_assert_eq(store_delete(store, 0, "x", 1), 0);
  cr_assert_eq(store_put(store, 0, "c", 1, NULL, 0), 0);
}

static void assert_before(struct store *store) {
  cr_assert(has(store, "a"));
  cr_assert_not(has(store, "b"));
  cr_assert_not(has(store, "c"));
}

static void assert_after(struct store *store) {
  cr_assert_not(has(store, "a"));
  cr_assert(has(store, "b"));
  cr_assert(has(store, "c"));
}

Test(store_memory, a_crash_while_writing_keeps_a_whole_batch) {
  struct store *store = open_store();
  put_two_and_remove_one(store);
  cr_assert_eq(store_memory_crash_writing(store, store_memory_batch_bytes(store)), 0);
  cr_assert_not(store_pending(store));
  assert_after(store);
  store_close(store);
}

Test(store_memory, a_torn_batch_is_lost_wherever_it_is_torn) {
  size_t length = 1;
  for (size_t reached = 0; reached < length; reached++) {
    struct store *store = open_store();
    put_two_and_remove_one(store);
    length = store_memory_batch_bytes(store);
    cr_assert_eq(store_memory_crash_writing(store, reached), 0);
    cr_assert_not(store_pending(store));
    assert_before(store);
    store_close(store);
  }
  cr_assert_gt(length, 40);
}

Test(store_memory, a_failed_sync_ends_commits_and_may_have_kept_its_batch) {
  for (int kept = 0; kept < 2; kept++) {
    struct store *store = open_store();
    put_two_and_remove_one(store);
    store_memory_fail_sync(store);
    cr_assert_eq(store_commit(store), -EIO);
    assert_before(store);
    cr_assert_eq(store_put(store, 0, "d", 1, "4", 1), 0);
    cr_assert_eq(store_commit(store), -EIO);
    if (kept)
      cr_assert_eq(store_memory_crash_writing(store, store_memory_batch_bytes(store)), 0);
    else
      store_memory_crash(store);
    (kept ? assert_after : assert_before)(store);
    cr_assert_not(has(store, "d"));
    cr_assert_eq(store_put(store, 0, "d", 1, "4", 1), 0);
    cr_assert_eq(store_commit(store), 0);
    cr_assert(has(store, "d"));
    store_close(store);
  }
}

Test(store_memory, tables_without_names_or_too_many_are_refused) {
  struct store *store;
  const char *const none[] = {NULL};
  const char *many[STORE_TABLES_MAX + 2] = {0};
  for (int i = 0; i <= STORE_TABLES_MAX; i++)
    many[i] = "table";
  cr_assert_eq(store_open_memory(none, &store), -EINVAL);
  cr_assert_eq(store_open_memory(many, &store), -EINVAL);
}

Test(store_memory, hundreds_of_thousands_of_entries_are_no_burden, .timeout = 20) {
  struct store *store = open_store();
  for (uint32_t i = 0; i < 300000; i++)
    cr_assert_eq(store_put(store, 0, &i, sizeof i, &i, sizeof i), 0);
  cr_assert_eq(store_commit(store), 0);
  uint32_t count = 0;
  uint32_t at = 0;
  struct view key, value;
  for (int r = store_next(store, 0, NULL, 0, true, &key, &value); r == 0; count++) {
    __builtin_memcpy(&at, key.bytes, sizeof at);
    r = store_next(store, 0, &at, sizeof at, false, &key, &value);
  }
  cr_assert_eq(count, 300000);
  store_close(store);
}
