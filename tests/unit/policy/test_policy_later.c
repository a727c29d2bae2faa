/* Schedules by which payments are tried later: as texts and as JSON, what is refused, and what is found. */
#include "check.h"
#include "diff.h"
#include "routing.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_CAPACITY = 8192 };

#define REST "\notherwise route a, b with later p\n"

static struct policy *parse(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  int result = policy_parse(text, strlen(text), &policy, &error);
  cr_assert_eq(result, 0, "%s: %u:%u %s", text, error.line, error.column, error.expected);
  return policy;
}

static struct policy *parse_json(const char *json) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse_json(json, strlen(json), &policy, &error), 0, "%s: %s", json, error.expected);
  return policy;
}

/* A schedule named p that says this, in a policy that uses it. */
static struct policy *schedule_of(const char *says) {
  char text[TEXT_CAPACITY];
  snprintf(text, sizeof text, "schedule p = %s" REST, says);
  return parse(text);
}

/* ---- What a schedule says ---- */

static void expect(const char *says, struct policy_schedule wanted) {
  struct policy *policy = schedule_of(says);
  const struct policy_schedule *found =
      policy_schedule(policy, policy_rule_action(policy, 0)->options.later - 1u);
  cr_assert_not_null(found);
  cr_expect_str_eq(found->name, "p");
  cr_expect_eq(found->tries, wanted.tries, "%s", says);
  cr_expect_eq(found->within_days, wanted.within_days, "%s", says);
  cr_expect_eq(found->days, wanted.days, "%s: %x", says, found->days);
  cr_expect_eq(found->hour_from, wanted.hour_from, "%s", says);
  cr_expect_eq(found->hour_to, wanted.hour_to, "%s", says);
  cr_expect_str_eq(found->zone, wanted.zone, "%s", says);
  policy_free(policy);
}

Test(policy_later, a_schedule_says_when) {
  expect("4 tries within 21 days on [28 1, 15] at 6..9 in \"Europe/Berlin\"",
         (struct policy_schedule){"p", 4, 21, 1u << 1 | 1u << 15 | 1u << 28, 6, 9, "Europe/Berlin"});
  expect("1 try within 1 day", (struct policy_schedule){"p", 1, 1, 0, 0, 23, ""});
  expect("15 tries within 30 days on [31] in \"UTC\"",
         (struct policy_schedule){"p", 15, 30, 1u << 31, 0, 23, "UTC"});
  expect("2 tries within 3 days on [1..3 3 9] in \"UTC\"",
         (struct policy_schedule){"p", 2, 3, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 9, 0, 23, "UTC"});
  expect("2 tries within 3 days at 22..4 in \"UTC\"", (struct policy_schedule){"p", 2, 3, 0, 22, 4, "UTC"});
  expect("2 tries within 3 days at 7..7 in \"UTC\"", (struct policy_schedule){"p", 2, 3, 0, 7, 7, "UTC"});
}

Test(policy_later, what_leaves_nothing_out_is_as_if_not_given) {
  const struct policy_schedule any = {"p", 2, 3, 0, 0, 23, ""};
  expect("2 tries within 3 days at 0..23 in \"UTC\"", any);
  expect("2 tries within 3 days at 10..9 in \"UTC\"", any);
  expect("2 tries within 3 days on [1..31] at 1..0 in \"UTC\"", any);
  expect("2 tries within 3 days on [1..31] at 1..2 in \"UTC\"",
         (struct policy_schedule){"p", 2, 3, 0, 1, 2, "UTC"});
  expect("2 tries within 3 days on [1..30] at 1..0 in \"UTC\"",
         (struct policy_schedule){"p", 2, 3, UINT32_MAX >> 1 & ~1u, 0, 23, "UTC"});
}

/* Parses the examples of a page that begin with a schedule; `end` stands after each. Returns how many. */
static unsigned parse_examples(const char *path, const char *end) {
  static const char begin[] = "```\nschedule ", fence[] = "```\n";
  static char page[65536], example[4096];
  unsigned count = 0;
  FILE *file = fopen(path, "r");
  cr_assert_not_null(file, "%s", path);
  page[fread(page, 1, sizeof page - 1, file)] = '\0';
  fclose(file);
  for (char *at = page; (at = strstr(at, begin)) != NULL; count++) {
    at += strlen(fence);
    char *close = strstr(at, fence);
    cr_assert_not_null(close);
    snprintf(example, sizeof example, "%.*s%s", (int)(close - at), at, end);
    policy_free(parse(example));
    at = close + strlen(fence);
  }
  return count;
}

Test(policy_later, the_examples_hold) {
  cr_expect_eq(parse_examples(FREEPORT_ROOT "/policy/routing/README.md", "otherwise route a"), 1);
  cr_expect_eq(parse_examples(FREEPORT_ROOT "/README.md", ""), 1);
}

Test(policy_later, options_name_schedules_by_number) {
  struct policy *policy =
      parse("set s = [AT]\n"
            "schedule one = 1 try within 1 day\n"
            "set t = [DE]\n"
            "schedule two = 2 tries within 2 days\n"
            "rule r when card.country in s split a 50%, b 50% with max_attempts 2, later two\n"
            "rule q when card.country in t cheapest of a, b with later one\n"
            "otherwise route a, b");
  cr_expect_eq(policy_rule_action(policy, 0)->options.later, 2);
  cr_expect_eq(policy_rule_action(policy, 1)->options.later, 1);
  cr_expect_eq(policy_rule_action(policy, 2)->options.later, 0);
  cr_expect_str_eq(policy_schedule(policy, 1)->name, "two");
  cr_expect_null(policy_schedule(policy, 2));
  cr_expect_null(policy_schedule(policy, policy_rule_action(policy, 2)->options.later - 1u));
  policy_free(policy);
}

/* ---- Canonical text, JSON, hash ---- */

static const char canonical[] =
    "set eea = [AT DE]\n"
    "schedule payday = 4 tries within 21 days on [1 15 28] at 6..9 in \"Europe/Berlin\"\n"
    "schedule once = 1 try within 1 day\n"
    "rule renewals when kind == recurring route adyen, stripe with max_attempts 2, later payday\n"
    "otherwise route adyen, stripe with later once\n";

static const char json[] =
    "{\"sets\":[{\"name\":\"eea\",\"members\":[\"AT\",\"DE\"]}],"
    "\"schedules\":[{\"name\":\"payday\",\"tries\":4,\"within_days\":21,\"days\":[1,15,28],"
    "\"hours\":{\"from\":6,\"to\":9},\"zone\":\"Europe/Berlin\"},"
    "{\"name\":\"once\",\"tries\":1,\"within_days\":1}],"
    "\"rules\":[{\"name\":\"renewals\",\"when\":{\"fact\":\"kind\",\"compare\":\"==\",\"value\":"
    "\"recurring\"},"
    "\"action\":{\"type\":\"route\",\"connectors\":[\"adyen\",\"stripe\"],\"with\":{\"max_attempts\":2,"
    "\"later\":\"payday\"}}}],"
    "\"otherwise\":{\"type\":\"route\",\"connectors\":[\"adyen\",\"stripe\"],\"with\":{\"later\":\"once\"}}}";

static void expect_both(struct policy *policy) {
  char *text, *tree;
  cr_assert_eq(policy_print(policy, &text), 0);
  cr_assert_eq(policy_print_json(policy, &tree), 0);
  cr_expect_str_eq(text, canonical);
  cr_expect_str_eq(tree, json);
  free(text);
  free(tree);
  policy_free(policy);
}

Test(policy_later, text_and_json_are_the_same_policy) {
  expect_both(parse(canonical));
  expect_both(parse_json(json));
  expect_both(
      parse("schedule payday=4 tries within 21 day on[15,1 28 15]at 6..9 in\"Europe/Berlin\" # money\n"
            "set eea = [AT, DE]\n"
            "schedule once = 1 tries within 1 days at 0..23 in \"UTC\"\n"
            "rule renewals when kind == recurring route adyen, stripe with later payday, max_attempts 2\n"
            "otherwise route adyen, stripe with later once"));
}

Test(policy_later, json_takes_ranges_of_days_and_no_schedules) {
  struct policy *policy =
      parse_json("{\"sets\":[],\"schedules\":[{\"name\":\"p\",\"tries\":2,\"within_days\":3,"
                 "\"days\":[{\"from\":2,\"to\":4},9],\"zone\":\"UTC\"}],\"rules\":[],"
                 "\"otherwise\":{\"type\":\"route\",\"connectors\":[\"a\"],\"with\":{\"later\":\"p\"}}}");
  cr_expect_eq(policy_schedule(policy, 0)->days, 1u << 2 | 1u << 3 | 1u << 4 | 1u << 9);
  policy_free(policy);
  policy = parse_json("{\"sets\":[],\"rules\":[],\"otherwise\":{\"type\":\"decline\"}}");
  cr_expect_null(policy_schedule(policy, 0));
  policy_free(policy);
}

Test(policy_later, the_hash_covers_every_word_of_it) {
  static const char *const schedules[] = {
      "4 tries within 21 days on [1 15] at 6..9 in \"Europe/Berlin\"",
      "5 tries within 21 days on [1 15] at 6..9 in \"Europe/Berlin\"",
      "4 tries within 20 days on [1 15] at 6..9 in \"Europe/Berlin\"",
      "4 tries within 21 days on [1 16] at 6..9 in \"Europe/Berlin\"",
      "4 tries within 21 days on [1] at 6..9 in \"Europe/Berlin\"",
      "4 tries within 21 days on [1 15] at 7..9 in \"Europe/Berlin\"",
      "4 tries within 21 days on [1 15] at 6..10 in \"Europe/Berlin\"",
      "4 tries within 21 days on [1 15] at 6..9 in \"Europe/Vienna\"",
      "4 tries within 21 days at 6..9 in \"Europe/Berlin\"",
      "4 tries within 21 days on [1 15] in \"Europe/Berlin\"",
      "4 tries within 21 days",
  };
  enum { SCHEDULES = sizeof schedules / sizeof schedules[0] };
  char hashes[SCHEDULES][POLICY_HASH_CAPACITY];
  for (unsigned i = 0; i < SCHEDULES; i++) {
    struct policy *policy = schedule_of(schedules[i]);
    policy_hash_text(policy, hashes[i]);
    policy_free(policy);
    for (unsigned j = 0; j < i; j++)
      cr_expect_str_neq(hashes[i], hashes[j], "%s\n%s", schedules[i], schedules[j]);
  }
}

/* ---- What is refused ---- */

static struct policy_error wrong(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), POLICY_WRONG, "%s", text);
  cr_expect_null(policy);
  return error;
}

/* Wrong at a column of what the schedule says. */
static void expect_wrong(const char *says, uint32_t column, const char *expected, const char *suggestion) {
  char text[TEXT_CAPACITY];
  snprintf(text, sizeof text, "schedule p = %s" REST, says);
  struct policy_error error = wrong(text);
  bool next = column == 0; /* at the next statement */
  cr_expect_eq(error.line, next ? 2u : 1u, "%s: line %u", says, error.line);
  cr_expect_eq(error.column, next ? 1u : (uint32_t)strlen("schedule p = ") + column, "%s: column %u: %s",
               says, error.column, error.expected);
  cr_expect(strstr(error.expected, expected) != NULL, "%s: %s", says, error.expected);
  cr_expect_str_eq(error.suggestion, suggestion, "%s: %s", says, error.suggestion);
}

Test(policy_later, numbers_that_are_none) {
  expect_wrong("0 tries within 3 days", 1, "1 to 15", "");
  expect_wrong("16 tries within 3 days", 1, "1 to 15", "");
  expect_wrong("1.5 tries within 3 days", 1, "1 to 15", "");
  expect_wrong("some tries within 3 days", 1, "a number of later tries", "");
  expect_wrong("4 retries within 3 days", 3, "tries", "tries");
  expect_wrong("4 tires within 3 days", 3, "tries", "tries");
  expect_wrong("4 tries wihtin 3 days", 9, "within", "within");
  expect_wrong("4 tries", 0, "within", "");
  expect_wrong("4 tries within 0 days", 16, "1 to 30", "");
  expect_wrong("4 tries within 31 days", 16, "1 to 30", "");
  expect_wrong("4 tries within a month", 16, "a number of days", "");
  expect_wrong("4 tries within 3 weeks", 18, "days", "");
}

Test(policy_later, days_that_are_none) {
  expect_wrong("4 tries within 3 days on [0] in \"UTC\"", 27, "1 to 31", "");
  expect_wrong("4 tries within 3 days on [1 32] in \"UTC\"", 29, "1 to 31", "");
  expect_wrong("4 tries within 3 days on [1 last] in \"UTC\"", 29, "the last of any month being 31", "");
  expect_wrong("4 tries within 3 days on [mon] in \"UTC\"", 27, "1 to 31", "");
  expect_wrong("4 tries within 3 days on [9..2] in \"UTC\"", 30, "not before the first", "");
  expect_wrong("4 tries within 3 days on [] in \"UTC\"", 27, "1 to 31", "");
  expect_wrong("4 tries within 3 days on 15 in \"UTC\"", 26, "[ and days", "");
  expect_wrong("4 tries within 3 days on [1; 2] in \"UTC\"", 28, "another day or ]", "");
}

Test(policy_later, hours_that_are_none) {
  expect_wrong("4 tries within 3 days at 6..24 in \"UTC\"", 29, "0 to 23", "");
  expect_wrong("4 tries within 3 days at 6 in \"UTC\"", 28, "two dots", "");
  expect_wrong("4 tries within 3 days at 6-9 in \"UTC\"", 26, "two dots", "");
  expect_wrong("4 tries within 3 days at 6:00..9:00 in \"UTC\"", 27, "two dots", "");
  expect_wrong("4 tries within 3 days at 06..09 in \"UTC\"", 26, "whole hours", "");
  expect_wrong("4 tries within 3 days at night", 26, "whole hours", "");
  expect_wrong("4 tries within 3 days at 6..9 on [1] in \"UTC\"", 31, "days before the hours", "");
}

Test(policy_later, zones_that_are_none) {
  expect_wrong("4 tries within 3 days at 6..9", 0, "a time zone for the days and hours", "");
  expect_wrong("4 tries within 3 days on [1]", 0, "a time zone for the days and hours", "");
  expect_wrong("4 tries within 3 days in \"UTC\"", 23, "days or hours before their time zone", "");
  expect_wrong("4 tries within 3 days at 6..9 in Europe", 34, "in quotes", "");
  expect_wrong("4 tries within 3 days at 6..9 in \"Berlin time\"", 34, "the name of a time zone", "");
  expect_wrong("4 tries within 3 days at 6..9 in \"\"", 34, "the name of a time zone", "");
}

static void expect_wrong_text(const char *text, uint32_t line, uint32_t column, const char *expected,
                              const char *suggestion) {
  struct policy_error error = wrong(text);
  cr_expect_eq(error.line, line, "%s: %u", text, error.line);
  cr_expect_eq(error.column, column, "%s: %u", text, error.column);
  cr_expect(strstr(error.expected, expected) != NULL, "%s: %s", text, error.expected);
  cr_expect_str_eq(error.suggestion, suggestion, "%s: %s", text, error.suggestion);
}

#define PAYDAY "schedule payday = 4 tries within 21 days\n"

Test(policy_later, names) {
  expect_wrong_text("schedule Payday = 4 tries within 21 days", 1, 10, "a name for the schedule", "");
  expect_wrong_text("schedule 4th = 4 tries within 21 days", 1, 10, "a name for the schedule", "");
  expect_wrong_text("schedule rule = 4 tries within 21 days", 1, 10, "a name for the schedule", "");
  expect_wrong_text("schedule \"p\" = 4 tries within 21 days", 1, 10, "a name for the schedule", "");
  expect_wrong_text("schedule a23456789012345678901234567890123 = 4 tries within 21 days", 1, 10,
                    "at most 32", "");
  expect_wrong_text("schedule p 4 tries within 21 days", 1, 12, "=", "");
  expect_wrong_text("shcedule p = 4 tries within 21 days", 1, 1, "a schedule", "schedule");
  expect_wrong_text(PAYDAY PAYDAY "otherwise route a", 2, 10, "no other schedule", "");
  expect_wrong_text(PAYDAY "otherwise route a with later paydya", 2, 30, "the name of a schedule", "payday");
  expect_wrong_text(PAYDAY "otherwise route a with later weekly", 2, 30, "the name of a schedule", "");
  expect_wrong_text(PAYDAY "otherwise route a with later 4", 2, 30, "the name of a schedule", "");
  expect_wrong_text(PAYDAY "otherwise route a with later \"payday\"", 2, 30, "the name of a schedule",
                    "payday");
  expect_wrong_text(PAYDAY "otherwise route a with latter payday", 2, 24, "an option", "later");
  expect_wrong_text(PAYDAY "otherwise route a with later payday, later payday", 2, 38, "each option once",
                    "");
  expect_wrong_text(PAYDAY "otherwise decline with later payday", 2, 19, "no option", "");
  expect_wrong_text("otherwise route a with later payday", 1, 30, "said before the rules as schedule NAME",
                    "");
  expect_wrong_text("otherwise route a\n" PAYDAY, 2, 1, "the end of the policy", "");
  expect_wrong_text("rule r when risk > 1 route a\n" PAYDAY "otherwise route a", 2, 1, "before", "");
}

Test(policy_later, a_set_is_no_schedule_nor_the_other_way_round) {
  expect_wrong_text(
      "schedule p = 1 try within 1 day\nrule r when card.country in p decline\notherwise decline", 2, 29,
      "the name of a set", "");
  expect_wrong_text("set p = [AT]\notherwise route a with later p", 2, 30,
                    "the name of a schedule, said before", "");
  policy_free(parse("schedule p = 1 try within 1 day\nset p = [AT]\notherwise route a with later p"));
}

Test(policy_later, a_set_and_a_rule_may_have_the_name_of_a_schedule) {
  policy_free(parse("set p = [AT]\nschedule p = 1 try within 1 day\n"
                    "rule p when card.country in p route a with later p\notherwise route a"));
  policy_free(parse("rule schedule when risk > 1 route schedule, later, tries\notherwise route within"));
}

Test(policy_later, sixty_four_schedules) {
  char text[TEXT_CAPACITY] = "";
  size_t length = 0;
  for (unsigned i = 0; i <= POLICY_SCHEDULES_MAX; i++) {
    length += (size_t)snprintf(text + length, sizeof text - length, "schedule s%u = 1 try within 1 day\n", i);
    if (i + 1 == POLICY_SCHEDULES_MAX) {
      char enough[TEXT_CAPACITY + 64];
      snprintf(enough, sizeof enough, "%sotherwise route a with later s63", text);
      struct policy *policy = parse(enough);
      cr_expect_eq(policy_rule_action(policy, 0)->options.later, POLICY_SCHEDULES_MAX);
      policy_free(policy);
    }
  }
  expect_wrong_text(text, 65, 10, "at most 64 schedules", "");
}

static void expect_wrong_json(const char *schedule, const char *expected) {
  char text[TEXT_CAPACITY];
  struct policy *policy = NULL;
  struct policy_error error = {0};
  snprintf(
      text, sizeof text,
      "{\"sets\":[],\"schedules\":[%s],\"rules\":[],\"otherwise\":{\"type\":\"route\",\"connectors\":[\"a\"],"
      "\"with\":{\"later\":\"p\"}}}",
      schedule);
  cr_assert_eq(policy_parse_json(text, strlen(text), &policy, &error), POLICY_WRONG, "%s", schedule);
  cr_expect_null(policy);
  cr_expect(strstr(error.expected, expected) == error.expected, "%s: %s", schedule, error.expected);
}

#define JSON_BEGIN "{\"name\":\"p\",\"tries\":4,\"within_days\":21"

Test(policy_later, json_is_refused_with_its_path) {
  expect_wrong_json("", "otherwise.with: the name of a schedule, said before");
  expect_wrong_json(JSON_BEGIN "}," JSON_BEGIN "}", "schedules[1].name: a name that no other");
  expect_wrong_json("{\"tries\":4,\"within_days\":21}", "schedules[0].name: a string");
  expect_wrong_json("{\"name\":\"P\",\"tries\":4,\"within_days\":21}", "schedules[0].name: a name");
  expect_wrong_json("{\"name\":\"p\",\"within_days\":21}", "schedules[0].tries: a number");
  expect_wrong_json("{\"name\":\"p\",\"tries\":16,\"within_days\":21}",
                    "schedules[0].tries: a number of later");
  expect_wrong_json("{\"name\":\"p\",\"tries\":4}", "schedules[0].within_days: a number");
  expect_wrong_json("{\"name\":\"p\",\"tries\":4,\"within_days\":31}",
                    "schedules[0].within_days: a number of");
  expect_wrong_json(JSON_BEGIN ",\"hour\":6}", "schedules[0]: no member of another name");
  expect_wrong_json(JSON_BEGIN ",\"days\":[],\"zone\":\"UTC\"}", "schedules[0].days: a day");
  expect_wrong_json(JSON_BEGIN ",\"days\":1,\"zone\":\"UTC\"}", "schedules[0].days: a day");
  expect_wrong_json(JSON_BEGIN ",\"days\":[1,32],\"zone\":\"UTC\"}", "schedules[0].days[1]: a day");
  expect_wrong_json(JSON_BEGIN ",\"days\":[\"1\"],\"zone\":\"UTC\"}", "schedules[0].days[0]: a number");
  expect_wrong_json(JSON_BEGIN ",\"days\":[{\"from\":3,\"to\":2}],\"zone\":\"UTC\"}",
                    "schedules[0].days[0]: a day");
  expect_wrong_json(JSON_BEGIN ",\"days\":[{\"from\":3}],\"zone\":\"UTC\"}",
                    "schedules[0].days[0].to: a number");
  expect_wrong_json(JSON_BEGIN ",\"hours\":[6,9],\"zone\":\"UTC\"}", "schedules[0].hours: an object");
  expect_wrong_json(JSON_BEGIN ",\"hours\":{\"from\":6},\"zone\":\"UTC\"}",
                    "schedules[0].hours.to: a number");
  expect_wrong_json(JSON_BEGIN ",\"hours\":{\"from\":6,\"to\":24},\"zone\":\"UTC\"}",
                    "schedules[0].hours.to: an hour");
  expect_wrong_json(JSON_BEGIN ",\"hours\":{\"from\":6,\"to\":9}}", "schedules[0].zone: a time zone");
  expect_wrong_json(JSON_BEGIN ",\"zone\":\"UTC\"}", "schedules[0].zone: days or hours");
  expect_wrong_json(JSON_BEGIN ",\"days\":[1],\"zone\":\"no zone\"}", "schedules[0].zone: the name of");
  expect_wrong_json(JSON_BEGIN ",\"days\":[1],\"zone\":5}", "schedules[0].zone: a string");
}

/* ---- What the checker finds ---- */

/* Only these are known. */
static int zone_offset(const char *zone, int64_t at_ms, int32_t *ret_offset_s) {
  (void)at_ms;
  if (strcmp(zone, "UTC") != 0 && strcmp(zone, "Europe/Berlin") != 0)
    return -ENOENT;
  *ret_offset_s = 0;
  return 0;
}

/* The findings as "severity code line:column", one a line. */
static void expect_found(const char *text, const char *wanted) {
  static const char severities[] = {[POLICY_NOTE] = 'N', [POLICY_WARNING] = 'W', [POLICY_ERROR] = 'E'};
  static struct policy_findings findings;
  struct policy *policy = parse(text);
  char found[TEXT_CAPACITY] = "";
  size_t length = 0;
  cr_assert_eq(policy_check(policy, NULL, 0, zone_offset, &findings), 0);
  for (unsigned i = 0; i < findings.count; i++) {
    const struct policy_finding *one = &findings.findings[i];
    length += (size_t)snprintf(found + length, sizeof found - length, "%c %s %u:%u\n",
                               severities[one->severity], one->code, one->line, one->column);
  }
  cr_expect_str_eq(found, wanted, "%s\nfound: %s\nwanted: %s", text, found, wanted);
  policy_free(policy);
}

#define KINDS "[recurring installment unscheduled resubmission]"

Test(policy_later, the_checker_finds_what_never_comes) {
  expect_found(PAYDAY "otherwise route a, b with later payday", "");
  expect_found(PAYDAY "otherwise route a, b", "W schedule_unused 1:10\n");
  expect_found(PAYDAY "rule r when risk > 3 best of a, b as advice with later payday\notherwise route a, b",
               "W advice_options 2:6\n");
  expect_found(PAYDAY "rule r when kind == customer route a, b with later payday\notherwise decline",
               "W later_never 2:52\n");
  expect_found(PAYDAY "rule r when kind in [customer moto] and risk > 3 route a, b with later payday\n"
                      "otherwise decline",
               "W later_never 2:72\n");
  expect_found(PAYDAY "rule r when kind == recurring route a, b with later payday\notherwise decline", "");
  expect_found(PAYDAY "rule r when not kind == customer route a, b with later payday\notherwise decline", "");
  expect_found(PAYDAY "rule r when kind != customer and kind != moto route a, b with later payday\n"
                      "otherwise decline",
               "");
  /* What comes before catches all of them. */
  expect_found(PAYDAY "rule r when kind in " KINDS " route a, b\notherwise route a, b with later payday",
               "W later_never 3:33\n");
  expect_found(PAYDAY "rule r when kind in " KINDS " and risk > 3 route a, b\n"
                      "otherwise route a, b with later payday",
               "");
  expect_found(PAYDAY "rule r when kind in " KINDS " best of a, b as advice\n"
                      "otherwise route a, b with later payday",
               "");
  /* Nothing comes to the rule at all: that is enough to say. */
  expect_found(PAYDAY "rule r when kind == customer and kind == moto route a, b with later payday\n"
                      "otherwise decline",
               "E never_matches 2:6\n");
}

Test(policy_later, the_checker_finds_contradictions) {
  expect_found(PAYDAY "otherwise route a, b with retry off, later payday", "E later_retry_off 2:44\n");
  expect_found(PAYDAY "rule r when risk > 3 best of a, b as advice with later payday\n"
                      "otherwise route a, b with later payday",
               "W advice_options 2:6\n");
  expect_found("rule r when risk > 3 best of a, b as advice with three_ds skip\notherwise route a, b",
               "W advice_options 1:6\n");
}

Test(policy_later, the_checker_finds_zones_that_nobody_knows) {
  expect_found("schedule p = 1 try within 3 days at 6..9 in \"Europe/Berln\"" REST, "E zone_unknown 1:10\n");
  expect_found("schedule p = 1 try within 3 days at 6..9 in \"Europe/Berlin\"" REST, "");
  expect_found(
      "rule r when hour(\"Europe/Berlin\") > 3 and (risk > 3 or not day(\"Europe/Paris\") == 1) decline\n"
      "otherwise decline",
      "E zone_unknown 1:60\n");
}

static void expect_gap(const char *says, bool wanted) {
  char text[TEXT_CAPACITY];
  snprintf(text, sizeof text, "schedule p = %s" REST, says);
  expect_found(text, wanted ? "W schedule_gap 1:10\n" : "");
}

/* A day and an hour pass after the decline before anything is tried. */
Test(policy_later, the_checker_finds_gaps_between_days) {
  expect_gap("1 try within 1 day", true);
  expect_gap("1 try within 2 days", false);
  expect_gap("1 try within 2 days at 0..22 in \"UTC\"", false);
  expect_gap("1 try within 2 days at 6..6 in \"UTC\"", false); /* 25 hours, and 23 more */
  expect_gap("1 try within 30 days on [1] in \"UTC\"", true);  /* 30 days from the end of 1 July */
  expect_gap("1 try within 15 days on [1 15 28] in \"UTC\"", false);
  expect_gap("1 try within 14 days on [1 15 28] in \"UTC\"", true); /* 13 days, and that day */
  expect_gap("1 try within 15 days on [1 15 28] at 6..9 in \"UTC\"",
             false); /* four hours of 15 days are left */
  expect_gap("1 try within 15 days on [1 15 28] at 8..8 in \"UTC\"", false);
  expect_gap("1 try within 15 days on [1 15 28] at 8..7 in \"UTC\"", false);
  expect_gap("1 try within 16 days on [1 16] in \"UTC\"", true); /* 16 days from the 16th to the 1st */
  expect_gap("1 try within 17 days on [1 16] in \"UTC\"", false);
  expect_gap("1 try within 30 days on [30 31] in \"UTC\"", true); /* 31 December to 30 January */
  expect_gap("1 try within 30 days on [29 31] in \"UTC\"", false);
}

/* ---- Every claim about gaps against every hour of four years ---- */

enum { HOURS = 24, YEARS_DAYS = 4 * 365 + 1 };

static uint64_t random_state = 20261128;

static unsigned below(unsigned limit) { /* SplitMix64 */
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (unsigned)((z ^ z >> 31) % limit);
}

/* Which hours, from 1 January of a leap year on, the schedule allows. */
static void mark_hours(const struct policy_schedule *schedule, bool *ret_hours, unsigned hour_count) {
  static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  unsigned open = (schedule->hour_to + HOURS - schedule->hour_from) % HOURS + 1;
  memset(ret_hours, 0, hour_count * sizeof *ret_hours);
  for (unsigned date = 0, month = 0, day = 1; date < YEARS_DAYS; date++) {
    unsigned length = lengths[month % 12] + (month == 1);
    bool on = schedule->days == 0 || (schedule->days >> day & 1) != 0;
    for (unsigned lacking = length + 1; day == length && lacking <= 31; lacking++)
      on = on || (schedule->days >> lacking & 1) != 0;
    for (unsigned i = 0; on && i < open; i++)
      if (date * HOURS + schedule->hour_from + i < hour_count)
        ret_hours[date * HOURS + schedule->hour_from + i] = true;
    day++;
    if (day > length) {
      day = 1;
      month++;
    }
  }
}

/* Whether some payment, begun and declined in the middle of an hour, is left out: none of the schedule's
 * hours comes after a day and an hour, and before the end. */
static bool leaves_out(const struct policy_schedule *schedule) {
  enum { COUNT = YEARS_DAYS * HOURS, GAP = 25 };
  static bool hours[COUNT];
  static unsigned before[COUNT + 1]; /* how many hours before this one */
  unsigned within = (unsigned)schedule->within_days * HOURS;
  mark_hours(schedule, hours, COUNT);
  for (unsigned i = 0; i < COUNT; i++)
    before[i + 1] = before[i] + hours[i];
  for (unsigned i = HOURS; i + within < COUNT; i++) /* the first night may have begun the year before */
    if (within < GAP || before[i + within + 1] == before[i + GAP])
      return true;
  return false;
}

Test(policy_later, a_gap_is_found_if_and_only_if_it_is_there) {
  unsigned gaps = 0, none = 0;
  for (unsigned round = 0; round < 2000; round++) {
    static struct policy_findings findings;
    char says[256];
    size_t length = (size_t)snprintf(says, sizeof says, "1 try within %u days on [", 1 + below(30));
    for (unsigned i = 1 + below(4); i > 0; i--)
      length += (size_t)snprintf(says + length, sizeof says - length, "%u ", 1 + below(31));
    length += (size_t)snprintf(says + length, sizeof says - length, "]");
    if (below(2) == 0)
      length +=
          (size_t)snprintf(says + length, sizeof says - length, " at %u..%u", below(HOURS), below(HOURS));
    snprintf(says + length, sizeof says - length, " in \"UTC\"");
    struct policy *policy = schedule_of(says);
    cr_assert_eq(policy_check(policy, NULL, 0, NULL, &findings), 0);
    bool claimed = findings.count > 0, real = leaves_out(policy_schedule(policy, 0));
    cr_assert_eq(claimed, real, "%s: claimed %d", says, claimed);
    gaps += real;
    none += !real;
    policy_free(policy);
  }
  cr_expect(gaps > 100 && none > 100, "%u, %u", gaps, none);
}

/* ---- What differs ---- */

static void expect_difference(const char *before, const char *after, size_t at, const char *was,
                              const char *is) {
  struct policy *policies[] = {parse(before), parse(after)};
  char *texts[2];
  struct policy_diff diff;
  for (unsigned i = 0; i < 2; i++) {
    cr_assert_eq(policy_print(policies[i], &texts[i]), 0);
    policy_free(policies[i]);
  }
  cr_assert_eq(policy_diff(texts[0], texts[1], &diff), 0);
  cr_assert(at < diff.count);
  const struct policy_difference *one = &diff.differences[at];
  cr_expect_eq(diff.added + diff.removed + diff.changed + diff.moved, 1);
  cr_expect_str_eq(one->before != NULL ? one->before : "", was);
  cr_expect_str_eq(one->after != NULL ? one->after : "", is);
  policy_diff_free(&diff);
  free(texts[0]);
  free(texts[1]);
}

Test(policy_later, a_line_tells_its_schedule) {
  static const char payday[] = "schedule payday = 4 tries within 21 days";
  cr_expect(policy_line_names_schedule("otherwise route a with later payday", payday));
  cr_expect(policy_line_names_schedule("rule r when risk > 1 route a with retry off, later payday", payday));
  cr_expect_not(policy_line_names_schedule("otherwise route a with later payday2", payday));
  cr_expect_not(policy_line_names_schedule("otherwise route a with later mypayday", payday));
  cr_expect_not(policy_line_names_schedule("otherwise route a, later, payday", payday));
  cr_expect_not(policy_line_names_schedule("set s = [\"\" later payday", payday));
  cr_expect_not(policy_line_names_schedule("payday", payday));
  cr_expect_not(policy_line_names_schedule("otherwise route a with later payday", "set payday = [AT]"));
  cr_expect_not(policy_line_names_schedule("otherwise route a with later payday", ""));
}

Test(policy_later, a_difference_is_a_schedule_or_an_option) {
  expect_difference(PAYDAY "otherwise route a with later payday",
                    "schedule payday = 5 tries within 21 days\notherwise route a with later payday", 0,
                    "schedule payday = 4 tries within 21 days", "schedule payday = 5 tries within 21 days");
  expect_difference("otherwise route a", PAYDAY "otherwise route a", 0, "",
                    "schedule payday = 4 tries within 21 days");
  expect_difference(PAYDAY "otherwise route a", "otherwise route a", 0,
                    "schedule payday = 4 tries within 21 days", "");
  expect_difference(PAYDAY "otherwise route a", PAYDAY "otherwise route a with later payday", 1,
                    "otherwise route a", "otherwise route a with later payday");
}
