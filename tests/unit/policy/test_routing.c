#include "routing.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct policy *parse(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error;
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0, "%s", text);
  return policy;
}

static void expect_wrong(const char *text, uint32_t line, uint32_t column, const char *expected) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), POLICY_WRONG, "%s", text);
  cr_expect_null(policy);
  cr_expect_eq(error.line, line, "%s: line %u", text, error.line);
  cr_expect_eq(error.column, column, "%s: column %u", text, error.column);
  cr_expect(strstr(error.expected, expected) != NULL, "%s: %s", text, error.expected);
}

Test(routing, decides_in_the_order_of_the_list) {
  struct policy *policy = parse("otherwise route adyen, checkout, stripe");
  struct policy_facts facts = {.amount = {1000, "EUR"}, .method = "card"};
  struct policy_decision decision;
  policy_evaluate(policy, &facts, &decision);
  cr_expect_eq(decision.action, POLICY_ROUTE);
  cr_expect_str_eq(decision.rule, "otherwise");
  cr_assert_eq(decision.candidate_count, 3);
  cr_expect_str_eq(decision.candidates[0], "adyen");
  cr_expect_str_eq(decision.candidates[1], "checkout");
  cr_expect_str_eq(decision.candidates[2], "stripe");
  policy_free(policy);
}

Test(routing, prints_what_it_parsed) {
  static const char *const canonical = "otherwise route adyen_eu, 3d_pay, stripe\n";
  struct policy *policy =
      parse("# the order\n\n  otherwise\troute adyen_eu ,3d_pay,\r\n  stripe # last\n#end");
  char text[POLICY_PRINTED_MAX], again[POLICY_PRINTED_MAX];
  cr_expect_eq(policy_print(policy, text), strlen(canonical));
  cr_expect_str_eq(text, canonical);
  struct policy *second = parse(text);
  policy_print(second, again);
  cr_expect_str_eq(again, text);
  policy_free(policy);
  policy_free(second);
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
  expect_wrong("otherwise split a", 1, 11, "route");
  expect_wrong("otherwise route", 1, 16, "connector");
  expect_wrong("otherwise route a,", 1, 19, "connector");
  expect_wrong("otherwise route a,,b", 1, 19, "connector");
  expect_wrong("otherwise route a b", 1, 19, "comma");
  expect_wrong("otherwise route a\notherwise route b", 2, 1, "end");
  expect_wrong("otherwise route a,\n  b, a", 2, 6, "does not hold");
  expect_wrong("otherwise route Adyen", 1, 17, "connector");
  expect_wrong("otherwise route rule", 1, 17, "connector");
  expect_wrong("Otherwise route a", 1, 1, "otherwise");
  expect_wrong("otherwise route a; b", 1, 18, "comma");
  expect_wrong("otherwise route abcdefghijklmnopqrstuvwxyz0123456", 1, 17, "32");
  expect_wrong("rule x when method == card route a", 1, 1, "otherwise");
}

Test(routing, bytes_that_no_policy_holds) {
  static const char nul[] = "otherwise route a\0, b";
  struct policy *policy = NULL;
  struct policy_error error;
  cr_expect_eq(policy_parse(nul, sizeof nul - 1, &policy, &error), POLICY_WRONG);
  cr_expect_eq(error.column, 18);
  expect_wrong("otherwise route \xc3\xa4", 1, 17, "connector");
}

Test(routing, limits) {
  char text[2 * POLICY_TEXT_MAX];
  size_t length = (size_t)snprintf(text, sizeof text, "otherwise route");
  for (int i = 0; i < POLICY_CANDIDATES_MAX; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s abcdefghijklmnopqrstuvwxyz0123%02d",
                               i == 0 ? "" : ",", i);
  struct policy *policy = parse(text);
  char printed[POLICY_PRINTED_MAX];
  cr_expect_eq(policy_print(policy, printed), length + 1);
  policy_free(policy);
  snprintf(text + length, sizeof text - length, ", more");
  expect_wrong(text, 1, (uint32_t)length + 3, "at most 16");
  memset(text, ' ', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  expect_wrong(text, 1, 1, "65536");
}

Test(routing, unknown_connectors_are_found_with_their_place) {
  static const char *const known[] = {"adyen", "stripe"};
  struct policy_error error = {0};
  struct policy *good = parse("otherwise route stripe, adyen");
  cr_expect_eq(policy_check(good, known, 2, &error), 0);
  struct policy *bad = parse("otherwise route stripe,\n  worldpay");
  cr_expect_eq(policy_check(bad, known, 2, &error), POLICY_WRONG);
  cr_expect_eq(error.line, 2);
  cr_expect_eq(error.column, 3);
  cr_expect(strstr(error.expected, "registered") != NULL);
  policy_free(good);
  policy_free(bad);
}
