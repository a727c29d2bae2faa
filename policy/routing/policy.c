/* What others may see of a policy's tree. */
#include "policy_tree.h"
#include <assert.h>

unsigned policy_rule_count(const struct policy *policy) {
  return policy->rule_count;
}

const char *policy_rule_name(const struct policy *policy, unsigned rule) {
  assert(rule < policy->rule_count);
  return policy->rules[rule].name;
}

const struct policy_action *policy_rule_action(const struct policy *policy, unsigned rule) {
  assert(rule < policy->rule_count);
  return &policy->rules[rule].action;
}

const char *policy_zone(const struct policy *policy, unsigned number) {
  return number < policy->zone_count ? policy->zones[number] : NULL;
}

const struct policy_schedule *policy_schedule(const struct policy *policy, unsigned number) {
  return number < policy->schedule_count ? &policy->schedules[number].is : NULL;
}

uint32_t policy_window(const struct policy *policy, unsigned number) {
  return number < policy->window_count ? policy->window_s[number] : 0;
}
