#include "spread.h"

#include <math.h>

/* Student's t for 95 %, two-sided, nine degrees of freedom. */
static const double student_t = 2.262;
_Static_assert(SEEDS == 10, "student_t is for ten seeds");

double spread_mean(const struct spread *spread) {
  double sum = 0;
  for (int i = 0; i < SEEDS; i++)
    sum += spread->values[i];
  return sum / SEEDS;
}

double spread_margin(const struct spread *spread) {
  double mean = spread_mean(spread), squares = 0;
  for (int i = 0; i < SEEDS; i++)
    squares += (spread->values[i] - mean) * (spread->values[i] - mean);
  return student_t * sqrt(squares / (SEEDS - 1) / SEEDS);
}

struct spread spread_difference(const struct spread *left, const struct spread *right) {
  struct spread difference;
  for (int i = 0; i < SEEDS; i++)
    difference.values[i] = left->values[i] - right->values[i];
  return difference;
}
