#include "payments_parse.h"
#include "resources.h"
#include "routing.h"
#include <stdio.h>
#include <string.h>

enum { EXPLANATION_CAPACITY = 160 };

static void explain(struct json_out *out, const struct decision *decision) {
  char line[EXPLANATION_CAPACITY];
  out_open_list(out, "explanation");
  if (decision->policy.text[0] == '\0' && strcmp(decision->rule, "request") == 0)
    out_text(out, NULL, "The request names the connectors itself.");
  else {
    snprintf(line, sizeof line, "The rule %s matched.", decision->rule);
    out_text(out, NULL, line);
  }
  for (uint8_t i = 0; i < decision->candidate_count; i++) {
    const struct candidate *candidate = &decision->candidates[i];
    if (candidate->skipped == SKIP_NONE)
      snprintf(line, sizeof line, "%s can be tried.", candidate->connector);
    else
      snprintf(line, sizeof line, "%s is passed over: %s.", candidate->connector,
               skip_reason_name(candidate->skipped));
    out_text(out, NULL, line);
  }
  out_close_list(out);
}

static void render_decision(struct json_out *out, const struct decision *decision) {
  out_open(out, NULL);
  out_text(out, "policy", decision->policy.text);
  out_text(out, "rule", decision->rule);
  out_text(out, "action", "route");
  out_open_list(out, "connectors");
  for (uint8_t i = 0; i < decision->candidate_count; i++)
    if (decision->candidates[i].skipped == SKIP_NONE)
      out_text(out, NULL, decision->candidates[i].connector);
  out_close_list(out);
  explain(out, decision);
  out_close(out);
}

/* The text of the policy that the body names by id. Returns whether it is there; else the call was answered.
 */
static bool find_policy(struct call *call, const struct route_body *body, struct route_question *question) {
  struct policy_record record;
  int result = ledger_policy_get(call->api->options.ledger, &call->from.merchant, &body->policy, &record);
  if (result == 0) {
    question->policy_text = record.text;
    question->policy_length = record.text_length;
    return true;
  }
  struct fault fault = fault_at(422, "policy_not_found", "There is no such policy.", "policy");
  call_refuse(call, result == LEDGER_ABSENT ? &fault : &fault_storage);
  return false;
}

/* A text that cannot be a policy is refused before the engine decides by it. */
static bool check_policy_text(struct call *call, const struct route_body *body) {
  struct policy *policy;
  struct policy_error error;
  int result = policy_parse(body->policy_text, strlen(body->policy_text), &policy, &error);
  if (result == 0) {
    policy_free(policy);
    return true;
  }
  struct fault fault = fault_at(422, "invalid_policy", NULL, "policy");
  if (result == POLICY_WRONG)
    snprintf(fault.text, sizeof fault.text, "Line %u, column %u: %s is expected.", error.line, error.column,
             error.expected);
  call_refuse(call, result == POLICY_WRONG ? &fault : &fault_storage);
  return false;
}

static void decide(struct call *call, const struct route_body *body) {
  struct route_question question = {.merchant = call->from.merchant,
                                    .amount = body->payment.amount,
                                    .capture_manual = body->payment.capture_manual,
                                    .connector_count = body->payment.connector_count};
  struct decision decision;
  struct json_out out = {0};
  memcpy(question.connectors, body->payment.connectors, sizeof question.connectors);
  if (body->policy.text[0] != '\0') {
    if (!find_policy(call, body, &question))
      return;
  } else if (body->policy_text[0] != '\0') {
    if (!check_policy_text(call, body))
      return;
    question.policy_text = body->policy_text;
    question.policy_length = strlen(body->policy_text);
  }
  enum request_outcome outcome = engine_route(call->api->engine, &question, &decision);
  if (outcome != REQUEST_DONE) {
    struct fault fault = payments_fault(call->api, outcome);
    call_refuse(call, &fault);
    return;
  }
  if (body->policy.text[0] != '\0')
    decision.policy = body->policy;
  render_decision(&out, &decision);
  call_answer(call, 200, &out);
}

void route_ask(struct call *call, const char *segment) {
  struct route_body body;
  struct fault fault;
  (void)segment;
  if (parse_route(call->http->body, call->http->body_length, &body, &fault) != 0)
    call_refuse(call, &fault);
  else if (!call->api->connectors.known)
    call_refuse_vault(call);
  else
    decide(call, &body);
}
