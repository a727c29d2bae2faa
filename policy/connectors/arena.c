#include "arena.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16384 };

struct arena_chunk {
  struct arena_chunk *next;
  size_t used;
  size_t size;
  alignas(max_align_t) unsigned char bytes[];
};

static struct arena_chunk *chunk_new(struct arena *arena, size_t size) {
  size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
  if (room > ARENA_BYTES_MAX - arena->total)
    return NULL;
  struct arena_chunk *chunk = calloc(1, sizeof *chunk + room);
  if (chunk == NULL)
    return NULL;
  chunk->size = room;
  chunk->next = arena->chunks;
  arena->chunks = chunk;
  arena->total += room;
  return chunk;
}

void *arena_take(struct arena *arena, size_t size) {
  if (size == 0 || size > ARENA_BYTES_MAX)
    return NULL;
  size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
  struct arena_chunk *chunk = arena->chunks;
  if (chunk == NULL || chunk->size - chunk->used < size)
    chunk = chunk_new(arena, size);
  if (chunk == NULL)
    return NULL;
  void *place = chunk->bytes + chunk->used;
  chunk->used += size;
  return place;
}

char *arena_copy(struct arena *arena, const char *text, size_t length) {
  char *copy = arena_take(arena, length + 1);
  if (copy != NULL)
    memcpy(copy, text, length);
  return copy;
}

void arena_free(struct arena *arena) {
  while (arena->chunks != NULL) {
    struct arena_chunk *next = arena->chunks->next;
    free(arena->chunks);
    arena->chunks = next;
  }
  arena->total = 0;
}
