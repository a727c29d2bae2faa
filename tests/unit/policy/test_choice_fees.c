#include "choice_fees.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { CENT = 1000000 };

static const struct choice_payment german = {NETWORK_VISA, FUNDING_CREDIT, "DE", 0};

static struct choice_fees blended(void) {
  return (struct choice_fees){
      .pricing = CHOICE_BLENDED,
      .currency = "EUR",
      .country = "FR",
      .region_count = 2,
      .region = {"DE", "FR"},
      .settlement_count = 2,
      .settlements = {"EUR", "USD"},
      .line_count = 6,
      .lines = {{CHOICE_FEE_BLENDED, NETWORK_AMEX, 0, 0, 29000, 0, 0},
                {CHOICE_FEE_BLENDED, 0, FUNDING_DEBIT, CHOICE_DOMESTIC, 4000, 10 * CENT, 0},
                {CHOICE_FEE_BLENDED, 0, 0, 0, 15000, 25 * CENT, 60 * CENT},
                {CHOICE_FEE_CROSS_BORDER, 0, 0, CHOICE_INTERNATIONAL, 10000, 0, 0},
                {CHOICE_FEE_CONVERSION, 0, 0, 0, 20000, 0, 0},
                {CHOICE_FEE_TRY, 0, 0, 0, 0, 5 * CENT, 0}}};
}

static struct choice_fees plus(void) {
  return (struct choice_fees){
      .pricing = CHOICE_INTERCHANGE_PLUS,
      .currency = "EUR",
      .country = "NL",
      .region_count = 2,
      .region = {"DE", "NL"},
      .settlement_count = 1,
      .settlements = {"EUR"},
      .line_count = 5,
      .lines = {{CHOICE_FEE_INTERCHANGE, 0, FUNDING_CREDIT, CHOICE_REGIONAL, 3000, 0, 0},
                {CHOICE_FEE_SCHEME, NETWORK_MASTERCARD, 0, 0, 1200, 2 * CENT, 0},
                {CHOICE_FEE_SCHEME, NETWORK_VISA, 0, 0, 900, 1 * CENT, 0},
                {CHOICE_FEE_MARKUP, 0, 0, 0, 6050, 0, 0},
                {CHOICE_FEE_TRY, 0, 0, 0, 0, 11 * CENT, 0}}};
}

static struct choice_cost cost(const struct choice_fees *fees, struct choice_payment payment, int64_t minor,
                               const char *currency, const struct choice_exchange *exchange) {
  struct choice_cost found;
  struct choice_fees_error error;
  cr_assert_eq(choice_fees_check(fees, &error), 0);
  struct money amount = {.minor = minor};
  strncpy(amount.currency, currency, CURRENCY_CAPACITY - 1);
  cr_assert_eq(choice_cost(fees, &payment, &amount, exchange, &found), 0);
  return found;
}

static int cost_result(const struct choice_fees *fees, struct choice_payment payment, int64_t minor,
                       const char *currency, const struct choice_exchange *exchange) {
  struct choice_cost untouched = {-7, -7};
  struct money amount = {.minor = minor};
  strncpy(amount.currency, currency, CURRENCY_CAPACITY - 1);
  int result = choice_cost(fees, &payment, &amount, exchange, &untouched);
  cr_expect_eq(untouched.approved, -7);
  return result;
}

Test(choice_fees, sums_a_blended_rate) {
  struct choice_fees fees = blended();
  struct choice_cost found = cost(&fees, german, 9999, "EUR", NULL);
  cr_expect_eq(found.approved, 9999 * INT64_C(15000) + 25 * CENT);
  cr_expect_eq(found.each_try, 5 * CENT);
  cr_expect_eq(cost(&fees, german, 100, "EUR", NULL).approved, 60 * CENT, "the minimum");
  cr_expect_eq(cost(&fees, german, 0, "EUR", NULL).approved, 60 * CENT);
}

Test(choice_fees, takes_the_first_line_that_fits) {
  struct choice_fees fees = blended();
  struct choice_payment payment = german;
  payment.network = NETWORK_AMEX;
  cr_expect_eq(cost(&fees, payment, 1000, "EUR", NULL).approved, 1000 * 29000);
  payment = (struct choice_payment){NETWORK_VISA, FUNDING_DEBIT, "FR", 0};
  cr_expect_eq(cost(&fees, payment, 1000, "EUR", NULL).approved, 1000 * 4000 + 10 * CENT);
  payment.funding = FUNDING_UNKNOWN; /* a line for debit is not for what may be debit */
  cr_expect_eq(cost(&fees, payment, 10000, "EUR", NULL).approved, 10000 * 15000 + 25 * CENT);
}

Test(choice_fees, sums_interchange_scheme_fees_and_markup) {
  struct choice_fees fees = plus();
  cr_expect_eq(cost(&fees, german, 10000, "EUR", NULL).approved, 10000 * (3000 + 900 + 6050) + CENT);
  struct choice_payment payment = german;
  payment.network = NETWORK_MASTERCARD;
  cr_expect_eq(cost(&fees, payment, 10000, "EUR", NULL).approved, 10000 * (3000 + 1200 + 6050) + 2 * CENT);
}

Test(choice_fees, knows_no_cost_where_a_part_is_missing) {
  struct choice_fees fees = plus();
  struct choice_payment payment = german;
  payment.network = NETWORK_JCB; /* no scheme fee */
  cr_expect_eq(cost_result(&fees, payment, 1000, "EUR", NULL), CHOICE_NO_LINE + CHOICE_FEE_SCHEME);
  payment = german;
  memcpy(payment.country, "US", 3); /* no interchange */
  cr_expect_eq(cost_result(&fees, payment, 1000, "EUR", NULL), CHOICE_NO_LINE + CHOICE_FEE_INTERCHANGE);
  fees.line_count = 3; /* no markup */
  cr_expect_eq(cost_result(&fees, german, 1000, "EUR", NULL), CHOICE_NO_LINE + CHOICE_FEE_MARKUP);
  fees = plus();
  cr_expect_eq(cost_result(&fees, german, 1000, "USD", NULL), CHOICE_NO_RATE);
  fees.lines[1].fixed = fees.lines[2].fixed = fees.lines[4].fixed = 0;
  cr_expect_eq(cost_result(&fees, german, 1000, "USD", NULL), CHOICE_NO_LINE + CHOICE_FEE_CONVERSION);
}

Test(choice_fees, sees_the_issuer_from_the_acquirer) {
  struct choice_fees fees = blended();
  struct choice_payment payment = german;
  cr_expect_eq(choice_reach(&fees, &payment), CHOICE_REGIONAL);
  memcpy(payment.country, "FR", 3);
  cr_expect_eq(choice_reach(&fees, &payment), CHOICE_DOMESTIC);
  memcpy(payment.country, "US", 3);
  cr_expect_eq(choice_reach(&fees, &payment), CHOICE_INTERNATIONAL);
  payment.country[0] = '\0';
  cr_expect_eq(choice_reach(&fees, &payment), CHOICE_INTERNATIONAL);
  memcpy(payment.country, "DE", 3);
  memcpy(fees.country, "GB", 3); /* outside the region that it names */
  cr_expect_eq(choice_reach(&fees, &payment), CHOICE_INTERNATIONAL);
}

Test(choice_fees, adds_what_crosses_a_border) {
  struct choice_fees fees = blended();
  struct choice_payment payment = german;
  memcpy(payment.country, "US", 3);
  cr_expect_eq(cost(&fees, payment, 10000, "EUR", NULL).approved, 10000 * (15000 + 10000) + 25 * CENT);
}

Test(choice_fees, converts_fees_and_asks_for_conversion) {
  static const struct choice_exchange exchange = {
      .count = 4, .values = {{"EUR", 1000000}, {"JPY", 6250}, {"KWD", 3000000}, {"USD", 900000}}};
  struct choice_fees_error error;
  cr_assert_eq(choice_exchange_check(&exchange, &error), 0);
  struct choice_fees fees = blended();
  fees.lines[2].minimum = 0;
  /* 25 cents are 40 yen; 2 % because yen are not settled. */
  cr_expect_eq(cost(&fees, german, 10000, "JPY", &exchange).approved, 10000 * 35000 + 40 * CENT);
  /* 25 cents are 0.083333... dinars, rounded up in the last place; 5 cents 0.016666... */
  struct choice_cost found = cost(&fees, german, 10000, "KWD", &exchange);
  cr_expect_eq(found.approved, 10000 * 35000 + 83333334);
  cr_expect_eq(found.each_try, 16666667);
  /* Settled: no conversion, but the fee in another currency all the same. */
  cr_expect_eq(cost(&fees, german, 10000, "USD", &exchange).approved, 10000 * 15000 + 27777778);
  cr_expect_eq(cost_result(&fees, german, 10000, "GBP", &exchange), CHOICE_NO_RATE, "no value");
  memcpy(fees.currency, "JPY", CURRENCY_CAPACITY); /* 25 yen are 15.625 cents */
  cr_expect_eq(cost(&fees, german, 10000, "EUR", &exchange).approved, 10000 * 15000 + 15625000);
  memcpy(fees.currency, "EUR", CURRENCY_CAPACITY);
  cr_expect_eq(cost_result(&fees, german, 10000, "USD", NULL), CHOICE_NO_RATE);
}

Test(choice_fees, refuses_amounts_that_are_none) {
  struct choice_fees fees = blended();
  cr_expect_eq(cost_result(&fees, german, -1, "EUR", NULL), -EINVAL);
  cr_expect_eq(cost_result(&fees, german, 1, "XXX", NULL), -EINVAL);
}

Test(choice_fees, never_overflows_in_silence) {
  static const struct choice_exchange exchange = {
      .count = 3, .values = {{"EUR", CHOICE_VALUE_MAX}, {"BHD", 1}, {"USD", CHOICE_VALUE_MAX}}};
  struct choice_fees fees = blended();
  cr_expect_eq(cost_result(&fees, german, INT64_MAX, "EUR", NULL), -EOVERFLOW);
  cr_expect_eq(cost_result(&fees, german, INT64_MAX / 15000 + 1, "EUR", NULL), -EOVERFLOW, "the share");
  cr_expect_eq(cost_result(&fees, german, INT64_MAX / 15000, "EUR", NULL), -EOVERFLOW, "share and fixed");
  fees.lines[2].fixed = 0;
  cr_expect_eq(cost(&fees, german, INT64_MAX / 15000, "EUR", NULL).approved, INT64_MAX / 15000 * 15000);
  fees.lines[5].fixed = INT64_MAX;
  cr_expect_eq(cost(&fees, german, 0, "USD", &exchange).each_try, INT64_MAX);
  cr_expect_eq(cost_result(&fees, german, 0, "BHD", &exchange), -EOVERFLOW, "the fee, converted");
  fees.lines[2].fixed = INT64_MAX;
  fees.lines[3].fixed = 1;
  struct choice_payment payment = german;
  memcpy(payment.country, "US", 3);
  cr_expect_eq(cost_result(&fees, payment, 0, "EUR", NULL), -EOVERFLOW, "the sum of two lines");
}

Test(choice_fees, divides_tries_among_approvals) {
  int64_t found = -7;
  struct choice_cost parts = {.approved = 40, .each_try = 10};
  cr_expect_eq(choice_cost_per_approval(&parts, 500000, &found), 0);
  cr_expect_eq(found, 60);
  cr_expect_eq(choice_cost_per_approval(&parts, 999999, &found), 0);
  cr_expect_eq(found, 51, "rounded up");
  parts.each_try = INT64_MAX / 1000000;
  cr_expect_eq(choice_cost_per_approval(&parts, 1, &found), 0);
  cr_expect_eq(found, INT64_MAX / 1000000 * 1000000 + 40);
  parts.each_try++;
  found = -7;
  cr_expect_eq(choice_cost_per_approval(&parts, 1, &found), -EOVERFLOW);
  parts = (struct choice_cost){.approved = INT64_MAX, .each_try = 1};
  cr_expect_eq(choice_cost_per_approval(&parts, 1000000, &found), -EOVERFLOW);
  cr_expect_eq(found, -7, "untouched");
}

static void expect_wrong(const struct choice_fees *fees, unsigned line, const char *expected) {
  struct choice_fees_error error = {0};
  cr_expect_eq(choice_fees_check(fees, &error), CHOICE_FEES_WRONG, "%s", expected);
  cr_expect_eq(error.line, line, "%s: line %u", expected, error.line);
  cr_expect(error.expected != NULL && strstr(error.expected, expected) != NULL, "%s: %s", expected,
            error.expected);
}

Test(choice_fees, checks_each_part_of_a_table) {
#define EXPECT_WRONG(base, change, line, expected)                                                           \
  do {                                                                                                       \
    struct choice_fees fees = base();                                                                        \
    change;                                                                                                  \
    expect_wrong(&fees, line, expected);                                                                     \
  } while (0)
  EXPECT_WRONG(blended, fees.pricing = 0, 0, "pricing");
  EXPECT_WRONG(blended, fees.pricing = CHOICE_PRICING_COUNT, 0, "pricing");
  EXPECT_WRONG(blended, memcpy(fees.currency, "EUX", 4), 0, "currency");
  EXPECT_WRONG(blended, memcpy(fees.country, "XX", 3), 0, "country");
  EXPECT_WRONG(blended, fees.region_count = CHOICE_REGION_MAX + 1, 0, "region");
  EXPECT_WRONG(blended, memcpy(fees.region[1], "FRA", 3), 0, "country");
  EXPECT_WRONG(blended, fees.settlement_count = 0, 0, "settlement");
  EXPECT_WRONG(blended, fees.settlement_count = CHOICE_SETTLEMENTS_MAX + 1, 0, "settlement");
  EXPECT_WRONG(blended, memcpy(fees.settlements[1], "US", 3), 0, "currency");
  EXPECT_WRONG(blended, fees.line_count = 0, 0, "one to 64");
  EXPECT_WRONG(blended, fees.line_count = CHOICE_FEE_LINES_MAX + 1, 0, "one to 64");
  EXPECT_WRONG(blended, fees.lines[1].kind = 0, 2, "kind of fee");
  EXPECT_WRONG(blended, fees.lines[1].kind = CHOICE_FEE_KIND_COUNT, 2, "kind of fee");
  EXPECT_WRONG(blended, fees.lines[0].kind = CHOICE_FEE_MARKUP, 1, "pricing");
  EXPECT_WRONG(plus, fees.lines[4].kind = CHOICE_FEE_BLENDED, 5, "pricing");
  EXPECT_WRONG(blended, fees.lines[0].network = NETWORK_COUNT, 1, "network");
  EXPECT_WRONG(blended, fees.lines[0].funding = FUNDING_PREPAID + 1, 1, "credit");
  EXPECT_WRONG(blended, fees.lines[0].reach = CHOICE_REACH_COUNT, 1, "domestic");
  EXPECT_WRONG(blended, fees.lines[3].reach = CHOICE_REACH_ANY, 4, "cross-border");
  EXPECT_WRONG(blended, fees.lines[3].reach = CHOICE_DOMESTIC, 4, "cross-border");
  EXPECT_WRONG(blended, fees.lines[2].share = CHOICE_SHARE_MAX + 1, 3, "share");
  EXPECT_WRONG(blended, fees.lines[2].fixed = -1, 3, "zero or more");
  EXPECT_WRONG(blended, fees.lines[2].minimum = -1, 3, "zero or more");
}

Test(choice_fees, checks_each_part_of_an_exchange_table) {
  static const struct choice_exchange good = {.count = 2, .values = {{"EUR", 1}, {"USD", CHOICE_VALUE_MAX}}};
  struct choice_fees_error error;
  cr_expect_eq(choice_exchange_check(&good, &error), 0);
  struct choice_exchange bad = good;
  bad.values[1].value = 0;
  cr_expect_eq(choice_exchange_check(&bad, &error), CHOICE_FEES_WRONG);
  cr_expect_eq(error.line, 2);
  bad.values[1].value = CHOICE_VALUE_MAX + 1;
  cr_expect_eq(choice_exchange_check(&bad, &error), CHOICE_FEES_WRONG);
  bad = good;
  memcpy(bad.values[1].currency, "EUR", 4);
  cr_expect_eq(choice_exchange_check(&bad, &error), CHOICE_FEES_WRONG, "twice");
  memcpy(bad.values[1].currency, "EUX", 4);
  cr_expect_eq(choice_exchange_check(&bad, &error), CHOICE_FEES_WRONG);
  bad = good;
  bad.count = CHOICE_EXCHANGE_MAX + 1;
  cr_expect_eq(choice_exchange_check(&bad, &error), CHOICE_FEES_WRONG);
  cr_expect_eq(error.line, 0);
}
