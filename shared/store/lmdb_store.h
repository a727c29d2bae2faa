/* What an LMDB store holds: shared by the files that make up store_lmdb.h. */
#pragma once

#include <lmdb.h>

#include "batch_log.h"
#include "store_operations.h"

struct lmdb_store {
  struct store store;
  MDB_env *env;
  MDB_dbi tables[STORE_TABLES_MAX];
  const char *names[STORE_TABLES_MAX];
  MDB_dbi log_table;     /* holds the id of the log that belongs to the file; no table of the store's user */
  struct batch_log *log; /* NULL: every batch is committed to LMDB itself */
  MDB_txn *writer;       /* what LMDB has not committed: the batches in the log, and the one being made */
  bool pending;          /* something was put since the last commit */
  bool failed;           /* a change of the batch was refused: it must not become durable */
  int broken;      /* a negated errno when the batches in the log could not be put back: nothing goes on */
  MDB_txn *reader; /* one snapshot, renewed and reset; of use while there is no writer */
  bool reading;    /* whether the reader is renewed */
  MDB_cursor *cursors[STORE_TABLES_MAX]; /* of the reader */
  bool cursor_renewed[STORE_TABLES_MAX]; /* since the reader was renewed last */
  size_t map_bytes;
};

/* 0 or a negated errno for what LMDB returned. */
int lmdb_error(int result);

/* As store_open_lmdb(), and every batch is committed to LMDB itself: one file, and nothing beside it. */
MUST_USE int lmdb_open_alone(const char *path, const char *const *tables, size_t map_bytes,
                             struct store **ret_store);

/* ---- lmdb_batch.c ---- */

/* Takes the log of the file path for this process alone, before LMDB is touched: LMDB would wait for another
 * process without end. Returns 0; -EBUSY; or another negated errno. */
MUST_USE int lmdb_log_take(struct lmdb_store *lmdb, const char *path);
/* In the transaction that is open, and with what else it holds: puts the batches that the log holds into
 * LMDB, and begins it anew. A file that was closed cleanly has no log yet and gets one. Returns 0; -EBADMSG
 * when the log is missing or damaged; or another negated errno, and then the log is untouched. */
MUST_USE int lmdb_log_open(struct lmdb_store *lmdb, const char *path);
/* Removes the log's file when nothing was ever written to it: a file that is refused is left as it was. */
void lmdb_log_remove_empty(const struct lmdb_store *lmdb, const char *path);
/* Lets go of the log, and leaves it as it is. */
void lmdb_log_drop(struct lmdb_store *lmdb);
/* Commits all to LMDB and lets the file stand alone again; when that fails the log stays as it is. */
void lmdb_log_close(struct lmdb_store *lmdb);
/* The transaction that changes go into. */
MUST_USE int lmdb_begin_writing(struct lmdb_store *lmdb);
/* The snapshot ends: it keeps every page it can see from being used again. */
void lmdb_end_reading(struct lmdb_store *lmdb);
/* Commits everything to LMDB itself. On failure the batch is gone and those in the log are as they were. */
MUST_USE int lmdb_settle(struct lmdb_store *lmdb);

/* Operations of the store. */
int lmdb_put(struct store *store, unsigned table, struct view key, struct view value);
int lmdb_remove(struct store *store, unsigned table, struct view key);
int lmdb_commit(struct store *store);
void lmdb_abandon(struct store *store);
bool lmdb_pending(const struct store *store);
