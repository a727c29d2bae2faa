#include "compiled.h"
#include "shares.h"
#include <assert.h>
#include <string.h>

/* One walk over the candidates, in order. */
struct walk {
  const struct policy *policy;
  const struct slot_values *values;
  struct policy_decision *decision;
};

/* A matching advice rule is noted, and the search goes on. Returns whether the rule decides. */
static bool decides(const struct walk *walk, unsigned rule) {
  struct policy_decision *decision = walk->decision;
  if (!walk->policy->rules[rule].action.advice) {
    decision->rule = rule;
    return true;
  }
  if (decision->advice_count < POLICY_ADVICE_MAX)
    decision->advice[decision->advice_count++] = rule;
  return false;
}

static bool matches(const struct walk *walk, unsigned rule) {
  const struct compiled_rule *compiled = &walk->policy->program->rules[rule];
  return compiled->shown || condition_holds(&compiled->condition, walk->values);
}

static bool walk_block(const struct walk *walk, unsigned first, const struct rule_block *block) {
  for (unsigned word = 0; word < BLOCK_WORDS; word++)
    for (uint64_t bits = block->words[word]; bits != 0; bits &= bits - 1) {
      unsigned rule = first + 64 * word + (unsigned)__builtin_ctzll(bits);
      if (matches(walk, rule) && decides(walk, rule))
        return true;
    }
  return false;
}

static void find_rule(const struct walk *walk) {
  const struct rule_index *index = &walk->policy->program->index;
  struct rule_rows rows;
  struct rule_block block;
  rule_index_look(index, walk->values, &rows);
  for (unsigned i = 0; i < index->block_count; i++)
    if (rule_index_block(index, &rows, i, &block) && walk_block(walk, i * BLOCK_RULES, &block))
      return;
  assert(false); /* `otherwise` always matches */
}

void policy_evaluate(const struct policy *policy, const struct policy_facts *facts,
                     struct policy_decision *ret_decision) {
  struct slot_values values;
  struct walk walk = {policy, &values, ret_decision};
  memset(ret_decision, 0, sizeof *ret_decision);
  slots_read(&policy->program->slots, facts, &values);
  find_rule(&walk);
  ret_decision->name = policy->rules[ret_decision->rule].name;
  ret_decision->action = &policy->rules[ret_decision->rule].action;
  order_candidates(ret_decision, facts);
}
