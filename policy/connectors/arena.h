/* Memory that is given back all at once: a sheet and the tree that it is read from are many small pieces of
 * one life. */
#pragma once

#include <stddef.h>

enum { ARENA_BYTES_MAX = 4194304 }; /* a sheet that wants more is refused */

struct arena_chunk;

/* Zero is an empty arena. */
struct arena {
  struct arena_chunk *chunks;
  size_t total;
};

/* Zeroed memory for size bytes, aligned for anything; NULL when there is none or the arena would exceed its
 * limit. */
void *arena_take(struct arena *arena, size_t size);
/* A copy of length bytes with a NUL after them; NULL likewise. */
char *arena_copy(struct arena *arena, const char *text, size_t length);
/* Gives everything back; the arena is empty again. */
void arena_free(struct arena *arena);
