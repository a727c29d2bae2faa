#include "ledger_parts.h"

#include <errno.h>

enum { VALUE_MAX = 256 };

int ledger_agreement_put(struct ledger *ledger, const struct agreement *agreement) {
  struct row row;
  uint8_t bytes[VALUE_MAX];
  int r = row_of(&row, &agreement->merchant, "agr", &agreement->id);
  if (r < 0)
    return r;
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_i64(&writer, agreement->created_ms);
  write_short_id(&writer, "pay", &agreement->payment);
  write_short_id(&writer, "tok", &agreement->token);
  write_text(&writer, agreement->connector);
  write_text(&writer, agreement->network_transaction_id);
  write_bool(&writer, agreement->ended);
  return row_put(ledger, LEDGER_AGREEMENTS, &row, &writer);
}

int ledger_agreement_get(struct ledger *ledger, const struct id *merchant, const struct id *id,
                         struct agreement *ret_agreement) {
  struct row row;
  struct view value;
  struct agreement agreement = {.id = *id, .merchant = *merchant};
  if (row_of(&row, merchant, "agr", id) < 0)
    return LEDGER_ABSENT;
  int r = row_get(ledger, LEDGER_AGREEMENTS, &row, &value);
  if (r != 0)
    return r;
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  agreement.created_ms = read_i64(&reader);
  agreement.payment = read_short_id(&reader, "pay");
  agreement.token = read_short_id(&reader, "tok");
  read_text(&reader, agreement.connector, sizeof agreement.connector);
  read_text(&reader, agreement.network_transaction_id, sizeof agreement.network_transaction_id);
  agreement.ended = read_bool(&reader);
  r = reader_finish(&reader);
  if (r == 0)
    *ret_agreement = agreement;
  return r;
}
