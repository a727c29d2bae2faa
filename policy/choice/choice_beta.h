/* Draws from a Beta distribution, the same on every machine.
 *
 * Marsaglia and Tsang's gamma variates (ACM TOMS 26, 2000) upon Leva's normal variates (ACM TOMS 18, 1992),
 * fed by splitmix64, all in fixed point (choice_fixed.h). */
#pragma once

#include <stdint.h>

enum {
  BETA_PLACES = 10, /* binary places of a parameter: 1024 is one */
  BETA_ONE = 1 << BETA_PLACES,
  BETA_PARAMETER_MIN = BETA_ONE / 8,
  BETA_PARAMETER_MAX = 1 << 30 /* 2^20 */
};

/* One variate of Beta(a, b), as a fraction of 2^32. Both parameters lie between BETA_PARAMETER_MIN and
 * BETA_PARAMETER_MAX (asserted). The same seed gives the same variate. */
uint32_t beta_variate(uint32_t a, uint32_t b, uint64_t seed);
/* A seed of its own for each number under one draw: splitmix64's finalizer, twice. */
uint64_t beta_seed(uint64_t draw, uint64_t number);
