/* What an LMDB store holds: shared by the files that make up store_lmdb.h. */
#pragma once

#include <lmdb.h>

#include "store_operations.h"

struct lmdb_store {
  struct store store;
  MDB_env *env;
  MDB_dbi tables[STORE_TABLES_MAX];
  const char *names[STORE_TABLES_MAX];
  MDB_txn *writer;                       /* the batch, from its first put on; NULL when it is empty */
  MDB_txn *reader;                       /* one snapshot, renewed and reset */
  bool reading;                          /* whether the reader is renewed */
  MDB_cursor *cursors[STORE_TABLES_MAX]; /* of the reader */
  bool cursor_renewed[STORE_TABLES_MAX]; /* since the reader was renewed last */
  size_t map_bytes;
};

/* 0 or a negated errno for what LMDB returned. */
int lmdb_error(int result);
