/* An alert that an approval rate has fallen, as the event that merchants read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "events_render.h"
#include "openapi_text.h"
#include "store_memory.h"

static void fill(void *context, void *ret_bytes, size_t length) {
  (void)context;
  memset(ret_bytes, 7, length);
}

static const struct draws draws = {.fill = fill};

/* The body of the event that the alert's entry tells. */
static json_t *event_of(struct ledger *ledger, uint64_t sequence) {
  struct event_renderer renderer = {.ledger = ledger, .key = event_key_of(ledger)};
  struct entry_events events;
  struct json_out out = {0};
  char *text;
  size_t length;
  cr_assert_eq(events_at(ledger, sequence, &events, NULL), 0);
  cr_assert_eq(events.count, 1);
  cr_assert_eq(render_event(&renderer, &out, &events, 0), 0);
  cr_assert_eq(out_finish(&out, &text, &length), 0);
  events_free(&events);
  json_t *body = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
  free(text);
  cr_assert_not_null(body);
  return body;
}

/* Each member of the object is described, and each described one is there. */
static void expect_as_described(const char *schema, json_t *object) {
  json_t *root = json_loadb(openapi_text, openapi_length, JSON_REJECT_DUPLICATES, NULL), *value;
  const char *name;
  json_t *properties = json_object_get(
      json_object_get(json_object_get(json_object_get(root, "components"), "schemas"), schema), "properties");
  cr_assert_not_null(properties);
  json_object_foreach(object, name, value)
      cr_expect_not_null(json_object_get(properties, name), "%s.%s is not described", schema, name);
  cr_expect_eq(json_object_size(object), json_object_size(properties), "%s", schema);
  json_decref(root);
}

Test(api_rate_alert, is_told_as_it_is_described) {
  static const uint8_t key[LEDGER_KEY_BYTES] = "the ledger's key of this test";
  struct store *store;
  struct ledger *ledger;
  cr_assert_eq(store_open_memory(ledger_tables, &store), 0);
  cr_assert_eq(ledger_open(store, key, &draws, &ledger), 0);
  struct rate_alert alert = {.merchant = draw_id(&draws, "mer", 1767225600000),
                             .window_hours = 2,
                             .now = {.approved = 50, .total = 100},
                             .before = {.approved = 900, .total = 1000}};
  struct journal_head head = {.at_ms = 1767225600000};
  cr_assert_eq(ledger_rate_alert_put(ledger, &head, &alert), 0);
  cr_assert_eq(ledger_commit(ledger), 0);
  json_t *event = event_of(ledger, 1), *data = json_object_get(event, "data");
  cr_expect_str_eq(json_string_value(json_object_get(event, "type")), "approval_rate.dropped");
  expect_as_described("Event", event);
  expect_as_described("ApprovalRateAlert", data);
  expect_as_described("Rate", json_object_get(data, "window"));
  cr_expect_eq(json_integer_value(json_object_get(json_object_get(data, "window"), "rate_bp")), 5000);
  cr_expect_eq(json_integer_value(json_object_get(json_object_get(data, "mean"), "rate_bp")), 9000);
  cr_expect_eq(json_integer_value(json_object_get(data, "confidence_bp")), 9980);
  cr_expect_str_eq(json_string_value(json_object_get(data, "rate")), "payments");
  json_decref(event);
  ledger_free(ledger);
  store_close(store);
}

Test(api_rate_alert, a_damaged_one_is_refused) {
  static const uint8_t key[LEDGER_KEY_BYTES] = "the ledger's key of this test";
  struct store *store;
  struct ledger *ledger;
  struct journal_entry entry;
  struct rate_alert alert = {.merchant = draw_id(&draws, "mer", 1767225600000),
                             .window_hours = 2,
                             .now = {.approved = 101, .total = 100}};
  struct journal_head head = {.at_ms = 1};
  cr_assert_eq(store_open_memory(ledger_tables, &store), 0);
  cr_assert_eq(ledger_open(store, key, &draws, &ledger), 0);
  cr_assert_eq(ledger_rate_alert_put(ledger, &head, &alert), 0);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(ledger_entry(ledger, 1, &entry), 0);
  cr_expect_eq(ledger_rate_alert_entry(&entry, &alert), -EBADMSG, "more approved than there are");
  alert = (struct rate_alert){.merchant = alert.merchant, .basis = RATE_BASIS_COUNT};
  cr_assert_eq(ledger_rate_alert_put(ledger, &head, &alert), 0);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(ledger_entry(ledger, 2, &entry), 0);
  cr_expect_eq(ledger_rate_alert_entry(&entry, &alert), -EBADMSG, "no such rate");
  entry.length -= 2;
  cr_expect_eq(ledger_rate_alert_entry(&entry, &alert), -EBADMSG, "cut");
  ledger_free(ledger);
  store_close(store);
}
