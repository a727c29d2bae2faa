/* Least cost: the same worlds, with a fee table for each connector. */
#pragma once

#include "spread.h"
#include <stdint.h>

enum thrift_kind {
  THRIFT_CHEAPEST, /* cheapest of ... where approval >= the floor */
  THRIFT_NO_FLOOR, /* cheapest of, without a floor */
  THRIFT_BEST,     /* best of, whatever it costs; those up to here learn */
  THRIFT_ROBIN,
  THRIFT_FIXED,
  THRIFT_ORACLE, /* the cheapest that truly meets the floor; if none does, the highest rate */
  THRIFT_COUNT
};

enum { THRIFT_FLOOR = 850000, THRIFT_PAYMENTS = 50000 };

struct thrift {
  struct spread approval[THRIFT_COUNT];
  struct spread cost[THRIFT_COUNT];  /* of an approved payment, in cents, tries that failed included */
  struct spread below[THRIFT_COUNT]; /* share of payments tried where the true rate is below the floor, though
                                        another connector's is not */
};

const char *thrift_name(enum thrift_kind kind);
/* Runs SEEDS worlds from the seed on. */
void thrift_run(uint64_t seed, struct thrift *ret_thrift);
