/* The batch of an LMDB store: into the log while there is room, else, with all that is in the log, into LMDB.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmdb_store.h"
#include "log.h"

static const char log_id_key[] = "id";

static struct lmdb_store *lmdb_of(struct store *store) {
  return (struct lmdb_store *)store;
}

static MDB_val val_of(struct view view) {
  return (MDB_val){.mv_size = view.length, .mv_data = (void *)(uintptr_t)view.bytes};
}

void lmdb_end_reading(struct lmdb_store *lmdb) {
  if (!lmdb->reading)
    return;
  mdb_txn_reset(lmdb->reader);
  lmdb->reading = false;
  memset(lmdb->cursor_renewed, 0, sizeof lmdb->cursor_renewed);
}

/* A reader of another process that was killed keeps its slot, and with it every page that it saw: the file
 * would grow for ever. What goes wrong here is tried again with the next transaction. */
static void forget_killed_readers(struct lmdb_store *lmdb) {
  int dead;
  (void)mdb_reader_check(lmdb->env, &dead);
}

int lmdb_begin_writing(struct lmdb_store *lmdb) {
  if (lmdb->writer || lmdb->broken < 0)
    return lmdb->broken;
  lmdb_end_reading(lmdb);
  forget_killed_readers(lmdb);
  return lmdb_error(mdb_txn_begin(lmdb->env, NULL, 0, &lmdb->writer));
}

/* ---- Changes, as they are made and as they are made again from the log ---- */

static int put_again(void *context, unsigned table, struct view key, struct view value) {
  struct lmdb_store *lmdb = context;
  MDB_val stored_key = val_of(key);
  MDB_val stored_value = val_of(value);
  return lmdb_error(mdb_put(lmdb->writer, lmdb->tables[table], &stored_key, &stored_value, 0));
}

static int remove_again(void *context, unsigned table, struct view key) {
  struct lmdb_store *lmdb = context;
  MDB_val stored_key = val_of(key);
  int r = mdb_del(lmdb->writer, lmdb->tables[table], &stored_key, NULL);
  return r == MDB_NOTFOUND ? 0 : lmdb_error(r);
}

/* The log has the change, whatever LMDB made of it. */
static int noted(struct lmdb_store *lmdb, int r) {
  lmdb->failed |= r < 0;
  return r;
}

int lmdb_put(struct store *store, unsigned table, struct view key, struct view value) {
  struct lmdb_store *lmdb = lmdb_of(store);
  int r = lmdb_begin_writing(lmdb);
  if (r < 0)
    return r;
  lmdb->pending = true;
  if (lmdb->log)
    batch_log_put(lmdb->log, table, key, value);
  return noted(lmdb, put_again(lmdb, table, key, value));
}

int lmdb_remove(struct store *store, unsigned table, struct view key) {
  struct lmdb_store *lmdb = lmdb_of(store);
  int r = lmdb_begin_writing(lmdb);
  if (r < 0)
    return r;
  lmdb->pending = true;
  if (lmdb->log)
    batch_log_delete(lmdb->log, table, key);
  return noted(lmdb, remove_again(lmdb, table, key));
}

/* ---- Committing ---- */

static uint64_t last_transaction(struct lmdb_store *lmdb) {
  MDB_envinfo info;
  int r = mdb_env_info(lmdb->env, &info);
  assert(r == 0);
  return info.me_last_txnid;
}

/* After the writer is gone: what the log holds was acknowledged, and is put into a new one. */
static int put_back(struct lmdb_store *lmdb) {
  if (!lmdb->log || lmdb->log->count == 0)
    return 0;
  const struct batch_log_changes changes = {put_again, remove_again, lmdb};
  int r = lmdb_begin_writing(lmdb);
  if (r == 0)
    r = batch_log_each(lmdb->log, lmdb->store.table_count, &changes);
  if (r < 0 && lmdb->writer) {
    mdb_txn_abort(lmdb->writer);
    lmdb->writer = NULL;
  }
  return r;
}

static void put_back_or_break(struct lmdb_store *lmdb) {
  int r = put_back(lmdb);
  if (r < 0)
    lmdb->broken = r;
}

int lmdb_settle(struct lmdb_store *lmdb) {
  if (lmdb->broken < 0)
    return lmdb->broken; /* the log holds what no transaction does */
  MDB_txn *writer = lmdb->writer;
  lmdb->writer = NULL; /* freed by mdb_txn_commit, also when it fails */
  lmdb->pending = false;
  int r = writer ? lmdb_error(mdb_txn_commit(writer)) : 0;
  if (!lmdb->log)
    return r;
  if (r == 0) {
    batch_log_reset(lmdb->log, last_transaction(lmdb));
    return 0;
  }
  batch_log_abandon(lmdb->log);
  put_back_or_break(lmdb);
  return r;
}

static int commit_to_log(struct lmdb_store *lmdb) {
  int r = batch_log_commit(lmdb->log);
  if (r < 0) {
    lmdb_abandon(&lmdb->store);
    if (r == -EIO)
      lmdb->broken = r;
    return r;
  }
  lmdb->pending = false;
  return 0;
}

int lmdb_commit(struct store *store) {
  struct lmdb_store *lmdb = lmdb_of(store);
  lmdb_end_reading(lmdb);
  if (!lmdb->pending)
    return lmdb->broken;
  if (lmdb->failed) {
    lmdb_abandon(store);
    return -ECANCELED;
  }
  return lmdb->log && batch_log_fits(lmdb->log) ? commit_to_log(lmdb) : lmdb_settle(lmdb);
}

void lmdb_abandon(struct store *store) {
  struct lmdb_store *lmdb = lmdb_of(store);
  lmdb_end_reading(lmdb);
  if (!lmdb->pending)
    return;
  mdb_txn_abort(lmdb->writer);
  lmdb->writer = NULL;
  lmdb->pending = lmdb->failed = false;
  if (!lmdb->log)
    return;
  batch_log_abandon(lmdb->log);
  put_back_or_break(lmdb);
}

bool lmdb_pending(const struct store *store) {
  return ((const struct lmdb_store *)store)->pending;
}

/* ---- The log's file ---- */

static int name_log(const char *path, char ret_path[PATH_MAX]) {
  int length = snprintf(ret_path, PATH_MAX, "%s-log", path);
  return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The id of the log that the file needs; 1 when it needs none. */
static int read_log_id(struct lmdb_store *lmdb, uint8_t ret_id[LOG_ID_BYTES]) {
  MDB_val key = {sizeof log_id_key - 1, (void *)(uintptr_t)log_id_key};
  MDB_val value;
  int r = mdb_get(lmdb->writer, lmdb->log_table, &key, &value);
  if (r == MDB_NOTFOUND)
    return STORE_ABSENT;
  if (r == 0 && value.mv_size != LOG_ID_BYTES)
    return -EBADMSG;
  if (r == 0)
    memcpy(ret_id, value.mv_data, LOG_ID_BYTES);
  return lmdb_error(r);
}

static int put_log_id(struct lmdb_store *lmdb) {
  MDB_val key = {sizeof log_id_key - 1, (void *)(uintptr_t)log_id_key};
  MDB_val value = {LOG_ID_BYTES, lmdb->log->id};
  return lmdb_error(mdb_put(lmdb->writer, lmdb->log_table, &key, &value, 0));
}

void lmdb_log_remove_empty(const struct lmdb_store *lmdb, const char *path) {
  char log_path[PATH_MAX];
  struct stat status;
  if (lmdb->log && fstat(lmdb->log->fd, &status) == 0 && status.st_size == 0 && name_log(path, log_path) == 0)
    (void)unlink(log_path);
}

void lmdb_log_drop(struct lmdb_store *lmdb) {
  if (lmdb->log)
    batch_log_close(lmdb->log);
  free(lmdb->log);
  lmdb->log = NULL;
}

int lmdb_log_take(struct lmdb_store *lmdb, const char *path) {
  char log_path[PATH_MAX];
  struct batch_log log;
  int r = name_log(path, log_path);
  if (r == 0)
    r = batch_log_take(log_path, &log);
  if (r < 0)
    return r;
  lmdb->log = malloc(sizeof *lmdb->log);
  if (!lmdb->log) {
    batch_log_close(&log);
    return -ENOMEM;
  }
  *lmdb->log = log;
  return 0;
}

int lmdb_log_open(struct lmdb_store *lmdb, const char *path) {
  char log_path[PATH_MAX];
  uint8_t id[LOG_ID_BYTES];
  int r = name_log(path, log_path);
  if (r == 0)
    r = read_log_id(lmdb, id);
  if (r < 0)
    return r;
  uint64_t base = last_transaction(lmdb);
  bool stands_alone = r == STORE_ABSENT;
  r = stands_alone ? batch_log_begin(lmdb->log, log_path, base) : batch_log_resume(lmdb->log, id, base);
  if (r == 0)
    r = stands_alone ? put_log_id(lmdb) : put_back(lmdb);
  return r == 0 ? lmdb_settle(lmdb) : r;
}

static int forget_log_id(struct lmdb_store *lmdb) {
  MDB_val key = {sizeof log_id_key - 1, (void *)(uintptr_t)log_id_key};
  int r = lmdb_begin_writing(lmdb);
  if (r == 0)
    r = lmdb_error(mdb_del(lmdb->writer, lmdb->log_table, &key, NULL));
  return r;
}

void lmdb_log_close(struct lmdb_store *lmdb) {
  if (!lmdb->log)
    return;
  if (lmdb->broken == 0 && (forget_log_id(lmdb) < 0 || lmdb_settle(lmdb) < 0))
    log_warn("the store's log could not be closed; the next start takes it up");
  lmdb_log_drop(lmdb);
}
