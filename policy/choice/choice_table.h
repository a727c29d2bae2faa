/* The table of cells, for the files of this room alone.
 *
 * Buckets of eight cells, as a processor's cache has them: a cell stands in the one bucket that its key
 * hashes to, and where that is full the cell of least weight in it makes way. Coarse cells weigh most, so
 * they stay. */
#pragma once

#include "choice_cells.h"

enum choice_level {
  CHOICE_ANY,
  CHOICE_CONNECTOR,
  CHOICE_NETWORK,
  CHOICE_FUNDING,
  CHOICE_COUNTRY,
  CHOICE_HOUR,         /* fading like all others */
  CHOICE_HOUR_OF_DAYS, /* the same hour, with the same hours of earlier days: fading 24 times as slowly */
  CHOICE_LATELY,       /* the connector once more, fading 24 times as fast */
  CHOICE_LEVEL_COUNT
};

enum { CHOICE_WAYS = 8, CHOICE_WEIGHT_PLACES = 32 };

/* The weight of an outcome of this moment. */
#define CHOICE_WEIGHT_ONE (UINT64_C(1) << CHOICE_WEIGHT_PLACES)
/* A cell weighs at most so much; beyond, both its weights shrink alike. */
#define CHOICE_WEIGHT_MAX (CHOICE_WEIGHT_ONE << 19)

struct choice_weights {
  uint64_t approved, declined;
};

struct choice_cell {
  uint64_t key; /* 0: empty */
  struct choice_weights weights;
  int64_t at_ms; /* the weights are as of then */
  int64_t
      hour_score; /* in a country's cell: how much better its hours told outcomes than itself; fixed point */
};

struct choice_cells {
  int64_t half_life_ms;
  size_t mask; /* number of buckets less one */
  struct choice_cell (*buckets)[CHOICE_WAYS];
};

/* Names a cell; never 0. */
uint64_t choice_key(enum choice_level level, unsigned connector, const struct choice_payment *payment);
/* NULL when the table does not hold it. */
const struct choice_cell *choice_find(const struct choice_cells *cells, uint64_t key);
/* The cell, with its weights and score as of now_ms; a new one, all zero, takes the place of an empty or of
 * the lightest cell. */
struct choice_cell *choice_claim(struct choice_cells *cells, uint64_t key, int64_t now_ms);
/* What share of its weight a cell keeps from its last moment to now_ms: 62 binary places. */
uint64_t choice_kept(const struct choice_cells *cells, const struct choice_cell *cell, int64_t now_ms);
/* What share of its weight an outcome of at_ms has when it comes to a cell that has seen later ones:
 * likewise.
 */
uint64_t choice_late(const struct choice_cells *cells, const struct choice_cell *cell, int64_t at_ms);
/* Zero for NULL. */
struct choice_weights choice_weights_at(const struct choice_cells *cells, const struct choice_cell *cell,
                                        int64_t now_ms);
