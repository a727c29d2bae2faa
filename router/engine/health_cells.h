/* Gates of segments: a connector's requests for cards of one network from issuers of one country. A fixed
 * table: when it is full, the healthy one that has been idle longest makes room; when none is healthy, the
 * one of the others of which nothing has come for an hour, without a word: it is then as healthy as its
 * connector. When there is none either, what is new is not watched by itself, only as part of its connector.
 */
#pragma once

#include "health_gate.h"
#include "map.h"
#include "network.h"
#include "router_vault.h"

enum { HEALTH_CELLS_MAX = 512, HEALTH_CELL_IDLE_MS = 60 * 60 * 1000 };

struct health_segment {
  char connector[CONNECTOR_NAME_CAPACITY];
  enum network network; /* known */
  char country[3];      /* of the issuer, ISO 3166; known */
};

struct health_cell {
  struct map_node node;
  struct health_segment segment;
  int64_t noted_ms;
  struct gate gate;
};

struct health_cells {
  struct gate_limits limits; /* of every gate */
  struct health_cell *cells; /* the first `used` of HEALTH_CELLS_MAX */
  unsigned used;
  struct map by_segment;
};

/* Returns 0 or -ENOMEM; closed with health_cells_close(), which allows zeroed ones. */
MUST_USE int health_cells_open(const struct gate_limits *limits, struct health_cells *cells);
void health_cells_close(struct health_cells *cells);
/* The cell of that segment, or NULL. */
struct health_cell *health_cell_find(const struct health_cells *cells, const struct health_segment *segment);
/* The same, made when there is none; NULL when there is no room. It counts as used now. */
struct health_cell *health_cell_note(struct health_cells *cells, const struct health_segment *segment,
                                     int64_t now_ms);
