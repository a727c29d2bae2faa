/* Payments, open work, awaited movements and references. */
#include "ledger_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

int ledger_payment_put(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                       const void *bytes, size_t length) {
  struct row row;
  int r = row_of(&row, merchant, "pay", payment);
  return r < 0 ? r : sealed_put(ledger, LEDGER_PAYMENTS, row_view(&row), bytes, length);
}

int ledger_payment_get(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                       struct view *ret_bytes) {
  struct row row;
  if (row_of(&row, merchant, "pay", payment) < 0)
    return LEDGER_ABSENT;
  return row_get(ledger, LEDGER_PAYMENTS, &row, ret_bytes);
}

/* The row (merchant, before), or the one after all of the merchant's when before is empty. */
static int row_to_start(struct row *row, const struct id *before) {
  static const uint8_t last[ID_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  if (before && before->text[0] != '\0')
    return row_add_id(row, "pay", before);
  row_add_bytes(row, last);
  return 0;
}

static int payment_before(struct ledger *ledger, enum ledger_table table, const struct id *merchant,
                          const struct id *before, struct id *ret_payment, struct view *ret_bytes) {
  struct row row = {0};
  struct view key;
  if (row_add_id(&row, "mer", merchant) < 0 || row_to_start(&row, before) < 0)
    return LEDGER_ABSENT;
  int r = row_before(ledger, table, &row, ID_BYTES, &key, ret_bytes);
  if (r == 0)
    *ret_payment = row_id("pay", key, ID_BYTES);
  return r;
}

int ledger_payment_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                          struct id *ret_payment, struct view *ret_bytes) {
  return payment_before(ledger, LEDGER_PAYMENTS, merchant, before, ret_payment, ret_bytes);
}

int ledger_payment_after(struct ledger *ledger, const struct id *merchant, const struct id *after,
                         bool or_equal, struct id *ret_payment, struct view *ret_bytes) {
  struct row row = {0};
  struct view key, value;
  if (row_add_id(&row, "mer", merchant) < 0 || row_add_id(&row, "pay", after) < 0)
    return LEDGER_ABSENT;
  int r = sealed_next(ledger, LEDGER_PAYMENTS, row_view(&row), or_equal, &key, &value);
  if (r != 0)
    return r;
  if (!row_begins(key, &row, ID_BYTES))
    return LEDGER_ABSENT;
  *ret_payment = row_id("pay", key, ID_BYTES);
  *ret_bytes = value;
  return 0;
}

int ledger_payment_id_after(struct ledger *ledger, const struct id *merchant, const struct id *after,
                            bool or_equal, struct id *ret_payment) {
  struct row row = {0};
  struct view key, unread;
  if (row_add_id(&row, "mer", merchant) < 0 || row_add_id(&row, "pay", after) < 0)
    return LEDGER_ABSENT;
  int r = store_next(ledger->store, LEDGER_PAYMENTS, row.bytes, row.length, or_equal, &key, &unread);
  if (r != 0)
    return r;
  if (!row_begins(key, &row, ID_BYTES))
    return LEDGER_ABSENT;
  if (key.length != 2 * ID_BYTES)
    return -EBADMSG;
  *ret_payment = row_id("pay", key, ID_BYTES);
  return 0;
}

/* An id's first bytes are the time. */
static int64_t created_ms(struct view key) {
  int64_t ms = 0;
  for (size_t i = 0; i < ID_TIME_BYTES; i++)
    ms = ms << 8 | key.bytes[ID_BYTES + i];
  return ms;
}

int ledger_payments_back(struct ledger *ledger, const struct id *merchant, const struct id *before,
                         int64_t from_ms, unsigned steps, struct id *ret_payment, unsigned *ret_steps) {
  struct row row = {0};
  struct view key = {0};
  unsigned taken = 0;
  if (row_add_id(&row, "mer", merchant) < 0 || row_to_start(&row, before) < 0)
    return LEDGER_ABSENT;
  for (; taken < steps; taken++) {
    int r = row_key_before(ledger, LEDGER_PAYMENTS, &row, ID_BYTES, &key);
    if (r < 0)
      return r;
    if (r == 0 && key.length != 2 * ID_BYTES)
      return -EBADMSG;
    if (r == LEDGER_ABSENT || created_ms(key) < from_ms)
      break;
    memcpy(row.bytes, key.bytes, 2 * ID_BYTES);
  }
  if (taken == 0)
    return LEDGER_ABSENT;
  *ret_payment = row_id("pay", (struct view){row.bytes, row.length}, ID_BYTES);
  *ret_steps = taken;
  return 0;
}

int ledger_open_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                       struct id *ret_payment) {
  struct view nothing;
  return payment_before(ledger, LEDGER_OPEN, merchant, before, ret_payment, &nothing);
}

/* Where a search for the payment goes on: at the merchant just met, or beyond all of its payments when it has
 * been looked for there. Returns whether that very key would do. */
static bool step_over(struct row *row, struct view found, const uint8_t payment[ID_BYTES]) {
  bool same = memcmp(found.bytes, row->bytes, ID_BYTES) == 0;
  memcpy(row->bytes, found.bytes, ID_BYTES);
  if (same)
    memset(row->bytes + ID_BYTES, 0xff, ID_BYTES);
  else
    memcpy(row->bytes + ID_BYTES, payment, ID_BYTES);
  return !same;
}

int ledger_payment_owner(struct ledger *ledger, const struct id *payment, struct id *ret_merchant) {
  struct row row = {.length = 2 * ID_BYTES};
  struct view key, value;
  uint8_t wanted[ID_BYTES];
  bool or_equal = true;
  if (id_parse("pay", payment->text, wanted) < 0)
    return LEDGER_ABSENT;
  for (;;) {
    int r = store_next(ledger->store, LEDGER_PAYMENTS, row.bytes, row.length, or_equal, &key, &value);
    if (r != 0)
      return r;
    if (key.length != 2 * ID_BYTES)
      return -EBADMSG;
    if (memcmp(key.bytes + ID_BYTES, wanted, ID_BYTES) == 0) {
      *ret_merchant = row_id("mer", key, 0);
      return 0;
    }
    or_equal = step_over(&row, key, wanted);
  }
}

int ledger_movement_put(struct ledger *ledger, const struct id *movement, const struct id *merchant,
                        const struct id *payment) {
  struct row row = {0};
  uint8_t bytes[2 + 2 * (1 + ID_BYTES)];
  int r = row_add_id(&row, "mov", movement);
  if (r < 0)
    return r;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_short_id(&writer, "mer", merchant);
  write_short_id(&writer, "pay", payment);
  return row_put(ledger, LEDGER_MOVEMENTS, &row, &writer);
}

int ledger_movement_get(struct ledger *ledger, const struct id *movement, struct id *ret_merchant,
                        struct id *ret_payment) {
  struct row row = {0};
  struct view value;
  if (row_add_id(&row, "mov", movement) < 0)
    return LEDGER_ABSENT;
  int r = row_get(ledger, LEDGER_MOVEMENTS, &row, &value);
  if (r != 0)
    return r;
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  struct id merchant = read_short_id(&reader, "mer");
  struct id payment = read_short_id(&reader, "pay");
  r = reader_finish(&reader);
  if (r == 0) {
    *ret_merchant = merchant;
    *ret_payment = payment;
  }
  return r;
}

int ledger_open_set(struct ledger *ledger, const struct id *merchant, const struct id *payment, bool open) {
  struct row row;
  uint8_t bytes[2];
  int r = row_of(&row, merchant, "pay", payment);
  if (r < 0)
    return r;
  if (!open)
    return store_delete(ledger->store, LEDGER_OPEN, row.bytes, row.length);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  return row_put(ledger, LEDGER_OPEN, &row, &writer);
}

int ledger_open_next(struct ledger *ledger, const struct id *merchant, const struct id *payment,
                     struct id *ret_merchant, struct id *ret_payment) {
  struct row row = {0};
  struct view key, value;
  if (merchant->text[0] != '\0') {
    int r = row_of(&row, merchant, "pay", payment);
    if (r < 0)
      return r;
  } else {
    memset(row.bytes, 0, 2 * ID_BYTES);
    row.length = 2 * ID_BYTES;
  }
  int r = sealed_next(ledger, LEDGER_OPEN, row_view(&row), false, &key, &value);
  if (r != 0)
    return r;
  if (key.length != 2 * ID_BYTES)
    return -EBADMSG;
  *ret_merchant = row_id("mer", key, 0);
  *ret_payment = row_id("pay", key, ID_BYTES);
  return 0;
}

int ledger_awaited_set(struct ledger *ledger, int64_t since_ms, const struct id *movement, bool awaited) {
  struct row row = {0};
  uint8_t bytes[2];
  row_add_number(&row, (uint64_t)since_ms);
  int r = row_add_id(&row, "mov", movement);
  if (r < 0)
    return r;
  if (!awaited)
    return store_delete(ledger->store, LEDGER_AWAITED, row.bytes, row.length);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  return row_put(ledger, LEDGER_AWAITED, &row, &writer);
}

/* Its key is all that the row says, and the payment that it leads to is what is believed. So a damaged row is
 * given out too: whoever looks it up takes it away, and it keeps none behind it from being found. */
int ledger_awaited_first(struct ledger *ledger, int64_t *ret_since_ms, struct id *ret_movement) {
  struct view key, value;
  int r = store_next(ledger->store, LEDGER_AWAITED, NULL, 0, false, &key, &value);
  if (r != 0)
    return r;
  if (key.length != 8 + ID_BYTES)
    return -EBADMSG;
  *ret_since_ms = (int64_t)row_number(key, 0);
  *ret_movement = row_id("mov", key, 8);
  return 0;
}

static int reference_row(struct row *row, const struct id *merchant, const char *reference) {
  uint8_t hash[ID_BYTES];
  row->length = 0;
  int r = row_add_id(row, "mer", merchant);
  if (r < 0)
    return r;
  crypto_generichash(hash, sizeof hash, (const uint8_t *)reference, strlen(reference), NULL, 0);
  row_add_bytes(row, hash);
  return 0;
}

int ledger_reference_put(struct ledger *ledger, const struct id *merchant, const char *reference,
                         const struct id *payment) {
  struct row row;
  uint8_t bytes[2];
  int r = reference_row(&row, merchant, reference);
  if (r == 0)
    r = row_add_id(&row, "pay", payment);
  if (r < 0)
    return r;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  return row_put(ledger, LEDGER_REFERENCES, &row, &writer);
}

int ledger_reference_before(struct ledger *ledger, const struct id *merchant, const char *reference,
                            const struct id *before, struct id *ret_payment) {
  struct row row;
  struct view key, value;
  if (reference_row(&row, merchant, reference) < 0 || row_to_start(&row, before) < 0)
    return LEDGER_ABSENT;
  int r = row_before(ledger, LEDGER_REFERENCES, &row, 2 * ID_BYTES, &key, &value);
  if (r == 0)
    *ret_payment = row_id("pay", key, 2 * ID_BYTES);
  return r;
}
