/* Payments, open work and references. */
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

int ledger_payment_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                          struct id *ret_payment, struct view *ret_bytes) {
  struct row row = {0};
  struct view key;
  if (row_add_id(&row, "mer", merchant) < 0 || row_to_start(&row, before) < 0)
    return LEDGER_ABSENT;
  int r = row_before(ledger, LEDGER_PAYMENTS, &row, ID_BYTES, &key, ret_bytes);
  if (r == 0)
    *ret_payment = row_id("pay", key, ID_BYTES);
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
