/* An approval rate that has fallen: in the journal alone. */
#include "ledger_parts.h"

#include <errno.h>

enum { ALERT_BYTES_MAX = 64 };

static void write_sample(struct writer *writer, const struct rate_sample *sample) {
  write_u64(writer, sample->approved);
  write_u64(writer, sample->total);
}

static bool read_sample(struct reader *reader, struct rate_sample *ret_sample) {
  ret_sample->approved = read_u64(reader);
  ret_sample->total = read_u64(reader);
  return ret_sample->approved <= ret_sample->total;
}

int ledger_rate_alert_put(struct ledger *ledger, const struct journal_head *head,
                          const struct rate_alert *alert) {
  uint8_t bytes[ALERT_BYTES_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_short_id(&writer, "mer", &alert->merchant);
  write_u8(&writer, alert->window_hours);
  write_sample(&writer, &alert->now);
  write_sample(&writer, &alert->before);
  if (alert->basis != RATE_OF_REACHED)
    write_u8(&writer, (uint8_t)alert->basis);
  int r = writer_finish(&writer);
  return r < 0 ? r : ledger_append(ledger, JOURNAL_RATE_ALERT, head, bytes, writer_length(&writer), NULL);
}

/* Entries without one are of those that reached an issuer, as all once were. */
static enum rate_basis read_basis(struct reader *reader) {
  if (reader->at == reader->end)
    return RATE_OF_REACHED;
  unsigned basis = read_u8(reader);
  reader->bad |= basis == RATE_OF_REACHED || basis >= RATE_BASIS_COUNT;
  return (enum rate_basis)basis;
}

int ledger_rate_alert_entry(const struct journal_entry *entry, struct rate_alert *ret_alert) {
  struct rate_alert alert = {0};
  struct reader reader = reader_over(entry->body, entry->length);
  alert.merchant = read_short_id(&reader, "mer");
  alert.window_hours = read_u8(&reader);
  if (!read_sample(&reader, &alert.now) || !read_sample(&reader, &alert.before))
    return -EBADMSG;
  alert.basis = read_basis(&reader);
  if (reader_finish(&reader) < 0 || alert.merchant.text[0] == '\0')
    return -EBADMSG;
  *ret_alert = alert;
  return 0;
}
