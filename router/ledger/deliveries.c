/* Deliveries to endpoints: how far each endpoint is, what waits for another try, what was given up. */
#include "ledger_parts.h"

#include <errno.h>
#include <string.h>

enum { VALUE_MAX = 64, PROGRESS = 0, PLACE = 2 * ID_BYTES };

/* A row is merchant, endpoint, kind, sequence, type and subject. */
static int kind_row(struct row *row, const struct id *merchant, const struct id *endpoint, unsigned kind) {
  int r = row_of(row, merchant, "whk", endpoint);
  if (r == 0)
    row_add_number(row, kind);
  return r;
}

static int delivery_row_of(struct row *row, const struct id *merchant, const struct id *endpoint,
                           enum delivery_kind kind, const struct delivery_row *delivery) {
  int r = kind_row(row, merchant, endpoint, kind);
  if (r < 0)
    return r;
  row_add_number(row, delivery->sequence);
  row_add_number(row, (uint64_t)delivery->type << 8 | delivery->subject);
  return 0;
}

int ledger_progress_put(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                        const struct delivery_progress *progress) {
  struct row row;
  uint8_t bytes[VALUE_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_u64(&writer, progress->sequence);
  write_i64(&writer, progress->failing_since_ms);
  int r = kind_row(&row, merchant, endpoint, PROGRESS);
  return r < 0 ? r : row_put(ledger, LEDGER_DELIVERIES, &row, &writer);
}

int ledger_progress_get(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                        struct delivery_progress *ret_progress) {
  struct row row;
  struct view value;
  struct delivery_progress progress;
  int r = kind_row(&row, merchant, endpoint, PROGRESS);
  if (r == 0)
    r = row_get(ledger, LEDGER_DELIVERIES, &row, &value);
  if (r != 0)
    return r;
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  progress.sequence = read_u64(&reader);
  progress.failing_since_ms = read_i64(&reader);
  r = reader_finish(&reader);
  if (r == 0)
    *ret_progress = progress;
  return r;
}

int ledger_delivery_put(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                        enum delivery_kind kind, const struct delivery_row *delivery) {
  struct row row;
  uint8_t bytes[VALUE_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_u8(&writer, delivery->attempts);
  write_u8(&writer, delivery->outcome);
  write_u16(&writer, delivery->http_status);
  write_i64(&writer, delivery->tried_ms);
  write_i64(&writer, delivery->due_ms);
  int r = delivery_row_of(&row, merchant, endpoint, kind, delivery);
  return r < 0 ? r : row_put(ledger, LEDGER_DELIVERIES, &row, &writer);
}

int ledger_delivery_delete(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                           enum delivery_kind kind, const struct delivery_row *delivery) {
  struct row row;
  int r = delivery_row_of(&row, merchant, endpoint, kind, delivery);
  return r < 0 ? r : store_delete(ledger->store, LEDGER_DELIVERIES, row.bytes, row.length);
}

static int read_delivery(struct view key, struct view value, struct delivery_row *ret_row) {
  struct delivery_row row = {0};
  struct reader reader = reader_over(value.bytes, value.length);
  if (key.length != PLACE + 3 * 8 || !read_schema(&reader))
    return -EBADMSG;
  row.sequence = row_number(key, PLACE + 8);
  uint64_t event = row_number(key, PLACE + 16);
  if (event > UINT16_MAX)
    return -EBADMSG;
  row.type = (uint8_t)(event >> 8);
  row.subject = (uint8_t)event;
  row.attempts = read_u8(&reader);
  row.outcome = read_u8(&reader);
  row.http_status = read_u16(&reader);
  row.tried_ms = read_i64(&reader);
  row.due_ms = read_i64(&reader);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_row = row;
  return r;
}

int ledger_delivery_next(struct ledger *ledger, const struct id *merchant, const struct id *endpoint,
                         enum delivery_kind kind, const struct delivery_row *after,
                         struct delivery_row *ret_row) {
  struct row row, prefix;
  struct view key, value;
  int r = kind_row(&prefix, merchant, endpoint, kind);
  if (r < 0)
    return LEDGER_ABSENT;
  row = prefix;
  if (after)
    r = delivery_row_of(&row, merchant, endpoint, kind, after);
  if (r == 0)
    r = sealed_next(ledger, LEDGER_DELIVERIES, row_view(&row), false, &key, &value);
  if (r != 0)
    return r;
  return row_begins(key, &prefix, prefix.length) ? read_delivery(key, value, ret_row) : LEDGER_ABSENT;
}

/* The first row of that endpoint goes; LEDGER_ABSENT when there is none. */
static int delete_first(struct ledger *ledger, const struct row *endpoint) {
  struct view key, value;
  struct row row = {0};
  int r = store_next(ledger->store, LEDGER_DELIVERIES, endpoint->bytes, endpoint->length, true, &key, &value);
  if (r != 0)
    return r;
  if (!row_begins(key, endpoint, endpoint->length))
    return LEDGER_ABSENT;
  if (key.length > sizeof row.bytes)
    return -EBADMSG;
  memcpy(row.bytes, key.bytes, key.length);
  row.length = key.length;
  return store_delete(ledger->store, LEDGER_DELIVERIES, row.bytes, row.length);
}

int deliveries_delete(struct ledger *ledger, const struct row *endpoint) {
  int r;
  do
    r = delete_first(ledger, endpoint);
  while (r == 0);
  return r < 0 ? r : 0;
}
