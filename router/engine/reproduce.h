/* Whether a recorded decision comes out again, to the byte (P6). */
#pragma once

#include "payment.h"

struct ledger;
struct policy_cache;

enum reproduction {
  REPRODUCTION_NOT_TRIED, /* the request named the connectors, or the policy's text cannot be read any more */
  REPRODUCTION_SAME,
  REPRODUCTION_DIFFERS
};

/* Decides again by the policy that the decision names, as the ledger has it, upon what is recorded with the
 * payment, and compares. policies: where it is compiled. */
enum reproduction decision_reproduce(struct ledger *ledger, struct policy_cache *policies,
                                     const struct payment *payment);
