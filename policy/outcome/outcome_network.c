/* The issuer's own answer (ISO 8583 field 39) and what the networks add to it. Sources: ISO 8583:1987 as
 * processors publish it, Visa's decline response categories, Mastercard's merchant advice codes; the verdicts
 * are our own. */
#include "outcome_rows.h"
#include <string.h>

enum { HOUR = 3600, DAY = 24 * HOUR };

static const struct outcome_row iso_rows[] = {
    {"00", VERDICT_APPROVED, "approved", "approved"},
    {"10", VERDICT_APPROVED, "approved", "partially_approved"},
    {"85", VERDICT_APPROVED, "approved",
     "approved"}, /* nothing speaks against it: what checks of a card get */
    /* No lasting reason: another acquirer's data and standing may change the issuer's mind. */
    {"05", VERDICT_ELSEWHERE, "issuer", "do_not_honor"},
    {"21", VERDICT_ELSEWHERE, "issuer", "no_action_taken"},
    /* A fault on the way: another way may work. */
    {"06", VERDICT_ELSEWHERE, "technical", "processing_error"},
    {"19", VERDICT_ELSEWHERE, "technical", "reenter_transaction"},
    {"30", VERDICT_ELSEWHERE, "technical", "format_error"},
    {"80", VERDICT_ELSEWHERE, "technical", "issuer_unavailable"},
    {"86", VERDICT_ELSEWHERE, "technical", "pin_validation_unavailable"},
    {"91", VERDICT_ELSEWHERE, "technical", "issuer_unavailable"},
    {"92", VERDICT_ELSEWHERE, "technical", "network_unavailable"},
    {"96", VERDICT_ELSEWHERE, "technical", "processing_error"},
    {"Z3", VERDICT_ELSEWHERE, "technical", "issuer_unavailable"},
    /* About this acquirer's merchant or terminal (Visa forbids a repeat of 03: see below). */
    {"03", VERDICT_ELSEWHERE, "configuration", "invalid_merchant"},
    {"40", VERDICT_ELSEWHERE, "configuration", "transaction_not_supported"},
    {"58", VERDICT_ELSEWHERE, "configuration", "transaction_not_supported"},
    /* True of the account whoever asks; it may pass. 68: a late answer, so the issuer may hold the money for
       a while. 82: Mastercard's group of 03, 13, 57, 61, 62 and 65, mostly limits; the advice says more. */
    {"01", VERDICT_LATER, "issuer", "refer_to_issuer"},
    {"02", VERDICT_LATER, "issuer", "refer_to_issuer"},
    {"51", VERDICT_LATER, "funds", "insufficient_funds"},
    {"61", VERDICT_LATER, "funds", "limit_exceeded"},
    {"65", VERDICT_LATER, "funds", "limit_exceeded"},
    {"68", VERDICT_LATER, "technical", "issuer_timeout"},
    {"82", VERDICT_LATER, "issuer", "issuer_policy"},
    {"N3", VERDICT_LATER, "funds", "limit_exceeded"},
    {"N4", VERDICT_LATER, "funds", "limit_exceeded"},
    /* The customer must prove who they are. */
    {"1A", VERDICT_AUTHENTICATE, "authentication", "authentication_required"},
    {"70", VERDICT_AUTHENTICATE, "authentication", "pin_required"},
    /* Wrong or outdated details: every acquirer sends the same ones. 79: Mastercard's lifecycle group of 14
       and 54. */
    {"14", VERDICT_UPDATE_CARD, "card", "invalid_number"},
    {"46", VERDICT_UPDATE_CARD, "card", "closed_account"},
    {"54", VERDICT_UPDATE_CARD, "card", "expired_card"},
    {"56", VERDICT_UPDATE_CARD, "card", "invalid_number"},
    {"6P", VERDICT_UPDATE_CARD, "card", "verification_failed"},
    {"79", VERDICT_UPDATE_CARD, "card", "card_lifecycle"},
    {"N7", VERDICT_UPDATE_CARD, "card", "incorrect_cvc"},
    /* The request itself is wrong. */
    {"13", VERDICT_CONFIG, "request", "invalid_amount"},
    {"76", VERDICT_CONFIG, "request", "original_not_found"},
    /* Suspicion: a second try elsewhere makes it worse. 83: Mastercard's group of 41, 43, 55 and 63. */
    {"34", VERDICT_FRAUD, "fraud", "suspected_fraud"},
    {"59", VERDICT_FRAUD, "fraud", "suspected_fraud"},
    {"63", VERDICT_FRAUD, "fraud", "security_violation"},
    {"83", VERDICT_FRAUD, "fraud", "security_violation"},
    /* The card or the right to charge it is gone. */
    {"04", VERDICT_NEVER, "fraud", "pickup_card"},
    {"07", VERDICT_NEVER, "fraud", "pickup_card"},
    {"12", VERDICT_NEVER, "request", "invalid_transaction"},
    {"15", VERDICT_NEVER, "card", "invalid_number"},
    {"33", VERDICT_NEVER, "card", "expired_card"},
    {"41", VERDICT_NEVER, "fraud", "lost_card"},
    {"43", VERDICT_NEVER, "fraud", "stolen_card"},
    {"57", VERDICT_NEVER, "issuer", "transaction_not_permitted"},
    {"62", VERDICT_NEVER, "card", "restricted_card"},
    {"64", VERDICT_NEVER, "issuer", "legal_violation"},
    {"78", VERDICT_NEVER, "card", "blocked_card"},
    {"93", VERDICT_NEVER, "issuer", "legal_violation"},
    {"R0", VERDICT_NEVER, "issuer", "authorization_revoked"},
    {"R1", VERDICT_NEVER, "issuer", "authorization_revoked"},
    {"R3", VERDICT_NEVER, "issuer", "authorization_revoked"},
    /* PIN answers: nothing that a payment by token can put right. */
    {"55", VERDICT_NEVER, "card", "incorrect_pin"},
    {"75", VERDICT_NEVER, "card", "pin_tries_exceeded"},
    /* The twin of this payment may have been charged. */
    {"94", VERDICT_NEVER, "request", "duplicate_transaction"},
};

/* Category 1, never to be repeated, and where Visa means something else than the common list does (82). */
static const struct outcome_row visa_rows[] = {
    {"03", VERDICT_NEVER, "configuration", "invalid_merchant"},
    {"04", VERDICT_NEVER, "fraud", "pickup_card"},
    {"07", VERDICT_NEVER, "fraud", "pickup_card"},
    {"12", VERDICT_NEVER, "request", "invalid_transaction"},
    {"15", VERDICT_NEVER, "card", "invalid_number"},
    {"41", VERDICT_NEVER, "fraud", "lost_card"},
    {"43", VERDICT_NEVER, "fraud", "stolen_card"},
    {"57", VERDICT_NEVER, "issuer", "transaction_not_permitted"},
    {"62", VERDICT_NEVER, "card", "restricted_card"},
    {"78", VERDICT_NEVER, "card", "blocked_card"},
    {"82", VERDICT_UPDATE_CARD, "card", "incorrect_cvc"},
    {"93", VERDICT_NEVER, "issuer", "legal_violation"},
    {"R0", VERDICT_NEVER, "issuer", "authorization_revoked"},
    {"R1", VERDICT_NEVER, "issuer", "authorization_revoked"},
    {"R3", VERDICT_NEVER, "issuer", "authorization_revoked"},
};

static const struct outcome_row advice_rows[] = {
    /* The card has been replaced: what was tried is out of date. */
    {"01", VERDICT_UPDATE_CARD, "card", "new_account_information"},
    /* Never again: Mastercard charges for every other try of it within 30 days. */
    {"03", VERDICT_NEVER, "issuer", "do_not_try_again"},
    {"21", VERDICT_NEVER, "issuer", "authorization_revoked"},
    /* About this merchant's set-up at this acquirer. */
    {"04", VERDICT_ELSEWHERE, "configuration", "token_not_supported"},
    {"22", VERDICT_ELSEWHERE, "configuration", "product_not_supported"},
    /* Not now: at no acquirer sooner than advised. 02 names no time; processors count three days. */
    {"02", VERDICT_LATER, "issuer", "try_later", 3 * DAY},
    {"24", VERDICT_LATER, "issuer", "try_later", HOUR},
    {"25", VERDICT_LATER, "issuer", "try_later", DAY},
    {"26", VERDICT_LATER, "issuer", "try_later", 2 * DAY},
    {"27", VERDICT_LATER, "issuer", "try_later", 4 * DAY},
    {"28", VERDICT_LATER, "issuer", "try_later", 6 * DAY},
    {"29", VERDICT_LATER, "issuer", "try_later", 8 * DAY},
    {"30", VERDICT_LATER, "issuer", "try_later", 10 * DAY},
    /* A number that is used up, empty for good or under sanctions; 43 may be charged again. */
    {"40", VERDICT_NEVER, "card", "prepaid_not_reloadable"},
    {"41", VERDICT_NEVER, "card", "single_use_number"},
    {"42", VERDICT_NEVER, "issuer", "sanctions"},
    {"43", VERDICT_ELSEWHERE, "card", "virtual_number"},
};

const struct outcome_table iso8583_outcomes = OUTCOME_TABLE(iso_rows);
const struct outcome_table visa_outcomes = OUTCOME_TABLE(visa_rows);
const struct outcome_table mastercard_advice = OUTCOME_TABLE(advice_rows);

static bool listed(const char *const *codes, const char *code) {
  for (; *codes != NULL; codes++)
    if (strcmp(*codes, code) == 0)
      return true;
  return false;
}

bool outcome_advice_stops(const char *advice_code) {
  return advice_code != NULL && (strcmp(advice_code, "03") == 0 || strcmp(advice_code, "21") == 0);
}

unsigned outcome_visa_category(const char *network_code) {
  static const char *const never[] = {"03", "04", "07", "12", "15", "41", "43", "57",
                                      "62", "78", "93", "R0", "R1", "R3", NULL};
  static const char *const unable_now[] = {"19", "51", "59", "61", "65", "75",
                                           "86", "91", "96", "N3", "N4", NULL};
  static const char *const check_data[] = {"14", "54", "55", "82", "1A", "N7", NULL};
  if (listed(never, network_code))
    return 1;
  if (listed(unable_now, network_code))
    return 2;
  return listed(check_data, network_code) ? 3 : 4;
}
