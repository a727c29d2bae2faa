/* The networks' limits on tries of a card (P7), across acquirers. Pure. README.md has them as a table;
 * sources are Visa's and Mastercard's rules as acquirers publish them. */
#pragma once

#include "card_uses.h"
#include "network.h"
#include "outcome.h"

struct budget {
  bool allowed;             /* this network may be tried now */
  enum outcome_retry retry; /* when not: OUTCOME_RETRY_LATER or OUTCOME_RETRY_NEVER; else 0 */
  int64_t again_ms;         /* when it may be tried again, as far as is known; 0: allowed, never, or when
                               what is under way has come to its end */
  bool undecided;           /* when not: only for tries under way, each of which may yet be approved */
};

/* Whether a card of that network may be tried with that amount at now_ms. uses: its tries so far, those of
 * the payment in hand included. */
struct budget budget_ask(const struct card_uses *uses, enum network network, const struct money *amount,
                         int64_t now_ms);
