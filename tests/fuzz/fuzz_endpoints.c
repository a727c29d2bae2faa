/* What comes about events and endpoints: bodies, queries, ids, and journal entries as a damaged store might
 * hand them back. */
#include "endpoints_parse.h"
#include "events.h"
#include "query_args.h"
#include "webhook_url.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_body(const struct endpoint_body *body, bool live) {
  struct webhook_url url;
  assert((body->types & ~EVERY_EVENT_TYPE) == 0 && body->status >= -1 && body->status <= 1);
  assert(strlen(body->description) < sizeof body->description);
  if (body->url[0] != '\0')
    assert(webhook_url_parse(body->url, &url) == 0 && webhook_url_allowed(&url, live));
}

static void check_query(const char *text) {
  struct events_query query;
  struct event_key key = {{1, 2, 3}};
  struct event_place place;
  struct fault fault = {0};
  int64_t at_ms;
  if (parse_events_query(text, &query, &fault) != 0)
    return;
  assert(query.types != 0 && (query.types & ~EVERY_EVENT_TYPE) == 0);
  if (query.page.after.text[0] != '\0' && event_id_read(&key, &query.page.after, &place, &at_ms) == 0)
    assert(id_equal(&query.page.after, &(struct id[]){event_id_of(&key, &place, at_ms)}[0]));
}

static void check_entries(const uint8_t *data, size_t size) {
  struct journal_entry entry = {.body = data, .length = size};
  struct endpoint_record record;
  struct policy_publication publication;
  enum endpoint_change change;
  if (ledger_endpoint_entry(&entry, &change, &record) == 0)
    assert(change > 0 && change < ENDPOINT_CHANGE_COUNT && record.status < ENDPOINT_STATUS_COUNT);
  (void)!ledger_policy_entry(&entry, &publication);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct endpoint_body body;
  struct fault fault = {0};
  struct id event;
  char *text = malloc(size + 1);
  assert(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  for (int live = 0; live < 2; live++) {
    if (parse_endpoint(data, size, live, &body, &fault) == 0)
      check_body(&body, live);
    if (parse_endpoint_update(data, size, live, &body, &fault) == 0)
      check_body(&body, live);
  }
  if (parse_redeliver(data, size, &event, &fault) == 0)
    assert(event.text[0] == '\0' || id_parse("evt", event.text, NULL) == 0);
  check_query(text);
  check_entries(data, size);
  free(text);
  return 0;
}
