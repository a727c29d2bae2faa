/* Sets of 64-bit numbers, absence included: what a condition on one fact allows. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stdint.h>

struct interval { /* both ends included, low <= high */
  int64_t low, high;
};

/* Ascending, disjoint and not adjacent, so that equal sets are equal interval by interval. Owned. */
struct interval_set {
  bool absent; /* an absent fact is allowed too */
  unsigned count;
  struct interval *items;
};

/* Every number, and absence. Returns 0 or -ENOMEM; so do the others, and leave *ret_set alone then. The
 * result is the caller's, to be freed with interval_set_free(). */
MUST_USE int interval_set_all(struct interval_set *ret_set);
/* count intervals in any order, overlapping or not; absence is not allowed. */
MUST_USE int interval_set_of(const struct interval *intervals, unsigned count, struct interval_set *ret_set);
MUST_USE int interval_set_complement(const struct interval_set *set, struct interval_set *ret_set);
MUST_USE int interval_set_intersection(const struct interval_set *a, const struct interval_set *b,
                                       struct interval_set *ret_set);
MUST_USE int interval_set_union(const struct interval_set *a, const struct interval_set *b,
                                struct interval_set *ret_set);
void interval_set_free(struct interval_set *set);
/* Whether value is in it. */
bool interval_set_holds(const struct interval_set *set, int64_t value);
