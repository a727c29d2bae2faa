/* Memory behind the narrow store, with crash semantics: for tests and the simulator. */
#pragma once

#include "store.h"

/* A new, empty store; closed with store_close(). */
MUST_USE int store_open_memory(const char *const *tables, struct store **ret_store);
/* What a crash leaves: the uncommitted batch is lost, everything committed stays. */
void store_memory_crash(struct store *store);
/* The next commits fail with error (a negated errno, as -ENOSPC) until it is set to 0. */
void store_memory_fail_commits(struct store *store, int error);
