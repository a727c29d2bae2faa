#include "bodies.h"
#include "endpoints_parse.h"
#include "event_signature.h"
#include "events_render.h"
#include "pages.h"
#include "query_args.h"
#include "repeats.h"
#include "resources.h"
#include <sodium.h>
#include <string.h>

static const char endpoints_path[] = "/v1/webhook_endpoints";

static struct journal_head head_of(const struct call *call) {
  return (struct journal_head){
      .at_ms = api_now_ms(call->api), .actor = call->from.actor, .request = call->from.request};
}

/* The endpoint that the path names; else answers and returns false. The caller wipes ret_record. */
static bool find(struct call *call, const char *segment, struct endpoint_record *ret_record) {
  int result = LEDGER_ABSENT;
  if (id_parse("whk", segment, NULL) == 0) {
    strcpy(call->object.text, segment);
    result = ledger_endpoint_get(call->api->options.ledger, &call->from.merchant, &call->object, ret_record);
  }
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else if (result < 0)
    call_refuse(call, &fault_storage);
  return result == 0;
}

/* What happens to an endpoint now is no part of the events that tell of its changes. */
static void render_health(struct json_out *out, const struct call *call, const struct id *endpoint) {
  struct endpoint_health health;
  if (!pump_endpoint_health(call->api->pump, &call->from.merchant, endpoint, &health))
    return;
  out_open(out, "health");
  out_time(out, "last_success_at", health.last_success_ms);
  out_integer(out, "failures_in_a_row", health.failures);
  out_integer(out, "events_waiting", health.waiting);
  out_flag(out, "behind", health.behind);
  out_close(out);
}

/* with_secret: the one answer that shows it. Wipes record. */
static void answer_endpoint(struct call *call, unsigned status, bool replayed, struct endpoint_record *record,
                            bool with_secret) {
  struct json_out out = {0};
  char secret[SECRET_TEXT_CAPACITY];
  event_secret_text(record->secret, sizeof record->secret, secret);
  render_endpoint(&out, NULL, record, call->from.livemode, with_secret ? secret : NULL);
  if (!with_secret)
    render_health(&out, call, &record->id);
  out_close(&out);
  sodium_memzero(secret, sizeof secret);
  sodium_memzero(record, sizeof *record);
  call_answer_committed(call, status, replayed, &out);
}

/* Writes a change and tells the pump. Returns 0 or a negated errno. */
static int change(struct call *call, enum endpoint_change kind, const struct endpoint_record *record,
                  uint64_t *ret_sequence) {
  struct journal_head head = head_of(call);
  return ledger_endpoint_put(call->api->options.ledger, &head, kind, record, ret_sequence);
}

static int tell_pump(struct call *call, const struct id *endpoint) {
  return pump_on_endpoint(call->api->pump, api_now_ms(call->api), &call->from.merchant, endpoint);
}

/* A request that was made before: answered with the endpoint as it is, without the secret. */
static bool answered_before(struct call *call, const char *path, unsigned status) {
  struct endpoint_record record;
  struct id object;
  switch (call_repeats(call, path, &object)) {
  case REPEAT_NOT:
    return false;
  case REPEAT_SAME:
    if (find(call, object.text, &record))
      answer_endpoint(call, status, true, &record, false);
    return true;
  case REPEAT_ANSWERED:
    break;
  }
  return true;
}

/* ---- Making ---- */

/* How many the merchant has; ENDPOINTS_PER_MERCHANT and more are all the same. Returns 0 or a negated errno.
 */
static int count_endpoints(const struct call *call, unsigned *ret_count) {
  struct endpoint_record record = {0};
  unsigned count = 0;
  int result = 0;
  while (count < ENDPOINTS_PER_MERCHANT &&
         (result = ledger_endpoint_before(call->api->options.ledger, &call->from.merchant, &record.id,
                                          &record)) == 0)
    count++;
  sodium_memzero(&record, sizeof record);
  if (result >= 0)
    *ret_count = count;
  return result < 0 ? result : 0;
}

/* Events from the one after its own entry on are for it. */
static int make(struct call *call, const struct endpoint_record *record) {
  struct delivery_progress progress = {0};
  int result = change(call, ENDPOINT_MADE, record, &progress.sequence);
  if (result == 0)
    result = ledger_progress_put(call->api->options.ledger, &record->merchant, &record->id, &progress);
  if (result == 0)
    result = call_remember(call, endpoints_path, &record->id);
  return result < 0 ? result : tell_pump(call, &record->id);
}

static void create(struct call *call, const struct endpoint_body *body) {
  struct endpoint_record record = {.merchant = call->from.merchant,
                                   .created_ms = api_now_ms(call->api),
                                   .types = body->types ? body->types : EVERY_EVENT_TYPE};
  unsigned count;
  int result = count_endpoints(call, &count);
  if (result == 0 &&
      (count >= ENDPOINTS_PER_MERCHANT || pump_counts(call->api->pump).endpoints >= ENDPOINTS_MAX)) {
    struct fault fault = fault_of(409, "too_many_endpoints", "There are as many endpoints as there may be.");
    call_refuse(call, &fault);
    return;
  }
  record.id = id_new("whk", record.created_ms);
  strcpy(record.url, body->url);
  strcpy(record.description, body->description);
  randombytes_buf(record.secret, sizeof record.secret);
  if (result == 0)
    result = make(call, &record);
  if (result == 0)
    answer_endpoint(call, 201, false, &record, true);
  else
    call_write_failed(call, result);
  sodium_memzero(&record, sizeof record);
}

void endpoints_create(struct call *call, const char *segment) {
  struct endpoint_body body;
  struct fault fault;
  (void)segment;
  if (parse_endpoint(call->http->body, call->http->body_length, call->from.livemode, &body, &fault) != 0)
    call_refuse(call, &fault);
  else if (!answered_before(call, endpoints_path, 201))
    create(call, &body);
}

/* ---- Changing ---- */

static void apply(const struct endpoint_body *body, struct endpoint_record *record) {
  if (body->url[0] != '\0')
    strcpy(record->url, body->url);
  if (body->description[0] != '\0')
    strcpy(record->description, body->description);
  if (body->types != 0)
    record->types = body->types;
  if (body->status >= 0)
    record->status = body->status == 0 ? ENDPOINT_ENABLED : ENDPOINT_DISABLED;
}

/* Ends a change that is in record. */
static void changed(struct call *call, enum endpoint_change kind, struct endpoint_record *record, int result,
                    bool with_secret) {
  uint64_t sequence;
  if (result == 0)
    result = change(call, kind, record, &sequence);
  if (result == 0)
    result = tell_pump(call, &record->id);
  if (result == 0)
    answer_endpoint(call, 200, false, record, with_secret);
  else
    call_write_failed(call, result);
}

void endpoints_update(struct call *call, const char *segment) {
  struct endpoint_record record;
  struct endpoint_body body;
  struct fault fault;
  if (parse_endpoint_update(call->http->body, call->http->body_length, call->from.livemode, &body, &fault) !=
      0) {
    call_refuse(call, &fault);
    return;
  }
  if (!find(call, segment, &record))
    return;
  apply(&body, &record);
  changed(call, ENDPOINT_CHANGED, &record, 0, false);
  sodium_memzero(&record, sizeof record);
}

void endpoints_rotate(struct call *call, const char *segment) {
  struct endpoint_record record;
  struct fault fault;
  if (parse_empty(call->http->body, call->http->body_length, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (answered_before(call, call->http->path, 200) || !find(call, segment, &record))
    return;
  memcpy(record.secret_before, record.secret, sizeof record.secret);
  record.secret_before_until_ms = api_now_ms(call->api) + SECRET_OVERLAP_MS;
  randombytes_buf(record.secret, sizeof record.secret);
  changed(call, ENDPOINT_SECRET_ROTATED, &record, call_remember(call, call->http->path, &record.id), true);
  sodium_memzero(&record, sizeof record);
}

void endpoints_delete(struct call *call, const char *segment) {
  struct endpoint_record record;
  struct json_out out = {0};
  uint64_t sequence;
  if (!find(call, segment, &record))
    return;
  int result = change(call, ENDPOINT_DELETED, &record, &sequence);
  sodium_memzero(&record, sizeof record);
  if (result == 0)
    result = tell_pump(call, &call->object);
  if (result != 0) {
    call_write_failed(call, result);
    return;
  }
  out_open(&out, NULL);
  out_text(&out, "id", call->object.text);
  out_text(&out, "object", "webhook_endpoint");
  out_flag(&out, "deleted", true);
  out_close(&out);
  call_answer_committed(call, 200, false, &out);
}

/* ---- Reading ---- */

void endpoints_read(struct call *call, const char *segment) {
  struct endpoint_record record;
  if (find(call, segment, &record))
    answer_endpoint(call, 200, false, &record, false);
}

static int render_page(struct json_out *out, const struct call *call, const struct page_query *page) {
  struct endpoint_record record = {.id = page->after};
  struct id last = {""};
  unsigned count = 0;
  int result;
  page_open(out);
  while ((result = ledger_endpoint_before(call->api->options.ledger, &call->from.merchant, &record.id,
                                          &record)) == 0 &&
         count < page->limit) {
    render_endpoint(out, NULL, &record, call->from.livemode, NULL);
    render_health(out, call, &record.id);
    out_close(out);
    last = record.id;
    count++;
  }
  sodium_memzero(&record, sizeof record);
  if (result < 0)
    return result;
  page_close(out, result == 0 ? last.text : NULL);
  return 0;
}

static const struct page_kind endpoint_pages = {parse_endpoints_query, render_page};

static void list_now(struct call *call, bool committed) {
  (void)committed;
  page_render(call, &endpoint_pages);
}

void endpoints_list(struct call *call, const char *segment) {
  (void)segment;
  page_ask(call, &endpoint_pages, list_now);
}
