#include "payments_parse.h"
#include "countries.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char wrong_type[] = "The field has the wrong type.";
static const char not_allowed[] = "The field's value is not allowed.";

static const char *const methods[] = {"card", NULL};
static const char *const captures[] = {"automatic", "manual", NULL};
static const char *const retries[] = {"auto", "none", NULL};
static const char *const late_successes[] = {"keep", "void", NULL};
static const char *const three_ds_modes[] = {"auto", "require", "skip", "external", NULL};

static const char *const three_ds_exemptions[] = {"low_value", "transaction_risk_analysis",
                                                  "trusted_beneficiary", "secure_corporate", NULL};

static void *at(void *target, size_t offset) {
  return (char *)target + offset;
}

/* ---- Takers of single values ---- */

static void take_currency(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  if (!json_is_string(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else if (!currency_known(json_string_value(value)))
    json_refuse(intake, "invalid_field", "The currency is not known; codes are upper case, as in ISO 4217.");
  else
    memcpy(at(target, rule->offset), json_string_value(value), CURRENCY_CAPACITY);
}

static void take_country(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                         void *target) {
  if (json_is_string(value) && !country_known(json_string_value(value)))
    json_refuse(intake, "invalid_field",
                "The country is not known; codes are upper case, as in ISO 3166-1 alpha-2.");
  else
    json_take_field_text(intake, value, rule, target);
}

static void take_merchant_category(struct json_intake *intake, const json_t *value,
                                   const struct json_rule *rule, void *target) {
  if (json_is_string(value) && strlen(json_string_value(value)) != 4)
    json_refuse(intake, "invalid_field", not_allowed);
  else
    json_take_field_text(intake, value, rule, target);
}

/* Two words: the first is the default and sets nothing, the second sets the flag. */
static void take_switch(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                        void *target) {
  int choice = 0;
  struct json_rule word = *rule;
  word.offset = 0;
  json_take_word(intake, value, &word, &choice);
  *(bool *)at(target, rule->offset) = choice == 1;
}

static void take_method(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                        void *target) {
  int choice = 0;
  (void)target;
  json_take_word(intake, value, rule, &choice);
}

static void take_kind(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                      void *target) {
  enum payment_kind kind = json_is_string(value) ? payment_kind_from_name(json_string_value(value)) : 0;
  if (!json_is_string(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else if (kind == 0)
    json_refuse(intake, "invalid_field", not_allowed);
  else
    memcpy(at(target, rule->offset), &kind, sizeof kind);
}

static void take_usage(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                       void *target) {
  enum store_usage usage =
      json_is_string(value) ? store_usage_from_name(json_string_value(value)) : STORE_NONE;
  if (!json_is_string(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else if (usage == STORE_NONE)
    json_refuse(intake, "invalid_field", not_allowed);
  else
    memcpy(at(target, rule->offset), &usage, sizeof usage);
}

static void take_risk(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                      void *target) {
  int64_t risk = -1;
  struct json_rule integer = *rule;
  integer.offset = 0;
  json_take_integer(intake, value, &integer, &risk);
  *(int16_t *)at(target, rule->offset) = (int16_t)risk;
}

static void take_deadline(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  int64_t deadline = 0;
  struct json_rule integer = *rule;
  integer.offset = 0;
  json_take_integer(intake, value, &integer, &deadline);
  *(uint32_t *)at(target, rule->offset) = (uint32_t)deadline;
}

/* ---- Takers of whole objects ---- */

static bool metadata_key_allowed(const char *key) {
  size_t length = strlen(key);
  return length > 0 && length <= METADATA_KEY_MAX && alphabet_holds(ALPHABET_TOKEN, key) &&
         strpbrk(key, ".:") == NULL;
}

/* A key of metadata is input: the path names the object only. */
static void take_metadata(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  if (!json_is_object(value)) {
    json_refuse(intake, "invalid_field", wrong_type);
    return;
  }
  if ((int64_t)json_object_size(value) > rule->high) {
    json_refuse(intake, "invalid_field", "There are too many entries.");
    return;
  }
  struct json_rule entry = *rule;
  const char *key;
  json_t *member;
  json_object_foreach((json_t *)(uintptr_t)value, key, member) {
    char text[METADATA_KEY_MAX + METADATA_VALUE_MAX + 2];
    if (!json_is_string(member)) {
      json_refuse(intake, "invalid_field", "The values are strings.");
      return;
    }
    if (!metadata_key_allowed(key) || json_string_length(member) > METADATA_VALUE_MAX) {
      json_refuse(intake, "invalid_field", not_allowed);
      return;
    }
    if (!json_no_card(intake, key) || !json_no_card(intake, json_string_value(member)))
      return;
    snprintf(text, sizeof text, "%s=%s", key, json_string_value(member));
    int result = request_fields_set(at(target, entry.offset), entry.field, text);
    if (result != 0) {
      json_refuse(intake, "invalid_field",
                  result == -ENOBUFS ? "The request's fields are too long together." : not_allowed);
      return;
    }
    entry.field++;
  }
}

/* What the customer agreed to is kept as it was given, whatever the merchant calls its parts. */
static void take_consent(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                         void *target) {
  if (!json_is_object(value) || json_object_size(value) > CONSENT_MEMBERS_MAX) {
    json_refuse(intake, "invalid_field", wrong_type);
    return;
  }
  const char *key;
  json_t *member;
  json_object_foreach((json_t *)(uintptr_t)value, key, member) {
    if (!metadata_key_allowed(key) || json_is_object(member) || json_is_array(member) ||
        (json_is_string(member) && !alphabet_holds(ALPHABET_TEXT, json_string_value(member)))) {
      json_refuse(intake, "invalid_field", not_allowed);
      return;
    }
  }
  char *text = json_dumps(value, JSON_COMPACT);
  if (text == NULL || request_fields_set(at(target, rule->offset), rule->field, text) != 0)
    json_refuse(intake, "invalid_field", not_allowed);
  else
    (void)json_no_card(intake, text);
  free(text);
}

static bool connector_name_allowed(const char *name) {
  size_t length = strlen(name);
  return length > 0 && length < CONNECTOR_NAME_CAPACITY &&
         strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static bool connector_given(const struct payment_request *request, const char *name) {
  for (uint8_t i = 0; i < request->connector_count; i++)
    if (strcmp(request->connectors[i], name) == 0)
      return true;
  return false;
}

static void take_connectors(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                            void *target) {
  struct payment_request *request = at(target, rule->offset);
  if (!json_is_array(value)) {
    json_refuse(intake, "invalid_field", wrong_type);
    return;
  }
  if (json_array_size(value) == 0 || json_array_size(value) > CANDIDATES_MAX) {
    json_refuse(intake, "invalid_field", "The list is empty or too long.");
    return;
  }
  size_t i;
  json_t *element;
  json_array_foreach(value, i, element) {
    const char *name = json_string_value(element);
    if (name == NULL || !connector_name_allowed(name)) {
      json_refuse(intake, "invalid_field", name == NULL ? wrong_type : not_allowed);
      return;
    }
    if (connector_given(request, name)) {
      json_refuse(intake, "invalid_field", "A connector stands twice in the list.");
      return;
    }
    strcpy(request->connectors[request->connector_count++], name);
  }
}

/* ---- The tables ---- */

#define FIELD(name, which)                                                                                   \
  { name, json_take_field_text, false, offsetof(struct payment_request, fields), .field = (which) }
#define FIELD_NUMBER(name, which, least, most)                                                               \
  {                                                                                                          \
    name, json_take_field_integer, false, offsetof(struct payment_request, fields), (least), (most),         \
        .field = (which)                                                                                     \
  }

/* What the routing policy calls customer.plan. */
static void take_plan(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                      void *target) {
  char text[sizeof "plan=" + ATTRIBUTE_VALUE_MAX];
  if (!json_is_string(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else if (json_string_length(value) == 0 || json_string_length(value) > ATTRIBUTE_VALUE_MAX)
    json_refuse(intake, "invalid_field", not_allowed);
  else if (json_no_card(intake, json_string_value(value))) {
    snprintf(text, sizeof text, "plan=%s", json_string_value(value));
    if (request_fields_set(at(target, rule->offset), rule->field, text) != 0)
      json_refuse(intake, "invalid_field", not_allowed);
  }
}

static const struct json_rule customer_members[] = {
    {"id", json_take_id, .offset = offsetof(struct payment_request, customer), .prefix = "cus"},
    {"plan", take_plan, .offset = offsetof(struct payment_request, fields), .high = ATTRIBUTE_VALUE_MAX,
     .field = REQUEST_ATTRIBUTE_FIRST},
    {"attributes", take_metadata, .offset = offsetof(struct payment_request, fields),
     .high = ATTRIBUTES_MAX - 1, .field = REQUEST_ATTRIBUTE_FIRST + 1},
    FIELD("name", REQUEST_CUSTOMER_NAME),
    FIELD("email", REQUEST_CUSTOMER_EMAIL),
    FIELD("phone", REQUEST_CUSTOMER_PHONE),
    FIELD("ip", REQUEST_CUSTOMER_IP),
    {0},
};

static const struct json_rule address_members[] = {
    FIELD("line1", REQUEST_BILLING_LINE1),
    FIELD("line2", REQUEST_BILLING_LINE2),
    FIELD("city", REQUEST_BILLING_CITY),
    FIELD("state", REQUEST_BILLING_STATE),
    FIELD("postal_code", REQUEST_BILLING_POSTAL_CODE),
    {"country", take_country, .offset = offsetof(struct payment_request, fields),
     .field = REQUEST_BILLING_COUNTRY},
    {0},
};

static const struct json_rule browser_members[] = {
    FIELD("accept_header", REQUEST_BROWSER_ACCEPT),
    FIELD("user_agent", REQUEST_BROWSER_USER_AGENT),
    FIELD("language", REQUEST_BROWSER_LANGUAGE),
    FIELD_NUMBER("color_depth", REQUEST_BROWSER_COLOR_DEPTH, 1, 99),
    FIELD_NUMBER("screen_height", REQUEST_BROWSER_SCREEN_HEIGHT, 0, 999999),
    FIELD_NUMBER("screen_width", REQUEST_BROWSER_SCREEN_WIDTH, 0, 999999),
    FIELD_NUMBER("time_zone_offset", REQUEST_BROWSER_TIME_ZONE, -1440, 1440),
    {"java_enabled", json_take_field_bool, .offset = offsetof(struct payment_request, fields),
     .field = REQUEST_BROWSER_JAVA},
    {0},
};

static const struct json_rule three_ds_result_members[] = {
    FIELD("version", REQUEST_THREE_DS_VERSION),
    FIELD("status", REQUEST_THREE_DS_STATUS),
    FIELD("eci", REQUEST_THREE_DS_ECI),
    FIELD("cavv", REQUEST_THREE_DS_CAVV),
    FIELD("ds_transaction_id", REQUEST_THREE_DS_DS_ID),
    {0},
};

static const struct json_rule three_ds_members[] = {
    {"mode", json_take_field_word, .offset = offsetof(struct payment_request, fields),
     .choices = three_ds_modes, .field = REQUEST_THREE_DS_MODE},
    {"exemption", json_take_field_word, .offset = offsetof(struct payment_request, fields),
     .choices = three_ds_exemptions, .field = REQUEST_THREE_DS_EXEMPTION},
    {"result", json_take_object, .members = three_ds_result_members},
    {0},
};

static const struct json_rule store_members[] = {
    {"usage", take_usage, true, offsetof(struct payment_request, store)},
    {"consent", take_consent, .offset = offsetof(struct payment_request, fields), .field = REQUEST_CONSENT},
    {0},
};

static const struct json_rule routing_members[] = {
    {"connectors", take_connectors, true, 0},
    {0},
};

/* A customer is an id; or what is said of one, who gets an id now when none is given. */
static void take_customer(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                          void *target) {
  static const struct json_rule id_rule = {.offset = offsetof(struct payment_request, customer),
                                           .prefix = "cus"};
  (void)rule;
  if (json_is_string(value))
    json_take_id(intake, value, &id_rule, target);
  else
    json_take_members(intake, value, customer_members, target);
}

#define PAYMENT_RULES(token_required)                                                                        \
  {"amount", json_take_integer, true, offsetof(struct payment_request, amount.minor), 1, INT64_MAX},         \
      {"currency", take_currency, true, offsetof(struct payment_request, amount.currency)},                  \
      {"token", json_take_id, (token_required), offsetof(struct payment_request, token), .prefix = "tok"},   \
      {"security_code", json_take_id, .offset = offsetof(struct payment_request, security_code),             \
       .prefix = "cvc"},                                                                                     \
      {"method", take_method, .choices = methods},                                                           \
      {"capture", take_switch, .offset = offsetof(struct payment_request, capture_manual),                   \
       .choices = captures},                                                                                 \
      {"kind", take_kind, .offset = offsetof(struct payment_request, kind)},                                 \
      {"agreement", json_take_id, .offset = offsetof(struct payment_request, agreement), .prefix = "agr"},   \
      {"store", json_take_object, .members = store_members}, FIELD("reference", REQUEST_REFERENCE),          \
      FIELD("statement_descriptor", REQUEST_DESCRIPTOR), {"customer", take_customer},                        \
      {"billing_address", json_take_object, .members = address_members},                                     \
      {"metadata", take_metadata, .offset = offsetof(struct payment_request, fields), .high = METADATA_MAX,  \
       .field = REQUEST_METADATA_FIRST},                                                                     \
      {"risk", take_risk, .offset = offsetof(struct payment_request, risk), .low = 0, .high = 100},          \
      {"merchant_category", take_merchant_category, .offset = offsetof(struct payment_request, fields),      \
       .field = REQUEST_MERCHANT_CATEGORY},                                                                  \
      FIELD("return_url", REQUEST_RETURN_URL), {"browser", json_take_object, .members = browser_members},    \
      {"three_ds", json_take_object, .members = three_ds_members},                                           \
      {"routing", json_take_object, .members = routing_members},                                             \
      {"retry", take_switch, .offset = offsetof(struct payment_request, retry_none), .choices = retries},    \
      {"deadline_ms", take_deadline, .offset = offsetof(struct payment_request, deadline_ms),                \
       .low = DEADLINE_MIN_MS, .high = DEADLINE_MAX_MS},                                                     \
  {                                                                                                          \
    "on_late_success", take_switch, .offset = offsetof(struct payment_request, late_void),                   \
                                    .choices = late_successes                                                \
  }

const struct json_rule payment_rules[] = {PAYMENT_RULES(true), {0}};

/* ---- A payment ---- */

/* A result of 3-D Secure done elsewhere means the mode "external". */
static int check_three_ds(struct payment_request *request, struct fault *ret_fault) {
  bool result = false;
  for (enum request_field field = REQUEST_THREE_DS_VERSION; field <= REQUEST_THREE_DS_DS_ID; field++)
    result = result || request_fields_get(&request->fields, field) != NULL;
  const char *mode = request_fields_get(&request->fields, REQUEST_THREE_DS_MODE);
  bool external = mode != NULL && strcmp(mode, "external") == 0;
  if (external && !result) {
    *ret_fault = fault_at(422, "missing_field", "The mode external needs a result.", "three_ds.result");
    return 1;
  }
  if (result && mode != NULL && !external) {
    *ret_fault =
        fault_at(422, "invalid_field", "A result goes with the mode external only.", "three_ds.result");
    return 1;
  }
  if (result && mode == NULL &&
      request_fields_set(&request->fields, REQUEST_THREE_DS_MODE, "external") != 0) {
    *ret_fault = fault_at(422, "invalid_field", "The request's fields are too long together.", "three_ds");
    return 1;
  }
  return 0;
}

/* Nobody is there to type a code, and none may be kept after the payment that it was typed for (PCI DSS
 * 3.3.1). */
static int check_security_code(const struct payment_request *request, struct fault *ret_fault) {
  bool shopper = request->kind == 0 || request->kind == KIND_CUSTOMER || request->kind == KIND_MOTO;
  if (shopper || request->security_code.text[0] == '\0')
    return 0;
  *ret_fault = fault_at(422, "invalid_field",
                        "No security code goes with a payment that the merchant begins.", "security_code");
  return 1;
}

/* What holds between fields. */
static int check_payment(struct payment_request *request, struct fault *ret_fault) {
  return check_security_code(request, ret_fault) != 0 ? 1 : check_three_ds(request, ret_fault);
}

int parse_payment(const void *bytes, size_t length, struct payment_request *ret_request,
                  struct fault *ret_fault) {
  memset(ret_request, 0, sizeof *ret_request);
  ret_request->risk = -1;
  if (json_take_body(bytes, length, false, payment_rules, ret_request, ret_fault) != 0)
    return 1;
  return check_payment(ret_request, ret_fault);
}

/* ---- Captures, voids, refunds ---- */

/* Zero and negative amounts are refused here as everywhere; the engine looks at what is left to move. */
static void take_movement_amount(struct json_intake *intake, const json_t *value,
                                 const struct json_rule *rule, void *target) {
  struct movement_request *request = target;
  json_take_integer(intake, value, rule, target);
  request->amount_given = true;
}

#define MOVEMENT_AMOUNT                                                                                      \
  { "amount", take_movement_amount, false, offsetof(struct movement_request, amount), 1, INT64_MAX }
#define MOVEMENT_REFERENCE                                                                                   \
  {                                                                                                          \
    "reference", json_take_text, .offset = offsetof(struct movement_request, reference),                     \
                                 .high = REASON_CAPACITY - 1, .alphabet = ALPHABET_PRINT                     \
  }
#define MOVEMENT_REASON                                                                                      \
  {                                                                                                          \
    "reason", json_take_text, .offset = offsetof(struct movement_request, reason),                           \
                              .high = REASON_CAPACITY - 1, .alphabet = ALPHABET_TEXT                         \
  }

const struct json_rule capture_rules[] = {
    MOVEMENT_AMOUNT,
    {"final", json_take_bool, .offset = offsetof(struct movement_request, final)},
    MOVEMENT_REFERENCE,
    {0},
};
const struct json_rule void_rules[] = {MOVEMENT_REFERENCE, MOVEMENT_REASON, {0}};
const struct json_rule refund_rules[] = {MOVEMENT_AMOUNT, MOVEMENT_REFERENCE, MOVEMENT_REASON, {0}};

int parse_movement(const void *bytes, size_t length, enum movement_type type,
                   struct movement_request *ret_request, struct fault *ret_fault) {
  static const struct json_rule *const rules[MOVEMENT_TYPE_COUNT] = {
      [MOVEMENT_CAPTURE] = capture_rules, [MOVEMENT_VOID] = void_rules, [MOVEMENT_REFUND] = refund_rules};
  assert(type >= MOVEMENT_CAPTURE && type < MOVEMENT_TYPE_COUNT);
  memset(ret_request, 0, sizeof *ret_request);
  ret_request->type = type;
  ret_request->final = true;
  return json_take_body(bytes, length, true, rules[type], ret_request, ret_fault);
}

/* ---- What would be decided ---- */

static const char *const card_networks[] = {"visa", "mastercard", "amex",    "discover", "diners",
                                            "jcb",  "unionpay",   "maestro", "unknown",  NULL};
static const char *const fundings[] = {"credit", "debit", "prepaid", NULL};

static void take_card_text(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                           void *target) {
  json_take_text(intake, value, rule, target);
  if (json_is_string(value) && rule->low > 0 && (int64_t)json_string_length(value) < rule->low)
    json_refuse(intake, "invalid_field", not_allowed);
}

static void take_card_network(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                              void *target) {
  struct route_body *body = target;
  int choice = 0;
  json_take_word(intake, value, rule, &choice);
  body->card.view.network = network_from_name(rule->choices[choice]);
}

static void take_card_funding(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                              void *target) {
  struct route_body *body = target;
  int choice = 0;
  json_take_word(intake, value, rule, &choice);
  body->card.facts.funding = funding_from_name(rule->choices[choice]);
}

static void take_card_country(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                              void *target) {
  struct route_body *body = target;
  (void)rule;
  if (!json_is_string(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else if (!country_known(json_string_value(value)))
    json_refuse(intake, "invalid_field", not_allowed);
  else
    strcpy(body->card.facts.country, json_string_value(value));
}

static const struct json_rule card_members[] = {
    {"bin", take_card_text, .offset = offsetof(struct route_body, card.view.bin), .low = 6, .high = 8,
     .alphabet = ALPHABET_DIGITS},
    {"network", take_card_network, .choices = card_networks},
    {"funding", take_card_funding, .choices = fundings},
    {"country", take_card_country},
    {"issuer", take_card_text, .offset = offsetof(struct route_body, card.facts.issuer),
     .high = BIN_ISSUER_CAPACITY - 1, .alphabet = ALPHABET_TEXT},
    {"category", take_card_text, .offset = offsetof(struct route_body, card.facts.category),
     .high = BIN_CATEGORY_CAPACITY - 1, .alphabet = ALPHABET_TEXT},
    {0},
};

static void take_card(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                      void *target) {
  json_take_members(intake, value, rule->members, target);
  *(bool *)at(target, rule->offset) = true;
}

static void take_time(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                      void *target) {
  if (!json_is_string(value))
    json_refuse(intake, "invalid_field", wrong_type);
  else if (timestamp_parse(json_string_value(value), at(target, rule->offset)) != 0)
    json_refuse(intake, "invalid_field", "The field's value is no RFC 3339 time.");
}

/* No policy is one word. */
static bool means_policy_id(const char *text) {
  static const char prefix[] = "pol_";
  return strncmp(text, prefix, sizeof prefix - 1) == 0 && strpbrk(text, " \t\r\n") == NULL;
}

static void take_policy(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                        void *target) {
  struct route_body *body = target;
  const char *text = json_string_value(value);
  (void)rule;
  if (text == NULL)
    json_refuse(intake, "invalid_field", wrong_type);
  else if (id_parse("pol", text, NULL) == 0)
    snprintf(body->policy.text, sizeof body->policy.text, "%s", text);
  else if (means_policy_id(text))
    json_refuse(intake, "policy_not_found", "There is no such policy.");
  else if (json_string_length(value) == 0 || json_string_length(value) > ROUTE_POLICY_MAX)
    json_refuse(intake, "invalid_field", "The policy is empty or too long.");
  else
    strcpy(body->policy_text, text);
}

_Static_assert(offsetof(struct route_body, payment) == 0, "a payment's rules fill in a route's body too");

const struct json_rule route_rules[] = {
    PAYMENT_RULES(false),
    {"card", take_card, .offset = offsetof(struct route_body, has_card), .members = card_members},
    {"at", take_time, .offset = offsetof(struct route_body, at_ms)},
    {"policy", take_policy},
    {0},
};

int parse_route(const void *bytes, size_t length, struct route_body *ret_body, struct fault *ret_fault) {
  memset(ret_body, 0, sizeof *ret_body);
  ret_body->payment.risk = -1;
  if (json_take_body(bytes, length, false, route_rules, ret_body, ret_fault) != 0)
    return 1;
  if (ret_body->payment.token.text[0] != '\0' && ret_body->has_card) {
    *ret_fault = fault_at(422, "invalid_field", "Give a token or a card, not both.", "card");
    return 1;
  }
  return check_payment(&ret_body->payment, ret_fault);
}
