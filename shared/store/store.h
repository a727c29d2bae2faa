/* The narrow store: ordered tables of keys and values, and one batch that is made durable as a whole.
 *
 * get, next, put, delete, commit. What was put since the last commit is seen by get and next of the same
 * store and by nobody else. Everything that waits goes into one commit and one sync. Behind it stand LMDB
 * (store_lmdb.h) and, for tests and the simulator, memory with crash semantics (store_memory.h). One thread a
 * store. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_KEY_MAX = 255, STORE_VALUE_MAX = 65536, STORE_TABLES_MAX = 24 };

struct store;

/* Borrowed bytes: valid until the next put, delete, commit or abandon on that store. */
struct view {
  const uint8_t *bytes;
  size_t length;
};

enum { STORE_ABSENT = 1 };

/* table: the index of a name that the store was opened with. */
/* The value of key. Returns 0; STORE_ABSENT; or a negated errno (-EBADMSG: the file is damaged). */
MUST_USE int store_get(struct store *store, unsigned table, const void *key, size_t key_length,
                       struct view *ret_value);
/* The first entry whose key is greater than key (or equal to it, when or_equal); key_length 0: the first of
 * the table. Returns as store_get(). */
MUST_USE int store_next(struct store *store, unsigned table, const void *key, size_t key_length,
                        bool or_equal, struct view *ret_key, struct view *ret_value);
/* The last entry whose key is less than or equal to key; key_length 0: the last of the table. */
MUST_USE int store_last(struct store *store, unsigned table, const void *key, size_t key_length,
                        struct view *ret_key, struct view *ret_value);
/* Adds to the batch. key and value are no views of this store. Returns 0 or a negated errno (-ENOSPC); after
 * an error the batch must be abandoned. */
MUST_USE int store_put(struct store *store, unsigned table, const void *key, size_t key_length,
                       const void *value, size_t value_length);
/* Adds to the batch; an absent key is no error. */
MUST_USE int store_delete(struct store *store, unsigned table, const void *key, size_t key_length);
/* Makes the batch durable: 0 means it survives a power loss. On a negated errno nothing of it happened
 * and the batch is gone; but after -EIO nobody knows before the store is opened again, and until then it
 * refuses everything. With an empty batch it does nothing. */
MUST_USE int store_commit(struct store *store);
/* Forgets the batch. */
void store_abandon(struct store *store);
/* Whether the batch holds something. */
bool store_pending(const struct store *store);
/* Closes; an uncommitted batch is forgotten. */
void store_close(struct store *store);

/* What a kind of store provides; filled in by store_lmdb.c and store_memory.c. */
struct store_operations;
