/* Money: an int64 of minor units with its ISO 4217 currency. Sums are checked. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum { CURRENCY_CAPACITY = 4 };

struct money {
  int64_t minor;                    /* minor units as ISO 4217 counts them: cents, yen, fils */
  char currency[CURRENCY_CAPACITY]; /* alphabetic code, upper case, NUL-terminated */
};

/* Whether code is an active ISO 4217 currency in which a payment can be made, in upper case. */
bool currency_known(const char *code);
/* How many decimal digits the minor unit of code has (0 to 4), or -EINVAL for an unknown code.
 * Source: ISO 4217 list one. */
MUST_USE int currency_exponent(const char *code);
/* *ret_sum = left + right. Returns 0, or -EOVERFLOW. */
MUST_USE int amount_add(int64_t left, int64_t right, int64_t *ret_sum);
/* *ret_difference = left - right. Returns 0, or -EOVERFLOW. */
MUST_USE int amount_subtract(int64_t left, int64_t right, int64_t *ret_difference);
/* An amount counted with from_exponent decimals, counted with to_exponent decimals instead. Returns 0;
 * -EOVERFLOW; or -ERANGE when digits other than zero would be lost (never rounds). Exponents 0 to 4. */
MUST_USE int amount_rescale(int64_t minor, int from_exponent, int to_exponent, int64_t *ret_minor);
