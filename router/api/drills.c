/* Drills: POST, GET and DELETE /v1/connectors/{id}/drill. */
#include "drills_parse.h"

#include "connectors_render.h"
#include "repeats.h"
#include "resources.h"
#include <string.h>

enum { MS_PER_S = 1000 };

/* ---- Answering ---- */

static void answer_drill(struct call *call, unsigned status, bool replayed, const struct drill *drill) {
  struct drill_report report;
  struct json_out out = {0};
  if (engine_drill_report(call->api->engine, &call->from.merchant, drill, &report) != 0) {
    call_refuse(call, &fault_storage);
    return;
  }
  render_drill(&out, NULL, drill, &report, &call->from.merchant, call->from.livemode);
  call_answer_committed(call, status, replayed, &out);
}

static void answer_by_id(struct call *call, unsigned status, bool replayed, const struct id *id) {
  struct drill drill;
  int result = engine_drill_get(call->api->engine, id, &drill);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else if (result < 0)
    call_refuse(call, &fault_storage);
  else
    answer_drill(call, status, replayed, &drill);
}

static void refuse(struct call *call, enum drill_outcome outcome) {
  struct fault fault = fault_of(409, "invalid_state", "A drill is under way at that connector.");
  if (outcome == DRILL_TOO_MANY)
    fault = fault_of(409, "too_many_drills", "There are as many drills as there may be at once.");
  if (outcome == DRILL_NOT_UNDER_WAY)
    fault = fault_of(409, "invalid_state", "No drill is under way at that connector.");
  if (outcome == DRILL_CONNECTOR_UNKNOWN)
    call_not_found(call);
  else
    call_refuse(call, &fault);
}

/* ---- Requests ---- */

static bool connector_is_there(struct call *call, const char *segment) {
  if (!call->api->connectors.known)
    call_refuse_vault(call);
  else if (engine_connector(call->api->engine, segment) == NULL)
    call_not_found(call);
  else
    return true;
  return false;
}

static void begin(struct call *call, const char *segment, const struct drill_body *body) {
  struct id drill;
  enum drill_outcome outcome = engine_drill(call->api->engine, api_now_ms(call->api), &call->from, segment,
                                            (uint32_t)(body->seconds * MS_PER_S), &drill);
  if (outcome != DRILL_DONE) {
    refuse(call, outcome);
    return;
  }
  int result = call_remember(call, call->http->path, &drill);
  if (result != 0)
    call_write_failed(call, result);
  else
    answer_by_id(call, 201, false, &drill);
}

void drills_create(struct call *call, const char *segment) {
  struct drill_body body;
  struct fault fault;
  struct id drill;
  if (parse_drill(call->http->body, call->http->body_length, &body, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (!connector_is_there(call, segment))
    return;
  switch (call_repeats(call, call->http->path, &drill)) {
  case REPEAT_NOT:
    begin(call, segment, &body);
    return;
  case REPEAT_SAME:
    answer_by_id(call, 201, true, &drill);
    return;
  case REPEAT_ANSWERED:
    return;
  }
}

void drills_end(struct call *call, const char *segment) {
  struct drill drill;
  if (!connector_is_there(call, segment))
    return;
  enum drill_outcome outcome =
      engine_drill_end(call->api->engine, api_now_ms(call->api), &call->from, segment);
  if (outcome != DRILL_DONE)
    refuse(call, outcome);
  else if (engine_drill_latest(call->api->engine, segment, &drill) != 0)
    call_refuse(call, &fault_storage);
  else
    answer_drill(call, 200, false, &drill);
}

void drills_read(struct call *call, const char *segment) {
  struct drill drill;
  if (!connector_is_there(call, segment))
    return;
  int result = engine_drill_latest(call->api->engine, segment, &drill);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else if (result < 0)
    call_refuse(call, &fault_storage);
  else
    answer_drill(call, 200, false, &drill);
}
