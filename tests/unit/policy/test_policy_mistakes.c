/* Mistakes that payments people make, as they would from habit or from another tool, and what is said of
 * each. */
#include "routing.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_CAPACITY = 1024 };

struct mistake {
  const char *text;
  unsigned column;        /* in text */
  const char *expected;   /* is in what is said */
  const char *suggestion; /* "": none */
};

static void expect_said(const char *before, const struct mistake *mistake, const char *after) {
  char text[TEXT_CAPACITY];
  struct policy *policy = NULL;
  struct policy_error error = {0};
  snprintf(text, sizeof text, "%s%s%s", before, mistake->text, after);
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), POLICY_WRONG, "%s", text);
  cr_expect_eq(error.column, strlen(before) + mistake->column, "%s: column %u: %s", text, error.column,
               error.expected);
  cr_expect(strstr(error.expected, mistake->expected) != NULL, "%s: %s", text, error.expected);
  cr_expect_str_eq(error.suggestion, mistake->suggestion, "%s: %s", text, error.suggestion);
}

#define EACH(mistakes, before, after)                                                                        \
  for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes)[0]; i++)                                        \
  expect_said((before), &(mistakes)[i], (after))

Test(policy_mistakes, conditions_of_other_languages) {
  static const struct mistake mistakes[] = {
      {"customer.plan = \"gold\"", 15, "or in", "=="},
      {"customer.plan == \xe2\x80\x9cgold\xe2\x80\x9d", 18, "straight double quotation marks", ""},
      {"customer.plan == 'gold'", 18, "straight double quotation marks", ""},
      {"risk > 3 && amount > 5 EUR", 10, "and", ""},
      {"risk > 3 || amount > 5 EUR", 10, "or", ""},
      {"risk > 3 AND amount > 5 EUR", 10, "and, or, route", "and"},
      {"! risk > 3", 1, "not", ""},
      {"risk \xe2\x89\xa5 3", 6, ">=", ""},
      {"risk not in 1..3", 6, "not before the fact", ""},
      {"risk between 3 and 5", 6, "or in", "in"},
      {"risk > 90%", 10, "and, or, route", ""},
  };
  EACH(mistakes, "rule r when ", " route a\notherwise route b");
}

Test(policy_mistakes, values_as_people_write_them) {
  static const struct mistake mistakes[] = {
      {"amount > 5000", 10, "as 5000.00 USD", ""},
      {"amount > USD 5000", 10, "as 5000.00 USD", ""},
      {"amount > $50", 10, "behind the amount, as 50.00 USD", ""},
      {"amount > \xe2\x82\xac"
       "50",
       10, "behind the amount, as 50.00 EUR", ""},
      {"amount in 10..20 EUR", 15, "its currency twice, as 10 EUR..20 EUR", ""},
      {"card.bin == 4242424242424242", 13, "6 to 8 leading digits", ""},
      {"card.bin in [411111 4242424242424242]", 21, "6 to 8 leading digits", ""},
      {"card.network == master", 17, "visa, mastercard", "mastercard"},
      {"amount in 10 EUR..20", 19, "its currency twice, as 10 EUR..20 EUR", ""},
      {"currency == EURO", 13, "ISO 4217", "EUR"},
      {"card.country == UK", 17, "ISO 3166-1", "GB"},
      {"country == DE", 1, "a fact", "card.country"},
      {"network == visa", 1, "a fact", "card.network"},
      {"card.brand == visa", 1, "a fact", "card.network"},
      {"BIN == 411111", 1, "a fact", "card.bin"},
      {"card.bin == \"411111\"", 13, "as 411111", ""},
      {"card.bin in 411111-411199", 13, "a range with two dots, as 411111..411199", ""},
      {"card.network == american_express", 17, "amex", "amex"},
      {"kind == subscription", 9, "recurring", "recurring"},
      {"weekday(\"UTC\") == Monday", 19, "a weekday", "mon"},
      {"weekday(\"UTC\") in fri..mon", 24, "what goes around is two ranges", ""},
      {"hour(\"UTC\") in 22..5", 20, "as [22..23 0..5]", ""},
  };
  EACH(mistakes, "rule r when ", " route a\notherwise route b");
}

Test(policy_mistakes, sets) {
  static const struct mistake used[] = {
      {"card.country == eu", 14, "in, for a set is named", ""},
      {"card.country in EU", 17, "or a list in [ ]", "eu"},
      {"card.country in north", 17, "the name of a set", ""},
      {"card.country in texts", 17, "each member is a country of ISO 3166-1", ""},
  };
  static const struct mistake said[] = {
      {"set n = (AT, DE)", 9, "[ and members, as [AT DE]", ""},
      {"set n = AT, DE", 9, "[ and members, as [AT DE]", ""},
  };
  EACH(used, "set eu = [AT DE] set texts = [\"AT\"] rule r when ", " route a\notherwise route b");
  EACH(said, "", "\notherwise route b");
}

/* Nothing more can be said behind it than another statement. */
Test(policy_mistakes, after_decline) {
  struct policy *policy = NULL;
  struct policy_error error;
  static const char rule[] = "rule r when risk > 1 decline please otherwise route b";
  static const char last[] = "otherwise decline please";
  cr_assert_eq(policy_parse(rule, strlen(rule), &policy, &error), POLICY_WRONG);
  cr_expect_str_eq(error.expected, "a rule or otherwise");
  cr_assert_eq(policy_parse(last, strlen(last), &policy, &error), POLICY_WRONG);
  cr_expect_str_eq(error.expected, "the end of the policy");
}

/* Nothing behind the text is looked at, wherever it breaks off: every beginning of a policy, each in memory
 * of just its length, which the sanitizers watch. */
Test(policy_mistakes, texts_that_break_off) {
  static const char text[] =
      "set s = [\"a\" 5..6]\nschedule p = 4 tries within 21 days on [1] at 6..9 in \"UTC\"\n"
      "rule r when customer.a in s and card.attempts(24h) > 5 split a 50%, b 50% by customer\n"
      "otherwise route a, b with later p\n\"";
  for (size_t length = 0; length <= strlen(text); length++) {
    struct policy *policy = NULL;
    struct policy_error error;
    char *part = malloc(length > 0 ? length : 1);
    cr_assert_not_null(part);
    memcpy(part, text, length);
    if (policy_parse(part, length, &policy, &error) == POLICY_WRONG)
      cr_expect_neq(error.expected[0], '\0', "%zu", length);
    policy_free(policy);
    free(part);
  }
}

/* A set may have the name of a word that the fact knows: the word is meant. */
Test(policy_mistakes, a_word_is_no_set) {
  static const char text[] = "set visa = [amex] rule r when card.network == visa route a otherwise route b";
  struct policy *policy;
  struct policy_error error;
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0, "%s", error.expected);
  policy_free(policy);
}

Test(policy_mistakes, actions) {
  static const struct mistake mistakes[] = {
      {"block", 1, "decline", "decline"},
      {"route Adyen, b", 7, "of a to z, 0 to 9 and _", "adyen"},
      {"route ADYEN-EU, b", 7, "of a to z, 0 to 9 and _", ""},
      {"route a b", 9, "a comma, with, a rule or otherwise", ""},
      {"route a > b", 9, "a comma, with, a rule or otherwise", ""},
      {"route a three_ds require", 9, "a comma, with, a rule or otherwise", ""},
      {"route a wiht three_ds require", 9, "a comma, with, a rule or otherwise", "with"},
      {"route a;", 8, "no semicolon", ""},
      {"route a with 3ds require", 14, "an option", "three_ds"},
      {"route a with approval >= 85%", 14, "an option", ""},
      {"route a with three_ds skip and retry off", 28, "a comma and another option", ""},
      {"split 90% a, 10% b", 7, "before its share", ""},
      {"decline \"too risky\"", 9, "a rule or otherwise", ""},
  };
  EACH(mistakes, "rule r when risk > 1 ", "\notherwise route b");
}

Test(policy_mistakes, statements) {
  static const struct mistake mistakes[] = {
      {"// ours", 1, "# before a comment", ""},
      {"rule r if risk > 1 route a", 8, "when", "when"},
      {"rule r when risk > 1 route a default route b", 30, "otherwise", "otherwise"},
      {"rule r when risk > 1 route a else route b", 30, "otherwise", "otherwise"},
      {"rule r when risk > 1 route a", 29, "payments that no rule matches", ""},
      {"rule r when risk > 1 decline set s = [AT]", 30, "come before the rules", ""},
      {"otherwise route a rule r when risk > 1 route b", 19, "otherwise is its last statement", ""},
      {"otherwise route a;", 18, "the end of the policy", ""},
      {"otherwise decline please", 19, "the end of the policy", ""},
      {"otherwise route a with retry off and later", 34, "another option", ""},
  };
  EACH(mistakes, "", "");
}
