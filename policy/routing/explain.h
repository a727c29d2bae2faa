/* Why a rule matches a payment, or does not, in words. */
#pragma once

#include "routing.h"

enum { POLICY_EXPLANATION_CAPACITY = 512 };

/* Explains one rule of the policy for a payment: "card.country in eea does not hold: card.country is US". Of
 * several comparisons that decide it, one for `and` and all for `or`. Values are the payment's own; what does
 * not fit is cut off. Returns whether the rule matches. */
bool policy_explain(const struct policy *policy, const struct policy_facts *facts, unsigned rule,
                    char ret_text[POLICY_EXPLANATION_CAPACITY]);
