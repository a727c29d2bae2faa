#include "bounds.h"

#include <assert.h>
#include <math.h>

/* Quantiles of the normal distribution. */
static const double z_two_sided_95 = 1.959963984540054;
static const double z_one_sided_9995 = 3.290526731491926;

struct interval {
  double rate, low, high;
};

static struct interval wilson(uint64_t approved, uint64_t total, double z) {
  assert(approved <= total && total > 0);
  double n = (double)total, p = (double)approved / n;
  double scale = 1 + z * z / n;
  double middle = (p + z * z / (2 * n)) / scale;
  double half = z / scale * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return (struct interval){
      .rate = p, .low = approved == 0 ? 0 : middle - half, .high = approved == total ? 1 : middle + half};
}

struct rate_bounds rate_bounds(uint64_t approved, uint64_t total) {
  if (total == 0)
    return (struct rate_bounds){.high = BASIS_POINTS};
  struct interval interval = wilson(approved, total, z_two_sided_95);
  return (struct rate_bounds){.rate = (uint32_t)lround(interval.rate * BASIS_POINTS),
                              .low = (uint32_t)floor(interval.low * BASIS_POINTS),
                              .high = (uint32_t)ceil(interval.high * BASIS_POINTS)};
}

bool rate_dropped(uint64_t approved_now, uint64_t total_now, uint64_t approved_before,
                  uint64_t total_before) {
  if (total_now == 0 || total_before == 0)
    return false;
  struct interval now = wilson(approved_now, total_now, z_one_sided_9995);
  struct interval before = wilson(approved_before, total_before, z_one_sided_9995);
  double error = hypot(before.rate - before.low, now.high - now.rate);
  return before.rate - now.rate - error > (double)RATE_DROP_BP / BASIS_POINTS;
}
