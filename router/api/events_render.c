#include "events_render.h"
#include "api.h"
#include "authorization_render.h"
#include "connectors_render.h"
#include "payments_render.h"
#include "policies_render.h"
#include <errno.h>

/* Of a policy's text; a longer one is looked up by who is told. Six bytes of a delivery for each of it at
 * worst.
 */
enum { EVENT_TEXT_MAX = 32768 };

struct id event_id(const struct event_key *key, const struct entry_events *events, unsigned index) {
  struct event_place place = {.sequence = events->sequence,
                              .type = events->events[index].type,
                              .subject = events->events[index].subject};
  return event_id_of(key, &place, events->at_ms);
}

static void render_types(struct json_out *out, event_type_set types) {
  out_open_list(out, "types");
  for (unsigned i = EVENT_NONE + 1; i < EVENT_TYPE_COUNT; i++) {
    if (event_type_in(types, (enum event_type)i))
      out_text(out, NULL, event_type_name((enum event_type)i));
  }
  out_close_list(out);
}

static const char *reason_of(enum endpoint_status status) {
  static const char *const reasons[ENDPOINT_STATUS_COUNT] = {
      [ENDPOINT_DISABLED] = "merchant", [ENDPOINT_FAILING] = "failing", [ENDPOINT_GONE] = "gone"};
  return reasons[status];
}

void render_endpoint(struct json_out *out, const char *name, const struct endpoint_record *endpoint,
                     bool livemode, const char *secret) {
  out_open(out, name);
  out_text(out, "id", endpoint->id.text);
  out_text(out, "object", "webhook_endpoint");
  out_flag(out, "livemode", livemode);
  out_time(out, "created_at", endpoint->created_ms);
  out_text(out, "url", endpoint->url);
  out_text(out, "description", endpoint->description);
  render_types(out, endpoint->types);
  out_text(out, "status", endpoint->status == ENDPOINT_ENABLED ? "enabled" : "disabled");
  out_text(out, "disabled_reason", reason_of(endpoint->status));
  out_time(out, "previous_secret_until", endpoint->secret_before_until_ms);
  if (secret != NULL)
    out_text(out, "secret", secret);
}

/* A policy that is told of is there: texts are never deleted. */
static int render_told_policy(const struct event_renderer *renderer, struct json_out *out,
                              const struct entry_events *events) {
  struct policy_record record;
  int result = ledger_policy_get(renderer->ledger, &events->merchant, &events->object, &record);
  if (result != 0)
    return result < 0 ? result : -EBADMSG;
  const struct policy_view view = {
      .status = "published", .livemode = renderer->livemode, .text_max = EVENT_TEXT_MAX};
  render_policy(out, "data", &record, &view);
  return 0;
}

static int render_data(const struct event_renderer *renderer, struct json_out *out,
                       const struct entry_events *events, unsigned index) {
  if (events->payment != NULL) {
    uint8_t subject = events->events[index].subject;
    render_payment(out, "data", events->payment,
                   subject > 0 ? &events->payment->movements[subject - 1].id : NULL);
    return 0;
  }
  if (events->connector.change != 0) {
    render_connector_entry(out, "data", &events->connector, events->at_ms, renderer->livemode);
    return 0;
  }
  if (events->events[index].type == EVENT_APPROVAL_RATE_DROPPED) {
    render_rate_alert(out, "data", &events->rate_alert, renderer->livemode, events->at_ms);
    return 0;
  }
  if (events->endpoint.id.text[0] == '\0')
    return render_told_policy(renderer, out, events);
  render_endpoint(out, "data", &events->endpoint, renderer->livemode, NULL);
  out_close(out);
  return 0;
}

int render_event(const struct event_renderer *renderer, struct json_out *out,
                 const struct entry_events *events, unsigned index) {
  struct id id = event_id(&renderer->key, events, index);
  out_open(out, NULL);
  out_text(out, "id", id.text);
  out_text(out, "object", "event");
  out_text(out, "type", event_type_name(events->events[index].type));
  out_time(out, "created_at", events->at_ms);
  out_text(out, "version", API_VERSION);
  out_flag(out, "livemode", renderer->livemode);
  out_integer(out, "sequence", (int64_t)events->sequence);
  int result = render_data(renderer, out, events, index);
  if (result != 0)
    return result;
  out_close(out);
  return 0;
}
