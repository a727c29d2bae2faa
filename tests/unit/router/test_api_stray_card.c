/* Card numbers where none belongs. */
#include <criterion/criterion.h>

#include "stray_card.h"

Test(stray_card, is_found_in_any_dress) {
  static const char *const cards[] = {"4242424242424242",    "card 4242 4242 4242 4242, thanks",
                                      "5555-5555-5555-4444", "order/378282246310005",
                                      "(6011111111111117)",  "30569309025904"};
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
                                       "4242424242424242a",
                                       "4006381333931" /* an article number */,
                                       "+4915112345678",
                                       "42424242424242424242" /* twenty digits */,
                                       "a4242424242424242" /* part of a word */,
                                       "4242 4242  4242 4242",
                                       "20261121-140355-000042"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    cr_assert_not(holds_card_number(others[i]), "taken for a card: %s", others[i]);
}
