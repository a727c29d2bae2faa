/* Sets of 64-bit numbers, absence included: what may stand for a fact. The one algebra of them, for the
 * compiler and for the checker, both within an effort (policy_effort.h). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct interval { /* both ends included, low <= high */
  int64_t low, high;
};

/* Ascending, disjoint and not adjacent, so that equal sets are equal interval by interval. */
struct interval_set {
  bool absent; /* an absent fact is in it too */
  unsigned count;
  const struct interval *items;
};

/* Every number, and absence. */
extern const struct interval_set interval_set_all;

/* Each of these puts the result's intervals into room, which has place for as many as the two sets have
 * together (of a list, as it has), and is not theirs. They cannot fail. */

/* count intervals in any order, overlapping or not; without absence. list may be room. */
struct interval_set interval_set_of(const struct interval *list, unsigned count, struct interval *room);
struct interval_set interval_set_union(const struct interval_set *a, const struct interval_set *b,
                                       struct interval *room);
struct interval_set interval_set_intersection(const struct interval_set *a, const struct interval_set *b,
                                              struct interval *room);
/* What is in a and not in b. */
struct interval_set interval_set_difference(const struct interval_set *a, const struct interval_set *b,
                                            struct interval *room);

bool interval_set_is_empty(const struct interval_set *set);
bool interval_set_equal(const struct interval_set *a, const struct interval_set *b);
/* Whether value is in it. */
bool interval_set_holds(const struct interval_set *set, int64_t value);
/* Whether all of part is in whole, and whether nothing is in both. ret_steps: how many intervals were looked
 * at. */
bool interval_set_within(const struct interval_set *part, const struct interval_set *whole,
                         uint64_t *ret_steps);
bool interval_set_apart(const struct interval_set *a, const struct interval_set *b, uint64_t *ret_steps);
