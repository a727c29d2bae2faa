#include "diff.h"
#include "routing.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *canonical(const char *text) {
  struct policy *policy;
  struct policy_error error;
  char *printed;
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0, "%s: %s", text, error.expected);
  cr_assert_eq(policy_print(policy, &printed), 0);
  policy_free(policy);
  return printed;
}

/* Each difference as a sign and the name: = the same, + added, - removed, ~ changed, > moved, * both. */
static void expect(const char *before_text, const char *after_text, const char *wanted) {
  char *before = canonical(before_text), *after = canonical(after_text), got[400] = "";
  struct policy_diff diff;
  cr_assert_eq(policy_diff(before, after, &diff), 0);
  for (size_t i = 0; i < diff.count; i++) {
    const struct policy_difference *one = &diff.differences[i];
    char sign = one->before == NULL          ? '+'
                : one->after == NULL         ? '-'
                : one->changed && one->moved ? '*'
                : one->changed               ? '~'
                : one->moved                 ? '>'
                                             : '=';
    const char *line = one->after != NULL ? one->after : one->before;
    const char *name = strncmp(line, "otherwise", 9) == 0 ? "otherwise" : strchr(line, ' ') + 1;
    size_t length = strlen(got);
    snprintf(got + length, sizeof got - length, "%s%c%.*s", i == 0 ? "" : " ", sign, (int)strcspn(name, " "),
             name);
  }
  cr_expect_str_eq(got, wanted);
  policy_diff_free(&diff);
  free(before);
  free(after);
}

#define RULE(name, risk) "rule " name " when risk > " risk " decline\n"
#define REST "otherwise route a, b\n"

Test(diff, layout_is_no_difference) {
  expect(RULE("x", "1") REST, "# said anew\n  rule x when (risk>1) decline otherwise route a,b",
         "=x =otherwise");
}

Test(diff, rules_come_and_go_and_change) {
  expect(RULE("x", "1") RULE("y", "2") RULE("z", "3") REST,
         RULE("y", "2") RULE("new", "9") RULE("z", "4") REST, "-x =y +new ~z =otherwise");
  expect(REST, "otherwise route b, a", "~otherwise");
  expect(RULE("x", "1") RULE("y", "2") REST, REST, "-x -y =otherwise");
  expect(REST, RULE("x", "1") REST, "+x =otherwise");
}

/* A rule renamed is another rule; a name that begins like another is not that one. */
Test(diff, names_are_whole) {
  expect(RULE("x", "1") REST, RULE("xx", "1") REST, "-x +xx =otherwise");
  expect("set x = [AT]\nrule x when card.country in x decline\n" REST,
         "set x = [DE]\nrule x when card.country in x decline\n" REST, "~x =x =otherwise");
}

Test(diff, the_fewest_are_said_to_have_moved) {
  expect(RULE("a", "1") RULE("b", "2") RULE("c", "3") RULE("d", "4") REST,
         RULE("d", "4") RULE("a", "1") RULE("b", "2") RULE("c", "3") REST, ">d =a =b =c =otherwise");
  expect(RULE("a", "1") RULE("b", "2") RULE("c", "3") RULE("d", "4") REST,
         RULE("b", "2") RULE("c", "3") RULE("d", "5") RULE("a", "9") REST, "=b =c ~d *a =otherwise");
}

Test(diff, places_and_counts_are_told) {
  char *before = canonical(RULE("a", "1") RULE("b", "2") RULE("c", "3") REST);
  char *after = canonical(RULE("c", "4") RULE("a", "1") RULE("new", "7") REST);
  struct policy_diff diff;
  cr_assert_eq(policy_diff(before, after, &diff), 0);
  cr_expect_eq(diff.added, 1);
  cr_expect_eq(diff.removed, 1);
  cr_expect_eq(diff.changed, 1);
  cr_expect_eq(diff.moved, 1);
  cr_assert_eq(diff.count, 5);
  cr_expect_str_eq(diff.differences[0].before, "rule c when risk > 3 decline");
  cr_expect_str_eq(diff.differences[0].after, "rule c when risk > 4 decline");
  cr_expect_eq(diff.differences[0].before_number, 3);
  cr_expect_eq(diff.differences[0].after_number, 1);
  policy_diff_free(&diff);
  free(before);
  free(after);
}
