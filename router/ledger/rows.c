/* Keys and ids, as every table of the ledger lays them out. */
#include "ledger_parts.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

_Static_assert((int)LEDGER_ABSENT == (int)STORE_ABSENT, "what the store lacks, the ledger lacks");

void row_add_bytes(struct row *row, const uint8_t bytes[ID_BYTES]) {
  assert(row->length + ID_BYTES <= sizeof row->bytes);
  memcpy(row->bytes + row->length, bytes, ID_BYTES);
  row->length += ID_BYTES;
}

int row_add_id(struct row *row, const char *prefix, const struct id *id) {
  uint8_t bytes[ID_BYTES];
  int r = id_parse(prefix, id->text, bytes);
  if (r == 0)
    row_add_bytes(row, bytes);
  return r;
}

void row_add_number(struct row *row, uint64_t number) {
  assert(row->length + 8 <= sizeof row->bytes);
  for (int i = 0; i < 8; i++)
    row->bytes[row->length++] = (uint8_t)(number >> (8 * (7 - i)));
}

struct view row_view(const struct row *row) {
  return (struct view){row->bytes, row->length};
}

int row_of(struct row *row, const struct id *merchant, const char *second_prefix, const struct id *second) {
  row->length = 0;
  int r = row_add_id(row, "mer", merchant);
  return r < 0 ? r : row_add_id(row, second_prefix, second);
}

struct id row_id(const char *prefix, struct view key, size_t place) {
  assert(key.length >= place + ID_BYTES);
  return id_from_bytes(prefix, key.bytes + place);
}

uint64_t row_number(struct view key, size_t place) {
  assert(key.length >= place + 8);
  uint64_t number = 0;
  for (size_t i = 0; i < 8; i++)
    number = number << 8 | key.bytes[place + i];
  return number;
}

bool row_begins(struct view key, const struct row *row, size_t length) {
  return key.length >= length && memcmp(key.bytes, row->bytes, length) == 0;
}

void write_short_id(struct writer *writer, const char *prefix, const struct id *id) {
  uint8_t bytes[ID_BYTES];
  if (id->text[0] == '\0') {
    write_bool(writer, false);
    return;
  }
  if (id_parse(prefix, id->text, bytes) < 0) {
    writer->bad = true;
    return;
  }
  write_bool(writer, true);
  write_bytes(writer, bytes, sizeof bytes);
}

struct id read_short_id(struct reader *reader, const char *prefix) {
  uint8_t bytes[ID_BYTES];
  if (!read_bool(reader))
    return (struct id){0};
  read_bytes(reader, bytes, sizeof bytes);
  struct id id;
  if (id_from_any_bytes(prefix, bytes, &id) < 0)
    reader->bad = true; /* bytes that no id is made of */
  return reader->bad ? (struct id){0} : id;
}

int row_get(struct ledger *ledger, enum ledger_table table, const struct row *row, struct view *ret_value) {
  return sealed_get(ledger, table, row_view(row), ret_value);
}

int row_put(struct ledger *ledger, enum ledger_table table, const struct row *row,
            const struct writer *value) {
  int r = writer_finish(value);
  if (r < 0)
    return r;
  return sealed_put(ledger, table, row_view(row), value->start, writer_length(value));
}

/* The greatest key that is less than row, as a key to search "less than or equal" by: the row less one, with
 * bytes of 0xff behind it. False when row is all zero. */
static bool step_down(const struct row *row, struct row *ret_below) {
  *ret_below = *row;
  size_t at = row->length;
  while (at > 0 && ret_below->bytes[at - 1] == 0)
    ret_below->bytes[--at] = 0xff;
  if (at == 0)
    return false;
  ret_below->bytes[at - 1]--;
  return true;
}

static int unsealed_before(struct ledger *ledger, enum ledger_table table, const struct row *row,
                           size_t prefix, struct view *ret_key, struct view *ret_value) {
  struct row below;
  struct view key, value;
  if (!step_down(row, &below))
    return LEDGER_ABSENT;
  int r = store_last(ledger->store, table, below.bytes, below.length, &key, &value);
  if (r != 0)
    return r;
  if (!row_begins(key, row, prefix))
    return LEDGER_ABSENT;
  *ret_key = key;
  *ret_value = value;
  return 0;
}

int row_before(struct ledger *ledger, enum ledger_table table, const struct row *row, size_t prefix,
               struct view *ret_key, struct view *ret_value) {
  struct view key, value;
  int r = unsealed_before(ledger, table, row, prefix, &key, &value);
  if (r == 0)
    r = seal_check(ledger, table, key, &value);
  if (r != 0)
    return r;
  *ret_key = key;
  *ret_value = value;
  return 0;
}

int rows_clear(struct ledger *ledger, enum ledger_table table) {
  struct view key, value;
  struct row row;
  int r;
  while ((r = store_next(ledger->store, table, NULL, 0, false, &key, &value)) == 0) {
    if (key.length > sizeof row.bytes)
      return -EBADMSG;
    memcpy(row.bytes, key.bytes, key.length);
    r = store_delete(ledger->store, table, row.bytes, key.length);
    if (r < 0)
      return r;
  }
  return r < 0 ? r : 0;
}

int row_key_before(struct ledger *ledger, enum ledger_table table, const struct row *row, size_t prefix,
                   struct view *ret_key) {
  struct view value;
  return unsealed_before(ledger, table, row, prefix, ret_key, &value);
}

bool read_schema(struct reader *reader) {
  if (read_u16(reader) != LEDGER_SCHEMA)
    reader->bad = true;
  return !reader->bad;
}
