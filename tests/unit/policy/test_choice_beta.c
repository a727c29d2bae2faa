#include "chance.h"
#include "choice_beta.h"
#include "choice_fixed.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static double real(int64_t fixed) {
  return (double)fixed / (double)FIXED_ONE;
}

static double variate(double a, double b, uint64_t seed) {
  uint32_t share = beta_variate((uint32_t)(a * BETA_ONE), (uint32_t)(b * BETA_ONE), seed);
  return ((double)share + 0.5) / 4294967296.0;
}

Test(choice_fixed, gives_what_is_known_exactly) {
  cr_expect_eq(fixed_multiply(3 * FIXED_ONE, FIXED_ONE / 2), 3 * FIXED_ONE / 2);
  cr_expect_eq(fixed_multiply(-1, 1), 0, "toward zero");
  cr_expect_eq(fixed_divide(-3 * FIXED_ONE, 2 * FIXED_ONE), -3 * FIXED_ONE / 2);
  cr_expect_eq(fixed_root(9 * FIXED_ONE), 3 * FIXED_ONE);
  cr_expect_eq(fixed_root(0), 0);
  cr_expect_eq(whole_root(UINT64_MAX), UINT32_MAX);
  cr_expect_eq(fixed_log2(8 * FIXED_ONE), 3 * FIXED_ONE);
  cr_expect_eq(fixed_log2(1), -FIXED_PLACES * FIXED_ONE);
  cr_expect_eq(fixed_half_to_the(0), UINT64_C(1) << 62);
  cr_expect_eq(fixed_half_to_the(3 * FIXED_ONE), UINT64_C(1) << 59);
  cr_expect_eq(fixed_half_to_the(INT64_MAX), 0);
  cr_expect_eq(fixed_scale(1000, UINT64_C(1) << 61), 500);
  cr_expect_eq(fixed_scale(UINT64_MAX, UINT64_C(1) << 62), UINT64_MAX);
}

Test(choice_fixed, keeps_to_the_C_library_within_its_last_places) {
  for (double value = 1e-6; value < 8e6; value *= 1.01) {
    int64_t fixed = (int64_t)(value * (double)FIXED_ONE);
    cr_assert_float_eq(real(fixed_log2(fixed)), log2(real(fixed)), 2e-12, "log2 %g", value);
    cr_assert_float_eq(real(fixed_root(fixed)), sqrt(real(fixed)), 2e-12, "root %g", value);
    if (value < 60)
      cr_assert_float_eq((double)fixed_half_to_the(fixed) / 0x1p62, exp2(-real(fixed)), 1e-15, "%g", value);
  }
}

Test(choice_beta, has_the_mean_and_the_variance_of_the_distribution) {
  static const double parameters[][2] = {{0.5, 0.5}, {1, 1},      {3, 1},         {7.25, 0.75},
                                         {90, 10},   {5000, 500}, {524288, 50000}};
  enum { DRAWS = 20000 };
  for (size_t row = 0; row < sizeof parameters / sizeof parameters[0]; row++) {
    double a = parameters[row][0], b = parameters[row][1], sum = 0, squares = 0;
    double mean = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    for (unsigned i = 0; i < DRAWS; i++) {
      double off = variate(a, b, beta_seed(row, i)) - mean;
      sum += off;
      squares += off * off;
    }
    cr_expect(fabs(sum / DRAWS) < 4.5 * sqrt(variance / DRAWS), "Beta(%g, %g): mean off by %g", a, b,
              sum / DRAWS);
    cr_expect_float_eq(squares / DRAWS / variance, 1, 0.06, "Beta(%g, %g): variance", a, b);
  }
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

/* Beta(a, 1), whose distribution function is x to the power of a, by Kolmogorov and Smirnov: passes 1.95 once
 * in a thousand times; the draws are always the same. */
static void expect_distribution(double a) {
  enum { DRAWS = 20000 };
  static double draws[DRAWS];
  double gap = 0;
  for (unsigned i = 0; i < DRAWS; i++)
    draws[i] = variate(a, 1, beta_seed(7, i));
  qsort(draws, DRAWS, sizeof draws[0], ascending);
  for (unsigned i = 0; i < DRAWS; i++)
    gap = fmax(gap, fabs(pow(draws[i], a) - (i + 0.5) / DRAWS));
  cr_expect(gap * sqrt(DRAWS) < 1.95, "Beta(%g, 1): %g", a, gap * sqrt(DRAWS));
}

Test(choice_beta, has_its_distribution) {
  expect_distribution(0.5);
  expect_distribution(1);
  expect_distribution(4);
  expect_distribution(60);
}

/* The digest was computed by this code; that it is the same everywhere is what it guards: compilers,
 * optimization, sanitizers, processors. */
Test(choice_beta, draws_the_same_on_every_machine) {
  uint64_t digest = 0;
  struct chance chance = chance_of(1, 2, 3);
  for (unsigned i = 0; i < 5000; i++) {
    uint32_t a = BETA_PARAMETER_MIN + (uint32_t)(chance_next(&chance) >> (34 + chance_below(&chance, 28)));
    uint32_t b = BETA_PARAMETER_MIN + (uint32_t)(chance_next(&chance) >> (34 + chance_below(&chance, 28)));
    digest = digest_add(digest,
                        beta_variate(a > BETA_PARAMETER_MAX ? BETA_PARAMETER_MAX : a,
                                     b > BETA_PARAMETER_MAX ? BETA_PARAMETER_MAX : b, chance_next(&chance)));
  }
  cr_expect_eq(digest, UINT64_C(0xe9dfe51b265656bb), "%llx", (unsigned long long)digest);
}

Test(choice_beta, takes_the_extremes_of_its_parameters) {
  for (uint64_t i = 0; i < 2000; i++) {
    (void)beta_variate(BETA_PARAMETER_MIN, BETA_PARAMETER_MIN, i);
    cr_assert_lt(beta_variate(BETA_PARAMETER_MIN, BETA_PARAMETER_MAX, i), 1 << 20);
    cr_assert_gt(beta_variate(BETA_PARAMETER_MAX, BETA_PARAMETER_MIN, i), UINT32_MAX - (1 << 20));
    (void)beta_variate(BETA_PARAMETER_MAX, BETA_PARAMETER_MAX, i);
  }
}
