/* Memory behind the narrow store, with crash semantics: for tests and the simulator. */
#pragma once

#include "store.h"

/* A new, empty store; closed with store_close(). */
MUST_USE int store_open_memory(const char *const *tables, struct store **ret_store);
/* What a crash leaves: the uncommitted batch is lost, everything committed stays. */
void store_memory_crash(struct store *store);
/* The same when it comes while the batch is being written, and the first `reached` bytes of its record are on
 * the disk: all of the batch when they are all of it, and nothing of it when the record is torn. After a
 * failed sync it is the batch of that one. Returns 0 or -ENOMEM. */
MUST_USE int store_memory_crash_writing(struct store *store, size_t reached);
/* How long that record is. */
size_t store_memory_batch_bytes(const struct store *store);
/* The next commits fail with error (a negated errno, as -ENOSPC) until it is set to 0. */
void store_memory_fail_commits(struct store *store, int error);
/* The next commits fail with -EIO until a crash: nobody knows whether the first one's batch is on the disk.
 */
void store_memory_fail_sync(struct store *store);
