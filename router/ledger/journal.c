#include "ledger_parts.h"

#include <errno.h>

enum { ENTRY_HEAD_MAX = 64 };

int ledger_append(struct ledger *ledger, enum journal_type type, const struct journal_head *head,
                  const void *body, size_t length, uint64_t *ret_sequence) {
  uint8_t value[STORE_VALUE_MAX];
  struct writer writer = writer_over(value, sizeof value);
  write_u16(&writer, LEDGER_SCHEMA);
  write_u8(&writer, (uint8_t)type);
  write_i64(&writer, head->at_ms);
  write_short_id(&writer, "key", &head->actor);
  write_short_id(&writer, "req", &head->request);
  write_bytes(&writer, body, length);
  struct row row = {0};
  row_add_number(&row, ledger->next_sequence);
  int r = row_put(ledger, LEDGER_JOURNAL, &row, &writer);
  if (r < 0)
    return r;
  if (ret_sequence)
    *ret_sequence = ledger->next_sequence;
  ledger->next_sequence++;
  return 0;
}

static int read_entry(struct view key, struct view value, struct journal_entry *ret_entry) {
  struct journal_entry entry = {0};
  struct reader reader = reader_over(value.bytes, value.length);
  if (key.length != 8 || !read_schema(&reader))
    return -EBADMSG;
  entry.sequence = row_number(key, 0);
  entry.type = (enum journal_type)read_u8(&reader);
  entry.head.at_ms = read_i64(&reader);
  entry.head.actor = read_short_id(&reader, "key");
  entry.head.request = read_short_id(&reader, "req");
  entry.length = reader_left(&reader);
  entry.body = read_view(&reader, entry.length);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_entry = entry;
  return r;
}

int ledger_entry(struct ledger *ledger, uint64_t from, struct journal_entry *ret_entry) {
  struct row row = {0};
  struct view key, value;
  row_add_number(&row, from);
  int r = sealed_next(ledger, LEDGER_JOURNAL, row_view(&row), true, &key, &value);
  return r != 0 ? r : read_entry(key, value, ret_entry);
}

int ledger_entry_merchant(const struct journal_entry *entry, struct id *ret_merchant) {
  struct reader reader = reader_over(entry->body, entry->length);
  struct id merchant = read_short_id(&reader, "mer");
  if (reader.bad || merchant.text[0] == '\0')
    return -EBADMSG;
  *ret_merchant = merchant;
  return 0;
}
