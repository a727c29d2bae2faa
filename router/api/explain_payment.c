#include "explain_payment.h"
#include "explain.h"
#include "payment_facts.h"
#include "policy_cache.h"
#include <stdio.h>
#include <string.h>

enum { RULES_SHOWN = 50, LINE_CAPACITY = POLICY_EXPLANATION_CAPACITY + 80 };

struct explained {
  struct json_out *out;
  const struct payment *payment;
  const struct policy *policy;
  struct policy_facts facts;
};

static void explain_rule(const struct explained *explained, unsigned rule) {
  char why[POLICY_EXPLANATION_CAPACITY], line[LINE_CAPACITY];
  bool matches = policy_explain(explained->policy, &explained->facts, rule, why);
  const char *said = !matches                                              ? "does not match"
                     : policy_rule_action(explained->policy, rule)->advice ? "matches, and is only advice"
                                                                           : "matches";
  snprintf(line, sizeof line, "Rule %s %s: %s.", policy_rule_name(explained->policy, rule), said, why);
  out_text(explained->out, NULL, line);
}

static void explain_rules(const struct explained *explained) {
  unsigned decided = explained->payment->decision.rule_number;
  unsigned first = decided > RULES_SHOWN ? decided - RULES_SHOWN : 0;
  char line[LINE_CAPACITY];
  if (first > 0) {
    snprintf(line, sizeof line, "The first %u rules do not match.", first);
    out_text(explained->out, NULL, line);
  }
  for (unsigned rule = first; rule <= decided && rule < policy_rule_count(explained->policy); rule++)
    explain_rule(explained, rule);
}

static void explain_options(struct json_out *out, const struct policy_options *options) {
  char line[LINE_CAPACITY];
  if (options->three_ds[0] != '\0') {
    snprintf(line, sizeof line, "The rule asks for three_ds %s.", options->three_ds);
    out_text(out, NULL, line);
  }
  if (options->exemption[0] != '\0') {
    snprintf(line, sizeof line, "The rule asks for the exemption %s.", options->exemption);
    out_text(out, NULL, line);
  }
  if (options->retry_off)
    out_text(out, NULL, "The rule allows no further connector.");
  if (options->max_attempts != 0) {
    snprintf(line, sizeof line, "The rule allows %u attempts at most.", options->max_attempts);
    out_text(out, NULL, line);
  }
}

static const char *why_passed_over(enum skip_reason reason) {
  static const char *const texts[SKIP_COUNT] = {
      [SKIP_UNKNOWN] = "no such connector is registered",
      [SKIP_DISABLED] = "it is disabled",
      [SKIP_DRAINING] = "it is being drained",
      [SKIP_NO_OPERATION] = "its sheet lacks the operation",
      [SKIP_UNHEALTHY] = "it fails too often of late",
      [SKIP_DRILL] = "a drill keeps it out",
      [SKIP_CURRENCY] = "its account does not take the currency",
      [SKIP_NETWORK] = "its account does not take cards of the network",
      [SKIP_BUDGET] = "the networks allow no further try of the card now",
  };
  return texts[reason];
}

static void explain_candidate(struct json_out *out, const struct candidate *candidate) {
  char line[LINE_CAPACITY];
  if (candidate->skipped != SKIP_NONE)
    snprintf(line, sizeof line, "%s is passed over (%s): %s.", candidate->connector,
             skip_reason_name(candidate->skipped), why_passed_over(candidate->skipped));
  else if (candidate->canary)
    snprintf(line, sizeof line,
             "%s failed too often; this payment may be tried there, to see how it does now.",
             candidate->connector);
  else if (candidate->health == CANDIDATE_HEALTHY)
    snprintf(line, sizeof line, "%s can be tried.", candidate->connector);
  else
    snprintf(line, sizeof line, "%s can be tried: %s, but none of the list is healthy.", candidate->connector,
             candidate->health == CANDIDATE_DRILL ? "a drill would keep it out"
                                                  : "it fails too often of late");
  out_text(out, NULL, line);
}

enum { PER_TEN_THOUSAND = 10000, HUNDRED = 100, MILLION = 1000000 };

/* Millionths as a percentage with two decimals. */
#define PER_CENT(millionths) (millionths) / PER_TEN_THOUSAND, (millionths) % PER_TEN_THOUSAND / HUNDRED

/* What a choice was made by, one line a connector. */
static void explain_choice(struct json_out *out, const struct payment *payment) {
  const struct decision *decision = &payment->decision;
  struct choice_order order;
  char line[LINE_CAPACITY];
  if (decision->choice.count != decision->candidate_count ||
      choice_decide(&decision->choice, decision->draw, &order) != 0)
    return;
  for (unsigned i = 0; i < order.count; i++) {
    const struct choice_figures *figures = &order.figures[order.places[i]];
    int length = snprintf(line, sizeof line, "%s: approval %u.%02u %% by %u outcomes",
                          decision->candidates[i].connector, PER_CENT(figures->mean), figures->weight);
    if (decision->choice.kind == CHOICE_BEST)
      snprintf(line + length, sizeof line - (size_t)length, ", drawn %u.%02u %%.",
               PER_CENT(figures->sampled));
    else if (figures->cost_known)
      snprintf(line + length, sizeof line - (size_t)length,
               ", %lld.%02lld minor units of %s for each approval, %s.", (long long)(figures->cost / MILLION),
               (long long)(figures->cost % MILLION / PER_TEN_THOUSAND), payment->currency,
               choice_standing_name(figures->standing));
    else
      snprintf(line + length, sizeof line - (size_t)length, ", cost unknown, %s.",
               choice_standing_name(figures->standing));
    out_text(out, NULL, line);
  }
  if (order.floor_unmet)
    out_text(out, NULL, "No connector meets the floor.");
}

static void explain_advice(const struct explained *explained) {
  char line[LINE_CAPACITY];
  for (unsigned i = 0; i < explained->payment->decision.advice_count; i++) {
    const struct decision_advice *advice = &explained->payment->decision.advice[i];
    snprintf(line, sizeof line, "Rule %s would have chosen %s.",
             policy_rule_name(explained->policy, advice->rule), advice->connector);
    out_text(explained->out, NULL, line);
  }
}

static void explain_candidates(struct json_out *out, const struct decision *decision) {
  char line[LINE_CAPACITY];
  if (decision->action == POLICY_SPLIT && decision->candidate_count > 0) {
    snprintf(line, sizeof line, "The draw %u of 10000 falls to %s.", decision->share,
             decision->candidates[0].connector);
    out_text(out, NULL, line);
  }
  if (decision->action == POLICY_DECLINE)
    out_text(out, NULL, "The payment is declined.");
  for (uint8_t i = 0; i < decision->candidate_count; i++)
    explain_candidate(out, &decision->candidates[i]);
}

/* By what schedule it is tried later, and whether it is at all. */
static void explain_schedule(const struct explained *explained) {
  const struct payment *payment = explained->payment;
  char says[POLICY_SCHEDULE_CAPACITY], line[LINE_CAPACITY];
  if (payment->decision.rule_number >= policy_rule_count(explained->policy))
    return;
  const struct policy_action *action = policy_rule_action(explained->policy, payment->decision.rule_number);
  const struct policy_schedule *schedule = policy_schedule(explained->policy, action->options.later - 1u);
  if (schedule == NULL)
    return;
  policy_schedule_text(schedule, says);
  if (!policy_kind_is_tried_later(payment_kind_name(payment->kind)))
    snprintf(line, sizeof line,
             "The rule's schedule %s is not for this kind of payment: it is not tried later.",
             schedule->name);
  else if (payment->retry_none || action->options.retry_off)
    snprintf(line, sizeof line,
             "The rule's schedule %s does not count, for the payment is not to be retried.", schedule->name);
  else
    snprintf(line, sizeof line, "Declined, it is tried later by the schedule %s: %s.", schedule->name, says);
  out_text(explained->out, NULL, line);
}

static void explain_policy(struct explained *explained) {
  struct fact_texts texts;
  struct request_fields inputs;
  if (explained->policy == NULL || payment_inputs(explained->payment, &inputs) != 0) {
    out_text(explained->out, NULL, "The policy that decided cannot be read any more.");
    return;
  }
  payment_facts(explained->payment, &inputs, &explained->payment->decision.basis, &texts, &explained->facts);
  explain_rules(explained);
  explain_advice(explained);
  explain_schedule(explained);
}

/* By the policy that decided, as the ledger has it. */
static void explain_recorded(struct explained *explained, struct call *call) {
  struct policy_cache *policies = engine_policies(call->api->engine);
  struct policy_record record;
  struct policy_error error;
  if (ledger_policy_get(call->api->options.ledger, &call->from.merchant, &explained->payment->decision.policy,
                        &record) != 0 ||
      policy_cache_take(policies, record.text, record.text_length, &explained->policy, NULL, &error) != 0)
    explained->policy = NULL;
  explain_policy(explained);
  policy_cache_return(policies, explained->policy);
}

void explain_payment(struct json_out *out, struct call *call, const struct payment *payment,
                     const struct policy *policy) {
  struct explained explained = {.out = out, .payment = payment, .policy = policy};
  bool by_request = strcmp(payment->decision.rule, "request") == 0;
  out_open_list(out, "explanation");
  if (by_request)
    out_text(out, NULL, "The request names the connectors itself.");
  else if (policy != NULL)
    explain_policy(&explained);
  else
    explain_recorded(&explained, call);
  explain_options(out, &payment->decision.options);
  explain_choice(out, payment);
  explain_candidates(out, &payment->decision);
  out_close_list(out);
}
