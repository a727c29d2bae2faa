/* The tree of a policy, for the files of this room alone. */
#pragma once

#include "routing.h"

struct policy_candidate {
  char name[POLICY_NAME_CAPACITY];
  uint32_t line, column; /* where the text names it */
};

/* What a rule does once it matched. */
struct policy_verdict {
  enum policy_action action;
  unsigned count;
  struct policy_candidate candidates[POLICY_CANDIDATES_MAX];
};

struct policy {
  struct policy_verdict otherwise;
};
