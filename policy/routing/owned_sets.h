/* Interval sets that own their memory, for the compiler: each is freed by itself. */
#pragma once

#include "intervals.h"
#include "result.h"

/* Returns 0 with a set that the caller frees with owned_set_free(), or -ENOMEM, leaving *ret_set alone; so do
 * the others. */
MUST_USE int owned_set_of(const struct interval *list, unsigned count, struct interval_set *ret_set);
MUST_USE int owned_set_copy(const struct interval_set *set, struct interval_set *ret_set);
MUST_USE int owned_set_complement(const struct interval_set *set, struct interval_set *ret_set);
MUST_USE int owned_set_intersection(const struct interval_set *a, const struct interval_set *b,
                                    struct interval_set *ret_set);
MUST_USE int owned_set_union(const struct interval_set *a, const struct interval_set *b,
                             struct interval_set *ret_set);
void owned_set_free(struct interval_set *set);
