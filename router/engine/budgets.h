/* What has been tried with a payment's card: a record that is derived from the attempts of all payments with
 * that card, and kept with them. */
#pragma once

#include "budget.h"
#include "payment.h"

/* The tries of its card, with what this event changed of its own. None for a card without a fingerprint.
 * Returns 0 or a negated errno. */
MUST_USE int card_uses_load(struct ledger *ledger, const struct payment *payment, int64_t now_ms,
                            struct card_uses *ret_uses);
/* Stores what an entry changed of them. at_ms: the entry's. Returns 0 or a negated errno. */
MUST_USE int card_uses_store(struct ledger *ledger, struct payment *payment, int64_t at_ms);
/* Whether the networks let the payment's card be tried now (P7). Returns 0 or a negated errno. */
MUST_USE int payment_budget(struct ledger *ledger, const struct payment *payment, int64_t now_ms,
                            struct budget *ret_budget);
