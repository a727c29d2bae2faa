#include "store_lmdb.h"

#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "lmdb_file.h"
#include "lmdb_store.h"

static struct lmdb_store *lmdb_of(struct store *store) {
  return (struct lmdb_store *)store;
}

int lmdb_error(int result) {
  switch (result) {
  case MDB_SUCCESS:
    return 0;
  case MDB_MAP_FULL:
  case MDB_TXN_FULL:
    return -ENOSPC;
  case MDB_BAD_VALSIZE:
    return -EINVAL;
  case MDB_PANIC:
    return -EIO;
  case MDB_BAD_TXN: /* the batch failed before and was not abandoned */
    return -ECANCELED;
  case MDB_READERS_FULL:
    return -EAGAIN;
  default:
    return result > 0 ? -result : -EBADMSG;
  }
}

static int outcome(int result) {
  return result == MDB_NOTFOUND ? STORE_ABSENT : lmdb_error(result);
}

static MDB_val val_of(struct view view) {
  return (MDB_val){.mv_size = view.length, .mv_data = (void *)(uintptr_t)view.bytes};
}

static struct view view_of(MDB_val val) {
  return (struct view){val.mv_data, val.mv_size};
}

static int begin_reading(struct lmdb_store *lmdb, MDB_txn **ret_txn) {
  if (lmdb->broken < 0)
    return lmdb->broken;
  if (!lmdb->writer && !lmdb->reading) {
    int r = lmdb_error(mdb_txn_renew(lmdb->reader));
    if (r < 0)
      return r;
    lmdb->reading = true;
  }
  *ret_txn = lmdb->writer ? lmdb->writer : lmdb->reader;
  return 0;
}

static int lmdb_get(struct store *store, unsigned table, struct view key, struct view *ret_value) {
  struct lmdb_store *lmdb = lmdb_of(store);
  MDB_txn *txn;
  int r = begin_reading(lmdb, &txn);
  if (r < 0)
    return r;
  MDB_val wanted = val_of(key);
  MDB_val value;
  r = outcome(mdb_get(txn, lmdb->tables[table], &wanted, &value));
  if (r == 0)
    *ret_value = view_of(value);
  return r;
}

/* Snapshots share one cursor a table; a batch, whose pages move under a cursor, gets a new one for each look.
 */
static int cursor_take(struct lmdb_store *lmdb, unsigned table, MDB_cursor **ret_cursor) {
  MDB_txn *txn;
  int r = begin_reading(lmdb, &txn);
  if (r < 0)
    return r;
  if (lmdb->writer)
    return lmdb_error(mdb_cursor_open(txn, lmdb->tables[table], ret_cursor));
  if (!lmdb->cursors[table])
    r = lmdb_error(mdb_cursor_open(txn, lmdb->tables[table], &lmdb->cursors[table]));
  else if (!lmdb->cursor_renewed[table])
    r = lmdb_error(mdb_cursor_renew(txn, lmdb->cursors[table]));
  if (r < 0)
    return r;
  lmdb->cursor_renewed[table] = true;
  *ret_cursor = lmdb->cursors[table];
  return 0;
}

static void cursor_return(struct lmdb_store *lmdb, MDB_cursor *cursor) {
  if (lmdb->writer)
    mdb_cursor_close(cursor);
}

static bool same(struct view key, MDB_val found) {
  return key.length == found.mv_size && memcmp(key.bytes, found.mv_data, key.length) == 0;
}

/* On a damaged file a search may end anywhere; whoever walks on from there would walk in circles. */
static bool lies_before(MDB_val found, struct view key, bool or_equal) {
  size_t shorter = key.length < found.mv_size ? key.length : found.mv_size;
  int order = shorter ? memcmp(found.mv_data, key.bytes, shorter) : 0;
  if (order == 0)
    order = (found.mv_size > key.length) - (found.mv_size < key.length);
  return order < 0 || (order == 0 && !or_equal);
}

static int seek_next(MDB_cursor *cursor, struct view key, bool or_equal, MDB_val *found, MDB_val *value) {
  if (key.length == 0)
    return mdb_cursor_get(cursor, found, value, MDB_FIRST);
  *found = val_of(key);
  int r = mdb_cursor_get(cursor, found, value, MDB_SET_RANGE);
  if (r == 0 && !or_equal && same(key, *found))
    r = mdb_cursor_get(cursor, found, value, MDB_NEXT);
  return r;
}

static int seek_last(MDB_cursor *cursor, struct view key, MDB_val *found, MDB_val *value) {
  *found = val_of(key);
  int r = key.length ? mdb_cursor_get(cursor, found, value, MDB_SET_RANGE) : MDB_NOTFOUND;
  if (r == MDB_NOTFOUND)
    return mdb_cursor_get(cursor, found, value, MDB_LAST);
  if (r == 0 && !same(key, *found))
    r = mdb_cursor_get(cursor, found, value, MDB_PREV);
  return r;
}

static int lmdb_next(struct store *store, unsigned table, struct view key, bool or_equal,
                     struct view *ret_key, struct view *ret_value) {
  MDB_cursor *cursor;
  int r = cursor_take(lmdb_of(store), table, &cursor);
  if (r < 0)
    return r;
  MDB_val found, value;
  r = outcome(seek_next(cursor, key, or_equal, &found, &value));
  cursor_return(lmdb_of(store), cursor);
  if (r == 0 && key.length && lies_before(found, key, or_equal))
    return -EBADMSG;
  if (r == 0) {
    *ret_key = view_of(found);
    *ret_value = view_of(value);
  }
  return r;
}

static int lmdb_last(struct store *store, unsigned table, struct view key, struct view *ret_key,
                     struct view *ret_value) {
  MDB_cursor *cursor;
  int r = cursor_take(lmdb_of(store), table, &cursor);
  if (r < 0)
    return r;
  MDB_val found, value;
  r = outcome(seek_last(cursor, key, &found, &value));
  cursor_return(lmdb_of(store), cursor);
  if (r == 0) {
    *ret_key = view_of(found);
    *ret_value = view_of(value);
  }
  return r;
}

static void lmdb_close(struct store *store) {
  struct lmdb_store *lmdb = lmdb_of(store);
  lmdb_abandon(store);
  lmdb_log_close(lmdb);
  if (lmdb->writer)
    mdb_txn_abort(lmdb->writer);
  for (unsigned i = 0; i < STORE_TABLES_MAX; i++) {
    if (lmdb->cursors[i])
      mdb_cursor_close(lmdb->cursors[i]);
  }
  if (lmdb->reader)
    mdb_txn_abort(lmdb->reader);
  if (lmdb->env)
    mdb_env_close(lmdb->env);
  free(lmdb);
}

static const struct store_operations lmdb_operations = {
    .get = lmdb_get,
    .next = lmdb_next,
    .last = lmdb_last,
    .put = lmdb_put,
    .remove = lmdb_remove,
    .commit = lmdb_commit,
    .abandon = lmdb_abandon,
    .pending = lmdb_pending,
    .close = lmdb_close,
};

/* An environment on the file path: synced, one file, no thread-local readers. */
static int open_environment(const char *path, size_t map_bytes, MDB_env **ret_env) {
  MDB_env *env;
  int r = mdb_env_create(&env);
  if (r != 0)
    return lmdb_error(r);
  r = mdb_env_set_maxdbs(env, STORE_TABLES_MAX + 1);
  if (r == 0)
    r = mdb_env_set_mapsize(env, map_bytes);
  if (r == 0)
    r = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
  if (r != 0) {
    mdb_env_close(env);
    return lmdb_error(r);
  }
  *ret_env = env;
  return 0;
}

static int open_tables(struct lmdb_store *lmdb, MDB_txn *txn, const char *const *tables, bool with_log) {
  int r = 0;
  for (unsigned i = 0; r == 0 && i < lmdb->store.table_count; i++)
    r = mdb_dbi_open(txn, tables[i], MDB_CREATE, &lmdb->tables[i]);
  if (r == 0 && with_log)
    r = mdb_dbi_open(txn, "batch log", MDB_CREATE, &lmdb->log_table);
  return lmdb_error(r);
}

static int make_tables(struct lmdb_store *lmdb, const char *const *tables, bool with_log) {
  MDB_txn *txn;
  int r = lmdb_error(mdb_txn_begin(lmdb->env, NULL, 0, &txn));
  if (r < 0)
    return r;
  r = open_tables(lmdb, txn, tables, with_log);
  if (r == 0)
    return lmdb_error(mdb_txn_commit(txn));
  mdb_txn_abort(txn);
  return r;
}

/* Tables and log in one transaction: were a new table committed first, the log would stand on an earlier one
 * than the last, and its batches would count as over. */
static int open_with_log(struct lmdb_store *lmdb, const char *path, const char *const *tables) {
  int r = lmdb_begin_writing(lmdb);
  if (r == 0)
    r = open_tables(lmdb, lmdb->writer, tables, true);
  return r == 0 ? lmdb_log_open(lmdb, path) : r;
}

static int open_reader(struct lmdb_store *lmdb) {
  int dead;
  int r = mdb_reader_check(lmdb->env, &dead);
  if (r == 0)
    r = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &lmdb->reader);
  if (r == 0)
    mdb_txn_reset(lmdb->reader);
  return lmdb_error(r);
}

static int fill_draft(const char *draft, const char *const *tables, bool with_log, struct lmdb_store *lmdb) {
  int r = open_environment(draft, lmdb->map_bytes, &lmdb->env);
  if (r < 0)
    return r;
  r = make_tables(lmdb, tables, with_log);
  mdb_env_close(lmdb->env);
  lmdb->env = NULL;
  return r;
}

/* LMDB does not sync a new file before its first commit: cut off by a power loss, a first start would leave
 * one that is refused ever after. So a file gets its name when all of it is durable. */
static int make_file(const char *path, const char *const *tables, bool with_log, struct lmdb_store *lmdb) {
  char draft[PATH_MAX];
  int r = lmdb_file_draft(path, draft);
  if (r < 0)
    return r;
  r = fill_draft(draft, tables, with_log, lmdb);
  if (r == 0)
    r = lmdb_file_put_in_place(draft, path);
  if (r < 0)
    lmdb_file_discard(draft);
  return r;
}

static int open_store(const char *path, const char *const *tables, bool with_log, struct lmdb_store *lmdb) {
  struct lmdb_file file = {0};
  int r = with_log ? lmdb_log_take(lmdb, path) : 0;
  if (r == 0)
    r = lmdb_file_check(path, &file);
  if (r == 0 && file.is_new)
    r = make_file(path, tables, with_log, lmdb);
  if (r == 0)
    r = open_environment(path, lmdb->map_bytes, &lmdb->env);
  if (r == 0 && file.is_short)
    r = lmdb_file_check_missing(path, lmdb->env);
  if (r == 0)
    r = with_log ? open_with_log(lmdb, path, tables) : make_tables(lmdb, tables, false);
  if (r == 0)
    r = open_reader(lmdb);
  return r;
}

static int open_new(const char *path, const char *const *tables, size_t map_bytes, bool with_log,
                    struct store **ret_store) {
  int count = store_count_tables(tables);
  if (count < 0)
    return count;
  struct lmdb_store *lmdb = calloc(1, sizeof *lmdb);
  if (!lmdb)
    return -ENOMEM;
  lmdb->store = (struct store){.operations = &lmdb_operations, .table_count = (unsigned)count};
  lmdb->map_bytes = map_bytes;
  for (int i = 0; i < count; i++)
    lmdb->names[i] = tables[i];
  int r = open_store(path, tables, with_log, lmdb);
  if (r < 0) {
    lmdb_log_remove_empty(lmdb, path);
    lmdb_log_drop(lmdb);
    lmdb_close(&lmdb->store);
    return r;
  }
  *ret_store = &lmdb->store;
  return 0;
}

int store_open_lmdb(const char *path, const char *const *tables, size_t map_bytes, struct store **ret_store) {
  return open_new(path, tables, map_bytes, true, ret_store);
}

int lmdb_open_alone(const char *path, const char *const *tables, size_t map_bytes, struct store **ret_store) {
  return open_new(path, tables, map_bytes, false, ret_store);
}
