#include "choice_fees.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

__extension__ typedef __int128 wide;

enum { MILLION = 1000000 };

static int narrow(wide value, int64_t *ret_value) {
  if (value > INT64_MAX)
    return -EOVERFLOW;
  *ret_value = (int64_t)value;
  return 0;
}

static bool in_region(const struct choice_fees *fees, const char *country) {
  for (unsigned i = 0; i < fees->region_count; i++) {
    if (strcmp(fees->region[i], country) == 0)
      return true;
  }
  return false;
}

enum choice_reach choice_reach(const struct choice_fees *fees, const struct choice_payment *payment) {
  if (strcmp(fees->country, payment->country) == 0)
    return CHOICE_DOMESTIC;
  if (in_region(fees, fees->country) && in_region(fees, payment->country))
    return CHOICE_REGIONAL;
  return CHOICE_INTERNATIONAL;
}

static const struct choice_fee_line *fitting_line(const struct choice_fees *fees, enum choice_fee_kind kind,
                                                  const struct choice_payment *payment,
                                                  enum choice_reach reach) {
  for (const struct choice_fee_line *line = fees->lines; line < fees->lines + fees->line_count; line++) {
    if (line->kind == kind && (line->network == NETWORK_UNKNOWN || line->network == payment->network) &&
        (line->funding == FUNDING_UNKNOWN || line->funding == payment->funding) &&
        (line->reach == CHOICE_REACH_ANY || line->reach == reach))
      return line;
  }
  return NULL;
}

static bool settled(const struct choice_fees *fees, const char *currency) {
  for (unsigned i = 0; i < fees->settlement_count; i++) {
    if (strcmp(fees->settlements[i], currency) == 0)
      return true;
  }
  return false;
}

/* Whether a table has to say what a payment costs in this kind. */
static bool required(const struct choice_fees *fees, enum choice_fee_kind kind, bool converted) {
  switch (kind) {
  case CHOICE_FEE_BLENDED:
    return fees->pricing == CHOICE_BLENDED;
  case CHOICE_FEE_INTERCHANGE:
  case CHOICE_FEE_SCHEME:
  case CHOICE_FEE_MARKUP:
    return fees->pricing == CHOICE_INTERCHANGE_PLUS;
  case CHOICE_FEE_CONVERSION:
    return converted;
  default:
    return false;
  }
}

static int64_t value_of(const struct choice_exchange *exchange, const char *currency) {
  if (exchange == NULL)
    return 0;
  for (unsigned i = 0; i < exchange->count; i++) {
    if (strcmp(exchange->values[i].currency, currency) == 0)
      return exchange->values[i].value;
  }
  return 0;
}

static int64_t power_of_ten(int exponent) {
  int64_t power = 1;
  while (exponent-- > 0)
    power *= 10;
  return power;
}

/* A fixed fee, in the payment's currency. */
static int converted_fee(int64_t fee, const char *from, const char *to,
                         const struct choice_exchange *exchange, int64_t *ret_fee) {
  if (fee == 0 || strcmp(from, to) == 0) {
    *ret_fee = fee;
    return 0;
  }
  int64_t from_value = value_of(exchange, from), to_value = value_of(exchange, to);
  if (from_value == 0 || to_value == 0)
    return CHOICE_NO_RATE;
  /* 2^63 times 2^40 times 10^4 is below 2^117. */
  wide above = (wide)fee * from_value * power_of_ten(currency_exponent(to));
  wide below = (wide)to_value * power_of_ten(currency_exponent(from));
  return narrow((above + below - 1) / below, ret_fee);
}

static int line_cost(const struct choice_fees *fees, const struct choice_fee_line *line,
                     const struct money *amount, const struct choice_exchange *exchange, int64_t *ret_cost) {
  int64_t share, fixed, minimum, sum;
  int result = narrow((wide)amount->minor * line->share, &share);
  if (result == 0)
    result = converted_fee(line->fixed, fees->currency, amount->currency, exchange, &fixed);
  if (result == 0)
    result = converted_fee(line->minimum, fees->currency, amount->currency, exchange, &minimum);
  if (result == 0)
    result = amount_add(share, fixed, &sum);
  if (result == 0)
    *ret_cost = sum > minimum ? sum : minimum;
  return result;
}

int choice_cost(const struct choice_fees *fees, const struct choice_payment *payment,
                const struct money *amount, const struct choice_exchange *exchange,
                struct choice_cost *ret_cost) {
  if (amount->minor < 0 || !currency_known(amount->currency))
    return -EINVAL;
  struct choice_cost cost = {0};
  enum choice_reach reach = choice_reach(fees, payment);
  bool converted = !settled(fees, amount->currency);
  for (enum choice_fee_kind kind = CHOICE_FEE_BLENDED; kind < CHOICE_FEE_KIND_COUNT; kind++) {
    const struct choice_fee_line *line = fitting_line(fees, kind, payment, reach);
    if (line == NULL && required(fees, kind, converted))
      return CHOICE_NO_LINE + (int)kind;
    if (line == NULL || (kind == CHOICE_FEE_CONVERSION && !converted))
      continue;
    int64_t part, *sum = kind == CHOICE_FEE_TRY ? &cost.each_try : &cost.approved;
    int result = line_cost(fees, line, amount, exchange, &part);
    if (result == 0)
      result = amount_add(*sum, part, sum);
    if (result != 0)
      return result;
  }
  *ret_cost = cost;
  return 0;
}

int choice_cost_per_approval(const struct choice_cost *cost, uint32_t rate, int64_t *ret_cost) {
  assert(rate >= 1 && rate <= MILLION && cost->approved >= 0 && cost->each_try >= 0);
  wide tries = ((wide)cost->each_try * MILLION + rate - 1) / rate;
  return narrow(tries + cost->approved, ret_cost);
}
