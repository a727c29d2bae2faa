/* What one reply of the vault, or a PSP's webhook, proves about a dispatch (P2). Pure: everything it goes by
 * is in the evidence.
 */
#pragma once

#include "outcome.h"
#include "payment.h"
#include "router_vault.h"

/* What the vault was sent with. */
enum errand {
  ERRAND_FIRST = 1, /* the dispatch itself */
  ERRAND_STATUS,    /* a status question about it: moves no money */
  ERRAND_REPLAY,    /* the same dispatch again, under the same key */
  ERRAND_WEBHOOK,   /* with nothing: the PSP says it unasked */
  ERRAND_PERSON     /* with nothing: a person found it out */
};

enum finding {
  FINDING_NOTHING = 1, /* proves nothing new */
  FINDING_NOT_SENT,    /* the dispatch never left: nothing can have happened */
  FINDING_DOUBTFUL,    /* it may have happened: must be asked about */
  FINDING_SUCCEEDED,
  FINDING_FAILED,      /* declined or refused: nothing happened */
  FINDING_GONE,        /* an authorization that was voided or refunded elsewhere: nothing is live, nothing is
                          repeated */
  FINDING_ABSENT,      /* proved absent: it never happened */
  FINDING_ACTION,      /* the customer must act */
  FINDING_RECEIVED,    /* a movement that the PSP has taken and settles later */
  FINDING_REPLAY_OVER, /* it can never be replayed again */
  FINDING_COUNT
};

struct evidence {
  enum errand errand;
  enum movement_type movement;          /* 0 for an attempt */
  enum status status;                   /* of the vault's reply */
  const struct dispatch_result *result; /* with STATUS_DONE */
  enum outcome_class class;             /* by the outcome tables; with STATUS_DONE */
  const char *key;                      /* the reference that the PSP was given */
  bool absence_proves; /* the sheet calls absence proof, and it was asked after the settling time */
};

enum finding find(const struct evidence *evidence);
