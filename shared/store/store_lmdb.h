/* LMDB behind the narrow store, in its default, fully synced mode and in that mode only, and in front of it a
 * log of the batches since LMDB's last commit (batch_log.h): a commit of a small batch costs one write and
 * one wait.
 *
 * While a store is open, the file and its log (the same name and "-log") are one: neither is of use without
 * the other. store_close() commits everything to the file, which then stands alone. */
#pragma once

#include "store.h"
#include <sys/types.h>

/* Opens (or makes, with mode 0600) the file path with the given tables, NULL-terminated, at most
 * STORE_TABLES_MAX (names that live as long as the store), and map_bytes, which it may grow to: address
 * space, not memory or disk. The file must belong to this user and be no symbolic link. Returns 0 with
 * *ret_store, which the caller closes with store_close(); -EBADMSG for a file that is damaged or was cut
 * short, or whose log is missing or damaged; -EBUSY when another process has it open; -EPERM, -ELOOP; or
 * another negated errno. */
MUST_USE int store_open_lmdb(const char *path, const char *const *tables, size_t map_bytes,
                             struct store **ret_store);
/* Copies the value of key in the table of that name, as the file has it, to ret_value (at most capacity
 * bytes), and its whole length to *ret_length. For a look at a file before its store is opened: nothing is
 * written to it or to its log, and batches that are only in the log are not seen. Returns 0; STORE_ABSENT,
 * also when there is no file or one cut short, of which store_open_lmdb() has the last word; or a negated
 * errno. */
MUST_USE int store_lmdb_peek(const char *path, const char *table, struct view key, void *ret_value,
                             size_t capacity, size_t *ret_length);
/* Bytes of the pages in use (not the size of the file). */
MUST_USE int store_lmdb_used(struct store *store, uint64_t *ret_bytes);
/* Writes a compacted copy of what is committed to path, where nothing may be yet: free pages, and with them
 * deleted ciphertext, are left out. Durable when it returns 0; -EBUSY while a batch is pending; -EEXIST;
 * -ENOTSUP when the file has tables that store was not opened with; or another negated errno. Ends the views
 * of store. */
MUST_USE int store_lmdb_compact(struct store *store, const char *path);
