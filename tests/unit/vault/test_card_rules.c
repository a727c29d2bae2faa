/* What makes a card acceptable. The branch-free Luhn is held against a naive one over millions of inputs. */
#include <criterion/criterion.h>
#include <string.h>

#include "card_rules.h"

static bool naive_valid(const char *digits, size_t length) {
  if (length < CARD_NUMBER_MIN || length > CARD_NUMBER_MAX)
    return false;
  int sum = 0;
  for (size_t i = 0; i < length; i++) {
    if (digits[i] < '0' || digits[i] > '9')
      return false;
    int digit = digits[i] - '0';
    if ((length - i) % 2 == 0)
      digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

static uint64_t state = 88172645463325252u;

static uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

Test(card_rules, luhn_agrees_with_a_naive_one_over_millions_of_inputs) {
  unsigned valid = 0;
  for (unsigned i = 0; i < 4000000; i++) {
    char text[24];
    size_t length = 10 + draw() % 12;
    for (size_t j = 0; j < length; j++)
      text[j] = (char)('0' + draw() % 10);
    if (i % 2 == 0) /* any byte, those just beside the digits among them, at any place */
      text[draw() % length] = (char)(i % 4 == 0 ? draw() : (uint64_t) "/:0-9 \x80\xff"[draw() % 8]);
    bool expected = naive_valid(text, length);
    cr_assert_eq(card_number_valid(text, length), expected, "input %u", i);
    valid += expected;
  }
  cr_assert_gt(valid, 100000);
}

Test(card_rules, every_byte_that_is_no_digit_is_refused_at_every_place) {
  for (size_t at = 0; at < 16; at++) {
    for (int byte = 0; byte < 256; byte++) {
      char text[] = "4242424242424242";
      text[at] = (char)byte;
      cr_assert_eq(card_number_valid(text, 16), naive_valid(text, 16));
    }
  }
}

Test(card_rules, networks_and_lengths) {
  cr_assert(card_number_acceptable("4242424242424242"));
  cr_assert(card_number_acceptable("378282246310005"));
  cr_assert_not(card_number_acceptable("4242424242424241"));
  cr_assert_not(card_number_acceptable("37828224631000500"));
  cr_assert_not(card_number_acceptable(""));
}

Test(card_rules, a_test_environment_takes_published_ranges_alone) {
  const char *good[] = {"4242424242424242", "4111111111111111", "4000000000000002", "4000300000000000",
                        "5555555555554444", "5105105105105100", "2223000048400011", "4444333322221111",
                        "378282246310005",  "371449635398431",  "6011111111111117"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    cr_assert(card_number_is_test(good[i]), "range %zu", i);
  cr_assert_not(card_number_is_test("4532015112830366"));
  cr_assert_not(card_number_is_test("4242434242424242"));
}

Test(card_rules, a_card_is_good_until_its_month_is_over_everywhere) {
  const int64_t first_of_july = 1782864000000; /* 2026-07-01T00:00:00Z */
  const int64_t hour = 3600000;
  cr_assert_not(card_expired(6, 2026, first_of_july));
  cr_assert_not(card_expired(6, 2026, first_of_july + 12 * hour - 1));
  cr_assert(card_expired(6, 2026, first_of_july + 12 * hour));
  cr_assert_not(card_expired(12, 2026, first_of_july));
  cr_assert(card_expired(12, 2025, first_of_july));
  cr_assert_not(card_expired(2, 2028, INT64_C(1835438400000))); /* 2028-02-29 */
}

Test(card_rules, codes_by_network) {
  struct card_code three = {"123"}, four = {"1234"}, none = {""};
  cr_assert(card_code_acceptable(&three, NETWORK_VISA));
  cr_assert_not(card_code_acceptable(&four, NETWORK_VISA));
  cr_assert(card_code_acceptable(&four, NETWORK_AMEX));
  cr_assert_not(card_code_acceptable(&three, NETWORK_AMEX));
  cr_assert(card_code_acceptable(&none, NETWORK_AMEX));
  cr_assert(card_code_acceptable(&three, NETWORK_UNKNOWN));
  cr_assert(card_code_acceptable(&four, NETWORK_UNKNOWN));
}
