/* The latest tries of each card, by its fingerprint. */
#include "ledger_parts.h"

#include <errno.h>
#include <string.h>

enum {
  USE_BYTES = 8 + 8 + 1 + 1 + 8 + 3,
  VALUE_MAX = 2 + 1 + CARD_USES_MAX * USE_BYTES,
  RESULT_SHIFT = 4,                       /* above the attempt's number */
  ATTEMPT_MASK = (1 << RESULT_SHIFT) - 1, /* there is no attempt 0: that stands for the greatest */
  STOPPED = 1 << 7,                       /* above the category */
  CATEGORY_MAX = 4
};

_Static_assert(CARD_USES_MAX <= UINT8_MAX, "the count is one byte");
_Static_assert((int)CARD_USE_ATTEMPT_MAX == (int)ATTEMPT_MASK + 1, "an attempt's number is four bits");

static void write_use(struct writer *writer, const struct card_use *use) {
  write_i64(writer, use->at_ms);
  write_u64(writer, use->payment);
  write_u8(writer, (uint8_t)((use->attempt & ATTEMPT_MASK) | (unsigned)use->result << RESULT_SHIFT));
  write_u8(writer, (uint8_t)(use->visa_category | (use->stopped ? STOPPED : 0)));
  write_i64(writer, use->amount.minor);
  write_bytes(writer, use->amount.currency, CURRENCY_CAPACITY - 1);
}

static void read_use(struct reader *reader, struct card_use *ret_use) {
  *ret_use = (struct card_use){.at_ms = read_i64(reader), .payment = read_u64(reader)};
  unsigned what = read_u8(reader), marks = read_u8(reader);
  ret_use->attempt = what & ATTEMPT_MASK ? what & ATTEMPT_MASK : CARD_USE_ATTEMPT_MAX;
  ret_use->result = (enum card_use_result)(what >> RESULT_SHIFT);
  ret_use->visa_category = marks & ~(unsigned)STOPPED;
  ret_use->stopped = marks & STOPPED;
  ret_use->amount.minor = read_i64(reader);
  read_bytes(reader, ret_use->amount.currency, CURRENCY_CAPACITY - 1);
  if (ret_use->result < CARD_USE_OPEN || ret_use->result >= CARD_USE_RESULT_COUNT ||
      ret_use->visa_category > CATEGORY_MAX)
    reader->bad = true;
}

int ledger_card_uses_put(struct ledger *ledger, const struct id *merchant, const struct id *fingerprint,
                         const struct card_uses *uses) {
  struct row row;
  uint8_t bytes[VALUE_MAX];
  int r = row_of(&row, merchant, "fpr", fingerprint);
  if (r < 0)
    return r;
  if (uses->count == 0)
    return store_delete(ledger->store, LEDGER_CARD_USES, row.bytes, row.length);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_u8(&writer, (uint8_t)uses->count);
  for (unsigned i = 0; i < uses->count; i++)
    write_use(&writer, &uses->uses[i]);
  return row_put(ledger, LEDGER_CARD_USES, &row, &writer);
}

static int read_uses(struct view value, struct card_uses *ret_uses) {
  struct reader reader = reader_over(value.bytes, value.length);
  unsigned count = read_schema(&reader) ? read_u8(&reader) : 0;
  if (reader.bad || count > CARD_USES_MAX)
    return -EBADMSG;
  for (unsigned i = 0; i < count; i++)
    read_use(&reader, &ret_uses->uses[i]);
  ret_uses->count = count;
  return reader_finish(&reader);
}

int ledger_card_uses_get(struct ledger *ledger, const struct id *merchant, const struct id *fingerprint,
                         struct card_uses *ret_uses) {
  struct row row;
  struct view value;
  int r = row_of(&row, merchant, "fpr", fingerprint);
  if (r == 0)
    r = row_get(ledger, LEDGER_CARD_USES, &row, &value);
  if (r == LEDGER_ABSENT) {
    ret_uses->count = 0;
    return 0;
  }
  return r == 0 ? read_uses(value, ret_uses) : r;
}

int ledger_card_uses_clear(struct ledger *ledger) {
  return rows_clear(ledger, LEDGER_CARD_USES);
}
