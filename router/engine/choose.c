/* `best of` and `cheapest of`: what is known of the connectors goes in, an order comes out. */
#include "choose.h"

#include <string.h>

enum { FLOOR_UNIT = 100 /* millionths in a hundredth of a per cent */ };

static void gather_candidates(const struct known *known, const struct policy_action *action,
                              struct choice_candidate ret_candidates[CHOICE_CANDIDATES_MAX]) {
  for (unsigned i = 0; i < action->candidate_count; i++)
    ret_candidates[i] =
        (struct choice_candidate){.connector = learned_number(known->learned, action->candidates[i]),
                                  .fees = fee_source_table(known->fees, action->candidates[i])};
}

static void gather(const struct known *known, const struct policy_action *action,
                   const struct payment *payment, uint64_t draw, struct choice_snapshot *ret_snapshot,
                   struct choice_order *ret_order) {
  struct choice_candidate candidates[CHOICE_CANDIDATES_MAX];
  struct choice_payment traits = payment_traits(payment);
  struct money amount = {.minor = payment->amount};
  memcpy(amount.currency, payment->currency, sizeof amount.currency);
  gather_candidates(known, action, candidates);
  if (action->type == POLICY_BEST)
    choice_order_best(learned_cells(known->learned), candidates, action->candidate_count, &traits,
                      known->now_ms, draw, ret_snapshot, ret_order);
  else
    choice_order_cheapest(learned_cells(known->learned), candidates, action->candidate_count, &traits,
                          &amount, known->fees ? known->fees->exchange : NULL,
                          (uint32_t)action->floor * FLOOR_UNIT, known->now_ms, ret_snapshot, ret_order);
}

/* Each advice rule draws for itself: the decision's draw, with the rule's number in it. */
static void gather_advice(const struct known *known, const struct policy *policy, unsigned rule,
                          const struct payment *payment, uint64_t draw, struct decision_advice *ret_advice) {
  const struct policy_action *action = policy_rule_action(policy, rule);
  struct choice_snapshot snapshot;
  struct choice_order order;
  gather(known, action, payment, draw ^ rule, &snapshot, &order);
  *ret_advice = (struct decision_advice){.rule = (uint16_t)rule};
  memcpy(ret_advice->connector, action->candidates[order.places[0]], sizeof ret_advice->connector);
  ret_advice->believed = (struct choice_estimate){snapshot.premises[order.places[0]].approved,
                                                  snapshot.premises[order.places[0]].declined};
}

void choose_gather(const struct known *known, const struct policy_decision *verdict,
                   const struct payment *payment, struct decision *decision) {
  const struct policy_action *action = verdict->action;
  struct choice_order order;
  if (action->type == POLICY_BEST || action->type == POLICY_CHEAPEST)
    gather(known, action, payment, decision->draw, &decision->choice, &order);
}

void choose_advise(const struct known *known, const struct policy *policy,
                   const struct policy_decision *verdict, const struct payment *payment,
                   struct decision *decision) {
  decision->advice_count = (uint8_t)verdict->advice_count;
  for (unsigned i = 0; i < verdict->advice_count; i++)
    gather_advice(known, policy, verdict->advice[i], payment, decision->draw, &decision->advice[i]);
}

/* A snapshot of another list, as when another policy is tried, says nothing of this one. */
static bool order_of(const struct decision *decision, struct choice_order *ret_order) {
  bool chooses = decision->action == POLICY_BEST || decision->action == POLICY_CHEAPEST;
  return chooses && decision->choice.count == decision->candidate_count &&
         choice_decide(&decision->choice, decision->draw, ret_order) == 0;
}

bool choose_standings(const struct decision *decision, enum choice_standing ret_standings[CANDIDATES_MAX]) {
  struct choice_order order;
  if (!order_of(decision, &order) || !order.floor_holds)
    return false;
  for (unsigned i = 0; i < order.count; i++)
    ret_standings[i] = order.figures[order.places[i]].standing;
  return true;
}

void choose_order(struct decision *decision) {
  struct candidate candidates[CANDIDATES_MAX];
  struct choice_order order;
  if (!order_of(decision, &order))
    return;
  memcpy(candidates, decision->candidates, sizeof candidates);
  for (unsigned i = 0; i < order.count; i++)
    memcpy(decision->candidates[i].connector, candidates[order.places[i]].connector,
           sizeof candidates[i].connector);
}
