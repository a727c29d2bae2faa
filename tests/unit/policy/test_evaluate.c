/* The evaluator against a slow, obvious one, over random policies and payments; and the order of splits. */
#include "reference_policy.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { POLICIES = 20000, PAYMENTS_EACH = 60 };

static struct drawn_policy drawn;

static void print_once(const struct policy_facts *facts) {
  cr_log_error("amount %lld %s, bin %s, network %u, country %s, risk %d", (long long)facts->amount.minor,
               facts->amount.currency, facts->bin ? facts->bin : "-", (unsigned)facts->network,
               facts->country ? facts->country : "-", facts->risk);
}

static void hold_to_reference(uint64_t *state, const struct policy *policy) {
  struct drawn_facts facts;
  struct policy_decision decision;
  unsigned advice;
  draw_facts(state, policy, &facts);
  unsigned rule = reference_decide(&drawn, policy, &facts.facts, &advice);
  policy_evaluate(policy, &facts.facts, &decision);
  if (decision.rule != rule ||
      decision.advice_count != (advice < POLICY_ADVICE_MAX ? advice : POLICY_ADVICE_MAX))
    print_once(&facts.facts);
  cr_assert(eq(uint, decision.rule, rule), "of\n%s", drawn.text);
  cr_assert(eq(uint, decision.advice_count, advice < POLICY_ADVICE_MAX ? advice : POLICY_ADVICE_MAX));
}

Test(evaluate, it_is_the_reference_on_random_policies_and_payments) {
  uint64_t state = 20261127;
  for (unsigned i = 0; i < POLICIES; i++) {
    struct policy *policy;
    struct policy_error error;
    draw_policy(&state, &drawn);
    int result = policy_parse(drawn.text, drawn.length, &policy, &error);
    cr_assert(eq(int, result, 0), "line %u column %u: %s\n%s", error.line, error.column, error.expected,
              drawn.text);
    for (unsigned j = 0; j < PAYMENTS_EACH; j++)
      hold_to_reference(&state, policy);
    policy_free(policy);
  }
}
