#include "sheet_memory.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16384 };

struct sheet_memory_chunk {
  struct sheet_memory_chunk *next;
  size_t used;
  size_t size;
  alignas(max_align_t) unsigned char bytes[];
};

static struct sheet_memory_chunk *chunk_new(struct sheet_memory *memory, size_t size) {
  size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
  if (room > SHEET_MEMORY_MAX - memory->total)
    return NULL;
  struct sheet_memory_chunk *chunk = calloc(1, sizeof *chunk + room);
  if (chunk == NULL)
    return NULL;
  chunk->size = room;
  chunk->next = memory->chunks;
  memory->chunks = chunk;
  memory->total += room;
  return chunk;
}

void *sheet_memory_take(struct sheet_memory *memory, size_t size) {
  if (size == 0 || size > SHEET_MEMORY_MAX)
    return NULL;
  size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
  struct sheet_memory_chunk *chunk = memory->chunks;
  if (chunk == NULL || chunk->size - chunk->used < size)
    chunk = chunk_new(memory, size);
  if (chunk == NULL)
    return NULL;
  void *place = chunk->bytes + chunk->used;
  chunk->used += size;
  return place;
}

char *sheet_memory_copy(struct sheet_memory *memory, const char *text, size_t length) {
  char *copy = sheet_memory_take(memory, length + 1);
  if (copy != NULL)
    memcpy(copy, text, length);
  return copy;
}

void sheet_memory_free(struct sheet_memory *memory) {
  while (memory->chunks != NULL) {
    struct sheet_memory_chunk *next = memory->chunks->next;
    free(memory->chunks);
    memory->chunks = next;
  }
  memory->total = 0;
}
