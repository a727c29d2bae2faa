/* What can happen to a payment: the bodies of JOURNAL_PAYMENT entries.
 *
 * An entry is all that one event changed: merchant, payment, the sequence of the payment's entry before (0
 * for its first), then changes. A payment changes through these functions only, and each does the same
 * whether the change is being made or read back from the journal; so a payment rebuilt from its entries
 * equals the one in memory to the byte, and the entries of one payment can be followed back from any of them
 * (history.h). */
#pragma once

#include "payment.h"

enum change_type {
  CHANGE_CREATED = 1,       /* the payment as requested, without attempts */
  CHANGE_ATTEMPT_STARTED,   /* the dispatch record (P1) */
  CHANGE_ATTEMPT_REPLAYED,  /* the same dispatch again, to learn its fate (P2) */
  CHANGE_ATTEMPT_ANSWERED,  /* what an answer showed */
  CHANGE_ATTEMPT_LOST,      /* no answer can come any more: of unknown fate */
  CHANGE_CANDIDATE_SKIPPED, /* a connector of the list was passed over */
  CHANGE_ACTION,            /* the customer must act, or need no longer */
  CHANGE_MOVEMENT_STARTED,  /* the dispatch record of a capture, void or refund */
  CHANGE_MOVEMENT_REPLAYED,
  CHANGE_MOVEMENT_ANSWERED,
  CHANGE_MOVEMENT_LOST,
  CHANGE_CONCLUDED,          /* no further attempt */
  CHANGE_AGREEMENT,          /* an agreement was opened */
  CHANGE_ATTEMPT_ATTENTION,  /* it cannot be found out, or not undone: put before a person */
  CHANGE_MOVEMENT_ATTENTION, /* likewise */
  CHANGE_RESOLVED, /* a person's word and evidence, which caused what follows in the entry; changes nothing */
  CHANGE_WEBHOOK,  /* what the PSP said unasked, and so caused what follows in the entry; changes nothing */
  CHANGE_SCHEDULED, /* the round is over, and another is due then */
  CHANGE_ROUND,     /* another round begins: the list as it is found now */
  CHANGE_TYPE_COUNT
};

enum {
  ENTRY_BYTES_MAX = 65000,
  ENTRY_SUBJECT_BYTES = 2 * (1 + ID_RANDOM_BYTES) + 8, /* before the first change */
  EVIDENCE_CAPACITY = 501
};

/* What a person found out about a step that the engine could not. */
struct resolution {
  unsigned attempt;   /* its number; or 0 and then */
  struct id movement; /* "mov" */
  bool succeeded;
  char evidence[EVIDENCE_CAPACITY];
  char psp_id[PSP_ID_CAPACITY]; /* of what succeeded, or "" */
};

/* An entry under construction. */
struct entry {
  struct writer writer;
  unsigned count; /* changes in it */
  uint8_t bytes[ENTRY_BYTES_MAX];
};

/* Begins an entry about that payment, to follow the one that it bears as its latest. */
void entry_begin(struct entry *entry, const struct payment *payment);

/* Each writes a change into entry and applies it to payment. Returns 0, -ENOMEM, or -ENOBUFS when it does not
 * fit. */
MUST_USE int change_created(struct entry *entry, const struct payment *payment);
MUST_USE int change_attempt(struct entry *entry, struct payment *payment, enum change_type type,
                            const struct attempt *attempt);
MUST_USE int change_skipped(struct entry *entry, struct payment *payment, unsigned candidate,
                            enum skip_reason reason);
MUST_USE int change_action(struct entry *entry, struct payment *payment, const char *url, int64_t expires_ms);
MUST_USE int change_movement(struct entry *entry, struct payment *payment, enum change_type type,
                             const struct movement *movement);
MUST_USE int change_concluded(struct entry *entry, struct payment *payment, enum payment_status conclusion,
                              const struct decline *decline);
MUST_USE int change_resolved(struct entry *entry, const struct resolution *resolution);
MUST_USE int change_webhook(struct entry *entry, const struct webhook *webhook);
/* tries: how many of the later rounds had something sent, this one included. */
MUST_USE int change_scheduled(struct entry *entry, struct payment *payment, int64_t retry_ms, unsigned tries,
                              const struct decline *decline);
/* candidates: as many as the decision has, with what was found of each. */
MUST_USE int change_round(struct entry *entry, struct payment *payment, int64_t started_ms,
                          int64_t deadline_ms, const struct candidate *candidates);
MUST_USE int change_agreement(struct entry *entry, struct payment *payment, const struct id *agreement);

/* Which payment an entry is about, and the sequence of that payment's entry before, 0 for the first. Returns
 * 0 or -EBADMSG. */
MUST_USE int entry_subject(const struct journal_entry *entry, struct id *ret_merchant, struct id *ret_payment,
                           uint64_t *ret_previous);
/* What an entry tells without the payment. Of a payment's first one nothing: no attempt has ended in it. */
struct entry_glance {
  bool decides;         /* it can have decided the outcome: an attempt succeeded, or the attempts were over */
  bool ends_first;      /* the first attempt has ended, at the entry's time */
  struct attempt first; /* then: as it ended */
};
/* Returns 0 or -EBADMSG. */
MUST_USE int entry_look(const struct journal_entry *entry, struct entry_glance *ret_glance);
/* Applies a whole entry of the journal to *payment, which is NULL before the entry that creates it and stays
 * the caller's. Returns 0, -ENOMEM, or -EBADMSG, also when another entry of the payment belongs between. */
MUST_USE int entry_apply(const struct journal_entry *entry, struct payment **payment);

/* Rebuilds the payments and the open work in `into` from the journal of `from`, committing as it goes; both
 * may be the same ledger. *ret_entries counts the entries read. Returns 0; -EBADMSG when an entry is damaged
 * or missing; or another negated errno. */
MUST_USE int payments_rebuild(struct ledger *from, struct ledger *into, uint64_t *ret_entries);
