/* A map from strings to things that hold their own key. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map {
  struct map_slot *slots;
  size_t count, capacity;
};

struct map_slot {
  const char *key; /* borrowed: lives as long as the thing */
  void *item;
};

/* Adds, or replaces the thing under that key. */
void map_put(struct map *map, const char *key, void *item);
/* The thing, or NULL. */
void *map_get(const struct map *map, const char *key);
void map_free(struct map *map);
