/* What rules that are only advice would have gained over the rule in force, from the payments that bear their
 * advice. */
#pragma once

#include "choice_advice.h"
#include "payment.h"

enum { ADVICE_RULES_MAX = 16 /* of one policy; further ones are left out */ };

struct advised_rule {
  uint16_t rule; /* its number in the policy */
  struct choice_advice sums;
};

/* Zeroed is empty. */
struct advice_counts {
  unsigned count;
  struct advised_rule rules[ADVICE_RULES_MAX];
};

/* Counts a payment that this policy decided, when its first attempt ended in a way that tells about the
 * connector. */
void advice_count(struct advice_counts *counts, const struct policy *policy, const struct payment *payment);
