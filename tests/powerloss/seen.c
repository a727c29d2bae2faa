#include "seen.h"

#include <stdlib.h>

uint64_t seen_mix(uint64_t key, uint64_t value) {
  uint64_t mixed = (key ^ value) + 0x9e3779b97f4a7c15ULL + (key << 6);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

static void place(struct seen *seen, uint64_t key) {
  size_t at = (size_t)key % seen->capacity;
  while (seen->keys[at])
    at = (at + 1) % seen->capacity;
  seen->keys[at] = key;
}

static void grow(struct seen *seen) {
  struct seen grown = {.capacity = seen->capacity ? 2 * seen->capacity : 4096, .count = seen->count};
  grown.keys = calloc(grown.capacity, sizeof *grown.keys);
  if (!grown.keys)
    abort();
  for (size_t i = 0; i < seen->capacity; i++) {
    if (seen->keys[i])
      place(&grown, seen->keys[i]);
  }
  free(seen->keys);
  *seen = grown;
}

bool seen_add(struct seen *seen, uint64_t key) {
  key |= key == 0;
  if (2 * seen->count >= seen->capacity)
    grow(seen);
  for (size_t at = (size_t)key % seen->capacity; seen->keys[at]; at = (at + 1) % seen->capacity) {
    if (seen->keys[at] == key)
      return false;
  }
  place(seen, key);
  seen->count++;
  return true;
}
