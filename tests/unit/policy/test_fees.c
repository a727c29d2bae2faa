/* Fee books: what is read of them, and what is refused at which line. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fee_book.h"

static const char good[] =
    "exchange: {EUR: 1, USD: 0.92}\n"                                            /* 1 */
    "regions:\n"                                                                 /* 2 */
    "  eea: [DE, NL, PL]\n"                                                      /* 3 */
    "connectors:\n"                                                              /* 4 */
    "  plus:\n"                                                                  /* 5 */
    "    pricing: interchange_plus\n"                                            /* 6 */
    "    currency: EUR\n"                                                        /* 7 */
    "    country: NL\n"                                                          /* 8 */
    "    region: eea\n"                                                          /* 9 */
    "    settles: [EUR, USD]\n"                                                  /* 10 */
    "    fees:\n"                                                                /* 11 */
    "      - {fee: interchange, funding: debit, reach: domestic, share: 0.2%}\n" /* 12 */
    "      - {fee: interchange, share: 1.5%}\n"                                  /* 13 */
    "      - {fee: scheme, network: visa, share: 0.1305%, fixed: 0.02}\n"        /* 14 */
    "      - {fee: scheme, share: 0.12%}\n"                                      /* 15 */
    "      - {fee: markup, share: 0.6%, fixed: 0.11, minimum: 0.5}\n"            /* 16 */
    "      - {fee: cross_border, reach: regional, share: 0.5%}\n"                /* 17 */
    "      - {fee: conversion, share: 1%}\n"                                     /* 18 */
    "      - {fee: try, fixed: 0.010005}\n"                                      /* 19 */
    "  yen:\n"                                                                   /* 20 */
    "    pricing: blended\n"                                                     /* 21 */
    "    currency: JPY\n"                                                        /* 22 */
    "    country: JP\n"                                                          /* 23 */
    "    settles: [JPY]\n"                                                       /* 24 */
    "    fees:\n"                                                                /* 25 */
    "      - {fee: blended, share: 100%, fixed: 30.5}\n";                        /* 26 */

static struct fee_book *read_good(void) {
  struct fee_book *book = NULL;
  struct fee_book_error error = {0};
  cr_assert_eq(fee_book_read(good, sizeof good - 1, &book, &error), 0, "line %u: %s", error.line,
               error.reason);
  return book;
}

Test(fees, a_book_says_what_connectors_charge) {
  struct fee_book *book = read_good();
  const struct choice_fees *plus = fee_book_find(book, "plus"), *yen = fee_book_find(book, "yen");
  const struct choice_exchange *exchange = fee_book_exchange(book);
  cr_assert_not_null(plus);
  cr_assert_not_null(yen);
  cr_assert_null(fee_book_find(book, "another"));
  cr_assert_null(fee_book_find(NULL, "plus"));
  cr_expect_eq(plus->pricing, CHOICE_INTERCHANGE_PLUS);
  cr_expect_str_eq(plus->currency, "EUR");
  cr_expect_str_eq(plus->country, "NL");
  cr_expect_eq(plus->region_count, 3);
  cr_expect_str_eq(plus->region[2], "PL");
  cr_expect_eq(plus->settlement_count, 2);
  cr_expect_str_eq(plus->settlements[1], "USD");
  cr_assert_eq(plus->line_count, 8);
  cr_expect_eq(yen->pricing, CHOICE_BLENDED);
  cr_expect_eq(yen->region_count, 0);
  cr_assert_eq(exchange->count, 2);
  cr_expect_str_eq(exchange->values[1].currency, "USD");
  cr_expect_eq(exchange->values[0].value, 1000000);
  cr_expect_eq(exchange->values[1].value, 920000);
  fee_book_free(book);
}

Test(fees, numbers_are_exact) {
  struct fee_book *book = read_good();
  const struct choice_fee_line *lines = fee_book_find(book, "plus")->lines;
  cr_expect_eq(lines[0].kind, CHOICE_FEE_INTERCHANGE);
  cr_expect_eq(lines[0].funding, FUNDING_DEBIT);
  cr_expect_eq(lines[0].reach, CHOICE_DOMESTIC);
  cr_expect_eq(lines[0].network, NETWORK_UNKNOWN);
  cr_expect_eq(lines[0].share, 2000);
  cr_expect_eq(lines[2].network, NETWORK_VISA);
  cr_expect_eq(lines[2].share, 1305);
  cr_expect_eq(lines[2].fixed, 2000000, "0.02 EUR are 2 cents");
  cr_expect_eq(lines[4].minimum, 50000000);
  cr_expect_eq(lines[5].reach, CHOICE_REGIONAL);
  cr_expect_eq(lines[7].kind, CHOICE_FEE_TRY);
  cr_expect_eq(lines[7].fixed, 1000500);
  cr_expect_eq(fee_book_find(book, "yen")->lines[0].share, CHOICE_SHARE_MAX);
  cr_expect_eq(fee_book_find(book, "yen")->lines[0].fixed, 30500000, "a yen has no decimals");
  fee_book_free(book);
}

/* As an acquirer's statement has it: 1.5 % + 0.13 % and 2 cents + 0.6 % and 11 cents, at least 50; and a cent
 * for the try. */
Test(fees, they_come_to_what_a_payment_costs) {
  struct fee_book *book = read_good();
  struct choice_payment payment = {.network = NETWORK_VISA, .funding = FUNDING_CREDIT, .country = "NL"};
  struct money amount = {.minor = 10000, .currency = "EUR"};
  struct choice_cost cost;
  cr_assert_eq(choice_cost(fee_book_find(book, "plus"), &payment, &amount, fee_book_exchange(book), &cost),
               0);
  cr_expect_eq(cost.approved, INT64_C(10000) * 15000 + (INT64_C(10000) * 1305 + 2000000) +
                                  (INT64_C(10000) * 6000 + 11000000));
  cr_expect_eq(cost.each_try, 1000500);
  fee_book_free(book);
}

/* The good book with one text in the place of another. */
static void wrong(const char *find, const char *replace, unsigned line, const char *reason) {
  char text[sizeof good + 512];
  struct fee_book *book = NULL;
  struct fee_book_error error = {0};
  const char *at = strstr(good, find);
  cr_assert_not_null(at, "%s", find);
  int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, replace, at + strlen(find));
  cr_expect_eq(fee_book_read(text, (size_t)length, &book, &error), -EINVAL, "%s", replace);
  cr_expect_eq(error.line, line, "%s: line %u: %s", replace, error.line, error.reason);
  cr_expect_not_null(strstr(error.reason, reason), "%s: %s", replace, error.reason);
  fee_book_free(book);
}

Test(fees, what_is_wrong_is_refused_at_its_line) {
  wrong("exchange:", "exchanges:", 1, "a key that the format does not have here");
  wrong("USD: 0.92", "USD: -1", 1, "a value with at most six decimals");
  wrong("USD: 0.92", "USD: 0.1234567", 1, "a value with at most six decimals");
  wrong("USD: 0.92", "USD: 0", 1, "a value from a millionth");
  wrong("USD: 0.92", "XXX: 1", 1, "a currency of ISO 4217");
  wrong("USD: 0.92", "DOLLAR: 1", 1, "a currency of ISO 4217");
  wrong("USD: 0.92", "EUR: 2", 1, "the same key twice");
  wrong("{EUR: 1, USD: 0.92}", "1", 1, "a map of currencies");
  wrong("[DE, NL, PL]", "DE", 3, "a list of countries");
  wrong("[DE, NL, PL]", "[DE, UK]", 3, "a country of ISO 3166-1");
  wrong("  eea: [DE, NL, PL]\n", "  - eea\n", 3, "a map of regions");
  wrong("connectors:", "regions2:", 4, "a key that the format does not have here");
  wrong("  plus:", "  Plus:", 5, "a connector's name");
  wrong("  plus:", "  yen:", 20, "the same key twice");
  wrong("interchange_plus", "plus", 6, "blended or interchange_plus is wanted here");
  wrong("    pricing: interchange_plus\n", "", 5, "a table without `pricing`");
  wrong("currency: EUR", "currency: EURO", 7, "a currency of ISO 4217");
  wrong("currency: EUR", "currency: [EUR]", 7, "a currency of ISO 4217");
  wrong("    currency: EUR\n", "", 5, "a table without `currency`");
  wrong("country: NL", "country: XX", 8, "a country of ISO 3166-1");
  wrong("    country: NL\n", "", 5, "a table without `country`");
  wrong("region: eea", "region: world", 9, "the name of one of the file's `regions`");
  wrong("[EUR, USD]\n    fees", "EUR\n    fees", 10, "a list of currencies");
  wrong("[EUR, USD]\n    fees", "[]\n    fees", 10, "a list of currencies");
  wrong("[EUR, USD]\n    fees", "[EUR, XBT]\n    fees", 10, "a currency of ISO 4217");
  wrong("    settles: [EUR, USD]\n", "", 5, "a table without `settles`");
  wrong("fee: interchange, funding", "fee: blended, funding", 12, "a fee that goes with the pricing");
  wrong("{fee: interchange, funding", "{funding", 12, "a fee without `fee`");
  wrong("fee: interchange, funding", "fee: [1], funding", 12, "fee, as one text");
  wrong("funding: debit", "funding: charge", 12, "credit, debit or prepaid");
  wrong("reach: domestic", "reach: near", 12, "domestic, regional or international");
  wrong("share: 1.5%", "share: 1.5", 13, "a share of the amount");
  wrong("share: 1.5%", "share: 1.50001%", 13, "a share of the amount");
  wrong("share: 1.5%", "share: 100.0001%", 13, "a share of the amount");
  wrong("share: 1.5%", "share: -1%", 13, "a share of the amount");
  wrong("share: 1.5%", "share: 01%", 13, "a share of the amount");
  wrong("share: 1.5%", "share: '%'", 13, "a share of the amount");
  wrong("share: 1.5%", "share: 1.%", 13, "a share of the amount");
  wrong("share: 1.5%", "shares: 1.5%", 13, "a key that the format does not have here");
  wrong("network: visa", "network: vissa", 14, "a card network");
  wrong("fixed: 0.02", "fixed: 0.020000001", 14, "an amount of the table's currency");
  wrong("fixed: 0.02", "fixed: 1000001", 14, "an amount of the table's currency");
  wrong("fixed: 0.02", "fixed: 99999999999999999999", 14, "an amount of the table's currency");
  wrong("fixed: 0.02", "fixed: 2 cents", 14, "an amount of the table's currency");
  wrong("minimum: 0.5", "minimum: {}", 16, "an amount of the table's currency");
  wrong("reach: regional", "reach: domestic", 17, "regional or international for a cross-border fee");
  wrong("      - {fee: try, fixed: 0.010005}\n", "      - try\n", 19, "a map is wanted here");
  wrong("  yen:\n    pricing: blended\n", "  yen: &a\n    pricing: blended\n", 20, "anchors and tags");
  wrong("    fees:\n      - {fee: blended, share: 100%, fixed: 30.5}\n", "", 20, "a table without `fees`");
  wrong("      - {fee: blended, share: 100%, fixed: 30.5}\n", "", 25, "a list of fees");
}

static int read_text(const char *text, struct fee_book_error *ret_error) {
  struct fee_book *book = NULL;
  int result = fee_book_read(text, strlen(text), &book, ret_error);
  fee_book_free(book);
  return result;
}

Test(fees, a_book_of_another_form_is_refused) {
  static const char *const texts[] = {"",
                                      "- connectors\n",
                                      "connectors\n",
                                      "connectors: [a]\n",
                                      "exchange: {EUR: 1}\n",
                                      "connectors: {a: b}\n",
                                      "a: [\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct fee_book_error error = {0};
    cr_expect_eq(read_text(texts[i], &error), -EINVAL, "%zu", i);
    cr_expect_geq(error.line, 1, "%zu", i);
    cr_expect_neq(error.reason[0], '\0', "%zu", i);
  }
}

static const char table[] =
    ":\n    pricing: blended\n    currency: EUR\n    country: NL\n    settles: [EUR]\n"
    "    fees:\n      - {fee: blended, share: 1%}\n";

Test(fees, there_are_so_many_connectors_and_fees_and_no_more) {
  static char text[64 * 1024];
  for (unsigned extra = 0; extra < 2; extra++) {
    struct fee_book_error error = {0};
    size_t length = (size_t)sprintf(text, "connectors:\n");
    for (unsigned i = 0; i < FEE_BOOK_TABLES_MAX + extra; i++)
      length += (size_t)sprintf(text + length, "  c%u%s", i, table);
    cr_expect_eq(read_text(text, &error), extra == 0 ? 0 : -EINVAL, "%s", error.reason);
    length = (size_t)sprintf(text, "connectors:\n  c%s", table);
    for (unsigned i = 1; i < CHOICE_FEE_LINES_MAX + extra; i++)
      length += (size_t)sprintf(text + length, "      - {fee: try, fixed: 0.01}\n");
    cr_expect_eq(read_text(text, &error), extra == 0 ? 0 : -EINVAL, "%s", error.reason);
  }
}
