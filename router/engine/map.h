/* A hash map whose nodes lie in what they lead to. The map owns its buckets only. */
#pragma once

#include "result.h"
#include <stddef.h>
#include <stdint.h>

struct map_node {
  struct map_node *next;
  uint64_t hash;
};

struct map {
  struct map_node **buckets;
  size_t mask;
  size_t count;
};

/* Returns 0 or -ENOMEM; closed with map_close(). */
MUST_USE int map_open(struct map *map);
void map_close(struct map *map);
/* Adds a node that is in no map. Never fails: a map that cannot grow gets slower. */
void map_add(struct map *map, struct map_node *node, uint64_t hash);
/* Removes a node that is in the map. */
void map_remove(struct map *map, struct map_node *node);
/* The first node with that hash, or NULL; then the one after `node` with the same hash. */
struct map_node *map_find(const struct map *map, uint64_t hash);
struct map_node *map_find_next(const struct map_node *node);
/* Any node, or NULL when the map is empty: to take a map down. */
struct map_node *map_any(const struct map *map);
/* Calls each() for every node; each() adds and removes nothing. */
void map_each(const struct map *map, void (*each)(void *context, struct map_node *node), void *context);
/* A hash of a text. */
uint64_t map_hash(const char *text);
