/* Webhook endpoints: where they lead, what they want, the secrets that sign. */
#include "ledger_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum {
  FACTS_MAX = 32 + ENDPOINT_URL_CAPACITY + ENDPOINT_DESCRIPTION_CAPACITY,
  SECRETS_BYTES = 2 * ENDPOINT_SECRET_BYTES,
  SEALED_BYTES = SECRET_OVERHEAD + SECRETS_BYTES,
  RECORD_MAX = 2 + FACTS_MAX + SEALED_BYTES
};

static const char secrets_purpose[] = "endpoint";

/* All but ids and secrets. */
static void write_facts(struct writer *writer, const struct endpoint_record *record) {
  write_i64(writer, record->created_ms);
  write_text(writer, record->url);
  write_text(writer, record->description);
  write_u64(writer, record->types);
  write_u8(writer, (uint8_t)record->status);
  write_i64(writer, record->secret_before_until_ms);
}

static void read_facts(struct reader *reader, struct endpoint_record *record) {
  record->created_ms = read_i64(reader);
  read_text(reader, record->url, sizeof record->url);
  read_text(reader, record->description, sizeof record->description);
  record->types = read_u64(reader);
  unsigned status = read_u8(reader);
  record->secret_before_until_ms = read_i64(reader);
  if (status >= ENDPOINT_STATUS_COUNT)
    reader->bad = true;
  else
    record->status = (enum endpoint_status)status;
}

/* ---- The table ---- */

static void write_secrets(struct ledger *ledger, struct writer *writer, const struct row *row,
                          const struct endpoint_record *record) {
  uint8_t key[LEDGER_KEY_BYTES], secrets[SECRETS_BYTES], sealed[SEALED_BYTES];
  ledger_derive_key(ledger, "freeport secrets of endpoints", key);
  memcpy(secrets, record->secret, ENDPOINT_SECRET_BYTES);
  memcpy(secrets + ENDPOINT_SECRET_BYTES, record->secret_before, ENDPOINT_SECRET_BYTES);
  secret_seal(ledger, key, secrets_purpose, row, secrets, sizeof secrets, sealed);
  write_bytes(writer, sealed, sizeof sealed);
  sodium_memzero(key, sizeof key);
  sodium_memzero(secrets, sizeof secrets);
}

static int read_secrets(struct ledger *ledger, struct reader *reader, const struct row *row,
                        struct endpoint_record *record) {
  uint8_t key[LEDGER_KEY_BYTES], secrets[SECRETS_BYTES];
  size_t length;
  struct view sealed = {.bytes = read_view(reader, SEALED_BYTES), .length = SEALED_BYTES};
  if (!sealed.bytes)
    return -EBADMSG;
  ledger_derive_key(ledger, "freeport secrets of endpoints", key);
  int r = secret_unseal(key, secrets_purpose, row, sealed, secrets, sizeof secrets, &length);
  if (r == 0) {
    memcpy(record->secret, secrets, ENDPOINT_SECRET_BYTES);
    memcpy(record->secret_before, secrets + ENDPOINT_SECRET_BYTES, ENDPOINT_SECRET_BYTES);
  }
  sodium_memzero(key, sizeof key);
  sodium_memzero(secrets, sizeof secrets);
  return r;
}

static int read_endpoint(struct ledger *ledger, const struct row *row, struct view value,
                         struct endpoint_record *ret_record) {
  struct endpoint_record record = {0};
  struct view key = row_view(row);
  struct reader reader = reader_over(value.bytes, value.length);
  if (key.length != 2 * ID_BYTES || !read_schema(&reader))
    return -EBADMSG;
  record.merchant = row_id("mer", key, 0);
  record.id = row_id("whk", key, ID_BYTES);
  read_facts(&reader, &record);
  int r = reader.bad ? -EBADMSG : read_secrets(ledger, &reader, row, &record);
  if (r == 0)
    r = reader_finish(&reader);
  if (r == 0)
    *ret_record = record;
  sodium_memzero(record.secret, sizeof record.secret);
  sodium_memzero(record.secret_before, sizeof record.secret_before);
  return r;
}

int ledger_endpoint_get(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                        struct endpoint_record *ret_record) {
  struct row row;
  struct view value;
  if (row_of(&row, merchant, "whk", endpoint) < 0)
    return LEDGER_ABSENT;
  int r = row_get(ledger, LEDGER_ENDPOINTS, &row, &value);
  return r != 0 ? r : read_endpoint(ledger, &row, value, ret_record);
}

/* The row that a key of the table is. */
static struct row row_from(struct view key) {
  struct row row = {.length = key.length < sizeof row.bytes ? key.length : sizeof row.bytes};
  memcpy(row.bytes, key.bytes, row.length);
  return row;
}

int ledger_endpoint_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                           struct endpoint_record *ret_record) {
  struct row row = {0};
  struct view key, value;
  if (row_add_id(&row, "mer", merchant) < 0)
    return LEDGER_ABSENT;
  if (before && before->text[0] != '\0') {
    if (row_add_id(&row, "whk", before) < 0)
      return LEDGER_ABSENT;
  } else {
    memset(row.bytes + row.length, 0xff, ID_BYTES);
    row.length += ID_BYTES;
  }
  int r = row_before(ledger, LEDGER_ENDPOINTS, &row, ID_BYTES, &key, &value);
  if (r != 0)
    return r;
  row = row_from(key);
  return read_endpoint(ledger, &row, value, ret_record);
}

int ledger_endpoint_next(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                         struct endpoint_record *ret_record) {
  struct row row = {0};
  struct view key, value;
  if (merchant->text[0] != '\0' && row_of(&row, merchant, "whk", endpoint) < 0)
    return -EINVAL;
  int r = sealed_next(ledger, LEDGER_ENDPOINTS, row_view(&row), false, &key, &value);
  if (r != 0)
    return r;
  row = row_from(key);
  return read_endpoint(ledger, &row, value, ret_record);
}

/* ---- Writing, with the journal ---- */

static int journal_change(struct ledger *ledger, const struct journal_head *head, enum endpoint_change change,
                          const struct endpoint_record *record, uint64_t *ret_sequence) {
  uint8_t bytes[64 + FACTS_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_short_id(&writer, "mer", &record->merchant);
  write_short_id(&writer, "whk", &record->id);
  write_u8(&writer, (uint8_t)change);
  write_facts(&writer, record);
  int r = writer_finish(&writer);
  return r < 0 ? r
               : ledger_append(ledger, JOURNAL_ENDPOINT, head, bytes, writer_length(&writer), ret_sequence);
}

int ledger_endpoint_put(struct ledger *ledger, const struct journal_head *head, enum endpoint_change change,
                        const struct endpoint_record *record, uint64_t *ret_sequence) {
  struct row row;
  int r = row_of(&row, &record->merchant, "whk", &record->id);
  if (r < 0)
    return r;
  if (change == ENDPOINT_DELETED) {
    r = store_delete(ledger->store, LEDGER_ENDPOINTS, row.bytes, row.length);
    if (r == 0)
      r = deliveries_delete(ledger, &row);
  } else {
    uint8_t bytes[RECORD_MAX];
    struct writer writer = writer_over(bytes, sizeof bytes);
    write_u16(&writer, LEDGER_SCHEMA);
    write_facts(&writer, record);
    write_secrets(ledger, &writer, &row, record);
    r = row_put(ledger, LEDGER_ENDPOINTS, &row, &writer);
  }
  return r < 0 ? r : journal_change(ledger, head, change, record, ret_sequence);
}

int ledger_endpoint_entry(const struct journal_entry *entry, enum endpoint_change *ret_change,
                          struct endpoint_record *ret_record) {
  struct endpoint_record record = {0};
  struct reader reader = reader_over(entry->body, entry->length);
  record.merchant = read_short_id(&reader, "mer");
  record.id = read_short_id(&reader, "whk");
  unsigned change = read_u8(&reader);
  read_facts(&reader, &record);
  int r = reader_finish(&reader);
  if (r < 0 || change == 0 || change >= ENDPOINT_CHANGE_COUNT)
    return -EBADMSG;
  *ret_change = (enum endpoint_change)change;
  *ret_record = record;
  return 0;
}
