#include "sandbox_map.h"
#include "sandbox_text.h"
#include <stdlib.h>
#include <string.h>

/* FNV-1a: nobody attacks the sandbox. */
static uint64_t hash_of(const char *key) {
  uint64_t hash = 14695981039346656037u;
  for (; *key != '\0'; key++)
    hash = (hash ^ (unsigned char)*key) * 1099511628211u;
  return hash;
}

static struct map_slot *slot_for(const struct map *map, const char *key) {
  size_t at = hash_of(key) & (map->capacity - 1);
  while (map->slots[at].key != NULL && strcmp(map->slots[at].key, key) != 0)
    at = (at + 1) & (map->capacity - 1);
  return &map->slots[at];
}

static void grow(struct map *map) {
  struct map old = *map;
  map->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
  map->slots = get_memory(map->capacity * sizeof *map->slots);
  for (size_t i = 0; i < old.capacity; i++)
    if (old.slots[i].key != NULL)
      *slot_for(map, old.slots[i].key) = old.slots[i];
  free(old.slots);
}

void map_put(struct map *map, const char *key, void *item) {
  if (2 * (map->count + 1) > map->capacity)
    grow(map);
  struct map_slot *slot = slot_for(map, key);
  if (slot->key == NULL)
    map->count++;
  *slot = (struct map_slot){key, item};
}

void *map_get(const struct map *map, const char *key) {
  return map->capacity == 0 ? NULL : slot_for(map, key)->item;
}

void map_free(struct map *map) {
  free(map->slots);
  *map = (struct map){0};
}
