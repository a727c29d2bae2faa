/* openapi.json says of every body what the parser's tables say, and names every route. */
#include "bodies.h"
#include "drills_parse.h"
#include "endpoints_parse.h"
#include "openapi_text.h"
#include "payments_parse.h"
#include "resolutions_parse.h"
#include "resources.h"
#include "routing.h"
#include <criterion/criterion.h>
#include <string.h>

static json_t *description(void) {
  json_t *root = json_loadb(openapi_text, openapi_length, JSON_REJECT_DUPLICATES, NULL);
  cr_assert_not_null(root);
  return root;
}

static bool required(const json_t *schema, const char *name) {
  size_t i;
  json_t *entry;
  json_array_foreach(json_object_get(schema, "required"), i,
                     entry) if (strcmp(json_string_value(entry), name) == 0) return true;
  return false;
}

static bool is_field(const struct json_rule *rule) {
  return rule->take == json_take_field_text;
}

static void compare(const char *where, const json_t *schema, const struct json_rule *rules);

static void compare_member(const struct json_rule *rule, const json_t *property) {
  const char *pattern = json_string_value(json_object_get(property, "pattern"));
  if (rule->members != NULL)
    compare(rule->name, property, rule->members);
  if (rule->take == json_take_integer || rule->take == json_take_field_integer) {
    cr_expect_eq(json_integer_value(json_object_get(property, "minimum")), rule->low, "%s", rule->name);
    cr_expect_eq(json_integer_value(json_object_get(property, "maximum")), rule->high, "%s", rule->name);
  }
  if (is_field(rule) && pattern == NULL)
    cr_expect_eq(json_integer_value(json_object_get(property, "maxLength")),
                 request_field_rule(rule->field)->limit, "%s", rule->name);
  if (rule->take == json_take_text)
    cr_expect_eq(json_integer_value(json_object_get(property, "maxLength")), rule->high, "%s", rule->name);
  if (rule->take == json_take_id)
    cr_expect(pattern != NULL && strncmp(pattern + 1, rule->prefix, strlen(rule->prefix)) == 0, "%s",
              rule->name);
  if (rule->choices != NULL)
    for (size_t i = 0; rule->choices[i] != NULL; i++)
      cr_expect_str_eq(json_string_value(json_array_get(json_object_get(property, "enum"), i)),
                       rule->choices[i]);
}

static void compare(const char *where, const json_t *schema, const struct json_rule *rules) {
  json_t *properties = json_object_get(schema, "properties");
  size_t count = 0;
  cr_assert_not_null(properties, "%s", where);
  cr_expect(json_is_false(json_object_get(schema, "additionalProperties")), "%s", where);
  for (; rules[count].name != NULL; count++) {
    json_t *property = json_object_get(properties, rules[count].name);
    cr_assert_not_null(property, "%s.%s is not described", where, rules[count].name);
    cr_expect_eq(required(schema, rules[count].name), rules[count].required, "%s.%s", where,
                 rules[count].name);
    compare_member(&rules[count], property);
  }
  cr_expect_eq(json_object_size(properties), count, "%s describes what is not there", where);
}

Test(api_description, bodies_are_described_as_they_are_parsed) {
  static const struct {
    const char *name;
    const struct json_rule *rules;
  } bodies[] = {{"PaymentRequest", payment_rules},
                {"RouteRequest", route_rules},
                {"CaptureRequest", capture_rules},
                {"VoidRequest", void_rules},
                {"RefundRequest", refund_rules},
                {"ResolutionRequest", resolution_rules},
                {"TokenUpdate", token_rules},
                {"PolicyRequest", policy_rules},
                {"DrillRequest", drill_rules},
                {"Empty", empty_rules},
                {"WebhookEndpointRequest", endpoint_rules},
                {"WebhookEndpointUpdate", endpoint_update_rules},
                {"RedeliverRequest", redeliver_rules}};
  json_t *root = description();
  json_t *schemas = json_object_get(json_object_get(root, "components"), "schemas");
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    compare(bodies[i].name, json_object_get(schemas, bodies[i].name), bodies[i].rules);
  json_decref(root);
}

static void expect_limits(const json_t *property, int low, int high) {
  cr_expect_eq(json_integer_value(json_object_get(property, "minimum")), low);
  cr_expect_eq(json_integer_value(json_object_get(property, "maximum")), high);
}

Test(api_description, a_schedule_is_described_with_the_languages_limits) {
  json_t *root = description();
  json_t *schemas = json_object_get(json_object_get(root, "components"), "schemas");
  json_t *members = json_object_get(json_object_get(schemas, "PolicySchedule"), "properties");
  expect_limits(json_object_get(members, "tries"), 1, POLICY_LATER_TRIES_MAX);
  expect_limits(json_object_get(members, "within_days"), 1, POLICY_LATER_DAYS_MAX);
  cr_expect_eq(json_integer_value(json_object_get(json_object_get(members, "zone"), "maxLength")),
               POLICY_ZONE_CAPACITY - 1);
  json_decref(root);
}

static const char *word_of(enum http_method method) {
  static const char *const words[HTTP_METHOD_COUNT] = {"",      "get",    "post",   "put",
                                                       "patch", "delete", "options"};
  return words[method];
}

Test(api_description, every_route_is_described_and_no_other) {
  json_t *root = description();
  json_t *paths = json_object_get(root, "paths");
  size_t described = 0;
  const char *path;
  json_t *operations;
  for (size_t i = 0; i < api_route_count; i++) {
    json_t *operation =
        json_object_get(json_object_get(paths, api_routes[i].pattern), word_of(api_routes[i].method));
    cr_assert_not_null(operation, "%s %s", word_of(api_routes[i].method), api_routes[i].pattern);
    bool open = json_array_size(json_object_get(operation, "security")) == 0;
    cr_expect_eq(open, (api_routes[i].needs & NEEDS_KEY) == 0, "%s", api_routes[i].pattern);
  }
  json_object_foreach(paths, path, operations) described += json_object_size(operations);
  cr_expect_eq(described, api_route_count);
  json_decref(root);
}

/* The fixed list, in the order of its numbers. */
Test(api_description, every_type_of_event_is_described_and_no_other) {
  json_t *root = description();
  json_t *schemas = json_object_get(json_object_get(root, "components"), "schemas");
  json_t *types = json_object_get(json_object_get(schemas, "EventType"), "enum");
  cr_assert_eq(json_array_size(types), EVENT_TYPE_COUNT - 1);
  for (size_t i = 0; i < json_array_size(types); i++) {
    const char *name = json_string_value(json_array_get(types, i));
    cr_expect_str_eq(name, event_type_name((enum event_type)(i + 1)));
    cr_expect_eq(event_type_from_name(name), (enum event_type)(i + 1));
  }
  json_decref(root);
}
