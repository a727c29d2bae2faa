/* Memory that is given back all at once: a policy's tree is many small pieces of one life. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* One of at most `most` bytes. NULL when there is no memory. Given back with policy_arena_free(). */
struct arena *policy_arena_new(size_t most);
/* size zeroed bytes, aligned for anything; NULL when there are none or the arena would exceed its limit. */
void *policy_arena_take(struct arena *arena, size_t size);
/* A copy of length bytes with a NUL after them; NULL likewise. */
char *policy_arena_copy(struct arena *arena, const char *text, size_t length);
/* Whether something was not given because of the limit. */
bool policy_arena_is_full(const struct arena *arena);
/* Bytes held. */
size_t policy_arena_bytes(const struct arena *arena);
/* Gives everything back. NULL is allowed. */
void policy_arena_free(struct arena *arena);
