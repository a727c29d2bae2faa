/* The evaluator against a slow, obvious one where there are more rules than one block of the index holds, and
 * more facts than the index has room for. */
#include "many_rules.h"
#include "rule_index.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#ifdef FREEPORT_SANITIZED /* which is some five times slower, and looks for other things */
enum { POLICIES = 20, DECIDED_LEAST = 5 };
#else
enum { POLICIES = 100, DECIDED_LEAST = 25 };
#endif
enum { PAYMENTS_EACH = 1000, WORD_RULES = 64, WORDS = MANY_RULES_MAX / WORD_RULES };

_Static_assert((int)MANY_RULES_MAX > 2 * (int)BLOCK_RULES && (int)MANY_ATTRIBUTES > (int)INDEX_SLOTS_MAX,
               "rules of several blocks, more facts than are in the index");

static struct many_policy drawn;
static unsigned decided[WORDS + 1]; /* by rules of each word of a row */

static void hold_to_reference(uint64_t *state, const struct policy *policy) {
  static struct many_payment payment;
  struct policy_decision decision;
  unsigned advice;
  many_draw_payment(state, &drawn, &payment);
  unsigned rule = many_decide(&drawn, &payment, &advice);
  policy_evaluate(policy, &payment.facts, &decision);
  cr_assert(eq(uint, decision.rule, rule));
  cr_assert(eq(uint, decision.advice_count, advice < POLICY_ADVICE_MAX ? advice : POLICY_ADVICE_MAX));
  decided[rule / WORD_RULES] += rule < drawn.rule_count;
}

Test(evaluate_many, it_is_the_reference_beyond_one_block_and_the_slots_of_the_index) {
  uint64_t state = 20261127;
  for (unsigned i = 0; i < POLICIES; i++) {
    struct policy *policy;
    struct policy_error error;
    many_draw_policy(&state, &drawn);
    int result = policy_parse(drawn.text, drawn.length, &policy, &error);
    cr_assert(eq(int, result, 0), "line %u column %u: %s", error.line, error.column, error.expected);
    for (unsigned j = 0; j < PAYMENTS_EACH; j++)
      hold_to_reference(&state, policy);
    policy_free(policy);
  }
  for (unsigned word = 0; word < WORDS; word++)
    cr_expect(gt(uint, decided[word], DECIDED_LEAST), "rules from %u on decide often enough: %u",
              word * WORD_RULES, decided[word]);
}
