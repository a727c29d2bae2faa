#include "random_policy.h"
#include "routing.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct policy *from_text(const char *text) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0, "%s\n%u:%u %s", text, error.line,
               error.column, error.expected);
  return policy;
}

static struct policy *from_json(const char *json) {
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse_json(json, strlen(json), &policy, &error), 0, "%s\n%s", json, error.expected);
  return policy;
}

/* Takes the policy. */
static char *to_text(struct policy *policy) {
  char *text = NULL;
  cr_assert_eq(policy_print(policy, &text), 0);
  policy_free(policy);
  return text;
}

static char *to_json(struct policy *policy) {
  char *json = NULL;
  cr_assert_eq(policy_print_json(policy, &json), 0);
  policy_free(policy);
  return json;
}

static void expect_same(const char *text, const char *json) {
  char *printed = to_json(from_text(text)), *back = to_text(from_json(json));
  cr_expect_str_eq(printed, json);
  cr_expect_str_eq(back, text);
  free(printed);
  free(back);
}

static void expect_wrong(const char *json, const char *expected) {
  struct policy *policy = NULL;
  struct policy_error error = {.line = 7};
  cr_assert_eq(policy_parse_json(json, strlen(json), &policy, &error), POLICY_WRONG, "%s", json);
  cr_expect_null(policy);
  cr_expect_eq(error.line, 0);
  cr_expect(strstr(error.expected, expected) != NULL, "%s: %s", json, error.expected);
}

static void expect_wrong_condition(const char *condition, const char *expected) {
  char json[8192];
  snprintf(json, sizeof json,
           "{\"sets\":[],\"rules\":[{\"name\":\"r\",\"when\":%s,\"action\":{\"type\":\"decline\"}}],"
           "\"otherwise\":{\"type\":\"decline\"}}",
           condition);
  expect_wrong(json, expected);
}

static void expect_wrong_action(const char *action, const char *expected) {
  char json[8192];
  snprintf(json, sizeof json, "{\"sets\":[],\"rules\":[],\"otherwise\":%s}", action);
  expect_wrong(json, expected);
}

Test(policy_json, sets_may_be_left_out) {
  static const char json[] = "{\"rules\":[],\"otherwise\":{\"type\":\"decline\"}}";
  struct policy *policy = NULL;
  struct policy_error error = {0};
  cr_assert_eq(policy_parse_json(json, strlen(json), &policy, &error), 0, "%s", error.expected);
  policy_free(policy);
}

Test(policy_json, has_the_shape_that_the_reference_gives) {
  expect_same("otherwise route a, b\n",
              "{\"sets\":[],\"rules\":[],\"otherwise\":{\"type\":\"route\",\"connectors\":[\"a\",\"b\"]}}");
  expect_same(
      "set eea = [AT BE]\n"
      "set plans = [\"gold\" 5 1.5..2]\n"
      "rule one when card.country in eea and (amount > 5000.00 USD or not risk in 1..2) split a 90%, b 10% "
      "by customer with three_ds skip, max_attempts 2\n"
      "rule two when hour(\"Europe/Berlin\") in [1 3..5] or card.attempts(1d) >= 3 cheapest of a where "
      "approval >= 87.25%\n"
      "rule three when card.bin == 411111 or customer.plan in plans best of a, b as advice with "
      "exemption low_value, retry off\n"
      "otherwise decline\n",
      "{\"sets\":[{\"name\":\"eea\",\"members\":[\"AT\",\"BE\"]},"
      "{\"name\":\"plans\",\"members\":[{\"text\":\"gold\"},5,{\"from\":1.5,\"to\":2}]}],"
      "\"rules\":[{\"name\":\"one\",\"when\":{\"and\":[{\"fact\":\"card.country\",\"compare\":\"in\","
      "\"set\":\"eea\"},{\"or\":[{\"fact\":\"amount\",\"compare\":\">\",\"value\":{\"amount\":500000,"
      "\"currency\":\"USD\"}},{\"not\":{\"fact\":\"risk\",\"compare\":\"in\",\"members\":[{\"from\":1,"
      "\"to\":2}]}}]}]},\"action\":{\"type\":\"split\",\"connectors\":[{\"name\":\"a\",\"weight\":90},"
      "{\"name\":\"b\",\"weight\":10}],\"by\":\"customer\",\"with\":{\"three_ds\":\"skip\","
      "\"max_attempts\":2}}},"
      "{\"name\":\"two\",\"when\":{\"or\":[{\"fact\":\"hour\",\"zone\":\"Europe/Berlin\",\"compare\":\"in\","
      "\"members\":[1,{\"from\":3,\"to\":5}]},{\"fact\":\"card.attempts\",\"window\":\"1d\",\"compare\":"
      "\">=\",\"value\":3}]},\"action\":{\"type\":\"cheapest\",\"connectors\":[\"a\"],\"approval\":87.25}},"
      "{\"name\":\"three\",\"when\":{\"or\":[{\"fact\":\"card.bin\",\"compare\":\"==\",\"value\":411111},"
      "{\"fact\":\"customer.plan\",\"compare\":\"in\",\"set\":\"plans\"}]},\"action\":{\"type\":\"best\","
      "\"connectors\":[\"a\",\"b\"],\"advice\":true,\"with\":{\"exemption\":\"low_value\",\"retry\":\"off\"}}"
      "}],"
      "\"otherwise\":{\"type\":\"decline\"}}");
}

Test(policy_json, refuses_with_the_path) {
  expect_wrong("", "well-formed");
  expect_wrong("{\"sets\":[],\"sets\":[]}", "well-formed");
  expect_wrong("[]", "an object");
  expect_wrong("{}", "rules: a list");
  expect_wrong("{\"sets\":[],\"rules\":[]}", "otherwise: an action");
  expect_wrong("{\"sets\":[],\"rules\":[],\"more\":1}", "no member of another name");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[]}]}", "sets[0]: a member");
  expect_wrong("{\"sets\":[{\"name\":\"S\",\"members\":[1]}]}", "sets[0].name: a name");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[5,\"USD\"]}]}",
               "sets[0].members[1]: a member of the same kind");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[\"5\"]}]}", "sets[0].members[0]: a word");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[{\"text\":\"a\\nb\"}]}]}",
               "sets[0].members[0]: a text in UTF-8");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[{\"text\":\"a\",\"x\":1}]}]}",
               "no member of another");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[true]}]}", "a value");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[0.0001]}]}", "three decimals");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[1e12]}]}", "twelve digits");
  expect_wrong("{\"sets\":[{\"name\":\"s\",\"members\":[{\"from\":2,\"to\":1}]}]}", "below the first");
  expect_wrong_condition("true", "rules[0].when: a condition");
  expect_wrong_condition("{\"and\":[{\"fact\":\"risk\",\"compare\":\">\",\"value\":1}]}", "two conditions");
  expect_wrong_condition("{\"not\":{\"fact\":\"risk\",\"compare\":\">\",\"value\":101}}",
                         "rules[0].when.not.value: a number from 0 to 100");
  expect_wrong_condition("{\"fact\":\"rsik\",\"compare\":\">\",\"value\":1}", "rules[0].when.fact: a fact");
  expect_wrong_condition("{\"fact\":\"risk\",\"compare\":\"gt\",\"value\":1}", "rules[0].when.compare: ==");
  expect_wrong_condition("{\"fact\":\"risk\",\"compare\":\">\",\"members\":[1]}", "no member of another");
  expect_wrong_condition("{\"fact\":\"risk\",\"compare\":\"in\",\"members\":[]}", "a value to compare with");
  expect_wrong_condition("{\"fact\":\"risk\",\"compare\":\"in\"}", "either a set or members");
  expect_wrong_condition("{\"fact\":\"risk\",\"compare\":\"in\",\"set\":\"s\",\"members\":[1]}",
                         "either a set");
  expect_wrong_condition("{\"fact\":\"risk\",\"zone\":\"UTC\",\"compare\":\">\",\"value\":1}",
                         "no time zone");
  expect_wrong_condition("{\"fact\":\"hour\",\"compare\":\">\",\"value\":1}", "rules[0].when.zone: a string");
  expect_wrong_condition("{\"fact\":\"risk\",\"compare\":\">\",\"value\":\"1\"}", "when.value: a word");
  expect_wrong_condition("{\"fact\":\"card.country\",\"compare\":\"<\",\"value\":\"AT\"}", "when.value: ==");
  expect_wrong_condition(
      "{\"fact\":\"amount\",\"compare\":\"<\",\"value\":{\"amount\":1.5,\"currency\":\"EUR\"}}",
      "minor units");
  expect_wrong_condition(
      "{\"fact\":\"amount\",\"compare\":\"<\",\"value\":{\"amount\":-1,\"currency\":\"EUR\"}}",
      "zero or more");
  expect_wrong_action("{\"type\":\"pay\"}", "otherwise.type: route");
  expect_wrong_action("{\"type\":\"decline\",\"connectors\":[]}", "no member of another");
  expect_wrong_action("{\"type\":\"route\",\"connectors\":[]}",
                      "otherwise.connectors: the name of a connector");
  expect_wrong_action("{\"type\":\"route\",\"connectors\":[\"a\",\"a\"]}",
                      "otherwise.connectors[1]: a connector that");
  expect_wrong_action("{\"type\":\"split\",\"connectors\":[{\"name\":\"a\",\"weight\":99}]}",
                      "100% together");
  expect_wrong_action("{\"type\":\"split\",\"connectors\":[{\"name\":\"a\"}]}",
                      "connectors[0].weight: a number");
  expect_wrong_action("{\"type\":\"best\",\"connectors\":[\"a\"],\"advice\":true}",
                      "otherwise.advice: an action");
  expect_wrong_action("{\"type\":\"route\",\"connectors\":[\"a\"],\"with\":{\"retry\":\"on\"}}",
                      "otherwise.with: off");
}

Test(policy_json, depth_has_a_limit) {
  char json[4096] = "";
  for (int i = 0; i < POLICY_DEPTH_MAX; i++)
    strcat(json, "{\"not\":");
  strcat(json, "{\"fact\":\"risk\",\"compare\":\">\",\"value\":1}");
  for (int i = 0; i < POLICY_DEPTH_MAX; i++)
    strcat(json, "}");
  expect_wrong_condition(json, "32 deep");
  /* It would be flat, but whoever reads it goes as deep. */
  json[0] = '\0';
  for (int i = 0; i < POLICY_DEPTH_MAX; i++)
    strcat(json, "{\"and\":[");
  strcat(json, "{\"fact\":\"risk\",\"compare\":\">\",\"value\":1}");
  for (int i = 0; i < POLICY_DEPTH_MAX; i++)
    strcat(json, ",{\"fact\":\"risk\",\"compare\":\">\",\"value\":1}]}");
  expect_wrong_condition(json, "32 deep");
}

Test(policy_json, text_and_json_are_the_same_policy) {
  for (uint64_t seed = 0; seed < 3000; seed++) {
    char *drawn = random_policy(seed, false, 6);
    char *text = to_text(from_text(drawn)), *json = to_json(from_text(drawn));
    char *text_again = to_text(from_text(text)), *text_back = to_text(from_json(json));
    char *json_again = to_json(from_json(json)), *json_back = to_json(from_text(text_back));
    cr_assert_str_eq(text_again, text);
    cr_assert_str_eq(text_back, text);
    cr_assert_str_eq(json_again, json);
    cr_assert_str_eq(json_back, json);
    free(drawn);
    free(text);
    free(json);
    free(text_again);
    free(text_back);
    free(json_again);
    free(json_back);
  }
}
