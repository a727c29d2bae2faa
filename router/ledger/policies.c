/* Policies: drafts by id, and the history of what was published. */
#include "ledger_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a row of the table begins with. */
static const uint8_t text_mark[ID_BYTES] = "text";
static const uint8_t history_mark[ID_BYTES] = "history";

enum { PUBLICATION_MAX = 128, TEXT_HEAD_MAX = 128 };

/* A publication with what the history needs besides: the number of the one that it brought back, or its own.
 */
struct history {
  struct policy_publication publication;
  uint64_t stands_for;
};

static int text_row(struct row *row, const struct id *merchant, const struct id *policy) {
  row->length = 0;
  row_add_bytes(row, text_mark);
  int r = row_add_id(row, "mer", merchant);
  if (r < 0)
    return r;
  if (policy && policy->text[0] != '\0')
    return row_add_id(row, "pol", policy);
  memset(row->bytes + row->length, 0xff, ID_BYTES);
  row->length += ID_BYTES;
  return 0;
}

static int history_row(struct row *row, const struct id *merchant, uint64_t number) {
  row->length = 0;
  row_add_bytes(row, history_mark);
  int r = row_add_id(row, "mer", merchant);
  if (r == 0)
    row_add_number(row, number);
  return r;
}

int ledger_policy_put(struct ledger *ledger, const struct policy_record *record) {
  struct row row;
  if (record->text_length > POLICY_LEDGER_TEXT_MAX)
    return -EMSGSIZE;
  int r = text_row(&row, &record->merchant, &record->id);
  if (r < 0)
    return r;
  uint8_t *bytes = malloc(TEXT_HEAD_MAX + record->text_length);
  if (!bytes)
    return -ENOMEM;
  struct writer writer = writer_over(bytes, TEXT_HEAD_MAX + record->text_length);
  write_u16(&writer, LEDGER_SCHEMA);
  write_short_id(&writer, "key", &record->author);
  write_i64(&writer, record->created_ms);
  write_bytes(&writer, record->hash, sizeof record->hash);
  write_bytes(&writer, record->text, record->text_length);
  r = row_put(ledger, LEDGER_POLICIES, &row, &writer);
  free(bytes);
  return r;
}

static int read_policy(struct view value, struct policy_record *record) {
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  record->author = read_short_id(&reader, "key");
  record->created_ms = read_i64(&reader);
  read_bytes(&reader, record->hash, sizeof record->hash);
  record->text_length = reader_left(&reader);
  record->text = (const char *)read_view(&reader, record->text_length);
  return reader_finish(&reader);
}

int ledger_policy_get(struct ledger *ledger, const struct id *merchant, const struct id *policy,
                      struct policy_record *ret_record) {
  struct row row;
  struct view value;
  struct policy_record record = {.id = *policy, .merchant = *merchant};
  if (policy->text[0] == '\0' || text_row(&row, merchant, policy) < 0)
    return LEDGER_ABSENT;
  int r = row_get(ledger, LEDGER_POLICIES, &row, &value);
  if (r == 0)
    r = read_policy(value, &record);
  if (r == 0)
    *ret_record = record;
  return r;
}

int ledger_policy_before(struct ledger *ledger, const struct id *merchant, const struct id *before,
                         struct policy_record *ret_record) {
  struct row row;
  struct view key, value;
  struct policy_record record = {.merchant = *merchant};
  if (text_row(&row, merchant, before) < 0)
    return LEDGER_ABSENT;
  int r = row_before(ledger, LEDGER_POLICIES, &row, 2 * ID_BYTES, &key, &value);
  if (r != 0)
    return r;
  record.id = row_id("pol", key, 2 * ID_BYTES);
  r = read_policy(value, &record);
  if (r == 0)
    *ret_record = record;
  return r;
}

static int read_history(struct view key, struct view value, struct history *ret_history) {
  struct history history = {0};
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  history.publication.number = row_number(key, 2 * ID_BYTES);
  history.publication.policy = read_short_id(&reader, "pol");
  history.publication.author = read_short_id(&reader, "key");
  history.publication.published_ms = read_i64(&reader);
  history.publication.rollback = read_bool(&reader);
  history.stands_for = read_u64(&reader);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_history = history;
  return r;
}

/* The publication with the greatest number below `below`. */
static int history_below(struct ledger *ledger, const struct id *merchant, uint64_t below,
                         struct history *ret_history) {
  struct row row;
  struct view key, value;
  if (history_row(&row, merchant, below) < 0)
    return LEDGER_ABSENT;
  int r = row_before(ledger, LEDGER_POLICIES, &row, 2 * ID_BYTES, &key, &value);
  return r != 0 ? r : read_history(key, value, ret_history);
}

/* In the journal: merchant, then the publication as in the table. */
static int journal_publication(struct ledger *ledger, const struct journal_head *head,
                               const struct id *merchant, const struct writer *value) {
  uint8_t bytes[PUBLICATION_MAX + 32];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_short_id(&writer, "mer", merchant);
  write_bytes(&writer, value->start, writer_length(value));
  int r = writer_finish(&writer);
  return r < 0 ? r : ledger_append(ledger, JOURNAL_POLICY, head, bytes, writer_length(&writer), NULL);
}

static int put_history(struct ledger *ledger, const struct journal_head *head, const struct id *merchant,
                       const struct history *history) {
  struct row row;
  uint8_t bytes[PUBLICATION_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, LEDGER_SCHEMA);
  write_short_id(&writer, "pol", &history->publication.policy);
  write_short_id(&writer, "key", &head->actor);
  write_i64(&writer, head->at_ms);
  write_bool(&writer, history->publication.rollback);
  write_u64(&writer, history->stands_for);
  int r = history_row(&row, merchant, history->publication.number);
  if (r == 0)
    r = row_put(ledger, LEDGER_POLICIES, &row, &writer);
  return r < 0 ? r : journal_publication(ledger, head, merchant, &writer);
}

static int current_history(struct ledger *ledger, const struct id *merchant, struct history *ret_history) {
  return history_below(ledger, merchant, UINT64_MAX, ret_history);
}

int ledger_policy_publish(struct ledger *ledger, const struct journal_head *head, const struct id *merchant,
                          const struct id *policy) {
  struct policy_record record;
  struct history current = {0};
  int r = ledger_policy_get(ledger, merchant, policy, &record);
  if (r != 0)
    return r;
  r = current_history(ledger, merchant, &current);
  if (r < 0)
    return r;
  uint64_t number = current.publication.number + 1;
  struct history next = {.publication = {.number = number, .policy = *policy}, .stands_for = number};
  return put_history(ledger, head, merchant, &next);
}

int ledger_policy_rollback(struct ledger *ledger, const struct journal_head *head, const struct id *merchant,
                           struct id *ret_policy) {
  struct history current, earlier;
  int r = current_history(ledger, merchant, &current);
  if (r == 0)
    r = history_below(ledger, merchant, current.stands_for, &earlier);
  if (r != 0)
    return r;
  struct history next = {.publication = {.number = current.publication.number + 1,
                                         .policy = earlier.publication.policy,
                                         .rollback = true},
                         .stands_for = earlier.stands_for};
  r = put_history(ledger, head, merchant, &next);
  if (r == 0)
    *ret_policy = earlier.publication.policy;
  return r;
}

int ledger_policy_published(struct ledger *ledger, const struct id *merchant,
                            struct policy_publication *ret_publication) {
  return ledger_policy_history(ledger, merchant, UINT64_MAX - 1, ret_publication);
}

int ledger_policy_history(struct ledger *ledger, const struct id *merchant, uint64_t number,
                          struct policy_publication *ret_publication) {
  struct history history;
  int r = history_below(ledger, merchant, number == UINT64_MAX ? number : number + 1, &history);
  if (r == 0)
    *ret_publication = history.publication;
  return r;
}

int ledger_policy_entry(const struct journal_entry *entry, struct policy_publication *ret_publication) {
  struct policy_publication publication = {0};
  struct reader reader = reader_over(entry->body, entry->length);
  (void)read_short_id(&reader, "mer");
  if (!read_schema(&reader))
    return -EBADMSG;
  publication.policy = read_short_id(&reader, "pol");
  publication.author = read_short_id(&reader, "key");
  publication.published_ms = read_i64(&reader);
  publication.rollback = read_bool(&reader);
  (void)read_u64(&reader);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_publication = publication;
  return r;
}
