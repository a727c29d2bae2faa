/* A look at a file before its store is opened. */
#include <errno.h>
#include <string.h>

#include "lmdb_file.h"
#include "lmdb_store.h"
#include "store_lmdb.h"

static int copy_row(MDB_txn *txn, const char *table, struct view key, void *ret_value, size_t capacity,
                    size_t *ret_length) {
  MDB_dbi dbi;
  MDB_val wanted = {.mv_size = key.length, .mv_data = (void *)(uintptr_t)key.bytes};
  MDB_val value;
  int r = mdb_dbi_open(txn, table, 0, &dbi);
  if (r == 0)
    r = mdb_get(txn, dbi, &wanted, &value);
  if (r != 0)
    return r == MDB_NOTFOUND ? STORE_ABSENT : lmdb_error(r);
  memcpy(ret_value, value.mv_data, value.mv_size < capacity ? value.mv_size : capacity);
  *ret_length = value.mv_size;
  return 0;
}

static int look_into(MDB_env *env, const char *path, const char *table, struct view key, void *ret_value,
                     size_t capacity, size_t *ret_length) {
  MDB_txn *txn;
  int r = lmdb_error(mdb_env_set_maxdbs(env, 1));
  if (r == 0)
    r = lmdb_error(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_RDONLY, 0600));
  if (r == 0)
    r = lmdb_error(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
  if (r < 0)
    return r;
  r = copy_row(txn, table, key, ret_value, capacity, ret_length);
  mdb_txn_abort(txn);
  return r;
}

int store_lmdb_peek(const char *path, const char *table, struct view key, void *ret_value, size_t capacity,
                    size_t *ret_length) {
  struct lmdb_file file;
  MDB_env *env;
  int r = lmdb_file_check(path, &file);
  if (r < 0)
    return r;
  if (file.is_new || file.is_short)
    return STORE_ABSENT;
  r = lmdb_error(mdb_env_create(&env));
  if (r < 0)
    return r;
  r = look_into(env, path, table, key, ret_value, capacity, ret_length);
  mdb_env_close(env);
  return r;
}
