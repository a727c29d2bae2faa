#include "policy_checker.h"

static bool tests(const struct node *node, enum policy_fact fact) {
  if (node == NULL)
    return false;
  if (node->type == NODE_COMPARISON)
    return node->fact.fact == fact;
  for (unsigned i = 0; i < node->child_count; i++)
    if (tests(node->children[i], fact))
      return true;
  return false;
}

/* What can be paid with comes before where the card is from: a rule on the country would catch what is none.
 */
static void check_order(struct checker *checker) {
  const struct policy *policy = checker->policy;
  unsigned first = policy->rule_count;
  for (unsigned i = 0; i < policy->rule_count; i++) {
    const struct rule *rule = &policy->rules[i];
    if (first < i && tests(rule->when, FACT_METHOD))
      checker_find(checker, POLICY_ERROR, i, rule->place, "method_after_country",
                   "A rule on the payment method must come before rules on card.country: rule %u is one.",
                   first + 1);
    if (first == policy->rule_count && tests(rule->when, FACT_CARD_COUNTRY))
      first = i;
  }
}

/* Where there are others to go to. */
static void check_cascades(struct checker *checker) {
  const struct policy *policy = checker->policy;
  for (unsigned i = 0; i < policy->rule_count; i++) {
    const struct rule *rule = &policy->rules[i];
    if (rule->action.candidate_count == 1 && checker->connector_count != 1)
      checker_find(checker, POLICY_WARNING, i, rule->candidate_places[0], "single_connector",
                   "The list has one connector: when that one fails, nothing else is tried.");
  }
}

static void check_sets(struct checker *checker) {
  const struct policy *policy = checker->policy;
  for (unsigned i = 0; i < policy->set_count; i++)
    if (policy->sets[i].fitted == NULL)
      checker_find(checker, POLICY_WARNING, policy->rule_count, policy->sets[i].place, "set_unused",
                   "No rule compares anything with this set.");
}

void check_shape(struct checker *checker) {
  check_order(checker);
  check_cascades(checker);
  check_sets(checker);
}
