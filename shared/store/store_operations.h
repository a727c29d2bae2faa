/* What a kind of store provides. store.c checks lengths before it calls these. */
#pragma once

#include "store.h"

struct store_operations {
  int (*get)(struct store *store, unsigned table, struct view key, struct view *ret_value);
  int (*next)(struct store *store, unsigned table, struct view key, bool or_equal, struct view *ret_key,
              struct view *ret_value);
  int (*last)(struct store *store, unsigned table, struct view key, struct view *ret_key,
              struct view *ret_value);
  int (*put)(struct store *store, unsigned table, struct view key, struct view value);
  int (*remove)(struct store *store, unsigned table, struct view key);
  int (*commit)(struct store *store);
  void (*abandon)(struct store *store);
  bool (*pending)(const struct store *store);
  void (*close)(struct store *store);
};

/* The first member of each kind of store. */
struct store {
  const struct store_operations *operations;
  unsigned table_count;
};

/* How many names the NULL-terminated tables holds, 1 to STORE_TABLES_MAX; else -EINVAL. */
MUST_USE int store_count_tables(const char *const *tables);
