#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The sequences of one payment's entries, the latest first. */
struct trail {
  uint64_t *sequences;
  size_t count, capacity;
};

enum { TRAIL_FIRST = 16 };

void payment_mark(const struct payment *payment, struct payment_marks *ret_marks) {
  *ret_marks = (struct payment_marks){0};
  if (!payment)
    return;
  ret_marks->status = payment->status;
  ret_marks->movement_count = payment->movement_count;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    ret_marks->movements[i].status = payment->movements[i].step.status;
    ret_marks->movements[i].received = payment->movements[i].received;
    ret_marks->movements[i].attention = payment->movements[i].step.attention_ms != 0;
  }
  for (unsigned i = 0; i < payment->attempt_count; i++)
    ret_marks->attempts_attention |= payment->attempts[i].step.attention_ms != 0;
}

static int trail_add(struct trail *trail, uint64_t sequence) {
  if (trail->count == trail->capacity) {
    size_t capacity = trail->capacity ? 2 * trail->capacity : TRAIL_FIRST;
    uint64_t *sequences = realloc(trail->sequences, capacity * sizeof *sequences);
    if (!sequences)
      return -ENOMEM;
    trail->sequences = sequences;
    trail->capacity = capacity;
  }
  trail->sequences[trail->count++] = sequence;
  return 0;
}

/* The entry of exactly that sequence, about a payment. */
static int read_entry(struct ledger *ledger, uint64_t sequence, struct journal_entry *ret_entry) {
  struct journal_entry entry;
  int r = ledger_entry(ledger, sequence, &entry);
  if (r != 0)
    return r;
  if (entry.sequence != sequence || entry.type != JOURNAL_PAYMENT)
    return -EBADMSG;
  *ret_entry = entry;
  return 0;
}

/* Follows the payment's entries back from that one. Each lies before the one that names it, so this ends. */
static int follow_back(struct ledger *ledger, uint64_t sequence, struct trail *trail) {
  struct journal_entry entry;
  struct id merchant, payment, same_merchant, same_payment;
  uint64_t at = sequence;
  while (at != 0) {
    uint64_t previous;
    int r = read_entry(ledger, at, &entry);
    if (r != 0)
      return r == LEDGER_ABSENT && at != sequence ? -EBADMSG : r;
    r = entry_subject(&entry, &merchant, &payment, &previous);
    if (r < 0)
      return r;
    if (at == sequence) {
      same_merchant = merchant;
      same_payment = payment;
    }
    if (previous >= at || !id_equal(&merchant, &same_merchant) || !id_equal(&payment, &same_payment))
      return -EBADMSG;
    if ((r = trail_add(trail, at)) < 0)
      return r;
    at = previous;
  }
  return 0;
}

static int build_up(struct ledger *ledger, const struct trail *trail, struct payment_marks *marks,
                    struct payment **payment) {
  struct journal_entry entry;
  for (size_t i = trail->count; i > 0; i--) {
    if (i == 1)
      payment_mark(*payment, marks);
    int r = read_entry(ledger, trail->sequences[i - 1], &entry);
    if (r == 0)
      r = entry_apply(&entry, payment);
    if (r != 0)
      return r < 0 ? r : -EBADMSG;
  }
  return *payment ? 0 : -EBADMSG;
}

int payment_at(struct ledger *ledger, uint64_t sequence, struct payment_marks *ret_before,
               struct payment **ret_payment, unsigned *ret_reads) {
  struct trail trail = {0};
  struct payment_marks marks;
  struct payment *payment = NULL;
  if (sequence == 0)
    return LEDGER_ABSENT;
  int r = follow_back(ledger, sequence, &trail);
  if (r == 0)
    r = build_up(ledger, &trail, &marks, &payment);
  if (ret_reads)
    *ret_reads += 2 * (unsigned)trail.count;
  free(trail.sequences);
  if (r != 0) {
    payment_free(payment);
    return r;
  }
  *ret_before = marks;
  *ret_payment = payment;
  return 0;
}
