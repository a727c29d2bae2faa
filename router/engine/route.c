/* Deciding without charging. */
#include "engine_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static void take_route_card(struct payment *payment, const struct route_card *card) {
  payment->card = card->view;
  payment->funding = card->facts.funding;
  memcpy(payment->country, card->facts.country, sizeof payment->country);
  memcpy(payment->issuer, card->facts.issuer, sizeof payment->issuer);
  memcpy(payment->category, card->facts.category, sizeof payment->category);
}

/* What cannot be tried now is said, but does not change the list. */
static void note_skips(struct engine *engine, struct payment *payment) {
  enum operation operation = payment->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
  struct budget budget = {.allowed = true};
  bool known = payment_budget(engine->ledger, &engine->card, payment, payment->created_ms, &budget) == 0;
  for (unsigned i = 0; i < payment->decision.candidate_count; i++) {
    struct candidate *candidate = &payment->decision.candidates[i];
    if (candidate->skipped == SKIP_NONE)
      candidate->skipped = connector_skip(connector_named(engine, candidate->connector), payment, operation);
    if (candidate->skipped == SKIP_NONE && known && !budget.allowed)
      candidate->skipped = SKIP_BUDGET;
  }
}

enum request_outcome engine_route(struct engine *engine, int64_t now_ms,
                                  const struct route_question *question, struct payment *ret_payment) {
  const struct payment_request *request = question->request;
  struct named_connectors named = {request->connector_count, request->connectors};
  engine_begin(engine, now_ms);
  take_request(engine, ret_payment, request);
  if (question->at_ms != 0)
    ret_payment->created_ms = question->at_ms;
  take_route_card(ret_payment, &question->card);
  int r = split_fields(engine, request);
  sodium_memzero(&engine->personal, sizeof engine->personal);
  if (r == 0)
    r = keep_inputs(engine, ret_payment);
  if (r < 0)
    return r == -ENOMEM ? REQUEST_BUSY : REQUEST_FIELDS_TOO_LARGE;
  enum request_outcome outcome = question->policy
                                     ? decide_by(engine, question->policy, &engine->inputs, ret_payment)
                                     : decide(engine, &named, &engine->inputs, ret_payment);
  note_skips(engine, ret_payment);
  return outcome;
}

struct bin_facts engine_bin_facts(const struct engine *engine, const char *bin) {
  if (engine->options.bins == NULL || bin[0] == '\0')
    return (struct bin_facts){0};
  return bin_table_find(engine->options.bins, bin);
}
