#include "replay_advice.h"

#include <string.h>

#include "learned.h"

enum { MILLION = 1000000, MILLIONTHS_PER_WEIGHT = 10000 };

/* In how many of a million such payments the rule in force takes that connector first. What a choice takes is
 * not known, and counts as never unless it took it. */
static uint32_t share_of(const struct policy_action *action, const char *connector, bool followed) {
  if (action->type != POLICY_SPLIT)
    return action->type == POLICY_ROUTE && followed ? MILLION : 0;
  for (unsigned i = 0; i < action->candidate_count; i++)
    if (strcmp(action->candidates[i], connector) == 0)
      return (uint32_t)action->weights[i] * MILLIONTHS_PER_WEIGHT;
  return 0;
}

static struct advised_rule *rule_of(struct advice_counts *counts, uint16_t rule) {
  for (unsigned i = 0; i < counts->count; i++)
    if (counts->rules[i].rule == rule)
      return &counts->rules[i];
  if (counts->count == ADVICE_RULES_MAX)
    return NULL;
  counts->rules[counts->count] = (struct advised_rule){.rule = rule};
  return &counts->rules[counts->count++];
}

void advice_count(struct advice_counts *counts, const struct policy *policy, const struct payment *payment) {
  const struct decision *decision = &payment->decision;
  const struct attempt *first = payment->attempt_count > 0 ? &payment->attempts[0] : NULL;
  bool approved;
  if (!first || decision->rule_number >= policy_rule_count(policy) ||
      !attempt_tells(payment, first, &approved))
    return;
  const struct policy_action *action = policy_rule_action(policy, decision->rule_number);
  for (unsigned i = 0; i < decision->advice_count; i++) {
    const struct decision_advice *advice = &decision->advice[i];
    struct advised_rule *rule = rule_of(counts, advice->rule);
    bool followed = strcmp(advice->connector, first->connector) == 0;
    if (rule)
      choice_advice_record(&rule->sums,
                           &(struct choice_advised){.followed = followed,
                                                    .share = share_of(action, advice->connector, followed),
                                                    .advised = advice->believed,
                                                    .approved = approved});
  }
}
