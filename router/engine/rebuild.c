/* Payments and what hangs on them are derived: here they are built again from the journal. */
#include "budgets.h"
#include "change.h"

#include <errno.h>

enum { ENTRIES_PER_COMMIT = 1000 };

static int put_movement(struct ledger *into, const struct payment *payment, const struct movement *movement) {
  int r = ledger_movement_put(into, &movement->id, &payment->merchant, &payment->id);
  return r < 0 ? r
               : ledger_awaited_set(into, movement->step.started_ms, &movement->id,
                                    movement_is_awaited(movement));
}

/* retry_ms: when it was due before. */
static int put_scheduled(struct ledger *into, const struct payment *payment, int64_t retry_ms) {
  int r = 0;
  if (retry_ms != 0 && retry_ms != payment->retry_ms)
    r = ledger_scheduled_set(into, retry_ms, &payment->merchant, &payment->id, false);
  if (r == 0 && payment->retry_ms != 0)
    r = ledger_scheduled_set(into, payment->retry_ms, &payment->merchant, &payment->id, true);
  return r;
}

static int put_payment(struct ledger *into, const struct payment *payment) {
  uint8_t bytes[PAYMENT_BYTES_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_payment(&writer, payment);
  int r = writer_finish(&writer);
  if (r == 0)
    r = ledger_payment_put(into, &payment->merchant, &payment->id, bytes, writer_length(&writer));
  if (r == 0)
    r = ledger_open_set(into, &payment->merchant, &payment->id, payment_has_work(payment));
  for (unsigned i = 0; r == 0 && i < payment->movement_count; i++)
    r = put_movement(into, payment, &payment->movements[i]);
  return r;
}

static int rebuild_one(struct ledger *into, const struct journal_entry *entry, struct card_in_hand *card) {
  struct id merchant, id;
  struct payment *payment = NULL;
  uint64_t previous;
  int r = entry_subject(entry, &merchant, &id, &previous);
  if (r == 0 && previous != 0)
    r = payment_load(into, &merchant, &id, &payment);
  if (r == LEDGER_ABSENT)
    r = -EBADMSG;
  int64_t retry_ms = payment ? payment->retry_ms : 0;
  if (r == 0)
    r = entry_apply(entry, &payment);
  if (r == 0)
    r = put_payment(into, payment);
  if (r == 0)
    r = put_scheduled(into, payment, retry_ms);
  if (r == 0)
    r = card_uses_follow(into, card, payment, entry->head.at_ms);
  payment_free(payment);
  return r;
}

static int commit(struct ledger *into, struct card_in_hand *card) {
  int r = card_uses_write(into, card);
  return r == 0 ? ledger_commit(into) : r;
}

int payments_rebuild(struct ledger *from, struct ledger *into, uint64_t *ret_entries) {
  struct journal_entry entry;
  struct card_in_hand card = {0};
  uint64_t count = 0, next = 1;
  int r = ledger_card_uses_clear(into);
  if (r == 0)
    r = ledger_scheduled_clear(into);
  if (r < 0)
    return r;
  while ((r = ledger_entry(from, next, &entry)) == 0) {
    if (entry.sequence != next)
      return -EBADMSG; /* an entry is missing */
    next++;
    count++;
    if (entry.type == JOURNAL_PAYMENT)
      r = rebuild_one(into, &entry, &card);
    if (r == 0 && count % ENTRIES_PER_COMMIT == 0)
      r = commit(into, &card);
    if (r < 0)
      return r;
  }
  if (r < 0)
    return r;
  *ret_entries = count;
  return commit(into, &card);
}
