#include "health_cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int health_cells_open(const struct gate_limits *limits, struct health_cells *cells) {
  *cells =
      (struct health_cells){.limits = *limits, .cells = calloc(HEALTH_CELLS_MAX, sizeof(struct health_cell))};
  if (!cells->cells)
    return -ENOMEM;
  int r = map_open(&cells->by_segment);
  if (r < 0)
    free(cells->cells);
  return r;
}

void health_cells_close(struct health_cells *cells) {
  map_close(&cells->by_segment);
  free(cells->cells);
}

static uint64_t hash_of(const struct health_segment *segment) {
  char text[CONNECTOR_NAME_CAPACITY + 4];
  size_t length = strlen(segment->connector);
  memcpy(text, segment->connector, length);
  text[length] = (char)('a' + segment->network);
  memcpy(text + length + 1, segment->country, 3);
  return map_hash(text);
}

static bool is_same(const struct health_segment *left, const struct health_segment *right) {
  return left->network == right->network && strcmp(left->country, right->country) == 0 &&
         strcmp(left->connector, right->connector) == 0;
}

struct health_cell *health_cell_find(const struct health_cells *cells, const struct health_segment *segment) {
  struct map_node *node = map_find(&cells->by_segment, hash_of(segment));
  while (node && !is_same(&((struct health_cell *)(void *)node)->segment, segment))
    node = map_find_next(node);
  return (struct health_cell *)(void *)node;
}

/* One that is not healthy keeps its place for as long as anybody asks about it: it leaves payments out. */
static bool may_go(const struct health_cell *cell, int64_t now_ms) {
  return cell->gate.state == GATE_HEALTHY || now_ms - cell->noted_ms >= HEALTH_CELL_IDLE_MS;
}

/* The healthy before the others, of each the one that has been idle longest. */
static bool goes_before(const struct health_cell *one, const struct health_cell *other) {
  bool healthy = one->gate.state == GATE_HEALTHY, other_healthy = other->gate.state == GATE_HEALTHY;
  return healthy != other_healthy ? healthy : one->noted_ms < other->noted_ms;
}

static struct health_cell *longest_idle(const struct health_cells *cells, int64_t now_ms) {
  struct health_cell *idle = NULL;
  for (unsigned i = 0; i < cells->used; i++) {
    struct health_cell *cell = &cells->cells[i];
    if (may_go(cell, now_ms) && (!idle || goes_before(cell, idle)))
      idle = cell;
  }
  return idle;
}

static struct health_cell *make_room(struct health_cells *cells, int64_t now_ms) {
  if (cells->used < HEALTH_CELLS_MAX)
    return &cells->cells[cells->used++];
  struct health_cell *cell = longest_idle(cells, now_ms);
  if (cell)
    map_remove(&cells->by_segment, &cell->node);
  return cell;
}

struct health_cell *health_cell_note(struct health_cells *cells, const struct health_segment *segment,
                                     int64_t now_ms) {
  struct health_cell *cell = health_cell_find(cells, segment);
  if (!cell && (cell = make_room(cells, now_ms))) {
    *cell = (struct health_cell){.segment = *segment, .gate.limits = cells->limits};
    map_add(&cells->by_segment, &cell->node, hash_of(segment));
  }
  if (cell)
    cell->noted_ms = now_ms;
  return cell;
}
