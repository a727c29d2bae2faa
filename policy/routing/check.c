#include "policy_tree.h"
#include <string.h>

static bool is_known(const char *name, const char *const *connectors, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(connectors[i], name) == 0)
      return true;
  return false;
}

static int check_verdict(const struct policy_verdict *verdict, const char *const *connectors, size_t count,
                         struct policy_error *ret_error) {
  for (unsigned i = 0; i < verdict->count; i++) {
    const struct policy_candidate *candidate = &verdict->candidates[i];
    if (!is_known(candidate->name, connectors, count)) {
      *ret_error = (struct policy_error){.line = candidate->line,
                                         .column = candidate->column,
                                         .expected = "the name of a registered connector"};
      return POLICY_WRONG;
    }
  }
  return 0;
}

int policy_check(const struct policy *policy, const char *const *connectors, size_t count,
                 struct policy_error *ret_error) {
  return check_verdict(&policy->otherwise, connectors, count, ret_error);
}
