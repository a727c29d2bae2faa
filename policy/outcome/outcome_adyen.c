/* Adyen's refusalReasonCode, and the errorCode of a refused request where it is about the card. Source:
 * Adyen's published lists of refusal reasons and error codes; the verdicts are our own. */
#include "outcome_rows.h"

static const struct outcome_row rows[] = {
    {"0", VERDICT_APPROVED, "approved", "approved"},
    /* The issuer gave no lasting reason: another acquirer may succeed. What is not permitted (23) Visa
       forbids to repeat (57). */
    {"2", VERDICT_ELSEWHERE, "issuer", "generic_decline"},
    {"23", VERDICT_ELSEWHERE, "issuer", "transaction_not_permitted", .issuer_code = "57"},
    /* A fault on this way to the issuer, declared as a refusal: nothing was charged, another way may work. */
    {"4", VERDICT_ELSEWHERE, "technical", "acquirer_error"},
    {"9", VERDICT_ELSEWHERE, "technical", "issuer_unavailable"},
    {"19", VERDICT_ELSEWHERE, "technical", "pin_validation_unavailable"},
    {"21", VERDICT_ELSEWHERE, "technical", "not_submitted"},
    {"39", VERDICT_ELSEWHERE, "technical", "authentication_unavailable"},
    {"40", VERDICT_ELSEWHERE, "technical", "network_unavailable"},
    /* What this acquirer's way does not support, another's may. */
    {"10", VERDICT_ELSEWHERE, "configuration", "transaction_not_supported"},
    /* True of the account whoever asks; it may pass. 27: the issuer named a reason that Adyen has no word
       for, so it is treated as an unknown code. */
    {"3", VERDICT_LATER, "issuer", "refer_to_issuer"},
    {"27", VERDICT_LATER, "issuer", "unmapped_decline"},
    {"12", VERDICT_LATER, "funds", "insufficient_funds"},
    {"28", VERDICT_LATER, "funds", "limit_exceeded"},
    {"29", VERDICT_LATER, "funds", "limit_exceeded"},
    /* The customer must prove who they are. */
    {"11", VERDICT_AUTHENTICATE, "authentication", "authentication_failed"},
    {"33", VERDICT_AUTHENTICATE, "authentication", "pin_required"},
    {"36", VERDICT_AUTHENTICATE, "authentication", "pin_required"},
    {"38", VERDICT_AUTHENTICATE, "authentication", "authentication_required"},
    {"41", VERDICT_AUTHENTICATE, "authentication", "pin_required"},
    {"42", VERDICT_AUTHENTICATE, "authentication", "authentication_failed"},
    /* Wrong or outdated details: every acquirer sends the same ones. */
    {"6", VERDICT_UPDATE_CARD, "card", "expired_card"},
    {"8", VERDICT_UPDATE_CARD, "card", "invalid_number"},
    {"24", VERDICT_UPDATE_CARD, "card", "incorrect_cvc"},
    {"32", VERDICT_UPDATE_CARD, "card", "incorrect_address"},
    {"34", VERDICT_UPDATE_CARD, "card", "invalid_account"},
    {"35", VERDICT_UPDATE_CARD, "card", "invalid_account"},
    {"50", VERDICT_UPDATE_CARD, "card", "token_revoked"},
    {"101", VERDICT_UPDATE_CARD, "card", "invalid_number"},
    {"103", VERDICT_UPDATE_CARD, "card", "incorrect_cvc"},
    {"129", VERDICT_UPDATE_CARD, "card", "invalid_expiry"},
    /* The request itself is wrong. */
    {"7", VERDICT_CONFIG, "request", "invalid_amount"},
    /* Suspicion, of the issuer (31) or the acquirer (14): a second try elsewhere makes it worse. */
    {"14", VERDICT_FRAUD, "fraud", "suspected_fraud"},
    {"31", VERDICT_FRAUD, "fraud", "suspected_fraud"},
    /* The merchant's own risk rules at Adyen said no: another acquirer would go behind them. */
    {"20", VERDICT_NEVER, "fraud", "blocked_by_rule"},
    {"22", VERDICT_NEVER, "fraud", "blocked_by_rule"},
    /* The card or the right to charge it is gone; 46: Adyen counted the networks' limits, which hold at any
       acquirer. */
    {"5", VERDICT_NEVER, "card", "restricted_card", .issuer_code = "04"},
    {"25", VERDICT_NEVER, "card", "restricted_card", .issuer_code = "62"},
    {"26", VERDICT_NEVER, "issuer", "authorization_revoked", .issuer_code = "R1"},
    {"46", VERDICT_NEVER, "issuer", "do_not_try_again"},
    /* Somebody gave the payment up. */
    {"15", VERDICT_NEVER, "request", "cancelled"},
    {"16", VERDICT_NEVER, "request", "cancelled"},
    {"37", VERDICT_NEVER, "request", "cancelled"},
    /* PIN answers: nothing that a payment by token can put right. */
    {"17", VERDICT_NEVER, "card", "incorrect_pin"},
    {"18", VERDICT_NEVER, "card", "pin_tries_exceeded"},
};

const struct outcome_table adyen_outcomes = OUTCOME_TABLE(rows);
