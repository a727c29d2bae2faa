#include "explain_payment.h"
#include "log.h"
#include "payments_parse.h"
#include "payments_render.h"
#include "resolutions_parse.h"
#include "resources.h"
#include <string.h>

static bool engine_ready(const struct api *api) {
  return api->connectors.known;
}

void payments_create(struct call *call, const char *segment) {
  struct payment_request request;
  struct fault fault;
  (void)segment;
  if (parse_payment(call->http->body, call->http->body_length, &request, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  const char *return_url = request_fields_get(&request.fields, REQUEST_RETURN_URL);
  if (call->api->options.live && return_url != NULL && strncmp(return_url, "https://", 8) != 0) {
    fault = fault_at(422, "invalid_field", "In live mode the address must be https.", "return_url");
    call_refuse(call, &fault);
    return;
  }
  if (!engine_ready(call->api)) {
    call_refuse_vault(call);
    return;
  }
  request.from = call->from;
  uint64_t ticket = call_wait_engine(call);
  if (ticket != 0)
    engine_pay(call->api->engine, api_now_ms(call->api), ticket, &request);
}

static void move(struct call *call, const char *segment, enum movement_type type) {
  struct movement_request request;
  struct fault fault;
  if (id_parse("pay", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  if (parse_movement(call->http->body, call->http->body_length, type, &request, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  if (!engine_ready(call->api)) {
    call_refuse_vault(call);
    return;
  }
  request.from = call->from;
  strcpy(request.payment.text, segment);
  uint64_t ticket = call_wait_engine(call);
  if (ticket != 0)
    engine_move(call->api->engine, api_now_ms(call->api), ticket, &request);
}

void payments_capture(struct call *call, const char *segment) {
  move(call, segment, MOVEMENT_CAPTURE);
}

void payments_void(struct call *call, const char *segment) {
  move(call, segment, MOVEMENT_VOID);
}

void payments_refund(struct call *call, const char *segment) {
  move(call, segment, MOVEMENT_REFUND);
}

void payments_resolve(struct call *call, const char *segment) {
  struct resolution_request request = {0};
  struct fault fault;
  if (id_parse("pay", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  if (parse_resolution(call->http->body, call->http->body_length, &request.resolution, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  request.from = call->from;
  strcpy(request.payment.text, segment);
  uint64_t ticket = call_wait_engine(call);
  if (ticket != 0)
    engine_resolve(call->api->engine, api_now_ms(call->api), ticket, &request);
}

/* ---- Answers ---- */

/* How each outcome but REQUEST_DONE is answered. */
static const struct {
  unsigned status;
  const char *code, *param, *detail;
} refusals[REQUEST_OUTCOME_COUNT] = {
    [REQUEST_STORAGE] = {503, "storage_unavailable", "",
                         "The ledger cannot be written now; nothing was done."},
    [REQUEST_BUSY] = {503, "busy", "", "Too many requests are waiting; nothing was done."},
    [REQUEST_VAULT_AWAY] = {503, "vault_unavailable", "", "The vault does not answer now; nothing was done."},
    [REQUEST_KEY_REUSED] = {422, "idempotency_key_reused", "",
                            "The Idempotency-Key was used with another body."},
    [REQUEST_TOKEN_UNKNOWN] = {422, "token_not_found", "token", "There is no such token."},
    [REQUEST_TOKEN_DELETED] = {422, "token_deleted", "token", "The token was deleted."},
    [REQUEST_TOKEN_EXPIRED] = {422, "token_expired", "token", "The token has expired."},
    [REQUEST_AGREEMENT_UNKNOWN] = {422, "agreement_not_found", "agreement",
                                   "There is no such agreement, or it is another customer's."},
    [REQUEST_CUSTOMER_UNKNOWN] = {422, "customer_not_found", "customer", "There is no such customer."},
    [REQUEST_CONNECTOR_UNKNOWN] = {422, "connector_not_found", "routing.connectors",
                                   "A connector of the list is not registered."},
    [REQUEST_NO_POLICY] = {409, "no_policy", "",
                           "No policy is published and the request names no connectors."},
    [REQUEST_NO_CONNECTOR] = {409, "no_connector", "", "Every connector of the list is passed over."},
    [REQUEST_PAYMENT_UNKNOWN] = {404, "not_found", "", "There is no such payment."},
    [REQUEST_INVALID_STATE] = {409, "invalid_state", "", "The payment's state does not allow that."},
    [REQUEST_AMOUNT_INVALID] = {422, "invalid_field", "amount", "The amount must be 1 or more."},
    [REQUEST_AMOUNT_TOO_LARGE] = {422, "amount_too_large", "amount",
                                  "The amount is more than there is left."},
    [REQUEST_CONNECTOR_AWAY] = {409, "connector_unavailable", "",
                                "The payment's connector is not registered, or cannot do that."},
    [REQUEST_MOVEMENT_UNKNOWN] = {404, "not_found", "", "The payment has no such attempt or movement."},
    [REQUEST_FINAL_ONLY] =
        {422, "not_supported", "final",
         "This connector takes one capture a payment, and closes the authorization with it."},
    [REQUEST_REST_NOT_VOIDED] =
        {409, "rest_not_voided", "",
         "This connector cannot void the rest of what was captured in part; the PSP releases "
         "it when the authorization expires."},
    [REQUEST_NOT_SETTLED] = {409, "not_settled", "",
                             "What the PSP shows before its settling time is no proof."},
    [REQUEST_PSP_ID_WANTED] = {422, "missing_field", "psp_id",
                               "Without the PSP's id nothing could be captured or refunded."},
    [REQUEST_FIELDS_TOO_LARGE] = {413, "body_too_large", "", "The request's fields are too long together."},
    [REQUEST_TOO_MANY_MOVEMENTS] = {409, "too_many_movements", "", "The payment has too many movements."},
};

struct fault payments_fault(const struct api *api, enum request_outcome outcome) {
  if (outcome == REQUEST_VAULT_AWAY && vault_link_rolled_back(api->vault))
    return fault_of_vault(api);
  struct fault fault = fault_at(refusals[outcome].status, refusals[outcome].code, refusals[outcome].detail,
                                refusals[outcome].param);
  fault.retry_after = fault.status == 503 ? 1 : 0;
  return fault;
}

/* The payment in its current state. Returns whether it is there; else the call was answered. */
static bool find_payment(struct call *call, const struct id *id, const struct payment **ret_payment) {
  int result = engine_payment(call->api->engine, &call->from.merchant, id, ret_payment);
  if (result == LEDGER_ABSENT)
    call_not_found(call);
  else if (result != 0)
    call_refuse(call, &fault_storage);
  return result == 0;
}

static void answer_payment(struct call *call, unsigned status, const struct id *id,
                           const struct id *movement) {
  const struct payment *payment;
  struct json_out out = {0};
  if (!find_payment(call, id, &payment))
    return;
  render_payment(&out, NULL, payment, movement);
  call_answer(call, status, &out);
}

/* Whole seconds, none too few. */
static void say_when(struct fault *fault, int64_t now_ms, int64_t settled_ms) {
  char when[TIMESTAMP_CAPACITY];
  timestamp_format(settled_ms, when);
  snprintf(
      fault->text, sizeof fault->text,
      "What the PSP shows before its settling time is no proof that nothing was charged; from %s on it is.",
      when);
  fault->detail = NULL;
  fault->retry_after = settled_ms > now_ms ? (unsigned)((settled_ms - now_ms + 999) / 1000) : 1;
}

static void add_passed_over(struct json_out *out, const void *passed_over) {
  const struct passed_over *over = passed_over;
  render_skipped(out, "skipped", over->candidates, over->count);
}

static void refuse(struct call *call, const struct request_answer *answer,
                   const struct passed_over *passed_over) {
  struct fault fault = payments_fault(call->api, answer->outcome);
  if (answer->outcome == REQUEST_NOT_SETTLED)
    say_when(&fault, api_now_ms(call->api), answer->settled_ms);
  if (passed_over != NULL)
    call_refuse_with(call, &fault, add_passed_over, passed_over);
  else
    call_refuse(call, &fault);
}

void payments_answered(struct api *api, const struct request_answer *given) {
  const struct request_answer answer = *given; /* borrowed from the engine, which is asked again below */
  struct call *call = call_of_ticket(api, answer.ticket);
  if (call == NULL)
    return;
  if (answer.outcome != REQUEST_DONE) {
    refuse(call, &answer, given->passed_over);
    return;
  }
  call->replayed = answer.replayed;
  answer_payment(call, answer.open ? 202 : 201, &answer.payment, &answer.movement);
}

/* ---- Reading ---- */

/* After the commit, so that nothing is shown that could still be undone. */
static void read_now(struct call *call, bool committed) {
  const struct payment *payment;
  struct json_out out = {0};
  (void)committed;
  if (!find_payment(call, &call->object, &payment))
    return;
  enum reproduction reproduction =
      decision_reproduce(call->api->options.ledger, engine_policies(call->api->engine), payment);
  if (reproduction == REPRODUCTION_DIFFERS)
    log_warn_id("a recorded decision does not come out again", &payment->id);
  out_open(&out, NULL);
  render_payment_members(&out, payment, reproduction);
  explain_payment(&out, call, payment, NULL);
  out_close(&out);
  call_answer(call, 200, &out);
}

void payments_read(struct call *call, const char *segment) {
  if (id_parse("pay", segment, NULL) != 0) {
    call_not_found(call);
    return;
  }
  strcpy(call->object.text, segment);
  call_wait_round(call, read_now);
}
