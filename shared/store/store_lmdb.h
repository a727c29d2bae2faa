/* LMDB behind the narrow store, in its default, fully synced mode and in that mode only. */
#pragma once

#include <sys/types.h>
#include "store.h"

/* Opens (or makes, with mode 0600) the file path with the given tables, NULL-terminated, at most STORE_TABLES_MAX,
 * and a map of map_bytes that it can grow to. The file must belong to this user and be no symbolic link.
 * Returns 0 with *ret_store, which the caller closes with store_close(); or a negated errno. */
MUST_USE int store_open_lmdb(const char *path, const char *const *tables, size_t map_bytes, struct store **ret_store);
/* Bytes of the pages in use (not the size of the file). */
MUST_USE int store_lmdb_used(struct store *store, uint64_t *ret_bytes);
/* Writes a compacted copy of path_of(store) to path: free pages, and with them deleted ciphertext, are left out. */
MUST_USE int store_lmdb_compact(struct store *store, const char *path);
