#include "card_body.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "alphabet.h"
#include "card_rules.h"
#include "json_guard.h"

#define FIELD_PROBLEM(name, code, detail, param)                                                             \
  static const struct problem name = {422, code, detail, param, 0}

FIELD_PROBLEM(unknown_field, "unknown_field", "There is a field that is not known here.", NULL);
FIELD_PROBLEM(unknown_card_field, "unknown_field", "There is a field in the card that is not known here.",
              "card");
FIELD_PROBLEM(missing_type, "missing_field", "The type is missing.", "type");
FIELD_PROBLEM(missing_card, "missing_field", "The card is missing.", "card");
FIELD_PROBLEM(missing_number, "missing_field", "The card number is missing.", "card.number");
FIELD_PROBLEM(missing_month, "missing_field", "The month of expiry is missing.", "card.exp_month");
FIELD_PROBLEM(missing_year, "missing_field", "The year of expiry is missing.", "card.exp_year");
FIELD_PROBLEM(missing_token, "missing_field", "The token is missing.", "token");
FIELD_PROBLEM(missing_code, "missing_field", "The security code is missing.", "cvc");
FIELD_PROBLEM(bad_type, "unsupported_type", "The type must be \\\"card\\\".", "type");
FIELD_PROBLEM(bad_card, "invalid_field", "The card must be an object.", "card");
FIELD_PROBLEM(bad_number, "invalid_card_number",
              "This is not a card number: a text of digits, the last of which checks the others.",
              "card.number");
FIELD_PROBLEM(not_test_number, "test_card_required",
              "The test environment takes numbers of the published test ranges only.", "card.number");
FIELD_PROBLEM(bad_month, "invalid_expiry", "The month must be a whole number from 1 to 12.",
              "card.exp_month");
FIELD_PROBLEM(bad_year, "invalid_expiry",
              "The year must be a whole number of four digits, at most 20 years ahead.", "card.exp_year");
FIELD_PROBLEM(expired, "invalid_expiry", "The card has expired.", "card.exp_year");
FIELD_PROBLEM(bad_card_code, "invalid_security_code",
              "The security code must be the three or four digits of this card.", "card.cvc");
FIELD_PROBLEM(bad_name, "invalid_name",
              "The name must be a text of 1 to 64 bytes without control characters.", "card.name");
FIELD_PROBLEM(bad_token, "invalid_token", "This is not a token.", "token");
FIELD_PROBLEM(bad_code, "invalid_security_code", "The security code must be three or four digits, as a text.",
              "cvc");

static const struct problem refused_bodies[] = {
    [JSON_TOO_LONG] = {413, "body_too_large", "The body is larger than is accepted here.", NULL, 0},
    [JSON_TOO_DEEP] = {400, "invalid_json", "Objects and arrays lie too deep within each other.", NULL, 0},
    [JSON_NOT_UTF8] = {400, "invalid_json", "The body is not valid UTF-8.", NULL, 0},
    [JSON_MALFORMED] = {400, "invalid_json", "The body is not one JSON value.", NULL, 0},
    [JSON_KEY_TWICE] = {400, "invalid_json", "A key is there twice in one object.", NULL, 0},
    [JSON_NUMBER_RANGE] = {400, "invalid_json", "A number is too large.", NULL, 0},
};
static const struct problem not_an_object = {400, "invalid_json", "The body must be an object.", NULL, 0};

/* A text of 1 to capacity - 1 digits; nothing branches on which. */
static bool take_digits(const json_t *value, char *ret, size_t capacity) {
  size_t length = json_string_length(value);
  if (!json_is_string(value) || length == 0 || length >= capacity)
    return false;
  const char *text = json_string_value(value);
  unsigned bad = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned digit = (unsigned)(uint8_t)text[i] - '0';
    bad |= digit | (9u - digit);
  }
  if (bad >> 31)
    return false;
  memcpy(ret, text, length);
  ret[length] = '\0';
  return true;
}

static bool take_integer(const json_t *value, int64_t low, int64_t high, int64_t *ret_value) {
  if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high)
    return false;
  *ret_value = json_integer_value(value);
  return true;
}

static unsigned year_of(int64_t now_ms) {
  char text[TIMESTAMP_CAPACITY];
  timestamp_format(now_ms, text);
  return (unsigned)strtoul(text, NULL, 10);
}

static const struct problem *take_number(const json_t *value, const struct card_body_context *context,
                                         struct tokenize *tokenize) {
  if (value == NULL)
    return &missing_number;
  if (!take_digits(value, tokenize->card.number, sizeof tokenize->card.number) ||
      !card_number_acceptable(tokenize->card.number))
    return &bad_number;
  return context->live || card_number_is_test(tokenize->card.number) ? NULL : &not_test_number;
}

static const struct problem *take_expiry(const json_t *month, const json_t *year,
                                         const struct card_body_context *context, struct tokenize *tokenize) {
  int64_t months, years;
  if (month == NULL)
    return &missing_month;
  if (year == NULL)
    return &missing_year;
  if (!take_integer(month, 1, 12, &months))
    return &bad_month;
  if (!take_integer(year, 1970, (int64_t)year_of(context->now_ms) + CARD_YEARS_AHEAD, &years))
    return &bad_year;
  if (card_expired((unsigned)months, (unsigned)years, context->now_ms))
    return &expired;
  tokenize->card.exp_month = (uint8_t)months;
  tokenize->card.exp_year = (uint16_t)years;
  return NULL;
}

static const struct problem *take_code(const json_t *value, struct tokenize *tokenize) {
  if (value == NULL)
    return NULL;
  return take_digits(value, tokenize->code.digits, sizeof tokenize->code.digits) &&
                 card_code_acceptable(&tokenize->code, card_network(tokenize->card.number))
             ? NULL
             : &bad_card_code;
}

static const struct problem *take_name(const json_t *value, struct tokenize *tokenize) {
  if (value == NULL)
    return NULL;
  size_t length = json_string_length(value);
  if (!json_is_string(value) || length == 0 || length >= sizeof tokenize->card.name ||
      !alphabet_holds_bytes(ALPHABET_TEXT, json_string_value(value), length))
    return &bad_name;
  memcpy(tokenize->card.name, json_string_value(value), length + 1);
  return NULL;
}

/* Whether object has no member but those of names. */
static bool only(json_t *object, const char *const names[], size_t count) {
  size_t known = 0;
  for (size_t i = 0; i < count; i++)
    known += json_object_get(object, names[i]) != NULL;
  return known == json_object_size(object);
}

static const struct problem *take_card(json_t *card, const struct card_body_context *context,
                                       struct tokenize *tokenize) {
  static const char *const names[] = {"number", "exp_month", "exp_year", "cvc", "name"};
  if (card == NULL)
    return &missing_card;
  if (!json_is_object(card))
    return &bad_card;
  if (!only(card, names, sizeof names / sizeof *names))
    return &unknown_card_field;
  const struct problem *problem = take_number(json_object_get(card, "number"), context, tokenize);
  if (problem == NULL)
    problem =
        take_expiry(json_object_get(card, "exp_month"), json_object_get(card, "exp_year"), context, tokenize);
  if (problem == NULL)
    problem = take_code(json_object_get(card, "cvc"), tokenize);
  return problem != NULL ? problem : take_name(json_object_get(card, "name"), tokenize);
}

static const struct problem *parse(const void *body, size_t length, json_t **ret_root) {
  json_t *root = NULL;
  int outcome = json_parse_strict(body, length, (struct json_limits){CARD_BODY_MAX, CARD_BODY_DEPTH}, &root);
  if (outcome < 0)
    return &problem_busy;
  if (outcome > 0)
    return &refused_bodies[outcome];
  if (!json_is_object(root)) {
    json_decref(root);
    return &not_an_object;
  }
  *ret_root = root;
  return NULL;
}

const struct problem *card_body_read(const void *body, size_t length, const struct card_body_context *context,
                                     struct tokenize *ret_tokenize) {
  static const char *const names[] = {"type", "card"};
  json_t *root;
  memset(ret_tokenize, 0, sizeof *ret_tokenize);
  const struct problem *problem = parse(body, length, &root);
  if (problem != NULL)
    return problem;
  const json_t *type = json_object_get(root, "type");
  if (!only(root, names, 2))
    problem = &unknown_field;
  else if (type == NULL)
    problem = &missing_type;
  else if (!json_is_string(type) || strcmp(json_string_value(type), "card") != 0)
    problem = &bad_type;
  else
    problem = take_card(json_object_get(root, "card"), context, ret_tokenize);
  json_decref(root);
  return problem;
}

static const struct problem *take_typed(json_t *root, struct code_typed *typed) {
  static const char *const names[] = {"token", "cvc"};
  const json_t *token = json_object_get(root, "token"), *code = json_object_get(root, "cvc");
  if (!only(root, names, 2))
    return &unknown_field;
  if (token == NULL)
    return &missing_token;
  if (code == NULL)
    return &missing_code;
  if (!json_is_string(token) || id_parse("tok", json_string_value(token), NULL) != 0)
    return &bad_token;
  strcpy(typed->token.text, json_string_value(token));
  if (!take_digits(code, typed->code.digits, sizeof typed->code.digits) || strlen(typed->code.digits) < 3)
    return &bad_code;
  return NULL;
}

const struct problem *code_body_read(const void *body, size_t length, struct code_typed *ret_typed) {
  json_t *root;
  memset(ret_typed, 0, sizeof *ret_typed);
  const struct problem *problem = parse(body, length, &root);
  if (problem != NULL)
    return problem;
  problem = take_typed(root, ret_typed);
  json_decref(root);
  return problem;
}
