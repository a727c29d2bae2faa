/* The order in which a decision's connectors are tried, where the policy itself says it. */
#pragma once

#include "routing.h"

/* Fills order and share of a decision whose rule, name and action stand. A split falls by a hash of the
 * rule's name and the customer's or the payment's id: the same one always falls the same way. */
void order_candidates(struct policy_decision *decision, const struct policy_facts *facts);
