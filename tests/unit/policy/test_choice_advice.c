#include "choice_advice.h"
#include "choice_beta.h"
#include <criterion/criterion.h>
#include <math.h>

static struct choice_estimate belief(unsigned approved, unsigned declined) {
  return (struct choice_estimate){.approved = approved * BETA_ONE, .declined = declined * BETA_ONE};
}

static void record(struct choice_advice *advice, unsigned times, bool followed, uint32_t share,
                   bool approved) {
  struct choice_advised payment = {
      .followed = followed, .share = share, .advised = belief(900, 100), .approved = approved};
  while (times-- > 0)
    choice_advice_record(advice, &payment);
}

Test(choice_advice, claims_nothing_of_too_few_payments) {
  struct choice_advice advice = {0};
  struct choice_gain gain = {.gain = -7};
  record(&advice, CHOICE_ADVICE_LEAST - 1, false, 0, false);
  cr_expect_eq(choice_advice_gain(&advice, &gain), CHOICE_ADVICE_TOO_FEW);
  cr_expect_eq(gain.gain, -7, "untouched");
  record(&advice, 1, false, 0, false);
  cr_expect_eq(choice_advice_gain(&advice, &gain), 0);
}

Test(choice_advice, gains_nothing_where_the_rule_does_the_same) {
  struct choice_advice advice = {0};
  struct choice_gain gain;
  record(&advice, 700, true, 1000000, true);
  record(&advice, 300, true, 1000000, false);
  record(&advice, 10, true, 0, true);
  cr_assert_eq(choice_advice_gain(&advice, &gain), 0);
  cr_expect_eq(gain.gain, 0);
  cr_expect(gain.high - gain.low <= 4, "%d", gain.high - gain.low);
  cr_expect_eq(advice.differing, 0);
}

Test(choice_advice, corrects_belief_by_what_came_where_the_rule_followed) {
  struct choice_advice advice = {0};
  struct choice_gain gain;
  /* Followed in half of them. 0.9 + (1 - 0.9) / 0.5 - 1 = 0.1 and 0.9 - 0 = 0.9: 0.5 on average, deviation
   * 0.4. */
  record(&advice, 50, true, 500000, true);
  record(&advice, 50, false, 500000, false);
  cr_assert_eq(choice_advice_gain(&advice, &gain), 0);
  cr_expect_eq(gain.gain, 500000);
  cr_expect_float_eq(gain.high - gain.gain, 1.96 * 400000 / 10, 50, "%d", gain.high);
  cr_expect_float_eq(gain.gain - gain.low, 1.96 * 400000 / 10, 50, "%d", gain.low);
  cr_expect_eq(advice.payments, 100);
  cr_expect_eq(advice.differing, 50);
  cr_expect_eq(advice.unseen, 0);
}

Test(choice_advice, doubts_what_nothing_could_correct) {
  struct choice_advice advice = {0};
  struct choice_gain gain;
  record(&advice, 10000, false, 0, false); /* each gains 0.9: no chance in it, but the belief may be wrong */
  cr_assert_eq(choice_advice_gain(&advice, &gain), 0);
  cr_expect_eq(gain.gain, 900000);
  cr_expect_float_eq(gain.high - gain.gain, 1.96 * 1e6 * sqrt(0.9 * 0.1 / 1001), 60, "%d", gain.high);
  cr_expect_eq(advice.unseen, 10000);
}

Test(choice_advice, takes_too_small_a_share_for_none) {
  struct choice_advice advice = {0};
  struct choice_gain gain;
  record(&advice, 100, true, CHOICE_SHARE_LEAST - 1, true);
  cr_assert_eq(choice_advice_gain(&advice, &gain), 0);
  cr_expect_eq(gain.gain, 0);
  advice = (struct choice_advice){0};
  record(&advice, 100, true, CHOICE_SHARE_LEAST, true); /* 0.9 + 0.1 / 0.01 - 1 = 9.9 */
  cr_assert_eq(choice_advice_gain(&advice, &gain), 0);
  cr_expect_eq(gain.gain, 9900000);
}

Test(choice_advice, stops_before_its_sums_could_overflow) {
  /* The most that one payment adds: declined, followed in the least share, believed certain. */
  double most = pow(1e6 / CHOICE_SHARE_LEAST * 1e6, 2) / 1e6;
  cr_expect_lt(most * CHOICE_ADVICE_MOST, 18446744073709551615.0);
  struct choice_advice advice = {.payments = CHOICE_ADVICE_MOST};
  record(&advice, 5, false, 0, false);
  cr_expect_eq(advice.payments, CHOICE_ADVICE_MOST);
  cr_expect_eq(advice.gain, 0);
}
