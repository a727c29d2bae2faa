#include "policy_tree.h"
#include <string.h>

static void apply(const struct policy_verdict *verdict, const char *rule,
                  struct policy_decision *ret_decision) {
  *ret_decision = (struct policy_decision){.action = verdict->action, .candidate_count = verdict->count};
  strncpy(ret_decision->rule, rule, POLICY_NAME_CAPACITY - 1);
  for (unsigned i = 0; i < verdict->count; i++)
    memcpy(ret_decision->candidates[i], verdict->candidates[i].name, POLICY_NAME_CAPACITY);
}

void policy_evaluate(const struct policy *policy, const struct policy_facts *facts,
                     struct policy_decision *ret_decision) {
  (void)facts; /* `otherwise` matches whatever they are */
  apply(&policy->otherwise, "otherwise", ret_decision);
}
