#include "policy_arena.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES_FIRST = 4096, CHUNK_BYTES_MOST = 1024 * 1024 };

struct chunk {
  struct chunk *next;
  size_t used, size;
  alignas(max_align_t) unsigned char bytes[];
};

struct arena {
  struct chunk *chunks;
  size_t most, total, following; /* bytes: the limit; held; of the next chunk */
  bool full;
};

struct arena *policy_arena_new(size_t most) {
  struct arena *arena = calloc(1, sizeof *arena);
  if (arena != NULL)
    *arena = (struct arena){.most = most, .following = CHUNK_BYTES_FIRST};
  return arena;
}

static struct chunk *chunk_new(struct arena *arena, size_t size) {
  size_t left = arena->most - arena->total, room = size > arena->following ? size : arena->following;
  room = room > left ? left : room;
  if (room < size) {
    arena->full = true;
    return NULL;
  }
  struct chunk *chunk = calloc(1, sizeof *chunk + room);
  if (chunk == NULL)
    return NULL;
  chunk->size = room;
  chunk->next = arena->chunks;
  arena->chunks = chunk;
  arena->total += room;
  if (arena->following < CHUNK_BYTES_MOST)
    arena->following *= 2;
  return chunk;
}

void *policy_arena_take(struct arena *arena, size_t size) {
  if (size > arena->most) {
    arena->full = true;
    return NULL;
  }
  size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
  struct chunk *chunk = arena->chunks;
  if (chunk == NULL || chunk->size - chunk->used < size)
    chunk = chunk_new(arena, size);
  if (chunk == NULL)
    return NULL;
  void *place = chunk->bytes + chunk->used;
  chunk->used += size;
  return place;
}

char *policy_arena_copy(struct arena *arena, const char *text, size_t length) {
  char *copy = policy_arena_take(arena, length + 1);
  if (copy != NULL)
    memcpy(copy, text, length);
  return copy;
}

bool policy_arena_is_full(const struct arena *arena) {
  return arena->full;
}

size_t policy_arena_bytes(const struct arena *arena) {
  return arena->total;
}

void policy_arena_free(struct arena *arena) {
  if (arena == NULL)
    return;
  while (arena->chunks != NULL) {
    struct chunk *next = arena->chunks->next;
    free(arena->chunks);
    arena->chunks = next;
  }
  free(arena);
}
