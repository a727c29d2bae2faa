/* A fact of a zone that nobody knows is absent, and nothing is tried later by its clock. */
#include "policy_checker.h"
#include "policy_words.h"

static bool is_known(const struct checker *checker, const char *zone) {
  int32_t offset_s;
  return checker->zone_offset(zone, 0, &offset_s) == 0;
}

static void check_node(struct checker *checker, unsigned rule, const struct node *node,
                       const bool known[POLICY_ZONES_MAX]) {
  bool zoned = node->type == NODE_COMPARISON && policy_fact_rule(node->fact.fact)->argument == ARGUMENT_ZONE;
  if (zoned && !known[node->fact.zone])
    checker_find(checker, POLICY_ERROR, rule, node->place, "zone_unknown",
                 "No time zone of that name is known, as Europe/Berlin is: the comparison would never hold.");
  for (unsigned i = 0; i < node->child_count; i++)
    check_node(checker, rule, node->children[i], known);
}

void check_zones(struct checker *checker) {
  const struct policy *policy = checker->policy;
  bool known[POLICY_ZONES_MAX];
  for (unsigned i = 0; i < policy->zone_count; i++)
    known[i] = is_known(checker, policy->zones[i]);
  for (unsigned i = 0; policy->zone_count > 0 && i + 1 < policy->rule_count; i++)
    check_node(checker, i, policy->rules[i].when, known);
  for (unsigned i = 0; i < policy->schedule_count; i++) {
    const struct named_schedule *schedule = &policy->schedules[i];
    if (schedule->is.zone[0] != '\0' && !is_known(checker, schedule->is.zone))
      checker_find(
          checker, POLICY_ERROR, policy->rule_count, schedule->place, "zone_unknown",
          "The schedule's time zone is not known, as Europe/Berlin is: nothing would be tried later.");
  }
}
