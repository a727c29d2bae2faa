/* What a PSP's answer means, and whether another try is allowed. Pure functions over static tables.
 *
 * Two questions are kept apart: may this payment go to another acquirer at once (may_go_elsewhere: it is
 * proved that nothing was charged and the reason may be gone at another one), and what the merchant is told
 * to do with a payment that ended declined (retry). */
#pragma once

#include "network.h"
#include "operations.h"
#include <stdbool.h>
#include <stdint.h>

enum outcome_class {
  OUTCOME_APPROVED = 1,
  OUTCOME_SOFT,          /* declined for a reason that may pass, or that another acquirer may not have */
  OUTCOME_HARD,          /* declined for good with this card */
  OUTCOME_AUTH_REQUIRED, /* the customer must authenticate */
  OUTCOME_CONFIG_ERROR,  /* our request or account is wrong: a person must look */
  OUTCOME_ISSUER_FRAUD,  /* the issuer, or the PSP for it, suspects fraud */
  OUTCOME_NOT_SENT,      /* nothing left: nothing can have been charged */
  OUTCOME_AMBIGUOUS,     /* may have been charged: must be asked about, never tried again */
  OUTCOME_CLASS_COUNT
};

enum outcome_retry {
  OUTCOME_RETRY_ELSEWHERE = 1, /* another acquirer may approve */
  OUTCOME_RETRY_LATER,
  OUTCOME_RETRY_UPDATE_CARD, /* the customer must correct the card's details or give another card */
  OUTCOME_RETRY_NEVER,
  OUTCOME_RETRY_COUNT
};

struct outcome {
  enum outcome_class class;
  bool may_go_elsewhere;    /* true only for OUTCOME_NOT_SENT and for rows that the tables call soft and
                               elsewhere */
  enum outcome_retry retry; /* OUTCOME_RETRY_NEVER where nothing is to be retried (approved, ambiguous) */
  uint32_t retry_after_s;   /* wait at least so long, as the network advises; 0: no advice */
  const char *reason;       /* stable snake_case: "insufficient_funds"; static */
  const char *category;     /* stable: "approved", "funds", "card", "issuer", "fraud", "authentication",
                               "configuration", "technical", "request", "unknown"; static */
};

/* Classifies one answer to an authorize, a charge, a verify or a movement.
 *   psp           the sheet's name: "stripe", "adyen", "checkout"; any other has no table of its own
 *   code          the PSP's answer code; network_code the issuer's ISO 8583 code; advice_code Mastercard's
 * merchant advice code; each NULL or "" when none came
 *   network       of the card; NETWORK_UNKNOWN when not known (then the rules of every network hold)
 * The network's code decides before the PSP's, unless that is hard: then the stricter counts. An advice code
 * can only make it stricter. A decline without a code, or with one that no table knows, is soft but goes
 * nowhere by itself: see README.md. */
struct outcome outcome_classify(const char *psp, enum answer answer, enum phase phase, const char *code,
                                const char *network_code, const char *advice_code, enum network network);

/* Visa's category of a decline by its ISO 8583 code: 1 (never again), 2, 3, or 4 for every other. */
unsigned outcome_visa_category(const char *network_code);
/* The same of a decline at a PSP, which may have given no ISO 8583 code (NULL or ""): then, and where its own
 * code is hard, by what that stands for. */
unsigned outcome_decline_category(const char *psp, const char *code, const char *network_code);
/* Whether a Mastercard advice code forbids another try of the card (03, 21). NULL or "": no. */
bool outcome_advice_stops(const char *advice_code);

/* Holds the tables to what no table may allow: another try, here or elsewhere, of what is ambiguous, hard,
 * suspected or wrong; of Visa's category 1; of Mastercard's advice 03 and 21; of what a PSP calls hard,
 * whatever the issuer's code beside it. And to its form: a code stands once, every row has a reason and a
 * category. Returns NULL, or what is wrong with which code; static. */
const char *outcome_lint(void);

/* "approved", "soft", "hard", "auth_required", "config_error", "issuer_fraud", "not_sent", "ambiguous".
 * Static; "" out of range. */
const char *outcome_class_name(enum outcome_class class);
/* "elsewhere", "later", "update_card", "never". Static; "" out of range. */
const char *outcome_retry_name(enum outcome_retry retry);
/* By name; 0 for no such name. */
enum outcome_class outcome_class_from_name(const char *name);
enum outcome_retry outcome_retry_from_name(const char *name);
