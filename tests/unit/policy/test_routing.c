#include "routing.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct policy *parse(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  int result = policy_parse(text, strlen(text), &policy, &error);
  cr_assert_eq(result, 0, "%s: %u:%u %s", text, error.line, error.column, error.expected);
  return policy;
}

static struct policy_error wrong(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), POLICY_WRONG, "%s", text);
  cr_expect_null(policy);
  return error;
}

static void expect_wrong(const char *text, uint32_t line, uint32_t column, const char *expected) {
  struct policy_error error = wrong(text);
  cr_expect_eq(error.line, line, "%s: line %u", text, error.line);
  cr_expect_eq(error.column, column, "%s: column %u: %s", text, error.column, error.expected);
  cr_expect(strstr(error.expected, expected) != NULL, "%s: %s", text, error.expected);
}

static void expect_suggestion(const char *text, const char *suggestion) {
  struct policy_error error = wrong(text);
  cr_expect_str_eq(error.suggestion, suggestion, "%s: %s, %s", text, error.suggestion, error.expected);
}

/* A condition is wrong at a column of it. */
static void expect_wrong_condition(const char *condition, uint32_t column, const char *expected) {
  char text[1024];
  snprintf(text, sizeof text, "rule r when %s route a\notherwise route b", condition);
  expect_wrong(text, 1, (uint32_t)strlen("rule r when ") + column, expected);
}

static void expect_printed(const char *text, const char *canonical) {
  struct policy *policy = parse(text);
  char *printed = NULL;
  cr_assert_eq(policy_print(policy, &printed), 0);
  cr_expect_str_eq(printed, canonical);
  struct policy *again = parse(printed);
  char *twice = NULL;
  cr_assert_eq(policy_print(again, &twice), 0);
  cr_expect_str_eq(twice, printed);
  free(printed);
  free(twice);
  policy_free(policy);
  policy_free(again);
}

/* A condition becomes this one when it is printed. */
static void expect_condition(const char *condition, const char *canonical) {
  char text[2048], printed[2048];
  snprintf(text, sizeof text, "rule r when %s route a otherwise route b", condition);
  snprintf(printed, sizeof printed, "rule r when %s route a\notherwise route b\n", canonical);
  expect_printed(text, printed);
}

static void expect_action(const char *action, const char *canonical) {
  char text[1024], printed[1024];
  snprintf(text, sizeof text, "rule r when risk > 1 %s otherwise route b", action);
  snprintf(printed, sizeof printed, "rule r when risk > 1 %s\notherwise route b\n", canonical);
  expect_printed(text, printed);
}

static void expect_wrong_action(const char *action, uint32_t column, const char *expected) {
  char text[1024];
  snprintf(text, sizeof text, "rule r when risk > 1 %s\notherwise route b", action);
  expect_wrong(text, 1, (uint32_t)strlen("rule r when risk > 1 ") + column, expected);
}

/* ---- The list alone, as it was first ---- */

Test(routing, decides_in_the_order_of_the_list) {
  struct policy *policy = parse("otherwise route adyen, checkout, stripe");
  struct policy_facts facts = {.amount = {1000, "EUR"}, .method = "card", .risk = -1};
  struct policy_decision decision;
  policy_evaluate(policy, &facts, &decision);
  cr_expect_eq(decision.action->type, POLICY_ROUTE);
  cr_expect_str_eq(decision.name, "otherwise");
  cr_assert_eq(decision.order_count, 3);
  cr_expect_str_eq(decision.action->candidates[decision.order[0]], "adyen");
  cr_expect_str_eq(decision.action->candidates[decision.order[1]], "checkout");
  cr_expect_str_eq(decision.action->candidates[decision.order[2]], "stripe");
  policy_free(policy);
}

Test(routing, prints_what_it_parsed) {
  expect_printed("# the order\n\n  otherwise\troute adyen_eu ,3d_pay,\r\n  stripe # last\n#end",
                 "otherwise route adyen_eu, 3d_pay, stripe\n");
}

Test(routing, layout_leaves_the_hash_alone_and_order_does_not) {
  struct policy *one = parse("otherwise route a, b"), *same = parse("otherwise route a ,\n b # c");
  struct policy *other = parse("otherwise route b, a");
  char first[POLICY_HASH_CAPACITY], second[POLICY_HASH_CAPACITY], third[POLICY_HASH_CAPACITY];
  policy_hash_text(one, first);
  policy_hash_text(same, second);
  policy_hash_text(other, third);
  cr_expect_eq(strlen(first), 64);
  cr_expect_str_eq(first, second);
  cr_expect_str_neq(first, third);
  /* python3: hashlib.blake2b(b"otherwise route a, b\n", digest_size=32) */
  cr_expect_str_eq(first, "6a0aa9b0da0d2e5750a69b000649c66595ffc471386ae7ba5df9c1156333de22");
  policy_free(one);
  policy_free(same);
  policy_free(other);
}

Test(routing, says_where_and_what) {
  expect_wrong("", 1, 1, "otherwise");
  expect_wrong("# nothing\n  ", 2, 3, "otherwise");
  expect_wrong("otherwise", 1, 10, "route");
  expect_wrong("otherwise pay a", 1, 11, "route");
  expect_wrong("otherwise route", 1, 16, "connector");
  expect_wrong("otherwise route a,", 1, 19, "connector");
  expect_wrong("otherwise route a,,b", 1, 19, "connector");
  expect_wrong("otherwise route a b", 1, 19, "comma");
  expect_wrong("otherwise route a\notherwise route b", 2, 1, "end");
  expect_wrong("otherwise route a,\n  b, a", 2, 6, "does not hold");
  expect_wrong("otherwise route Adyen", 1, 17, "connector");
  expect_wrong("otherwise route rule", 1, 17, "connector");
  expect_wrong("Otherwise route a", 1, 1, "otherwise");
  expect_wrong("otherwise route a; b", 1, 18, "the end of the policy");
  expect_wrong("otherwise route abcdefghijklmnopqrstuvwxyz0123456", 1, 17, "32");
  expect_wrong("rule x when method == card route a", 1, 35, "otherwise");
  expect_wrong("rule x when method == card route a\nset s = [AT]", 2, 1, "otherwise");
  expect_wrong("rule x when method == card decline\nrule x when risk > 1 decline\notherwise route a", 2, 6,
               "no other rule");
  expect_wrong("set s = [AT]\nset s = [DE]\notherwise route a", 2, 5, "no other set");
  expect_wrong("rule request when risk > 1 decline otherwise route a", 1, 6, "name for the rule");
  expect_wrong("rule or when risk > 1 decline otherwise route a", 1, 6, "name for the rule");
  expect_wrong("set 1 = [AT] otherwise route a", 1, 5, "name for the set");
  expect_wrong("set s [AT] otherwise route a", 1, 7, "=");
  expect_wrong("set s = [] otherwise route a", 1, 10, "value");
  expect_wrong("set s = [AT otherwise route a", 1, 30, "member or ]");
  expect_wrong("otherwise decline a", 1, 19, "end");
}

Test(routing, bytes_that_no_policy_holds) {
  static const char nul[] = "otherwise route a\0, b";
  struct policy *policy = NULL;
  struct policy_error error;
  cr_expect_eq(policy_parse(nul, sizeof nul - 1, &policy, &error), POLICY_WRONG);
  cr_expect_eq(error.column, 18);
  expect_wrong("otherwise route \xc3\xa4", 1, 17, "connector");
  expect_wrong_condition("card.issuer == \"a\\n\"", 18, "\\\\");
  expect_wrong_condition("card.issuer == \"a\xff\"", 16, "UTF-8");
  expect_wrong_condition("card.issuer == \"a\tb\"", 16, "control");
  expect_wrong("rule r when card.issuer == \"a\notherwise route b", 1, 30, "quotation mark");
  expect_wrong_condition("card.issuer == \"a\\", 18, "\\\\");
}

Test(routing, limits) {
  size_t capacity = POLICY_TEXT_MAX + 2;
  char *text = malloc(capacity);
  size_t length = (size_t)snprintf(text, capacity, "otherwise route");
  for (int i = 0; i < POLICY_CANDIDATES_MAX; i++)
    length += (size_t)snprintf(text + length, capacity - length, "%s abcdefghijklmnopqrstuvwxyz0123%02d",
                               i == 0 ? "" : ",", i);
  struct policy *policy = parse(text);
  policy_free(policy);
  snprintf(text + length, capacity - length, ", more");
  expect_wrong(text, 1, (uint32_t)length + 3, "at most 16");
  memset(text, ' ', capacity - 1);
  text[capacity - 1] = '\0';
  expect_wrong(text, 1, 1, "2097152");
  free(text);
}

/* The piece many times; @ in it is the number. */
static char *repeated(const char *before, const char *piece, unsigned count, const char *after) {
  size_t capacity = strlen(before) + (size_t)count * (strlen(piece) + 8) + strlen(after) + 1;
  const char *sign = strchr(piece, '@');
  int head = sign == NULL ? (int)strlen(piece) : (int)(sign - piece);
  char *text = malloc(capacity);
  size_t length = (size_t)snprintf(text, capacity, "%s", before);
  for (unsigned i = 0; i < count; i++)
    length += sign == NULL
                  ? (size_t)snprintf(text + length, capacity - length, "%s", piece)
                  : (size_t)snprintf(text + length, capacity - length, "%.*s%u%s", head, piece, i, sign + 1);
  snprintf(text + length, capacity - length, "%s", after);
  return text;
}

static void expect_limit(const char *before, const char *piece, unsigned most, const char *after,
                         const char *expected) {
  char *text = repeated(before, piece, most, after);
  policy_free(parse(text));
  free(text);
  text = repeated(before, piece, most + 1, after);
  struct policy_error error = wrong(text);
  cr_expect(strstr(error.expected, expected) != NULL, "%s", error.expected);
  free(text);
}

Test(routing, counts_have_limits) {
  expect_limit("", "rule r@ when risk > 1 decline ", POLICY_RULES_MAX - 1, "otherwise decline", "16383");
  expect_limit("", "set s@ = [AT] ", POLICY_SETS_MAX, "otherwise decline", "256");
  expect_limit("set s = [", "AT ", POLICY_MEMBERS_MAX, "] otherwise decline", "4096");
  expect_limit("rule r when risk > 1", " or hour(\"Z/a@\") > 1", POLICY_ZONES_MAX,
               " decline otherwise decline", "8 time zones");
  expect_limit("rule r when risk > 1", " or card.attempts(1@m) > 1", POLICY_WINDOWS_MAX,
               " decline otherwise decline", "8 windows");
}

Test(routing, depth_has_a_limit) {
  char text[2048], open[] = "((((((((((((((((((((((((((((((((", close[] = "))))))))))))))))))))))))))))))))";
  cr_assert_eq(strlen(open), POLICY_DEPTH_MAX);
  snprintf(text, sizeof text, "rule r when %srisk > 1%s decline otherwise decline", open, close);
  policy_free(parse(text));
  snprintf(text, sizeof text, "rule r when (%srisk > 1%s) decline otherwise decline", open, close);
  expect_wrong(text, 1, 45, "32 deep");
  snprintf(text, sizeof text, "rule r when not %srisk > 1%s decline otherwise decline", open, close);
  expect_wrong(text, 1, 48, "32 deep");
  /* Deep by its own height: sixteen `or` within `and` within parentheses. */
  size_t length = (size_t)snprintf(text, sizeof text, "rule r when ");
  for (int i = 0; i < POLICY_DEPTH_MAX / 2; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "risk > 1 or risk > 2 and (");
  length += (size_t)snprintf(text + length, sizeof text - length, "risk > 3");
  for (int i = 0; i < POLICY_DEPTH_MAX / 2; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, ")");
  snprintf(text + length, sizeof text - length, " decline otherwise decline");
  expect_wrong(text, 1, 13, "32 deep");
}

/* ---- Conditions ---- */

Test(routing, design_example_keeps_its_meaning) {
  expect_printed(
      "set eea = [AT BE BG, CY NO IN DO]\n"
      "rule sepa        when method == sepa_debit                         route gocardless\n"
      "rule eea_cards   when card.country in eea and currency == EUR      route adyen_eu, checkout_eu, "
      "stripe\n"
      "rule large       when amount > 5000.00 USD and customer.plan == \"enterprise\"   route stripe\n"
      "rule trial       when card.bin in 411111..411199                   split adyen_eu 90%, checkout_eu "
      "10%\n"
      "rule renewals    when kind == recurring                            cheapest of adyen_eu, stripe, "
      "checkout_eu where approval >= 85%\n"
      "rule learned     when card.network in [visa mastercard]            best of adyen_eu, stripe\n"
      "rule risky       when risk > 90                                    decline\n"
      "otherwise                                                          route stripe, adyen_eu\n",
      "set eea = [AT BE BG CY NO IN DO]\n"
      "rule sepa when method == sepa_debit route gocardless\n"
      "rule eea_cards when card.country in eea and currency == EUR route adyen_eu, checkout_eu, stripe\n"
      "rule large when amount > 5000.00 USD and customer.plan == \"enterprise\" route stripe\n"
      "rule trial when card.bin in 411111..411199 split adyen_eu 90%, checkout_eu 10%\n"
      "rule renewals when kind == recurring cheapest of adyen_eu, stripe, checkout_eu where approval >= 85%\n"
      "rule learned when card.network in [visa mastercard] best of adyen_eu, stripe\n"
      "rule risky when risk > 90 decline\n"
      "otherwise route stripe, adyen_eu\n");
}

Test(routing, parentheses_stay_where_they_are_needed) {
  expect_condition("((risk>1))", "risk > 1");
  expect_condition("risk>1 or risk<2 and risk==3", "risk > 1 or risk < 2 and risk == 3");
  expect_condition("(risk>1 or risk<2) and risk==3", "(risk > 1 or risk < 2) and risk == 3");
  expect_condition("risk>1 or (risk<2 and risk==3)", "risk > 1 or risk < 2 and risk == 3");
  expect_condition("risk>1 and (risk<2 and (risk==3))", "risk > 1 and risk < 2 and risk == 3");
  expect_condition("(risk>1 or risk<2) or risk==3", "risk > 1 or risk < 2 or risk == 3");
  expect_condition("not risk>1 and not(risk<2)", "not risk > 1 and not risk < 2");
  expect_condition("not (risk>1 and risk<2)", "not (risk > 1 and risk < 2)");
  expect_condition("not not risk>1", "not not risk > 1");
}

Test(routing, every_fact_and_value) {
  expect_condition("method==card and card.network!=visa and card.funding in [credit prepaid]",
                   "method == card and card.network != visa and card.funding in [credit prepaid]");
  expect_condition("card.bin == 411111 or card.bin in [41111111..41111199,550000]",
                   "card.bin == 411111 or card.bin in [41111111..41111199 550000]");
  expect_condition("card.issuer == \"a \\\"b\\\" \\\\ \xc3\xa4 # c\"",
                   "card.issuer == \"a \\\"b\\\" \\\\ \xc3\xa4 # c\"");
  expect_condition("card.category == \"GOLD\" and merchant_category in [\"0742\" \"5411\"]",
                   "card.category == \"GOLD\" and merchant_category in [\"0742\" \"5411\"]");
  expect_condition("card.country==NO or card.country==IN or card.country in [DO]",
                   "card.country == NO or card.country == IN or card.country in [DO]");
  expect_condition("amount>=5000 USD and amount<5000.50 USD or amount in 1 JPY..10 JPY",
                   "amount >= 5000.00 USD and amount < 5000.50 USD or amount in 1 JPY..10 JPY");
  expect_condition("amount in [1.234 KWD, 2 USD .. 3 USD]", "amount in [1.234 KWD 2.00 USD..3.00 USD]");
  expect_condition("kind==moto and three_ds==external and exemption==transaction_risk_analysis",
                   "kind == moto and three_ds == external and exemption == transaction_risk_analysis");
  expect_condition(
      "hour(\"Europe/Berlin\") in 22..23 and weekday(\"UTC\") in mon..fri and day(\"Etc/GMT+5\")==31",
      "hour(\"Europe/Berlin\") in 22..23 and weekday(\"UTC\") in [mon tue wed thu fri] and "
      "day(\"Etc/GMT+5\") == 31");
  expect_condition("card.attempts(1440m)>3 and card.attempts(90m)<=2 and card.spend(48h)>1000 EUR",
                   "card.attempts(1d) > 3 and card.attempts(90m) <= 2 and card.spend(2d) > 1000.00 EUR");
  expect_condition("metadata.order-Type == \"x\" and customer.age in [18..64.5, \"n\", -3]",
                   "metadata.order-Type == \"x\" and customer.age in [18..64.5 \"n\" -3]");
  expect_condition("metadata.x >= 0.500", "metadata.x >= 0.5");
}

Test(routing, values_are_typed_by_their_fact) {
  expect_wrong_condition("card.country == ZZ", 17, "country");
  expect_wrong_condition("card.country == \"AT\"", 17, "country");
  expect_wrong_condition("card.country in [AT, EU]", 22, "country");
  expect_wrong_condition("card.network == girocard", 17, "visa, mastercard");
  expect_wrong_condition("card.network == unknown", 17, "visa, mastercard");
  expect_wrong_condition("currency == EURO", 13, "currency");
  expect_wrong_condition("hour(\"UTC\") == 24", 16, "0 to 23");
  expect_wrong_condition("hour(\"UTC\") in 20..24", 20, "0 to 23");
  expect_wrong_condition("hour(\"UTC\") in 22..6", 20, "below");
  expect_wrong_condition("day(\"UTC\") == 0", 15, "1 to 31");
  expect_wrong_condition("weekday(\"UTC\") == monday", 19, "weekday");
  expect_wrong_condition("weekday(\"UTC\") in fri..mon", 24, "below");
  expect_wrong_condition("hour(\"../etc\") == 1", 6, "time zone");
  expect_wrong_condition("hour(\"Europe/\") == 1", 6, "time zone");
  expect_wrong_condition("hour(24h) == 1", 6, "time zone");
  expect_wrong_condition("hour == 1", 6, "time zone");
  expect_wrong_condition("card.attempts(\"24h\") > 1", 15, "window");
  expect_wrong_condition("card.attempts(31d) > 1", 15, "1m to 30d");
  expect_wrong_condition("card.attempts(0m) > 1", 15, "1m to 30d");
  expect_wrong_condition("card.attempts(5s) > 1", 15, "1m to 30d");
  expect_wrong_condition("card.attempts(9999999999m) > 1", 15, "1m to 30d");
  expect_wrong_condition("risk > 101", 8, "0 to 100");
  expect_wrong_condition("risk > 0.5", 8, "0 to 100");
  expect_wrong_condition("risk > -1", 8, "0 to 100");
  expect_wrong_condition("risk > 007", 8, "number");
  expect_wrong_condition("risk in [1 USD]", 10, "0 to 100");
  expect_wrong_condition("amount > 5000", 10, "currency");
  expect_wrong_condition("amount > 5000 EURO", 10, "currency");
  expect_wrong_condition("amount > 5000 ZZZ", 10, "currency");
  expect_wrong_condition("amount > 5000.5 USD", 10, "decimals");
  expect_wrong_condition("amount > 5000.00 JPY", 10, "decimals");
  expect_wrong_condition("amount > -5 USD", 10, "number");
  expect_wrong_condition("amount > 1234567890123 USD", 10, "number");
  expect_wrong_condition("amount in 1 USD..2 EUR", 18, "same currency");
  expect_wrong_condition("amount in 2 USD..1 USD", 18, "below");
  expect_wrong_condition("card.bin == 41111", 13, "leading digits");
  expect_wrong_condition("card.bin == 411111111", 13, "leading digits");
  expect_wrong_condition("card.bin == 041111", 13, "number");
  expect_wrong_condition("card.bin in 411111..41111199", 21, "as many digits");
  expect_wrong_condition("card.bin in 411199..411111", 21, "below");
  expect_wrong_condition("card.bin > 411111", 10, "==");
  expect_wrong_condition("card.country < AT", 14, "==");
  expect_wrong_condition("card.issuer == visa", 16, "quoted");
  expect_wrong_condition("merchant_category == \"541\"", 22, "four digits");
  expect_wrong_condition("customer.plan == enterprise", 18, "quoted text or a number");
  expect_wrong_condition("customer.plan > \"a\"", 15, "number");
  expect_wrong_condition("customer.plan in \"a\"..\"b\"", 18, "list");
  expect_wrong_condition("customer.plan in [\"a\"..\"b\"]", 24, "range of two");
  expect_wrong_condition("customer == \"a\"", 1, "dot and a name");
  expect_wrong_condition("customer.a.b == \"a\"", 1, "name after the dot");
  expect_wrong_condition("metadata.x == 1.2345", 15, "three of them decimals");
  expect_wrong_condition("risk in 1", 9, "list");
  expect_wrong_condition("risk in", 9, "set");
  expect_wrong_condition("(risk > 1", 11, ")");
  expect_wrong_condition("risk", 6, "==");
  expect_wrong_condition("risk = 1", 6, "==");
  expect_wrong_condition("and risk > 1", 1, "fact");
}

Test(routing, a_set_fits_the_fact_it_is_compared_with) {
  static const char sets[] = "set s = [411111 5 \"x\"] ";
  struct policy_error error;
  expect_printed(
      "set n = [5..7 411111 411111..411199] rule r when metadata.n in n decline otherwise decline",
      "set n = [5..7 411111 411111..411199]\nrule r when metadata.n in n decline\notherwise decline\n");
  expect_printed(
      "set n = [411111..411199] rule r when card.bin in n or customer.n in n decline otherwise decline",
      "set n = [411111..411199]\nrule r when card.bin in n or customer.n in n decline\n"
      "otherwise decline\n");
  expect_printed("set w = [sat..sun mon] rule r when weekday(\"UTC\") in w decline otherwise decline",
                 "set w = [sat..sun mon]\nrule r when weekday(\"UTC\") in w decline\notherwise decline\n");
  char text[256];
  snprintf(text, sizeof text, "%srule r when risk in s decline otherwise decline", sets);
  error = wrong(text);
  cr_expect_eq(error.column, strlen(sets) + strlen("rule r when risk in ") + 1);
  cr_expect(strstr(error.expected, "a set of which each member is a number from 0 to 100") != NULL);
  expect_wrong("rule r when risk in s decline otherwise decline", 1, 21, "name of a set");
  expect_wrong("set s = [AT..DE] otherwise decline", 1, 14, "range of two");
}

/* The example that the language's reference begins with. */
Test(routing, the_reference_holds) {
  static const char fence[] = "```\n";
  char text[65536];
  FILE *file = fopen(FREEPORT_ROUTING "/README.md", "r");
  cr_assert_not_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  char *example = strstr(text, fence), *end = example == NULL ? NULL : strstr(example + 1, fence);
  cr_assert_not_null(end);
  *end = '\0';
  struct policy *policy = parse(example + strlen(fence));
  cr_expect_eq(policy_rule_count(policy), 9);
  policy_free(policy);
}

/* ---- Actions ---- */

Test(routing, every_action) {
  expect_action("split a 50%,b 50 % by customer", "split a 50%, b 50% by customer");
  expect_action("split a 99%, b 1% by payment", "split a 99%, b 1%");
  expect_action("cheapest of a,b where approval>=99.50%", "cheapest of a, b where approval >= 99.5%");
  expect_action("cheapest of a, b", "cheapest of a, b");
  expect_action("best of a,b as advice", "best of a, b as advice");
  expect_action("route a with max_attempts 3, retry off, exemption low_value, three_ds skip",
                "route a with three_ds skip, exemption low_value, retry off, max_attempts 3");
  expect_action("split a 100% by customer with three_ds require",
                "split a 100% by customer with three_ds require");
  expect_action("decline", "decline");
}

Test(routing, actions_that_are_none) {
  expect_wrong_action("split a 90%, b 9%", 17, "100% together, not 99%");
  expect_wrong_action("split a 90%, b 11%", 18, "100% together, not 101%");
  expect_wrong_action("split a, b 100%", 8, "per cent");
  expect_wrong_action("split a 90, b 10", 9, "in per cent, as 90%");
  expect_wrong_action("split a 0%, b 100%", 9, "1% to 100%");
  expect_wrong_action("split a 49.5%, b 50.5%", 9, "whole");
  expect_wrong_action("split a 50%, b 50% by card", 23, "customer or payment");
  expect_wrong_action("cheapest a", 10, "of");
  expect_wrong_action("cheapest of a where approval > 85%", 30, ">=");
  expect_wrong_action("cheapest of a where approval >= 0.85 with retry off", 33, "in per cent, as 85%");
  expect_wrong_action("cheapest of a where approval >= 101%", 33, "100%");
  expect_wrong_action("cheapest of a where approval >= 99.999%", 33, "two decimals");
  expect_wrong_action("best of a as advise", 14, "advice");
  expect_wrong_action("route a with three_ds external", 23, "auto, require or skip");
  expect_wrong_action("route a with retry on", 20, "off");
  expect_wrong_action("route a with max_attempts 9", 27, "1 to 8");
  expect_wrong_action("route a with retry off, retry off", 25, "once");
  expect_wrong_action("route a with timeout 3", 14, "option");
  expect_wrong("otherwise best of a as advice", 1, 21, "decides");
}

/* ---- Misspelt words ---- */

Test(routing, suggests_the_word_that_was_meant) {
  expect_suggestion("othrwise route a", "otherwise");
  expect_suggestion("rlue x when risk > 1 decline otherwise decline", "rule");
  expect_suggestion("otherwise ruote a", "route");
  expect_suggestion("rule x wen risk > 1 decline otherwise decline", "when");
  expect_suggestion("rule x when card.contry == AT decline otherwise decline", "card.country");
  expect_suggestion("rule x when metdata.x == 1 decline otherwise decline", "metadata");
  expect_suggestion("rule x when card.network == mastercrad decline otherwise decline", "mastercard");
  expect_suggestion("rule x when card.network == \"visa\" decline otherwise decline", "visa");
  expect_suggestion("rule x when card.country == at decline otherwise decline", "AT");
  expect_suggestion("rule x when kind == reccuring decline otherwise decline", "recurring");
  expect_suggestion("set northern = [NO] rule x when card.country in northen decline otherwise decline",
                    "northern");
  expect_suggestion("rule x when risk > 1 declin otherwise decline", "decline");
  expect_suggestion("otherwise route a with three_ds skipp", "skip");
  expect_suggestion("otherwise route a with retries off", "");
  expect_suggestion("otherwise route a with exemptoin low_value", "exemption");
  expect_suggestion("rule x when card.network == xyz decline otherwise decline", "");
  expect_suggestion("rule x when weekday(\"UTC\") == tag decline otherwise decline", ""); /* not tue */
  expect_suggestion("rule x when card.country == ZZ decline otherwise decline", "");
}
