#include "webhook.h"

#include "answer_view.h"
#include "clock.h"
#include "log.h"
#include "parts.h"
#include "scrub.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000, SECONDS_DIGITS_MAX = 11 };

_Static_assert((int)SHEET_SIGNED_MAX == (int)WEBHOOK_SIGNED_MAX, "what a sheet may name can be told");

/* A text of an entry, cut nowhere: false when it does not fit. What is not there is "". */
static bool read_text_at(const json_t *entry, const struct json_path *path, char *ret_text, size_t capacity) {
  char text[JSON_SCALAR_CAPACITY];
  const json_t *value = answer_json_at(entry, path);
  size_t length = value == NULL ? 0 : answer_json_text(value, text);
  if (length >= capacity)
    return false;
  memcpy(ret_text, text, length);
  ret_text[length] = '\0';
  return true;
}

static bool read_signature(const json_t *entry, const struct webhook_plan *plan,
                           struct webhook_event *event) {
  event->signed_count = plan->signed_count;
  bool fits = true;
  for (uint8_t i = 0; fits && i < plan->signed_count; i++)
    fits =
        read_text_at(entry, &plan->signed_paths[i], event->signed_values[i], sizeof event->signed_values[i]);
  if (fits && plan->signing.scheme == WEBHOOK_FIELD_HMAC)
    fits = read_text_at(entry, &plan->signature, event->signature, sizeof event->signature);
  return fits;
}

static int64_t read_time(const json_t *entry, const struct webhook_plan *plan) {
  char text[JSON_SCALAR_CAPACITY];
  int64_t at_ms = 0;
  if (!plan->timed || !read_text_at(entry, &plan->time, text, sizeof text) || text[0] == '\0')
    return 0;
  size_t digits = strspn(text, "0123456789");
  if (text[digits] == '\0' && digits <= SECONDS_DIGITS_MAX)
    return strtoll(text, NULL, 10) * MS_PER_S;
  return timestamp_parse(text, &at_ms) == 0 ? at_ms : 0;
}

static bool is_named(const struct webhook_rule *rule, const char *name) {
  for (uint8_t i = 0; i < rule->name_count; i++)
    if (strcmp(rule->names[i], name) == 0)
      return true;
  return false;
}

/* The check of a card has keys of its own kind, whatever the PSP calls it. */
static enum operation about_of(const struct webhook_rule *rule, const char *key) {
  return operation_releases_card(rule->about) && strncmp(key, "ver_", 4) == 0 ? OPERATION_VERIFY
                                                                              : rule->about;
}

static void scrub_event(struct webhook_event *event) {
  const struct scrub any_card = {.everywhere = true};
  unsigned dropped = scrub_answer(&any_card, &event->fields);
  if (dropped > 0)
    log_warn_number("alert: a webhook held card data, which was dropped", "fields", dropped);
}

static void read_told(const struct sheet *sheet, const json_t *entry, const char *name,
                      struct webhook_event *event) {
  static const struct http_answer nothing_else = {.status = 200};
  static const char no_currency[CURRENCY_CAPACITY] = "";
  for (const struct webhook_rule *rule = sheet->webhooks->rules; rule != NULL; rule = rule->next) {
    struct answer_view view = {.sheet = sheet,
                               .plan = &rule->plan,
                               .http = &nothing_else,
                               .key = event->key,
                               .operation = rule->about,
                               .currency = no_currency,
                               .body = entry};
    const struct outcome_rule *outcome = is_named(rule, name) ? answer_view_rule(&view) : NULL;
    if (outcome == NULL)
      continue;
    event->tells = true;
    event->about = about_of(rule, event->key);
    event->answer = outcome->answer;
    event->at_ms = read_time(entry, sheet->webhooks);
    answer_view_fields(&view, &event->fields);
    scrub_event(event);
    return;
  }
}

/* False when the entry cannot be what the sheet describes. */
static bool read_entry(const struct sheet *sheet, const json_t *entry, struct webhook_event *event) {
  const struct webhook_plan *plan = sheet->webhooks;
  char name[JSON_SCALAR_CAPACITY], key[JSON_SCALAR_CAPACITY];
  if (!json_is_object(entry) || !read_signature(entry, plan, event) ||
      !read_text_at(entry, &plan->event, name, sizeof name) ||
      !read_text_at(entry, &plan->key, key, sizeof key) || name[0] == '\0')
    return false;
  if (!step_key_holds(key))
    return true; /* somebody else's payment on the same account */
  memcpy(event->key, key, strlen(key) + 1);
  read_told(sheet, entry, name, event);
  return true;
}

static bool read_entries(const struct sheet *sheet, const json_t *root, struct webhook_reading *reading) {
  const struct webhook_plan *plan = sheet->webhooks;
  const json_t *items = plan->listed ? answer_json_at(root, &plan->items) : NULL;
  size_t count = plan->listed ? json_array_size(items) : 1;
  if (count == 0 || count > WEBHOOK_EVENTS_MAX)
    return false;
  reading->count = (uint8_t)count;
  for (size_t i = 0; i < count; i++) {
    const json_t *entry = plan->listed ? answer_json_at(json_array_get(items, i), &plan->item) : root;
    if (entry == NULL || !read_entry(sheet, entry, &reading->events[i]))
      return false;
  }
  return true;
}

int webhook_read(const struct sheet *sheet, const struct webhook_body *body,
                 struct webhook_reading *ret_reading) {
  if (sheet->webhooks == NULL)
    return -EOPNOTSUPP;
  json_t *root = answer_json_read(body->bytes, body->length);
  memset(ret_reading, 0, sizeof *ret_reading);
  bool read = root != NULL && read_entries(sheet, root, ret_reading);
  json_decref(root);
  return read ? 0 : -EBADMSG;
}
