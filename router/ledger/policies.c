/* Policies: what was drafted, by id. A text is longer than a record may be, so it stands in parts. */
#include "ledger_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a row of the table begins with. */
static const uint8_t head_mark[ID_BYTES] = "text";
static const uint8_t part_mark[ID_BYTES] = "part";

enum {
  PART_BYTES = 32768,
  PARTS_MAX = POLICY_LEDGER_TEXT_MAX / PART_BYTES,
  HEAD_MAX = 128 + POLICY_REASON_CAPACITY
};

_Static_assert((int)PARTS_MAX *(int)PART_BYTES == (int)POLICY_LEDGER_TEXT_MAX, "whole parts");
_Static_assert((int)PART_BYTES + (int)SEAL_BYTES < (int)STORE_VALUE_MAX, "a part fits a record");

static int head_row(struct row *row, const struct id *merchant, const struct id *policy) {
  row->length = 0;
  row_add_bytes(row, head_mark);
  int r = row_add_id(row, "mer", merchant);
  if (r < 0)
    return r;
  if (policy && policy->text[0] != '\0')
    return row_add_id(row, "pol", policy);
  memset(row->bytes + row->length, 0xff, ID_BYTES);
  row->length += ID_BYTES;
  return 0;
}

static int part_row(struct row *row, const struct id *merchant, const struct id *policy, unsigned part) {
  row->length = 0;
  row_add_bytes(row, part_mark);
  int r = row_add_id(row, "mer", merchant);
  if (r == 0)
    r = row_add_id(row, "pol", policy);
  if (r == 0)
    row_add_number(row, part);
  return r;
}

static size_t part_length(size_t text_length, unsigned part) {
  size_t left = text_length - (size_t)part * PART_BYTES;
  return left < PART_BYTES ? left : PART_BYTES;
}

static int put_head(struct ledger *ledger, const struct policy_record *record) {
  struct row row;
  uint8_t bytes[HEAD_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_short_id(&writer, "key", &record->author);
  write_i64(&writer, record->created_ms);
  write_bytes(&writer, record->hash, sizeof record->hash);
  write_text(&writer, record->reason);
  write_u32(&writer, (uint32_t)record->text_length);
  int r = head_row(&row, &record->merchant, &record->id);
  return r < 0 ? r : row_put(ledger, LEDGER_POLICIES, &row, &writer);
}

int ledger_policy_put(struct ledger *ledger, const struct policy_record *record) {
  struct row row;
  if (record->text_length > POLICY_LEDGER_TEXT_MAX)
    return -EMSGSIZE;
  int r = put_head(ledger, record);
  for (unsigned part = 0; r == 0 && (size_t)part * PART_BYTES < record->text_length; part++) {
    r = part_row(&row, &record->merchant, &record->id, part);
    if (r == 0)
      r = sealed_put(ledger, LEDGER_POLICIES, row_view(&row), record->text + (size_t)part * PART_BYTES,
                     part_length(record->text_length, part));
  }
  return r;
}

static int read_head(struct view value, struct policy_record *record) {
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  record->author = read_short_id(&reader, "key");
  record->created_ms = read_i64(&reader);
  read_bytes(&reader, record->hash, sizeof record->hash);
  read_text(&reader, record->reason, sizeof record->reason);
  record->text_length = read_u32(&reader);
  int r = reader_finish(&reader);
  return r < 0 || record->text_length > POLICY_LEDGER_TEXT_MAX ? -EBADMSG : 0;
}

/* One that is missing is damage: head and parts were put in one batch. */
static int read_part(struct ledger *ledger, const struct policy_record *record, unsigned part) {
  struct row row;
  struct view value;
  int r = part_row(&row, &record->merchant, &record->id, part);
  if (r == 0)
    r = row_get(ledger, LEDGER_POLICIES, &row, &value);
  if (r < 0)
    return r;
  if (r == LEDGER_ABSENT || value.length != part_length(record->text_length, part))
    return -EBADMSG;
  memcpy(ledger->policy_text + (size_t)part * PART_BYTES, value.bytes, value.length);
  return 0;
}

static int read_parts(struct ledger *ledger, struct policy_record *record) {
  int r = 0;
  if (!ledger->policy_text)
    ledger->policy_text = malloc(POLICY_LEDGER_TEXT_MAX + 1);
  if (!ledger->policy_text)
    return -ENOMEM;
  for (unsigned part = 0; r == 0 && (size_t)part * PART_BYTES < record->text_length; part++)
    r = read_part(ledger, record, part);
  ledger->policy_text[record->text_length] = '\0';
  record->text = ledger->policy_text;
  return r;
}

static int read_policy(struct ledger *ledger, struct view value, struct policy_record *record) {
  int r = read_head(value, record);
  return r < 0 ? r : read_parts(ledger, record);
}

int ledger_policy_get(struct ledger *ledger, const struct id *merchant, const struct id *policy,
                      struct policy_record *ret_record) {
  struct row row;
  struct view value;
  struct policy_record record = {.id = *policy, .merchant = *merchant};
  if (policy->text[0] == '\0' || head_row(&row, merchant, policy) < 0)
    return LEDGER_ABSENT;
  int r = row_get(ledger, LEDGER_POLICIES, &row, &value);
  if (r == 0)
    r = read_policy(ledger, value, &record);
  if (r == 0)
    *ret_record = record;
  return r;
}

int ledger_policy_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                         struct policy_record *ret_record) {
  struct row row;
  struct view key, value;
  struct policy_record record = {.merchant = *merchant};
  if (head_row(&row, merchant, before) < 0)
    return LEDGER_ABSENT;
  int r = row_before(ledger, LEDGER_POLICIES, &row, 2 * ID_BYTES, &key, &value);
  if (r != 0)
    return r;
  record.id = row_id("pol", key, 2 * ID_BYTES);
  r = read_policy(ledger, value, &record);
  if (r == 0)
    *ret_record = record;
  return r;
}
