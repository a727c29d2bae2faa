/* What has been learned: approvals and declines per cell, each counting for less the older it is.
 *
 *   any connector > connector > its network > its funding > its issuer country > its hour of day
 *
 * Each cell lies within the one before, so that a cell with little data backs off to the one around it. The
 * table has a fixed number of places; nothing is allocated once it exists. */
#pragma once

#include "bins.h"
#include "network.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHOICE_CELLS_DEFAULT = 16384, CHOICE_CELLS_MAX = 1 << 22, CHOICE_CONNECTOR_MAX = 65535 };

/* The longest that did well at 300 payments an hour: tests/bench/routing/README.md. */
#define CHOICE_HALF_LIFE_DEFAULT_MS (INT64_C(6) * 3600 * 1000)
#define CHOICE_HALF_LIFE_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

/* What of a payment tells about its approval. */
struct choice_payment {
  enum network network;
  enum funding funding;
  char country[3]; /* of the issuer: ISO 3166-1 alpha-2, or "" for unknown */
  uint8_t hour;    /* 0 to 23, UTC */
};

/* What is known of a connector's approval rate for one payment: the rate has the distribution Beta(approved,
 * declined), both in 1024ths of an outcome (BETA_PLACES of choice_beta.h). */
struct choice_estimate {
  uint32_t approved, declined;
};

struct choice_cells;

/* A table of count cells (rounded up to a power of two, 8 to CHOICE_CELLS_MAX) whose outcomes lose half their
 * weight in half_life_ms (1 to CHOICE_HALF_LIFE_MAX_MS). What an hour of the day is known for lasts 24 times
 * as long, since it is met one hour a day. Returns 0; -EINVAL for a number out of range; or -ENOMEM. The
 * caller frees it with choice_cells_free(). */
MUST_USE int choice_cells_new(size_t count, int64_t half_life_ms, struct choice_cells **ret_cells);
/* NULL is allowed. */
void choice_cells_free(struct choice_cells *cells);

/* One outcome that tells about the connector (README.md says which do), into the cells of every level. Where
 * there is no room for a cell, the one of least weight among its neighbours makes way.
 *   connector  1 to CHOICE_CONNECTOR_MAX (asserted): the caller's own number for it
 *   now_ms     a time that does not run backwards; an earlier one counts as the latest that a cell has seen
 */
void choice_record(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                   bool approved, int64_t now_ms);
/* The same of an outcome that came at at_ms, told later than it came: it weighs as much less as it would have
 * faded until the latest that a cell has seen. In the order of their times, and with none that is newer, this
 * is choice_record(). */
void choice_recall(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                   bool approved, int64_t at_ms);
/* What is known, as of now_ms. Without any outcome: Beta(1, 1). No allocation. */
struct choice_estimate choice_estimate(const struct choice_cells *cells, unsigned connector,
                                       const struct choice_payment *payment, int64_t now_ms);
/* How many outcomes of the connector's own it knows of, whatever the payment: a faded one counts for its
 * part. */
uint32_t choice_seen(const struct choice_cells *cells, unsigned connector, int64_t now_ms);
/* How many cells hold something: never more than there are. */
size_t choice_cells_held(const struct choice_cells *cells);
