/* Memory that is given back all at once: a sheet and the tree that it is read from are many small pieces of
 * one life. */
#pragma once

#include <stddef.h>

enum { SHEET_MEMORY_MAX = 4194304 }; /* a sheet that wants more is refused */

struct sheet_memory_chunk;

/* Zero is empty. */
struct sheet_memory {
  struct sheet_memory_chunk *chunks;
  size_t total;
};

/* Zeroed memory for size bytes, aligned for anything; NULL when there is none or it would exceed its
 * limit. */
void *sheet_memory_take(struct sheet_memory *memory, size_t size);
/* A copy of length bytes with a NUL after them; NULL likewise. */
char *sheet_memory_copy(struct sheet_memory *memory, const char *text, size_t length);
/* Gives everything back; it is empty again. */
void sheet_memory_free(struct sheet_memory *memory);
