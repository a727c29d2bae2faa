/* Events that an endpoint did not take in the end. */
#include "endpoints_parse.h"
#include "events_render.h"
#include "pages.h"
#include "query_args.h"
#include "resources.h"
#include <sodium.h>
#include <string.h>

static const struct fault fault_event = {
    .status = 422, .code = "invalid_field", .detail = "There is no such dead letter.", .param = "event"};

/* Whether the merchant has that endpoint: 0, LEDGER_ABSENT or a negated errno. */
static int find(struct call *call, const char *segment) {
  struct endpoint_record record;
  if (id_parse("whk", segment, NULL) != 0)
    return LEDGER_ABSENT;
  strcpy(call->object.text, segment);
  int result = ledger_endpoint_get(call->api->options.ledger, &call->from.merchant, &call->object, &record);
  if (result == 0)
    sodium_memzero(&record, sizeof record);
  return result;
}

static void refuse(struct call *call, int result) {
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else
    call_refuse(call, &fault_storage);
}

/* ---- Listing ---- */

static int render_one(struct json_out *out, const struct call *call, const struct event_key *key,
                      const struct delivery_row *row, struct id *ret_event) {
  struct journal_entry entry;
  struct event_place place = {row->sequence, (enum event_type)row->type, row->subject};
  int result = ledger_entry(call->api->options.ledger, row->sequence, &entry);
  if (result != 0)
    return result;
  *ret_event = event_id_of(key, &place, entry.head.at_ms);
  out_open(out, NULL);
  out_text(out, "event", ret_event->text);
  out_text(out, "object", "dead_letter");
  out_text(out, "type", event_type_name((enum event_type)row->type));
  out_integer(out, "sequence", (int64_t)row->sequence);
  out_time(out, "created_at", entry.head.at_ms);
  out_integer(out, "attempts", row->attempts);
  out_text(out, "outcome", delivery_outcome_name((enum delivery_outcome)row->outcome));
  if (row->http_status != 0)
    out_integer(out, "http_status", row->http_status);
  else
    out_null(out, "http_status");
  out_time(out, "last_attempt_at", row->tried_ms);
  out_close(out);
  return 0;
}

static int render_page(struct json_out *out, const struct call *call, const struct page_query *page) {
  struct ledger *ledger = call->api->options.ledger;
  struct event_key key = event_key_of(ledger);
  struct event_place place = {0};
  struct delivery_row row, *after = NULL;
  struct id last = {""};
  int64_t at_ms;
  unsigned count = 0;
  int result;
  if (page->after.text[0] != '\0' && event_id_read(&key, &page->after, &place, &at_ms) == 0) {
    row = (struct delivery_row){
        .sequence = place.sequence, .type = (uint8_t)place.type, .subject = place.subject};
    after = &row;
  }
  page_open(out);
  while ((result = ledger_delivery_next(ledger, &call->from.merchant, &call->object, DELIVERY_DEAD, after,
                                        &row)) == 0 &&
         count < page->limit) {
    result = render_one(out, call, &key, &row, &last);
    if (result != 0)
      return result;
    after = &row;
    count++;
  }
  if (result < 0)
    return result;
  page_close(out, result == 0 ? last.text : NULL);
  return 0;
}

static const struct page_kind dead_letter_pages = {parse_dead_letters_query, render_page};

static void list_now(struct call *call, bool committed) {
  (void)committed;
  page_render(call, &dead_letter_pages);
}

void dead_letters_list(struct call *call, const char *segment) {
  int result = find(call, segment);
  if (result != 0)
    refuse(call, result);
  else
    page_ask(call, &dead_letter_pages, list_now);
}

/* ---- Sending again ---- */

static void answer(struct call *call, unsigned count, bool more) {
  struct json_out out = {0};
  out_open(&out, NULL);
  out_text(&out, "object", "redelivery");
  out_integer(&out, "count", count);
  out_flag(&out, "has_more", more);
  out_close(&out);
  call_answer_committed(call, 200, false, &out);
}

void dead_letters_redeliver(struct call *call, const char *segment) {
  struct event_key key = event_key_of(call->api->options.ledger);
  struct event_place place;
  struct fault fault;
  struct id event;
  int64_t at_ms;
  unsigned count;
  bool more;
  int result = find(call, segment);
  if (result != 0) {
    refuse(call, result);
    return;
  }
  if (parse_redeliver(call->http->body, call->http->body_length, &event, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  bool one = event.text[0] != '\0';
  if (one && event_id_read(&key, &event, &place, &at_ms) != 0) {
    call_refuse(call, &fault_event);
    return;
  }
  result = pump_redeliver(call->api->pump, api_now_ms(call->api), &call->from.merchant, &call->object,
                          one ? &place : NULL, &count, &more);
  if (result != 0)
    call_write_failed(call, result);
  else if (one && count == 0 && !more)
    call_refuse(call, &fault_event);
  else
    answer(call, count, more);
}
