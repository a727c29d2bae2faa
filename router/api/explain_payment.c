#include "explain_payment.h"
#include "explain.h"
#include "explain_choice.h"
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
  const struct decision *decision = &explained->payment->decision;
  unsigned decided = decision->rule_number;
  unsigned first = decided > RULES_SHOWN ? decided - RULES_SHOWN : 0;
  char line[LINE_CAPACITY];
  if (first > 0) {
    snprintf(line, sizeof line, "None of the first %u rules decides the payment.", first);
    out_text(explained->out, NULL, line);
  }
  for (unsigned i = 0; i < decision->advice_count; i++)
    if (decision->advice[i].rule < first)
      explain_rule(explained, decision->advice[i].rule);
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
    out_text(out, NULL, "The rule says retry off: when one connector was tried, no other is.");
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
      [SKIP_FLOOR] = "it approves less often than the rule asks, and another of the list does not",
      [SKIP_BUDGET] = "the networks allow no further try of the card now",
  };
  return texts[reason];
}

/* How many of the list are tried at most. */
static unsigned tries_allowed(const struct payment *payment) {
  const struct policy_options *options = &payment->decision.options;
  if (payment->retry_none || options->retry_off)
    return 1;
  return options->max_attempts != 0 ? options->max_attempts : CANDIDATES_MAX;
}

static void explain_candidate(struct json_out *out, const struct candidate *candidate, bool stands_by) {
  char line[LINE_CAPACITY];
  if (candidate->skipped == SKIP_NONE && stands_by)
    snprintf(line, sizeof line, "%s stands by: it is tried only when one before it cannot be.",
             candidate->connector);
  else if (candidate->skipped != SKIP_NONE)
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

static void explain_candidates(struct json_out *out, const struct payment *payment) {
  const struct decision *decision = &payment->decision;
  unsigned usable = 0, allowed = tries_allowed(payment);
  char line[LINE_CAPACITY];
  if (decision->action == POLICY_SPLIT && decision->candidate_count > 0) {
    snprintf(line, sizeof line, "The draw %u of 10000 falls to %s.", decision->share,
             decision->candidates[0].connector);
    out_text(out, NULL, line);
  }
  if (decision->action == POLICY_DECLINE)
    out_text(out, NULL, "The payment is declined.");
  for (uint8_t i = 0; i < decision->candidate_count; i++) {
    explain_candidate(out, &decision->candidates[i], usable >= allowed);
    usable += decision->candidates[i].skipped == SKIP_NONE;
  }
}

/* Whose draw it was. */
static void explain_split(const struct explained *explained) {
  const struct payment *payment = explained->payment;
  if (payment->decision.rule_number >= policy_rule_count(explained->policy) ||
      payment->customer.text[0] != '\0')
    return;
  const struct policy_action *action = policy_rule_action(explained->policy, payment->decision.rule_number);
  if (action->type == POLICY_SPLIT && action->by_customer)
    out_text(explained->out, NULL,
             "The rule splits by customer and the payment has none: it is drawn for this payment alone.");
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
  explain_advice(explained->out, explained->payment, explained->policy);
  explain_split(explained);
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

/* What an issuer knows a later payment by (P8). */
static void explain_agreement(struct json_out *out, const struct call *call, const struct payment *payment) {
  struct agreement agreement;
  char line[LINE_CAPACITY];
  bool by_merchant = payment->kind == KIND_RECURRING || payment->kind == KIND_INSTALLMENT ||
                     payment->kind == KIND_UNSCHEDULED;
  if (payment->agreement.text[0] == '\0') {
    snprintf(
        line, sizeof line,
        "The payment is %s and names no agreement: no network transaction id goes with it, and an issuer "
        "may decline it.",
        payment_kind_name(payment->kind));
    if (by_merchant)
      out_text(out, NULL, line);
    return;
  }
  if (ledger_agreement_get(call->api->options.ledger, &payment->merchant, &payment->agreement, &agreement) !=
      0)
    return;
  if (agreement.network_transaction_id[0] == '\0')
    out_text(out, NULL, "The agreement has no network transaction id: an issuer may decline the payment.");
  if (payment->token.text[0] != '\0' && !id_equal(&agreement.token, &payment->token))
    out_text(
        out, NULL,
        "The agreement was opened with another token: the card is taken to be the one that replaces it.");
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
  explain_agreement(out, call, payment);
  explain_options(out, &payment->decision.options);
  if (payment->retry_none && !payment->decision.options.retry_off)
    out_text(out, NULL, "The request says retry none: when one connector was tried, no other is.");
  explain_choice(out, payment);
  explain_candidates(out, payment);
  out_close_list(out);
}
