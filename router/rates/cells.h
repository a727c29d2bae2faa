/* Counts by key, in a table of fixed size. What finds no room is counted under a coarser key, so that sums
 * are always whole: the last part of the table is kept for keys that tell less apart. */
#pragma once

#include "dims.h"

enum { RATES_MERCHANTS_MAX = 128, CELLS_MIN = 8 * RATES_MERCHANTS_MAX };

enum rate_count {
  COUNT_ATTEMPTS, /* that reached an issuer */
  COUNT_ATTEMPTS_APPROVED,
  COUNT_ATTEMPTS_UNREACHED, /* that ended without an issuer's word */
  COUNT_PAYMENTS,           /* of which an attempt reached an issuer */
  COUNT_PAYMENTS_APPROVED,
  COUNT_CASCADED,       /* of the payments: with more than one attempt */
  COUNT_DECLINED_FIRST, /* of the payments: the first issuer's word was no */
  COUNT_RETRIED,        /* of those: there was an attempt after it */
  COUNT_RECOVERED,      /* of those: one after it was approved */
  COUNT_PRICED,         /* of the approved payments: what they cost is known */
  COUNT_COST,  /* of those and of every try, in millionths of a minor unit; UINT64_MAX: more than fits */
  COUNT_TRIED, /* payments of which there was an attempt, however it ended */
  COUNT_COUNT
};

struct rate_counts {
  uint64_t of[COUNT_COUNT];
};

struct rate_key {
  uint16_t merchant; /* its number plus one */
  uint16_t dims[DIM_COUNT];
};

struct cell {
  struct rate_key key; /* merchant 0: the place is free */
  struct rate_counts counts;
};

struct cells {
  struct cell *cells;
  unsigned capacity, used;
  unsigned kept; /* a set of dimensions: bit n for dimension n */
};

/* capacity: a power of two, CELLS_MIN or more. kept: the dimensions still told apart when half of the table
 * is full; beyond three quarters only merchants are. Returns 0 or -ENOMEM; closed with cells_close(), which
 * allows a zeroed one. */
MUST_USE int cells_open(struct cells *cells, unsigned capacity, unsigned kept);
void cells_close(struct cells *cells);
void cells_clear(struct cells *cells);
/* Adds counts under key, or under what it is folded into. */
void cells_add(struct cells *cells, const struct rate_key *key, const struct rate_counts *counts);
void counts_add(struct rate_counts *sum, const struct rate_counts *counts);
