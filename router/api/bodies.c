#include "bodies.h"
#include "stray_card.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  YEAR_MIN = 2000,
  YEAR_MAX = 2099,
  NUMBER_DIGITS = 15 /* of a number in a policy: twelve and three decimals */
};

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

/* ---- Policies ---- */

static void refuse_card(struct json_intake *intake) {
  json_refuse(intake, "card_number_not_allowed", "A card number does not belong here; send its token.");
}

/* A policy has lines and comments, so its alphabet is its parser's affair. */
static void take_policy_text(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                             void *target) {
  const char *text = json_string_value(value);
  if (text == NULL)
    json_refuse(intake, "invalid_field", "The field has the wrong type.");
  else if (text[0] == '\0' || json_string_length(value) > (size_t)rule->high)
    json_refuse(intake, "invalid_field", "The policy is empty or too long.");
  else if (policy_holds_card_number(text))
    refuse_card(intake);
  else
    strcpy((char *)target + rule->offset, text);
}

/* The tree's canonical text, in memory that the caller frees. Returns 0, POLICY_WRONG or -ENOMEM. */
static int text_of_tree(const json_t *tree, char **ret_text, struct policy_error *ret_error) {
  struct policy *policy;
  char *json = json_dumps(tree, JSON_COMPACT | JSON_REAL_PRECISION(NUMBER_DIGITS));
  if (json == NULL)
    return -ENOMEM;
  int result = policy_parse_json(json, strlen(json), &policy, ret_error);
  free(json);
  if (result != 0)
    return result;
  result = policy_print(policy, ret_text);
  policy_free(policy);
  return result;
}

static void take_policy_tree(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                             void *target) {
  struct policy_body *body = target;
  char *text = NULL;
  (void)rule;
  if (!json_is_object(value)) {
    json_refuse(intake, "invalid_field", "The field has the wrong type.");
    return;
  }
  int result = text_of_tree(value, &text, &body->tree_error);
  body->tree = true;
  body->tree_wrong = result == POLICY_WRONG;
  if (result < 0 || (text != NULL && strlen(text) > POLICY_LEDGER_TEXT_MAX))
    json_refuse(intake, "invalid_field", "The policy is too long.");
  else if (text != NULL && policy_holds_card_number(text))
    refuse_card(intake);
  else if (text != NULL)
    strcpy(body->tree_text, text);
  free(text);
}

#define REASON(structure)                                                                                    \
  {                                                                                                          \
    "reason", json_take_text, .offset = offsetof(structure, reason), .high = POLICY_REASON_CAPACITY - 1,     \
                              .alphabet = ALPHABET_TEXT                                                      \
  }

const struct json_rule policy_rules[] = {
    {"text", take_policy_text, .offset = offsetof(struct policy_body, text), .high = POLICY_LEDGER_TEXT_MAX},
    {"tree", take_policy_tree},
    REASON(struct policy_body),
    {0},
};

int parse_policy(const void *bytes, size_t length, struct policy_body *ret_body, struct fault *ret_fault) {
  struct policy_body *body = ret_body;
  body->text[0] = body->tree_text[0] = body->reason[0] = '\0';
  body->tree = body->tree_wrong = false;
  if (json_take_long_body(bytes, length, policy_rules, body, ret_fault) != 0)
    return 1;
  if (body->tree == (body->text[0] != '\0')) {
    *ret_fault = body->tree
                     ? fault_at(422, "invalid_field", "Give a text or a tree, not both.", "tree")
                     : fault_at(422, "missing_field", "A policy is given as a text or as a tree.", "text");
    return 1;
  }
  return 0;
}

#define HASH(name, member)                                                                                   \
  {                                                                                                          \
    name, json_take_text, .offset = offsetof(struct publication_body, member),                               \
                          .high = POLICY_HASH_CAPACITY - 1, .alphabet = ALPHABET_TOKEN                       \
  }

const struct json_rule publication_rules[] = {
    HASH("hash", hash),
    HASH("replaces", replaces),
    REASON(struct publication_body),
    {0},
};

int parse_publication(const void *bytes, size_t length, struct publication_body *ret_body,
                      struct fault *ret_fault) {
  *ret_body = (struct publication_body){0};
  return json_take_body(bytes, length, true, publication_rules, ret_body, ret_fault);
}

const struct json_rule rollback_rules[] = {
    HASH("replaces", replaces),
    REASON(struct publication_body),
    {0},
};

int parse_rollback(const void *bytes, size_t length, struct publication_body *ret_body,
                   struct fault *ret_fault) {
  *ret_body = (struct publication_body){0};
  return json_take_body(bytes, length, true, rollback_rules, ret_body, ret_fault);
}

const struct json_rule replay_rules[] = {{"days", json_take_integer, false, 0, 1, REPLAY_DAYS_MAX}, {0}};

int parse_replay(const void *bytes, size_t length, int64_t *ret_days, struct fault *ret_fault) {
  *ret_days = REPLAY_DAYS_DEFAULT;
  return json_take_body(bytes, length, true, replay_rules, ret_days, ret_fault);
}

const struct json_rule empty_rules[] = {{0}};

int parse_empty(const void *bytes, size_t length, struct fault *ret_fault) {
  char nothing;
  return json_take_body(bytes, length, true, empty_rules, &nothing, ret_fault);
}
