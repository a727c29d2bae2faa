/* What has been tried with a payment's card: a record that is derived from the attempts of all payments with
 * that card, and kept with them. */
#pragma once

#include "budget.h"
#include "payment.h"

/* The card in hand: many attempts of a round may be of the same one, and its record is written once. Zeroed
 * is empty. */
struct card_in_hand {
  struct id merchant, fingerprint; /* empty: none */
  bool changed;                    /* since it was written */
  struct card_uses uses;
};

/* The tries of the payment's card, with what its entry in hand changed of its own. None for a card without a
 * fingerprint. Returns 0 or a negated errno. */
MUST_USE int card_uses_load(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                            int64_t now_ms, struct card_uses *ret_uses);
/* Takes over what an entry changed of them. at_ms: the entry's. Returns 0 or a negated errno. */
MUST_USE int card_uses_follow(struct ledger *ledger, struct card_in_hand *card, struct payment *payment,
                              int64_t at_ms);
/* Writes what is in hand and was not written: before every commit. Returns 0 or a negated errno. */
MUST_USE int card_uses_write(struct ledger *ledger, struct card_in_hand *card);
/* Whether the networks let that card of the merchant's be tried with that amount now, before there is a
 * payment. Returns 0 or a negated errno. */
MUST_USE int card_budget(struct ledger *ledger, struct card_in_hand *in_hand, const struct id *merchant,
                         const struct card_view *card, const struct money *amount, int64_t now_ms,
                         struct budget *ret_budget);
/* Whether the networks let the payment's card be tried now (P7). Returns 0 or a negated errno. */
MUST_USE int payment_budget(struct ledger *ledger, struct card_in_hand *card, const struct payment *payment,
                            int64_t now_ms, struct budget *ret_budget);
