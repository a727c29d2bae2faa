/* A payment as an entry of the journal left it: what an event tells. Nothing is stored for it: each entry
 * names the payment's entry before, so the payment is followed back to its first entry and built up from
 * there. */
#pragma once

#include "change.h"

/* What of a payment its events tell changes of. */
struct payment_marks {
  enum payment_status status; /* 0: there was no payment */
  bool attempts_attention;    /* one of its attempts is put before a person */
  uint8_t movement_count;
  struct {
    enum step_status status;
    bool received, attention;
  } movements[MOVEMENTS_MAX];
};

/* The marks of payment as it stands; NULL: of none. */
void payment_mark(const struct payment *payment, struct payment_marks *ret_marks);
/* The payment as the entry of that sequence left it, and the marks that it had before. *ret_reads, when not
 * NULL, is increased by the entries read. Returns 0 with a payment that the caller frees; LEDGER_ABSENT when
 * there is no such entry; -EBADMSG when it is about no payment, or an entry is damaged or missing; or another
 * negated errno. */
MUST_USE int payment_at(struct ledger *ledger, uint64_t sequence, struct payment_marks *ret_before,
                        struct payment **ret_payment, unsigned *ret_reads);
