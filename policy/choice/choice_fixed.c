#include "choice_fixed.h"

#include <assert.h>
#include <stdbool.h>

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

enum { FACTOR_PLACES = 62, EXPONENT_HALVINGS = 4, SERIES_TERMS = 8 };

#define FACTOR_ONE (UINT64_C(1) << FACTOR_PLACES)
/* ln 2 with 62 and with 40 places. */
#define FACTOR_LN2 UINT64_C(3196577161300663915)
#define FIXED_LN2 INT64_C(762123384786)

static int64_t narrow(wide value) {
  assert(value >= INT64_MIN && value <= INT64_MAX);
  return (int64_t)value;
}

int64_t fixed_multiply(int64_t left, int64_t right) {
  return narrow((wide)left * right / FIXED_ONE);
}

int64_t fixed_divide(int64_t left, int64_t right) {
  assert(right != 0);
  return narrow((wide)left * FIXED_ONE / right);
}

/* Digit by digit. value is below 2^104. */
static uint64_t root(unsigned_wide value) {
  unsigned_wide found = 0, bit = (unsigned_wide)1 << 102;
  while (bit > value)
    bit >>= 2;
  for (; bit != 0; bit >>= 2) {
    bool fits = value >= found + bit;
    value -= fits ? found + bit : 0;
    found = (found >> 1) + (fits ? bit : 0);
  }
  return (uint64_t)found;
}

int64_t fixed_root(int64_t value) {
  assert(value >= 0);
  return (int64_t)root((unsigned_wide)value << FIXED_PLACES);
}

uint64_t whole_root(uint64_t value) {
  return root(value);
}

/* Squares a number between 1 and 2 again and again: each time that it passes 2 is one binary digit. */
int64_t fixed_log2(int64_t value) {
  assert(value > 0);
  int leading = 63 - __builtin_clzll((uint64_t)value);
  uint64_t rest = (uint64_t)value << (FACTOR_PLACES - leading);
  int64_t digits = 0;
  for (int place = 0; place < FIXED_PLACES; place++) {
    unsigned_wide square = ((unsigned_wide)rest * rest) >> FACTOR_PLACES;
    int digit = square >= (unsigned_wide)FACTOR_ONE * 2;
    rest = (uint64_t)(square >> digit);
    digits = digits * 2 + digit;
  }
  return (int64_t)(leading - FIXED_PLACES) * FIXED_ONE + digits;
}

int64_t fixed_log(int64_t value) {
  return fixed_multiply(fixed_log2(value), FIXED_LN2);
}

uint64_t fixed_scale(uint64_t value, uint64_t factor) {
  assert(factor <= FACTOR_ONE);
  return (uint64_t)(((unsigned_wide)value * factor) >> FACTOR_PLACES);
}

/* e to the power of -x for x below 1/16, by its series, the last term first. */
static uint64_t series(uint64_t x) {
  uint64_t sum = FACTOR_ONE;
  for (uint64_t term = SERIES_TERMS; term > 0; term--)
    sum = FACTOR_ONE - fixed_scale(x, sum) / term;
  return sum;
}

uint64_t fixed_half_to_the(int64_t exponent) {
  assert(exponent >= 0);
  if (exponent == 0)
    return FACTOR_ONE;
  int64_t whole = exponent / FIXED_ONE, part = exponent % FIXED_ONE;
  if (whole >= FACTOR_PLACES)
    return 0;
  uint64_t x = fixed_scale(FACTOR_LN2, (uint64_t)part << (FACTOR_PLACES - FIXED_PLACES));
  uint64_t factor = series(x >> EXPONENT_HALVINGS);
  for (int squaring = 0; squaring < EXPONENT_HALVINGS; squaring++)
    factor = fixed_scale(factor, factor);
  return factor >> whole;
}
