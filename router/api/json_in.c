#include "json_in.h"

#include "ids.h"
#include "stray_card.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char wrong_type[] = "The field has the wrong type.";
static const char not_allowed[] = "The field's value is not allowed.";

void json_refuse(struct json_intake *intake, const char *code, const char *detail) {
  if (intake->fault.status != 0)
    return;
  intake->fault = fault_at(422, code, detail, intake->path);
}

/* Appends a member or an index to the path; returns the length to cut back to. */
static size_t path_enter(struct json_intake *intake, const char *name) {
  size_t length = strlen(intake->path);
  snprintf(intake->path + length, sizeof intake->path - length, "%s%s", length > 0 ? "." : "", name);
  return length;
}

static void path_leave(struct json_intake *intake, size_t length) {
  intake->path[length] = '\0';
}

void json_refuse_member(struct json_intake *intake, const char *name, const char *code, const char *detail) {
  size_t length = path_enter(intake, name);
  json_refuse(intake, code, detail);
  path_leave(intake, length);
}

static const struct json_rule *rule_named(const struct json_rule *rules, const char *name) {
  for (const struct json_rule *rule = rules; rule->name != NULL; rule++)
    if (strcmp(rule->name, name) == 0)
      return rule;
  return NULL;
}

/* A name of a few lower-case letters is worth telling and can hold neither a card number nor a code; any
 * other unknown name is input that must not be echoed (B7). */
static bool name_may_be_told(const char *name) {
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
  return length > 0 && length <= 32 && name[length] == '\0';
}

static void refuse_unknown(struct json_intake *intake, const char *name) {
  static const char detail[] = "The body holds a field that is not known here.";
  if (name_may_be_told(name))
    json_refuse_member(intake, name, "unknown_field", detail);
  else
    json_refuse(intake, "unknown_field", detail);
}

void json_take_members(struct json_intake *intake, const json_t *value, const struct json_rule *rules,
                       void *target) {
  if (!json_is_object(value)) {
    json_refuse(intake, "invalid_field", wrong_type);
    return;
  }
  const char *name;
  json_t *member;
  json_object_foreach((json_t *)(uintptr_t)value, name, member) {
    const struct json_rule *rule = rule_named(rules, name);
    if (rule == NULL) {
      refuse_unknown(intake, name);
      continue;
    }
    size_t length = path_enter(intake, name);
    rule->take(intake, member, rule, target);
    path_leave(intake, length);
  }
  for (const struct json_rule *rule = rules; rule->name != NULL; rule++)
    if (rule->required && json_object_get(value, rule->name) == NULL)
      json_refuse_member(intake, rule->name, "missing_field", "A required field is missing.");
}

static void *place(const struct json_rule *rule, void *target) {
  return (char *)target + rule->offset;
}

/* Whether value is an integer of rule's range. Reals stand for integers only while the one out of range is
 * sought. */
static bool integer_fits(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                         int64_t *ret_integer) {
  if (intake->ranges_only && json_is_real(value)) {
    double real = json_real_value(value);
    if (real != trunc(real)) {
      json_refuse(intake, "invalid_field", wrong_type);
      return false;
    }
    if (real < (double)rule->low || real > (double)rule->high || real >= 0x1p63) {
      json_refuse(intake, "invalid_field", "The field's value is out of range.");
      return false;
    }
    *ret_integer = (int64_t)real;
    return true;
  }
  if (!json_is_integer(value)) {
    json_refuse(intake, "invalid_field", wrong_type);
    return false;
  }
  int64_t integer = json_integer_value(value);
  if (integer < rule->low || integer > rule->high) {
    json_refuse(intake, "invalid_field", "The field's value is out of range.");
    return false;
  }
  *ret_integer = integer;
  return true;
}

void json_take_integer(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                       void *target) {
  int64_t integer;
  if (integer_fits(intake, value, rule, &integer))
    memcpy(place(rule, target), &integer, sizeof integer);
}

void json_take_bool(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                    void *target) {
  if (!json_is_boolean(value)) {
    json_refuse(intake, "invalid_field", wrong_type);
    return;
  }
  bool flag = json_is_true(value);
  memcpy(place(rule, target), &flag, sizeof flag);
}

/* The text of a string value, or NULL after a refusal. Jansson refuses \u0000, so there is no NUL within. */
static const char *text_of(struct json_intake *intake, const json_t *value) {
  if (!json_is_string(value)) {
    json_refuse(intake, "invalid_field", wrong_type);
    return NULL;
  }
  return json_string_value(value);
}

static int choice_of(struct json_intake *intake, const json_t *value, const struct json_rule *rule) {
  const char *text = text_of(intake, value);
  if (text == NULL)
    return -1;
  for (int i = 0; rule->choices[i] != NULL; i++)
    if (strcmp(rule->choices[i], text) == 0)
      return i;
  json_refuse(intake, "invalid_field", not_allowed);
  return -1;
}

void json_take_word(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                    void *target) {
  int choice = choice_of(intake, value, rule);
  if (choice >= 0)
    memcpy(place(rule, target), &choice, sizeof choice);
}

void json_take_id(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                  void *target) {
  const char *text = text_of(intake, value);
  if (text == NULL)
    return;
  if (id_parse(rule->prefix, text, NULL) != 0) {
    json_refuse(intake, "invalid_field", "The field's value is no id of that kind.");
    return;
  }
  struct id *id = place(rule, target);
  snprintf(id->text, sizeof id->text, "%s", text);
}

bool json_no_card(struct json_intake *intake, const char *text) {
  bool holds = holds_card_number(text);
  if (holds)
    json_refuse(intake, "card_number_not_allowed", "A card number does not belong here; send its token.");
  return !holds;
}

void json_take_text(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                    void *target) {
  const char *text = text_of(intake, value);
  if (text == NULL)
    return;
  size_t length = strlen(text);
  if (length == 0 || length > (size_t)rule->high || !alphabet_holds(rule->alphabet, text)) {
    json_refuse(intake, "invalid_field", not_allowed);
    return;
  }
  if (!json_no_card(intake, text))
    return;
  memcpy(place(rule, target), text, length + 1);
}

void json_take_object(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                      void *target) {
  json_take_members(intake, value, rule->members, target);
}

/* Telephone numbers are as long as card numbers, and what schemes and 3DS servers give out may look like one.
 */
static bool may_hold_card(enum request_field field) {
  return field != REQUEST_CUSTOMER_PHONE && field != REQUEST_THREE_DS_CAVV && field != REQUEST_THREE_DS_DS_ID;
}

static void set_field(struct json_intake *intake, const struct json_rule *rule, void *target,
                      const char *text) {
  int result = request_fields_set(place(rule, target), rule->field, text);
  assert(result != -EEXIST); /* jansson refused keys that stand twice, and each rule has a field of its own */
  if (result == -ENOBUFS)
    json_refuse(intake, "invalid_field", "The request's fields are too long together.");
  else if (result != 0)
    json_refuse(intake, "invalid_field", not_allowed);
}

void json_take_field_text(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  const char *text = text_of(intake, value);
  if (text != NULL && (!may_hold_card(rule->field) || json_no_card(intake, text)))
    set_field(intake, rule, target, text);
}

void json_take_field_integer(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                             void *target) {
  int64_t integer;
  if (!integer_fits(intake, value, rule, &integer))
    return;
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)integer);
  set_field(intake, rule, target, text);
}

void json_take_field_bool(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  if (!json_is_boolean(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else
    set_field(intake, rule, target, json_is_true(value) ? "true" : "false");
}

void json_take_field_word(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  int choice = choice_of(intake, value, rule);
  if (choice >= 0)
    set_field(intake, rule, target, rule->choices[choice]);
}

/* Parses; a body with a number beyond int64 is read again with reals, so that the table can say which field
 * holds it. */
static json_t *parse(const char *bytes, size_t length, struct json_limits limits,
                     struct json_intake *intake) {
  json_t *root = NULL;
  int refusal = json_parse_strict(bytes, length, limits, &root);
  if (refusal == JSON_NUMBER_RANGE) {
    intake->ranges_only = true;
    root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
  }
  if (root == NULL)
    intake->fault = fault_of(refusal == JSON_TOO_LONG ? 413
                             : refusal < 0            ? 503
                                                      : 400,
                             json_refusal_code(refusal), json_refusal_detail(refusal));
  return root;
}

static int take_body(const char *text, size_t length, struct json_limits limits,
                     const struct json_rule *rules, void *target, struct fault *ret_fault) {
  struct json_intake intake = {0};
  json_t *root = parse(text, length, limits, &intake);
  if (root != NULL && !json_is_object(root))
    intake.fault = fault_of(400, "invalid_json", "The body is not a JSON object.");
  if (intake.fault.status == 0)
    json_take_members(&intake, root, rules, target);
  if (intake.fault.status == 0 && intake.ranges_only)
    intake.fault = fault_of(400, "invalid_json", "A number is out of range.");
  json_decref(root);
  if (intake.fault.status == 0)
    return 0;
  *ret_fault = intake.fault;
  return 1;
}

int json_take_body(const void *bytes, size_t length, bool empty_allowed, const struct json_rule *rules,
                   void *target, struct fault *ret_fault) {
  static const struct json_limits limits = {BODY_MAX, BODY_DEPTH_MAX};
  if (length == 0 && empty_allowed)
    return take_body("{}", 2, limits, rules, target, ret_fault);
  return take_body(bytes, length, limits, rules, target, ret_fault);
}

int json_take_long_body(const void *bytes, size_t length, const struct json_rule *rules, void *target,
                        struct fault *ret_fault) {
  static const struct json_limits limits = {LONG_BODY_MAX, LONG_BODY_DEPTH_MAX};
  return take_body(bytes, length, limits, rules, target, ret_fault);
}
