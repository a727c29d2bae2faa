/* Stripe's decline codes and the error codes that stand for one. Source: Stripe's published list of decline
 * codes; the verdicts are our own. */
#include "outcome_rows.h"

static const struct outcome_row rows[] = {
    /* The issuer gave no lasting reason: acquirers differ in route, data and standing, so another one may
       succeed. The three that are not permitted Visa forbids to repeat (57): see outcome_rows.h. */
    {"approve_with_id", VERDICT_ELSEWHERE, "issuer", "do_not_honor"},
    {"card_declined", VERDICT_ELSEWHERE, "issuer", "generic_decline"},
    {"do_not_honor", VERDICT_ELSEWHERE, "issuer", "do_not_honor"},
    {"generic_decline", VERDICT_ELSEWHERE, "issuer", "generic_decline"},
    {"no_action_taken", VERDICT_ELSEWHERE, "issuer", "no_action_taken"},
    {"not_permitted", VERDICT_ELSEWHERE, "issuer", "transaction_not_permitted", .issuer_code = "57"},
    {"service_not_allowed", VERDICT_ELSEWHERE, "issuer", "transaction_not_permitted", .issuer_code = "57"},
    {"transaction_not_allowed", VERDICT_ELSEWHERE, "issuer", "transaction_not_permitted",
     .issuer_code = "57"},
    /* A fault on this way to the issuer, declared as a decline: nothing was charged, another way may work. */
    {"issuer_not_available", VERDICT_ELSEWHERE, "technical", "issuer_unavailable"},
    {"processing_error", VERDICT_ELSEWHERE, "technical", "processing_error"},
    {"reenter_transaction", VERDICT_ELSEWHERE, "technical", "reenter_transaction"},
    {"try_again_later", VERDICT_ELSEWHERE, "technical", "processing_error"},
    /* What this account cannot do, another acquirer's may. */
    {"card_not_supported", VERDICT_ELSEWHERE, "configuration", "card_not_supported"},
    {"currency_not_supported", VERDICT_ELSEWHERE, "configuration", "currency_not_supported"},
    /* True of the account whoever asks: another acquirer hears the same today, and it may pass. */
    {"call_issuer", VERDICT_LATER, "issuer", "refer_to_issuer"},
    {"card_velocity_exceeded", VERDICT_LATER, "funds", "limit_exceeded"},
    {"insufficient_funds", VERDICT_LATER, "funds", "insufficient_funds"},
    {"withdrawal_count_limit_exceeded", VERDICT_LATER, "funds", "limit_exceeded"},
    /* The customer must prove who they are. */
    {"authentication_not_handled", VERDICT_AUTHENTICATE, "authentication", "authentication_required"},
    {"authentication_required", VERDICT_AUTHENTICATE, "authentication", "authentication_required"},
    {"mobile_device_authentication_required", VERDICT_AUTHENTICATE, "authentication",
     "authentication_required"},
    {"offline_pin_required", VERDICT_AUTHENTICATE, "authentication", "pin_required"},
    {"online_or_offline_pin_required", VERDICT_AUTHENTICATE, "authentication", "pin_required"},
    {"payment_intent_authentication_failure", VERDICT_AUTHENTICATE, "authentication",
     "authentication_failed"},
    /* Wrong or outdated details: every acquirer sends the same ones. */
    {"expired_card", VERDICT_UPDATE_CARD, "card", "expired_card"},
    {"incorrect_address", VERDICT_UPDATE_CARD, "card", "incorrect_address"},
    {"incorrect_cvc", VERDICT_UPDATE_CARD, "card", "incorrect_cvc"},
    {"incorrect_number", VERDICT_UPDATE_CARD, "card", "invalid_number"},
    {"incorrect_zip", VERDICT_UPDATE_CARD, "card", "incorrect_address"},
    {"invalid_account", VERDICT_UPDATE_CARD, "card", "invalid_account"},
    {"invalid_cvc", VERDICT_UPDATE_CARD, "card", "incorrect_cvc"},
    {"invalid_expiry_month", VERDICT_UPDATE_CARD, "card", "invalid_expiry"},
    {"invalid_expiry_year", VERDICT_UPDATE_CARD, "card", "invalid_expiry"},
    {"invalid_number", VERDICT_UPDATE_CARD, "card", "invalid_number"},
    {"new_account_information_available", VERDICT_UPDATE_CARD, "card", "new_account_information"},
    /* The request itself is wrong, or of the wrong environment. */
    {"invalid_amount", VERDICT_CONFIG, "request", "invalid_amount"},
    {"testmode_decline", VERDICT_CONFIG, "configuration", "test_card_in_live"},
    /* Suspicion: a second try elsewhere makes it worse. */
    {"fraudulent", VERDICT_FRAUD, "fraud", "suspected_fraud"},
    {"security_violation", VERDICT_FRAUD, "fraud", "security_violation"},
    /* The card or the merchant's right to charge it is gone, or the PSP's own block list holds it. */
    {"do_not_try_again", VERDICT_NEVER, "issuer", "do_not_try_again"},
    {"lost_card", VERDICT_NEVER, "fraud", "lost_card", .issuer_code = "41"},
    {"merchant_blacklist", VERDICT_NEVER, "fraud", "blocked_by_rule"},
    {"pickup_card", VERDICT_NEVER, "fraud", "pickup_card", .issuer_code = "04"},
    {"restricted_card", VERDICT_NEVER, "card", "restricted_card", .issuer_code = "62"},
    {"revocation_of_all_authorizations", VERDICT_NEVER, "issuer", "authorization_revoked",
     .issuer_code = "R3"},
    {"revocation_of_authorization", VERDICT_NEVER, "issuer", "authorization_revoked", .issuer_code = "R1"},
    {"stolen_card", VERDICT_NEVER, "fraud", "stolen_card", .issuer_code = "43"},
    {"stop_payment_order", VERDICT_NEVER, "issuer", "authorization_revoked", .issuer_code = "R0"},
    /* PIN answers: nothing that a payment by token can put right. */
    {"incorrect_pin", VERDICT_NEVER, "card", "incorrect_pin"},
    {"invalid_pin", VERDICT_NEVER, "card", "incorrect_pin"},
    {"pin_try_exceeded", VERDICT_NEVER, "card", "pin_tries_exceeded"},
    /* The twin of this payment may have been charged: another try would be the second charge. */
    {"duplicate_transaction", VERDICT_NEVER, "request", "duplicate_transaction"},
};

const struct outcome_table stripe_outcomes = OUTCOME_TABLE(rows);
