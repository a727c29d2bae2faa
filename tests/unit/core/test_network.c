#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "network.h"

struct leading {
  const char *digits;
  enum network network;
};

Test(network, ranges_and_their_borders) {
  static const struct leading cases[] = {
      {"400000", NETWORK_VISA},       {"49999999", NETWORK_VISA},     {"222099", NETWORK_UNKNOWN},
      {"222100", NETWORK_MASTERCARD}, {"272099", NETWORK_MASTERCARD}, {"272100", NETWORK_UNKNOWN},
      {"510000", NETWORK_MASTERCARD}, {"559999", NETWORK_MASTERCARD}, {"500000", NETWORK_MAESTRO},
      {"560000", NETWORK_MAESTRO},    {"589999", NETWORK_MAESTRO},    {"590000", NETWORK_UNKNOWN},
      {"340000", NETWORK_AMEX},       {"370000", NETWORK_AMEX},       {"350000", NETWORK_UNKNOWN},
      {"352799", NETWORK_UNKNOWN},    {"352800", NETWORK_JCB},        {"358999", NETWORK_JCB},
      {"359000", NETWORK_UNKNOWN},    {"300000", NETWORK_DINERS},     {"305999", NETWORK_DINERS},
      {"306000", NETWORK_UNKNOWN},    {"360000", NETWORK_DINERS},     {"380000", NETWORK_DINERS},
      {"399999", NETWORK_DINERS},     {"601100", NETWORK_DISCOVER},   {"601200", NETWORK_UNKNOWN},
      {"644000", NETWORK_DISCOVER},   {"650000", NETWORK_DISCOVER},   {"643999", NETWORK_UNKNOWN},
      {"620000", NETWORK_UNIONPAY},   {"810000", NETWORK_UNIONPAY},   {"630400", NETWORK_MAESTRO},
      {"630500", NETWORK_UNKNOWN},    {"639000", NETWORK_MAESTRO},    {"670000", NETWORK_MAESTRO},
      {"000000", NETWORK_UNKNOWN},    {"999999", NETWORK_UNKNOWN},    {"4000", NETWORK_UNKNOWN},
      {"40000x", NETWORK_UNKNOWN},    {"", NETWORK_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    cr_expect_eq(network_of(cases[i].digits), cases[i].network, "%s: %s", cases[i].digits,
                 network_name(network_of(cases[i].digits)));
}

Test(network, names_come_back) {
  for (unsigned i = 0; i < NETWORK_COUNT; i++)
    cr_expect_eq(network_from_name(network_name((enum network)i)), i);
  static const char *const names[NETWORK_COUNT] = {
      [NETWORK_VISA] = "visa",         [NETWORK_MASTERCARD] = "mastercard", [NETWORK_AMEX] = "amex",
      [NETWORK_DISCOVER] = "discover", [NETWORK_DINERS] = "diners",         [NETWORK_JCB] = "jcb",
      [NETWORK_UNIONPAY] = "unionpay", [NETWORK_MAESTRO] = "maestro",       [NETWORK_UNKNOWN] = "unknown"};
  for (unsigned i = 0; i < NETWORK_COUNT; i++)
    cr_expect_str_eq(network_name((enum network)i), names[i]);
  cr_expect_eq(network_from_name("Visa"), NETWORK_UNKNOWN);
  cr_expect_str_eq(network_name((enum network)99), "unknown");
}

static void expect_lengths(enum network network, const char *lengths) {
  for (size_t digits = 0; digits < 70; digits++) {
    char text[8];
    snprintf(text, sizeof text, " %zu ", digits);
    cr_expect_eq(network_allows_length(network, digits), strstr(lengths, text) != NULL, "%s with %zu digits",
                 network_name(network), digits);
  }
}

Test(network, lengths) {
  expect_lengths(NETWORK_VISA, " 13  16  19 ");
  expect_lengths(NETWORK_MASTERCARD, " 16 ");
  expect_lengths(NETWORK_AMEX, " 15 ");
  expect_lengths(NETWORK_DISCOVER, " 16  17  18  19 ");
  expect_lengths(NETWORK_UNIONPAY, " 16  17  18  19 ");
  expect_lengths(NETWORK_JCB, " 16  17  18  19 ");
  expect_lengths(NETWORK_DINERS, " 14  15  16  17  18  19 ");
  expect_lengths(NETWORK_MAESTRO, " 12  13  14  15  16  17  18  19 ");
  expect_lengths(NETWORK_UNKNOWN, " 12  13  14  15  16  17  18  19 ");
  for (unsigned i = 0; i < 64; i++)
    cr_expect_not(network_allows_length((enum network)(NETWORK_COUNT + i), 16));
}

Test(network, code_lengths) {
  cr_expect_eq(network_code_length(NETWORK_AMEX), 4);
  cr_expect_eq(network_code_length(NETWORK_VISA), 3);
  cr_expect_eq(network_code_length(NETWORK_UNKNOWN), 0);
}
