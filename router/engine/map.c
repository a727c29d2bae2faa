#include "map.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { FIRST_BUCKETS = 1024 };

int map_open(struct map *map) {
  struct map_node **buckets = calloc(FIRST_BUCKETS, sizeof *buckets);
  if (!buckets)
    return -ENOMEM;
  *map = (struct map){.buckets = buckets, .mask = FIRST_BUCKETS - 1};
  return 0;
}

void map_close(struct map *map) {
  free(map->buckets);
  *map = (struct map){0};
}

/* Numbers that count up fall into neighbouring buckets; the multiplication spreads them. */
static struct map_node **bucket_of(const struct map *map, uint64_t hash) {
  return &map->buckets[(hash * 0x9e3779b97f4a7c15ULL >> 32) & map->mask];
}

static void put(struct map *map, struct map_node *node) {
  struct map_node **bucket = bucket_of(map, node->hash);
  node->next = *bucket;
  *bucket = node;
}

static void grow(struct map *map) {
  size_t count = 2 * (map->mask + 1);
  struct map_node **buckets = calloc(count, sizeof *buckets);
  if (!buckets)
    return;
  struct map grown = {.buckets = buckets, .mask = count - 1, .count = map->count};
  for (size_t i = 0; i <= map->mask; i++) {
    struct map_node *next;
    for (struct map_node *node = map->buckets[i]; node; node = next) {
      next = node->next;
      put(&grown, node);
    }
  }
  free(map->buckets);
  *map = grown;
}

void map_add(struct map *map, struct map_node *node, uint64_t hash) {
  if (map->count > map->mask)
    grow(map);
  node->hash = hash;
  put(map, node);
  map->count++;
}

void map_remove(struct map *map, struct map_node *node) {
  struct map_node **at = bucket_of(map, node->hash);
  while (*at && *at != node)
    at = &(*at)->next;
  assert(*at == node);
  *at = node->next;
  node->next = NULL;
  map->count--;
}

struct map_node *map_find(const struct map *map, uint64_t hash) {
  struct map_node *node = *bucket_of(map, hash);
  while (node && node->hash != hash)
    node = node->next;
  return node;
}

struct map_node *map_find_next(const struct map_node *node) {
  struct map_node *next = node->next;
  while (next && next->hash != node->hash)
    next = next->next;
  return next;
}

struct map_node *map_any(const struct map *map) {
  for (size_t i = 0; map->count > 0 && i <= map->mask; i++) {
    if (map->buckets[i])
      return map->buckets[i];
  }
  return NULL;
}

void map_each(const struct map *map, void (*each)(void *context, struct map_node *node), void *context) {
  for (size_t i = 0; i <= map->mask; i++) {
    struct map_node *next;
    for (struct map_node *node = map->buckets[i]; node; node = next) {
      next = node->next;
      each(context, node);
    }
  }
}

uint64_t map_hash(const char *text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (; *text; text++)
    hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
  return hash;
}
