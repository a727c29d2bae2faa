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
/* Bytes of the pages in use (not the size of the file). */
MUST_USE int store_lmdb_used(struct store *store, uint64_t *ret_bytes);
/* Writes a compacted copy of what is committed to path, where nothing may be yet: free pages, and with them
 * deleted ciphertext, are left out. Durable when it returns 0; -EBUSY while a batch is pending; -EEXIST;
 * -ENOTSUP when the file has tables that store was not opened with; or another negated errno. Ends the views
 * of store. */
MUST_USE int store_lmdb_compact(struct store *store, const char *path);
