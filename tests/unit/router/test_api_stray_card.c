/* Card numbers where none belongs. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "stray_card.h"

Test(stray_card, is_found_in_any_dress) {
  static const char *const cards[] = {"4242424242424242",      "card 4242 4242 4242 4242, thanks",
                                      "5555-5555-5555-4444",   "order/378282246310005",
                                      "(6011111111111117)",    "30569309025904",
                                      "order4242424242424242", "5555555555554444x",
                                      "a4242424242424242b",    "0123456789abcdef4242424242424242g"};
  for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++)
    cr_assert(holds_card_number(cards[i]), "not found: %s", cards[i]);
}

Test(stray_card, other_numbers_are_left_alone) {
  static const char *const others[] = {"",
                                       "order-1001",
                                       "4242424242424241" /* fails the check */,
                                       "1795264602308000" /* no network */,
                                       "9999999999999995" /* no network, and passes the check */,
                                       "400000000000006" /* as Visa has none */,
                                       "40000000000000000060" /* twenty digits, nineteen of which pass */,
                                       "5f4dcc3b5aa765d61d4242424242424242ab8a",
                                       "64a242424242424242424242" /* an id of MongoDB */,
                                       "a1b2c342-4242-4242-4242-42d4e5f60718",
                                       "20d2e1a4-b242-4242-4242-424242424bcd",
                                       "42424242-4242-4242-a242-0d6a6c3b2f11",
                                       "4006381333931" /* an article number */,
                                       "+4915112345678",
                                       "42424242424242424242" /* twenty digits */,
                                       "4242 4242  4242 4242",
                                       "20261121-140355-000042"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    cr_assert_not(holds_card_number(others[i]), "taken for a card: %s", others[i]);
}

/* Clients take them for Idempotency-Keys: one refused in some thousands would be a riddle to its merchant. */
Test(stray_card, a_uuid_is_none) {
  uint64_t state = 5;
  for (unsigned i = 0; i < 200000; i++) {
    char uuid[40], *at = uuid;
    for (unsigned digit = 0; digit < 32; digit++) {
      if (digit == 8 || digit == 12 || digit == 16 || digit == 20)
        *at++ = '-';
      state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      *at++ = "0123456789abcdef"[state >> 60];
    }
    *at = '\0';
    cr_assert_not(holds_card_number(uuid), "taken for a card: %s", uuid);
  }
}

/* Leading digits may stand side by side in a list; a card number may not, however it is dressed. */
Test(stray_card, leading_digits_of_a_policy_are_no_card) {
  static const char *const bins[] = {"rule r when card.bin in [42424242 42424242] decline",
                                     "card.bin in [411111 411111 411111]",
                                     "[42424242,42424242]",
                                     "\"a\" 42424242 42424242",
                                     "# note\n42424242 42424242",
                                     "42424242 42424242 42424242"};
  static const char *const cards[] = {"4242424242424242",
                                      "[4242 4242 4242 4242]",
                                      "# 42424242 42424242",
                                      "metadata.x == \"42424242 42424242\"",
                                      "\"a\\\" 42424242 42424242\"",
                                      "\"42424242 42424242",
                                      "42424242-42424242",
                                      "3782 822463 10005"};
  for (size_t i = 0; i < sizeof bins / sizeof bins[0]; i++)
    cr_expect_not(policy_holds_card_number(bins[i]), "taken for a card: %s", bins[i]);
  for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++)
    cr_expect(policy_holds_card_number(cards[i]), "not found: %s", cards[i]);
  cr_expect(holds_card_number("42424242 42424242"));
}
