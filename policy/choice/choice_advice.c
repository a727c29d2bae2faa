#include "choice_advice.h"
#include "choice_beta.h"
#include "choice_fixed.h"

#include <assert.h>

__extension__ typedef __int128 wide;

enum { MILLION = 1000000, DEVIATIONS_HUNDREDTHS = 196 /* 95 % of a normal distribution, two-sided */ };

static int64_t believed(struct choice_estimate estimate) {
  uint64_t sum = (uint64_t)estimate.approved + estimate.declined;
  return (int64_t)((uint64_t)estimate.approved * MILLION / sum);
}

/* The standard deviation of Beta(a, b), in millionths. */
static uint64_t deviation(struct choice_estimate estimate) {
  uint64_t rate = (uint64_t)believed(estimate), sum = (uint64_t)estimate.approved + estimate.declined;
  return whole_root(rate * (MILLION - rate) / (sum + BETA_ONE) * BETA_ONE);
}

/* What the advice would have got, less what the rule in force got, in millionths. */
static int64_t gain_of(const struct choice_advised *payment) {
  int64_t got = payment->approved ? MILLION : 0, belief = believed(payment->advised);
  if (payment->share < CHOICE_SHARE_LEAST)
    return payment->followed ? 0 : belief - got;
  int64_t correction = payment->followed ? (got - belief) * MILLION / payment->share : 0;
  return belief + correction - got;
}

void choice_advice_record(struct choice_advice *advice, const struct choice_advised *payment) {
  assert(payment->share <= MILLION);
  if (advice->payments >= CHOICE_ADVICE_MOST)
    return;
  int64_t gain = gain_of(payment);
  advice->payments++;
  advice->differing += !payment->followed;
  advice->gain += gain;
  advice->squares += (uint64_t)(gain * gain) / MILLION;
  if (!payment->followed && payment->share < CHOICE_SHARE_LEAST) {
    advice->unseen++;
    advice->doubt += deviation(payment->advised);
  }
}

/* Half the width of the bounds: chance, and beliefs that may all be wrong in the same direction. */
static int64_t half_width(const struct choice_advice *advice, int64_t mean) {
  int64_t payments = (int64_t)advice->payments;
  wide variance = (wide)advice->squares * MILLION / payments - (wide)mean * mean;
  uint64_t of_mean = variance > 0 ? (uint64_t)(variance / payments) : 0;
  int64_t deviations = (int64_t)whole_root(of_mean) + 1 + (int64_t)advice->doubt / payments;
  return deviations * DEVIATIONS_HUNDREDTHS / 100;
}

int choice_advice_gain(const struct choice_advice *advice, struct choice_gain *ret_gain) {
  if (advice->payments < CHOICE_ADVICE_LEAST)
    return CHOICE_ADVICE_TOO_FEW;
  int64_t mean = advice->gain / (int64_t)advice->payments, width = half_width(advice, mean);
  *ret_gain = (struct choice_gain){
      .gain = (int32_t)mean, .low = (int32_t)(mean - width), .high = (int32_t)(mean + width)};
  return 0;
}
