#include "choice_beta.h"
#include "choice_fixed.h"

#include <assert.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 unsigned_wide;

struct generator {
  uint64_t state;
};

static uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

uint64_t beta_seed(uint64_t draw, uint64_t number) {
  return mixed(mixed(draw) + number);
}

/* Above 0 and up to 1. */
static int64_t uniform(struct generator *generator) {
  generator->state += 0x9e3779b97f4a7c15ULL;
  return (int64_t)(mixed(generator->state) >> (64 - FIXED_PLACES)) + 1;
}

/* Whether (u, v) lies where the ratio of uniforms is normal: by two quadratic bounds, and by the curve itself
 * for the one in a hundred between them. */
static bool is_normal(int64_t u, int64_t v) {
  int64_t x = u - FIXED_MILLIONTHS(449871), y = (v < 0 ? -v : v) + FIXED_MILLIONTHS(386595);
  int64_t inner = fixed_multiply(FIXED_MILLIONTHS(196000), y) - fixed_multiply(FIXED_MILLIONTHS(254720), x);
  int64_t bound = fixed_multiply(x, x) + fixed_multiply(y, inner);
  if (bound < FIXED_MILLIONTHS(275970))
    return true;
  if (bound > FIXED_MILLIONTHS(278460))
    return false;
  return fixed_multiply(v, v) <= -4 * fixed_multiply(fixed_multiply(u, u), fixed_log(u));
}

static int64_t normal(struct generator *generator) {
  for (;;) {
    int64_t u = uniform(generator);
    int64_t v = fixed_multiply(FIXED_MILLIONTHS(1715600), uniform(generator) - FIXED_ONE / 2);
    if (is_normal(u, v))
      return fixed_divide(v, u);
  }
}

/* Whether the proposal v = (1 + c x)^3 stands: by a quick bound, mostly, or by the density itself. */
static bool stands(int64_t d, int64_t x, int64_t v, int64_t u) {
  int64_t square = fixed_multiply(x, x);
  if (u < FIXED_ONE - fixed_multiply(FIXED_MILLIONTHS(33100), fixed_multiply(square, square)))
    return true;
  return fixed_log(u) < square / 2 + fixed_multiply(d, FIXED_ONE - v + fixed_log(v));
}

/* A variate of Gamma(shape), for a shape of at least one. */
static int64_t gamma_above_one(struct generator *generator, int64_t shape) {
  int64_t d = shape - FIXED_ONE / 3;
  int64_t c = fixed_divide(FIXED_ONE / 3, fixed_root(d));
  for (;;) {
    int64_t x = normal(generator);
    int64_t base = FIXED_ONE + fixed_multiply(c, x);
    int64_t v = base > 0 ? fixed_multiply(fixed_multiply(base, base), base) : 0;
    if (v > 0 && stands(d, x, v, uniform(generator)))
      return fixed_multiply(d, v);
  }
}

/* Below one it is a variate of shape + 1 times a uniform one to the power of 1 / shape. */
static int64_t gamma_variate(struct generator *generator, int64_t shape) {
  if (shape >= FIXED_ONE)
    return gamma_above_one(generator, shape);
  int64_t above = gamma_above_one(generator, shape + FIXED_ONE);
  uint64_t factor = fixed_half_to_the(fixed_divide(-fixed_log2(uniform(generator)), shape));
  return (int64_t)fixed_scale((uint64_t)above, factor);
}

static bool in_range(uint32_t parameter) {
  return parameter >= BETA_PARAMETER_MIN && parameter <= BETA_PARAMETER_MAX;
}

uint32_t beta_variate(uint32_t a, uint32_t b, uint64_t seed) {
  assert(in_range(a) && in_range(b));
  struct generator generator = {.state = seed};
  int64_t left = gamma_variate(&generator, (int64_t)a << (FIXED_PLACES - BETA_PLACES));
  int64_t right = gamma_variate(&generator, (int64_t)b << (FIXED_PLACES - BETA_PLACES));
  if (left + right == 0) { /* both below the last place: as good as the mean */
    left = a;
    right = b;
  }
  uint64_t share = (uint64_t)(((unsigned_wide)(uint64_t)left << 32) / (uint64_t)(left + right));
  return share <= UINT32_MAX ? (uint32_t)share : UINT32_MAX;
}
