/* Memory that is given back all at once: a policy's tree is many small pieces of one life. */
#pragma once

#include <stddef.h>

enum { POLICY_ARENA_MAX = 256 * 1024 * 1024 }; /* a policy that wants more is not read */

struct arena;

/* NULL when there is no memory. Given back with policy_arena_free(). */
struct arena *policy_arena_new(void);
/* size zeroed bytes, aligned for anything; NULL when there are none or the arena would exceed its limit. */
void *policy_arena_take(struct arena *arena, size_t size);
/* A copy of length bytes with a NUL after them; NULL likewise. */
char *policy_arena_copy(struct arena *arena, const char *text, size_t length);
/* Gives everything back. NULL is allowed. */
void policy_arena_free(struct arena *arena);
