#include <assert.h>
#include <errno.h>

#include "store_operations.h"

int store_count_tables(const char *const *tables) {
  int count = 0;
  while (tables[count]) {
    if (++count > STORE_TABLES_MAX)
      return -EINVAL;
  }
  return count > 0 ? count : -EINVAL;
}

static struct view view_of(const void *bytes, size_t length) {
  return (struct view){bytes, length};
}

static bool is_key(size_t length) {
  return length >= 1 && length <= STORE_KEY_MAX;
}

int store_get(struct store *store, unsigned table, const void *key, size_t key_length,
              struct view *ret_value) {
  assert(table < store->table_count);
  if (!is_key(key_length))
    return -EINVAL;
  return store->operations->get(store, table, view_of(key, key_length), ret_value);
}

int store_next(struct store *store, unsigned table, const void *key, size_t key_length, bool or_equal,
               struct view *ret_key, struct view *ret_value) {
  assert(table < store->table_count);
  if (key_length > STORE_KEY_MAX)
    return -EINVAL;
  return store->operations->next(store, table, view_of(key, key_length), or_equal, ret_key, ret_value);
}

int store_last(struct store *store, unsigned table, const void *key, size_t key_length, struct view *ret_key,
               struct view *ret_value) {
  assert(table < store->table_count);
  if (key_length > STORE_KEY_MAX)
    return -EINVAL;
  return store->operations->last(store, table, view_of(key, key_length), ret_key, ret_value);
}

int store_put(struct store *store, unsigned table, const void *key, size_t key_length, const void *value,
              size_t value_length) {
  assert(table < store->table_count);
  if (!is_key(key_length) || value_length > STORE_VALUE_MAX)
    return -EINVAL;
  return store->operations->put(store, table, view_of(key, key_length), view_of(value, value_length));
}

int store_delete(struct store *store, unsigned table, const void *key, size_t key_length) {
  assert(table < store->table_count);
  if (!is_key(key_length))
    return -EINVAL;
  return store->operations->remove(store, table, view_of(key, key_length));
}

int store_commit(struct store *store) {
  return store->operations->commit(store);
}

void store_abandon(struct store *store) {
  store->operations->abandon(store);
}

bool store_pending(const struct store *store) {
  return store->operations->pending(store);
}

void store_close(struct store *store) {
  if (store)
    store->operations->close(store);
}
