#include "sandbox_behaviour.h"
#include <jansson.h>
#include <string.h>

static const char *const fault_names[FAULT_COUNT] = {
    "none",          "refuse",     "reset_before",    "reset_after",
    "hang_before",   "hang_after", "http_500_before", "http_500_after",
    "garbage_after", "status_403", "status_404"};

enum { LATENCY_MAX_MS = 600000, WEBHOOK_DELAY_DEFAULT_MS = 200 };

static const char *const webhooks_names[WEBHOOKS_SENT_COUNT] = {"on", "off", "duplicate", "reorder"};

static const enum operation nameable[] = {OPERATION_AUTHORIZE, OPERATION_CHARGE, OPERATION_CAPTURE,
                                          OPERATION_VOID,      OPERATION_REFUND, OPERATION_STATUS,
                                          OPERATION_VERIFY};

struct behaviour behaviour_default(void) {
  return (struct behaviour){.rate = 1,
                            .operations = 1u << OPERATION_AUTHORIZE | 1u << OPERATION_CHARGE,
                            .search_lag_ms = SEARCH_LAG_DEFAULT_MS,
                            .webhook_delay_ms = WEBHOOK_DELAY_DEFAULT_MS};
}

static const char *read_fault(const json_t *value, struct behaviour *behaviour) {
  const char *name = json_string_value(value);
  for (enum fault fault = FAULT_NONE; name != NULL && fault < FAULT_COUNT; fault++)
    if (strcmp(fault_names[fault], name) == 0) {
      behaviour->fault = fault;
      return NULL;
    }
  return "fault must be one of none, refuse, reset_before, reset_after, hang_before, hang_after, "
         "http_500_before, "
         "http_500_after, garbage_after, status_403, status_404";
}

static const char *read_rate(const json_t *value, struct behaviour *behaviour) {
  behaviour->rate = json_number_value(value);
  return json_is_number(value) && behaviour->rate >= 0 && behaviour->rate <= 1 ? NULL
                                                                               : "rate must be from 0 to 1";
}

static const char *read_latency(const json_t *value, struct behaviour *behaviour) {
  json_int_t latency = json_integer_value(value);
  if (!json_is_integer(value) || latency < 0 || latency > LATENCY_MAX_MS)
    return "latency_ms must be an integer from 0 to 600000";
  behaviour->latency_ms = (uint32_t)latency;
  return NULL;
}

static bool read_code(const json_t *value, char *ret, size_t capacity) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  const char *code = json_is_null(value) ? "" : json_string_value(value);
  if (code == NULL || strlen(code) >= capacity || strspn(code, allowed) != strlen(code))
    return false;
  copy_text(ret, capacity, code);
  return true;
}

static const char *read_decline(const json_t *value, struct behaviour *behaviour) {
  return read_code(value, behaviour->decline, DECLINE_CAPACITY)
             ? NULL
             : "decline must be null or a code of the PSP's";
}

static const char *read_network_code(const json_t *value, struct behaviour *behaviour) {
  return read_code(value, behaviour->network_code, NETWORK_CODE_CAPACITY)
             ? NULL
             : "network_code must be null or a code";
}

static const char *read_advice_code(const json_t *value, struct behaviour *behaviour) {
  return read_code(value, behaviour->advice_code, NETWORK_CODE_CAPACITY)
             ? NULL
             : "advice_code must be null or a code";
}

static uint32_t operation_bit(const char *name) {
  for (size_t i = 0; name != NULL && i < sizeof nameable / sizeof *nameable; i++)
    if (strcmp(operation_name(nameable[i]), name) == 0)
      return 1u << nameable[i];
  return 0;
}

static const char *read_operations(const json_t *value, struct behaviour *behaviour) {
  static const char wrong[] =
      "operations must be a list of authorize, charge, capture, void, refund, status, verify";
  if (!json_is_array(value))
    return wrong;
  behaviour->operations = 0;
  for (size_t i = 0; i < json_array_size(value); i++) {
    uint32_t bit = operation_bit(json_string_value(json_array_get(value, i)));
    if (bit == 0)
      return wrong;
    behaviour->operations |= bit;
  }
  return NULL;
}

static const char *read_transient(const json_t *value, struct behaviour *behaviour) {
  behaviour->transient = json_is_true(value);
  return json_is_boolean(value) ? NULL : "transient must be true or false";
}

static const char *read_search_lag(const json_t *value, struct behaviour *behaviour) {
  behaviour->search_lag_ms = json_integer_value(value);
  return json_is_integer(value) && behaviour->search_lag_ms >= 0 ? NULL
                                                                 : "search_lag_ms must be a positive integer";
}

static const char *read_webhooks(const json_t *value, struct behaviour *behaviour) {
  const char *name = json_string_value(value);
  for (enum webhooks_sent sent = WEBHOOKS_ON; name != NULL && sent < WEBHOOKS_SENT_COUNT; sent++)
    if (strcmp(webhooks_names[sent], name) == 0) {
      behaviour->webhooks = sent;
      return NULL;
    }
  return "webhooks must be one of on, off, duplicate, reorder";
}

static const char *read_webhook_delay(const json_t *value, struct behaviour *behaviour) {
  json_int_t delay = json_integer_value(value);
  if (!json_is_integer(value) || delay < 0 || delay > LATENCY_MAX_MS)
    return "webhook_delay_ms must be an integer from 0 to 600000";
  behaviour->webhook_delay_ms = (uint32_t)delay;
  return NULL;
}

static const char *read_seed(const json_t *value, struct behaviour *behaviour) {
  behaviour->seed = (uint64_t)json_integer_value(value);
  return json_is_integer(value) ? NULL : "seed must be an integer";
}

static const struct {
  const char *name;
  const char *(*read)(const json_t *value, struct behaviour *behaviour);
} members[] = {{"fault", read_fault},
               {"rate", read_rate},
               {"latency_ms", read_latency},
               {"decline", read_decline},
               {"operations", read_operations},
               {"network_code", read_network_code},
               {"advice_code", read_advice_code},
               {"transient", read_transient},
               {"search_lag_ms", read_search_lag},
               {"webhooks", read_webhooks},
               {"webhook_delay_ms", read_webhook_delay},
               {"seed", read_seed}};

static const char *read_member(const char *name, const json_t *value, struct behaviour *behaviour) {
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (strcmp(members[i].name, name) == 0)
      return members[i].read(value, behaviour);
  return "a behaviour has the members fault, rate, latency_ms, decline, operations, network_code, "
         "advice_code, "
         "transient, search_lag_ms, webhooks, webhook_delay_ms, seed";
}

const char *behaviour_parse(const char *body, size_t length, struct behaviour *ret_behaviour) {
  struct behaviour behaviour = behaviour_default();
  json_t *object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
  const char *wrong = json_is_object(object) ? NULL : "the body must be a JSON object";
  const char *name;
  json_t *value;
  if (wrong == NULL)
    json_object_foreach(object, name, value) if (wrong == NULL) wrong = read_member(name, value, &behaviour);
  json_decref(object);
  if (wrong == NULL && behaviour.transient && behaviour.fault == FAULT_HTTP_500_AFTER)
    wrong = "an error that is transient has booked nothing: transient does not go with http_500_after";
  if (wrong == NULL)
    *ret_behaviour = behaviour;
  return wrong;
}

void behaviour_print(const struct behaviour *behaviour, struct text *text) {
  text_print(text,
             "{\"fault\":\"%s\",\"rate\":%g,\"latency_ms\":%u,\"decline\":", fault_names[behaviour->fault],
             behaviour->rate, (unsigned)behaviour->latency_ms);
  text_json_or_null(text, behaviour->decline);
  text_put(text, ",\"network_code\":");
  text_json_or_null(text, behaviour->network_code);
  text_put(text, ",\"advice_code\":");
  text_json_or_null(text, behaviour->advice_code);
  text_put(text, ",\"operations\":[");
  const char *comma = "";
  for (size_t i = 0; i < sizeof nameable / sizeof *nameable; i++)
    if (behaviour_matches(behaviour, nameable[i])) {
      text_print(text, "%s\"%s\"", comma, operation_name(nameable[i]));
      comma = ",";
    }
  text_print(text,
             "],\"transient\":%s,\"search_lag_ms\":%lld,\"webhooks\":\"%s\",\"webhook_delay_ms\":%u,\"seed\":"
             "%llu}",
             behaviour->transient ? "true" : "false", (long long)behaviour->search_lag_ms,
             webhooks_names[behaviour->webhooks], (unsigned)behaviour->webhook_delay_ms,
             (unsigned long long)(behaviour->seed & INT64_MAX));
}

bool behaviour_matches(const struct behaviour *behaviour, enum operation operation) {
  return operation != 0 && (behaviour->operations & 1u << operation) != 0;
}

/* SplitMix64 (Steele, Lea, Flood 2014) of seed and counter. */
static double draw(struct behaviour *behaviour) {
  uint64_t mixed = behaviour->seed + ++behaviour->drawn * 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
  return (double)((mixed ^ mixed >> 31) >> 11) / (double)(1ull << 53);
}

enum fault behaviour_draw(struct behaviour *behaviour, enum operation operation) {
  enum fault fault = behaviour->fault;
  bool about_status = fault == FAULT_STATUS_403 || fault == FAULT_STATUS_404;
  bool meets = about_status ? operation == OPERATION_STATUS
                            : fault == FAULT_REFUSE || behaviour_matches(behaviour, operation);
  if (fault == FAULT_NONE || !meets)
    return FAULT_NONE;
  return draw(behaviour) < behaviour->rate ? fault : FAULT_NONE;
}
