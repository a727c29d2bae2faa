/* Payments that are tried again, by when. */
#include "ledger_parts.h"

#include <errno.h>

enum { TIME_BYTES = 8 };

int ledger_scheduled_set(struct ledger *ledger, int64_t at_ms, const struct id *merchant,
                         const struct id *payment, bool scheduled) {
  struct row row = {0};
  uint8_t bytes[2];
  row_add_number(&row, (uint64_t)at_ms);
  int r = row_add_id(&row, "mer", merchant);
  if (r == 0)
    r = row_add_id(&row, "pay", payment);
  if (r < 0)
    return r;
  if (!scheduled)
    return store_delete(ledger->store, LEDGER_SCHEDULED, row.bytes, row.length);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  return row_put(ledger, LEDGER_SCHEDULED, &row, &writer);
}

/* As of those that are awaited: the key is all that the row says, and the payment is what is believed. */
int ledger_scheduled_first(struct ledger *ledger, int64_t *ret_at_ms, struct id *ret_merchant,
                           struct id *ret_payment) {
  struct view key, value;
  int r = store_next(ledger->store, LEDGER_SCHEDULED, NULL, 0, false, &key, &value);
  if (r != 0)
    return r;
  if (key.length != TIME_BYTES + 2 * ID_BYTES)
    return -EBADMSG;
  *ret_at_ms = (int64_t)row_number(key, 0);
  *ret_merchant = row_id("mer", key, TIME_BYTES);
  *ret_payment = row_id("pay", key, TIME_BYTES + ID_BYTES);
  return 0;
}

int ledger_scheduled_clear(struct ledger *ledger) {
  return rows_clear(ledger, LEDGER_SCHEDULED);
}
