#include "bodies.h"
#include <string.h>

enum { YEAR_MIN = 2000, YEAR_MAX = 2099 };

struct expiry {
  int64_t month, year;
};

#define EXPIRY(needed)                                                                                       \
  {"exp_month", json_take_integer, (needed), offsetof(struct expiry, month), 1, 12}, {                       \
    "exp_year", json_take_integer, (needed), offsetof(struct expiry, year), YEAR_MIN, YEAR_MAX               \
  }

/* The date stands as in the answer, within card, or by itself. */
static const struct json_rule card_rules[] = {EXPIRY(true), {0}};
const struct json_rule token_rules[] = {
    EXPIRY(false), {"card", json_take_object, .members = card_rules}, {0}};

int parse_token_update(const void *bytes, size_t length, struct token_update *ret_update,
                       struct fault *ret_fault) {
  struct expiry expiry = {0, 0};
  if (json_take_body(bytes, length, false, token_rules, &expiry, ret_fault) != 0)
    return 1;
  if (expiry.month == 0 || expiry.year == 0) {
    *ret_fault = fault_at(422, "missing_field", "Month and year are given together.",
                          expiry.month == 0 ? "exp_month" : "exp_year");
    return 1;
  }
  ret_update->exp_month = (uint8_t)expiry.month;
  ret_update->exp_year = (uint16_t)expiry.year;
  return 0;
}

/* A policy has lines and comments, so its alphabet is its parser's affair. */
static void take_policy_text(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                             void *target) {
  const char *text = json_string_value(value);
  if (text == NULL)
    json_refuse(intake, "invalid_field", "The field has the wrong type.");
  else if (text[0] == '\0' || json_string_length(value) > (size_t)rule->high)
    json_refuse(intake, "invalid_field", "The policy is empty or too long.");
  else if (json_no_card(intake, text))
    strcpy((char *)target + rule->offset, text);
}

const struct json_rule policy_rules[] = {
    {"text", take_policy_text, true, offsetof(struct policy_body, text), .high = POLICY_LEDGER_TEXT_MAX},
    {0},
};

int parse_policy(const void *bytes, size_t length, struct policy_body *ret_body, struct fault *ret_fault) {
  return json_take_body(bytes, length, false, policy_rules, ret_body, ret_fault);
}

const struct json_rule empty_rules[] = {{0}};

int parse_empty(const void *bytes, size_t length, struct fault *ret_fault) {
  char nothing;
  return json_take_body(bytes, length, true, empty_rules, &nothing, ret_fault);
}
