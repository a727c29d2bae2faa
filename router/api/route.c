/* POST /v1/route: what would be decided, and why. */
#include "explain_payment.h"
#include "payments_parse.h"
#include "policies_render.h"
#include "policy_cache.h"
#include "resources.h"
#include "routing.h"
#include <stdlib.h>
#include <string.h>

static void render_answer(struct json_out *out, struct call *call, const struct payment *payment,
                          const struct route_question *question) {
  const struct decision *decision = &payment->decision;
  out_open(out, NULL);
  out_text(out, "policy", decision->policy.text);
  out_text(out, "rule", decision->rule);
  out_text(out, "action", policy_action_name(decision->action));
  out_open_list(out, "connectors");
  for (uint8_t i = 0; i < decision->candidate_count; i++)
    if (decision->candidates[i].skipped == SKIP_NONE)
      out_text(out, NULL, decision->candidates[i].connector);
  out_close_list(out);
  explain_payment(out, call, payment, question->policy);
  out_close(out);
}

/* The policy of a text, in *ret_policy, which goes back to the cache. Returns whether it is one; else the
 * call was answered. */
static bool take_text(struct call *call, const char *text, size_t length, const struct policy **ret_policy) {
  struct policy_error error;
  int result = policy_cache_take(engine_policies(call->api->engine), text, length, ret_policy, NULL, &error);
  struct fault fault = result == POLICY_WRONG ? fault_of_policy(&error, "policy") : fault_storage;
  if (result != 0)
    call_refuse(call, &fault);
  return result == 0;
}

/* Likewise of the policy that the body names by id. */
static bool find_policy(struct call *call, const struct id *policy, const struct policy **ret_policy) {
  struct policy_record record;
  int result = ledger_policy_get(call->api->options.ledger, &call->from.merchant, policy, &record);
  if (result == 0)
    return take_text(call, record.text, record.text_length, ret_policy);
  struct fault fault = fault_at(422, "policy_not_found", "There is no such policy.", "policy");
  call_refuse(call, result == LEDGER_ABSENT ? &fault : &fault_storage);
  return false;
}

/* The policy that the body asks for; NULL: the published one. Returns whether there is one; else the call was
 * answered. */
static bool take_policy(struct call *call, const struct route_body *body, const struct policy **ret_policy) {
  *ret_policy = NULL;
  if (body->policy.text[0] != '\0')
    return find_policy(call, &body->policy, ret_policy);
  if (body->policy_text[0] == '\0')
    return true;
  return take_text(call, body->policy_text, strlen(body->policy_text), ret_policy);
}

static void answer(struct call *call, const struct route_body *body, const struct route_question *question,
                   struct payment *payment) {
  struct json_out out = {0};
  enum request_outcome outcome = engine_route(call->api->engine, api_now_ms(call->api), question, payment);
  if (outcome != REQUEST_DONE) {
    struct fault fault = payments_fault(call->api, outcome);
    call_refuse(call, &fault);
    return;
  }
  if (body->policy.text[0] != '\0')
    payment->decision.policy = body->policy;
  render_answer(&out, call, payment, question);
  call_answer(call, 200, &out);
}

static void decide(struct call *call, struct route_body *body, const struct route_card *card) {
  struct policy_cache *policies = engine_policies(call->api->engine); /* who was answered may be gone */
  body->payment.from = call->from;
  struct route_question question = {.request = &body->payment, .card = *card, .at_ms = body->at_ms};
  if (!take_policy(call, body, &question.policy))
    return;
  struct payment *payment = payment_new();
  if (payment == NULL)
    call_refuse(call, &fault_storage);
  else
    answer(call, body, &question, payment);
  payment_free(payment);
  policy_cache_return(policies, question.policy);
}

/* What the BIN table knows stands where the question does not say otherwise. */
static void complete_card(struct call *call, struct route_card *card) {
  struct bin_facts known = engine_bin_facts(call->api->engine, card->view.bin);
  if (card->view.network == NETWORK_UNKNOWN)
    card->view.network = card->view.bin[0] != '\0' ? network_of(card->view.bin) : NETWORK_UNKNOWN;
  if (card->facts.funding == FUNDING_UNKNOWN)
    card->facts.funding = known.funding;
  if (card->facts.country[0] == '\0')
    memcpy(card->facts.country, known.country, sizeof known.country);
  if (card->facts.issuer[0] == '\0')
    memcpy(card->facts.issuer, known.issuer, sizeof known.issuer);
  if (card->facts.category[0] == '\0')
    memcpy(card->facts.category, known.category, sizeof known.category);
}

/* The body again: it was read once already, and is still the request's. */
static void described(struct call *call, struct vault_reply *reply) {
  struct token_description token;
  struct route_body body;
  struct fault fault;
  if (reply->fate != VAULT_REPLIED || reply->status != STATUS_DONE) {
    fault = fault_of_reply(call->api, reply);
    call_refuse(call, &fault);
    return;
  }
  if (read_token_description(&reply->body, &token) != 0) {
    call_refuse_vault(call);
    return;
  }
  if (parse_route(call->http->body, call->http->body_length, &body, &fault) != 0) {
    call_refuse(call, &fault);
    return;
  }
  struct route_card card = {.view = token.card};
  complete_card(call, &card);
  decide(call, &body, &card);
}

static void describe(struct call *call, const struct id *token) {
  struct token_question question = {.merchant = call->from.merchant, .token = *token};
  uint8_t bytes[TOKEN_QUESTION_BYTES];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_token_question(&writer, &question);
  call_wait_vault(call, RV_DESCRIBE, &writer, described);
}

void route_ask(struct call *call, const char *segment) {
  struct route_body body;
  struct fault fault;
  (void)segment;
  if (parse_route(call->http->body, call->http->body_length, &body, &fault) != 0)
    call_refuse(call, &fault);
  else if (!call->api->connectors.known)
    call_refuse_vault(call);
  else if (body.payment.token.text[0] != '\0')
    describe(call, &body.payment.token);
  else {
    complete_card(call, &body.card);
    decide(call, &body, &body.card);
  }
}
