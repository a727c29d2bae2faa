#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "lmdb_store.h"
#include "store_lmdb.h"

/* A transaction of that many entries stays far below LMDB's limit of 131,071 dirty pages. */
enum { ENTRIES_PER_BATCH = 20000, META_PAGES = 2 };

static uint64_t pages_of(const MDB_stat *stat) {
  return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

static int count_pages(struct lmdb_store *lmdb, MDB_txn *txn, uint64_t *ret_bytes) {
  MDB_stat stat;
  int r = mdb_env_stat(lmdb->env, &stat); /* the list of tables, as it was committed last */
  uint64_t pages = META_PAGES + (r == 0 ? pages_of(&stat) : 0);
  for (unsigned i = 0; r == 0 && i < lmdb->store.table_count; i++) {
    r = mdb_stat(txn, lmdb->tables[i], &stat);
    pages += r == 0 ? pages_of(&stat) : 0;
  }
  if (r == 0)
    *ret_bytes = pages * stat.ms_psize;
  return lmdb_error(r);
}

int store_lmdb_used(struct store *store, uint64_t *ret_bytes) {
  struct lmdb_store *lmdb = (struct lmdb_store *)store;
  if (lmdb->writer)
    return count_pages(lmdb, lmdb->writer, ret_bytes);
  MDB_txn *txn;
  int r = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);
  if (r != 0)
    return lmdb_error(r);
  r = count_pages(lmdb, txn, ret_bytes);
  mdb_txn_abort(txn);
  return r;
}

/* A table that this store was not opened with would be missing from the copy. */
static int check_complete(struct lmdb_store *lmdb) {
  MDB_stat stat;
  int r = mdb_env_stat(lmdb->env, &stat);
  if (r == 0 && stat.ms_entries != lmdb->store.table_count + (lmdb->log ? 1 : 0))
    return -ENOTSUP;
  return lmdb_error(r);
}

/* Views of one store stay valid while the other one is written. */
static int copy_table(struct store *from, struct store *to, unsigned table) {
  struct view key = {0};
  struct view value;
  unsigned batch = 0;
  int r = store_next(from, table, NULL, 0, true, &key, &value);
  while (r == 0) {
    r = store_put(to, table, key.bytes, key.length, value.bytes, value.length);
    if (r == 0 && ++batch % ENTRIES_PER_BATCH == 0)
      r = store_commit(to);
    if (r == 0)
      r = store_next(from, table, key.bytes, key.length, false, &key, &value);
  }
  return r == STORE_ABSENT ? store_commit(to) : r;
}

static void remove_lock_file(const char *path) {
  char lock[PATH_MAX];
  int length = snprintf(lock, sizeof lock, "%s-lock", path);
  if (length > 0 && (size_t)length < sizeof lock)
    (void)unlink(lock);
}

static int check_absent(const char *path) {
  if (access(path, F_OK) == 0)
    return -EEXIST;
  return errno == ENOENT ? 0 : -errno;
}

/* The log holds deleted bytes too. */
static int settle_and_wipe(struct lmdb_store *lmdb) {
  int r = lmdb_settle(lmdb);
  return r == 0 && lmdb->log ? batch_log_wipe(lmdb->log) : r;
}

/* By hand, not by LMDB's own compacting copy, which starts a thread: a jailed process may not. */
int store_lmdb_compact(struct store *store, const char *path) {
  struct lmdb_store *lmdb = (struct lmdb_store *)store;
  if (lmdb->pending)
    return -EBUSY;
  int r = settle_and_wipe(lmdb);
  if (r == 0)
    r = check_complete(lmdb);
  if (r == 0)
    r = check_absent(path);
  if (r < 0)
    return r;
  const char *names[STORE_TABLES_MAX + 1] = {0};
  for (unsigned i = 0; i < lmdb->store.table_count; i++)
    names[i] = lmdb->names[i];
  struct store *copy = NULL;
  r = lmdb_open_alone(path, names, lmdb->map_bytes, &copy);
  for (unsigned i = 0; r == 0 && i < lmdb->store.table_count; i++)
    r = copy_table(store, copy, i);
  store_close(copy);
  remove_lock_file(path);
  if (r < 0)
    (void)unlink(path);
  store_abandon(store);
  return r;
}
