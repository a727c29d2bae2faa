/* What must hold of any store after a power loss. */
#pragma once

#include "power_trial.h"

/* The store holds exactly what the last acknowledged commit held, or the one under way: *ret_commit. Returns
 * NULL, or what is wrong. */
const char *check_contents(struct store *store, unsigned table_count, const struct contents *commits,
                           const struct moment *moment, size_t *ret_commit);
/* Now and then: the store at path goes on. It is filled, emptied again and opened anew, and holds what it
 * held: no page that is in use was taken for a free one. *store is closed and opened again; NULL when that
 * failed. Returns as check_contents(). */
const char *check_goes_on(struct store **store, const char *path, const char *const *tables,
                          size_t map_bytes);
