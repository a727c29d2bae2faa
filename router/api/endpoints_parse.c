#include "endpoints_parse.h"
#include "webhook_url.h"
#include <string.h>

static void take_types(struct json_intake *intake, const json_t *value, const struct json_rule *rule,
                       void *target) {
  event_type_set set = 0;
  size_t i;
  json_t *entry;
  if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > (size_t)rule->high) {
    json_refuse(intake, "invalid_field", "The field is a list of types of events, one at least.");
    return;
  }
  json_array_foreach(value, i, entry) {
    const char *name = json_string_value(entry);
    enum event_type type = name != NULL ? event_type_from_name(name) : EVENT_NONE;
    if (type == EVENT_NONE) {
      json_refuse(intake, "invalid_field", "There is no such type of event.");
      return;
    }
    set |= (event_type_set)1 << type;
  }
  memcpy((char *)target + rule->offset, &set, sizeof set);
}

static const char *const statuses[] = {"enabled", "disabled", NULL};

#define SHARED                                                                                               \
  {"types", take_types, .offset = offsetof(struct endpoint_body, types), .high = EVENT_TYPE_COUNT - 1}, {    \
    "description", json_take_text, .offset = offsetof(struct endpoint_body, description),                    \
                                   .high = ENDPOINT_DESCRIPTION_CAPACITY - 1, .alphabet = ALPHABET_TEXT      \
  }
#define URL(needed)                                                                                          \
  {                                                                                                          \
    "url", json_take_text, (needed), offsetof(struct endpoint_body, url), .high = ENDPOINT_URL_CAPACITY - 1, \
                                                                          .alphabet = ALPHABET_REF           \
  }

const struct json_rule endpoint_rules[] = {URL(true), SHARED, {0}};
const struct json_rule endpoint_update_rules[] = {
    URL(false),
    SHARED,
    {"status", json_take_word, .offset = offsetof(struct endpoint_body, status), .choices = statuses},
    {0}};
const struct json_rule redeliver_rules[] = {{"event", json_take_id, .prefix = "evt"}, {0}};

static int check_url(const char *text, bool live, struct fault *ret_fault) {
  struct webhook_url url;
  if (webhook_url_parse(text, &url) == 0 && webhook_url_allowed(&url, live))
    return 0;
  *ret_fault =
      fault_at(422, "invalid_field",
               live ? "The URL must be https, to a public name; no user, no fragment."
                    : "The URL must be https to a name, or lead to this machine; no user, no fragment.",
               "url");
  return 1;
}

static int parse(const void *bytes, size_t length, bool live, const struct json_rule *rules,
                 struct endpoint_body *ret_body, struct fault *ret_fault) {
  *ret_body = (struct endpoint_body){.status = -1};
  if (json_take_body(bytes, length, false, rules, ret_body, ret_fault) != 0)
    return 1;
  return ret_body->url[0] == '\0' ? 0 : check_url(ret_body->url, live, ret_fault);
}

int parse_endpoint(const void *bytes, size_t length, bool live, struct endpoint_body *ret_body,
                   struct fault *ret_fault) {
  return parse(bytes, length, live, endpoint_rules, ret_body, ret_fault);
}

int parse_endpoint_update(const void *bytes, size_t length, bool live, struct endpoint_body *ret_body,
                          struct fault *ret_fault) {
  return parse(bytes, length, live, endpoint_update_rules, ret_body, ret_fault);
}

int parse_redeliver(const void *bytes, size_t length, struct id *ret_event, struct fault *ret_fault) {
  *ret_event = (struct id){""};
  return json_take_body(bytes, length, true, redeliver_rules, ret_event, ret_fault);
}
