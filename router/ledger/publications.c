/* Policies: what was published when, by whom and why. */
#include "ledger_parts.h"

#include <errno.h>
#include <string.h>

/* What a row of the table begins with. */
static const uint8_t history_mark[ID_BYTES] = "history";

enum { PUBLICATION_MAX = 160 + POLICY_REASON_CAPACITY };

/* A publication with what the history needs besides: the number of the one that it brought back, or its own.
 */
struct history {
  struct policy_publication publication;
  uint64_t stands_for;
};

static int history_row(struct row *row, const struct id *merchant, uint64_t number) {
  row->length = 0;
  row_add_bytes(row, history_mark);
  int r = row_add_id(row, "mer", merchant);
  if (r == 0)
    row_add_number(row, number);
  return r;
}

/* What the table and the journal both have. */
static void write_publication(struct writer *writer, const struct policy_publication *publication) {
  write_short_id(writer, "pol", &publication->policy);
  write_bytes(writer, publication->hash, sizeof publication->hash);
  write_short_id(writer, "key", &publication->author);
  write_i64(writer, publication->published_ms);
  write_bool(writer, publication->rollback);
  write_text(writer, publication->reason);
}

static void read_publication(struct reader *reader, struct policy_publication *ret_publication) {
  ret_publication->policy = read_short_id(reader, "pol");
  read_bytes(reader, ret_publication->hash, sizeof ret_publication->hash);
  ret_publication->author = read_short_id(reader, "key");
  ret_publication->published_ms = read_i64(reader);
  ret_publication->rollback = read_bool(reader);
  read_text(reader, ret_publication->reason, sizeof ret_publication->reason);
}

static int read_history(struct view key, struct view value, struct history *ret_history) {
  struct history history = {0};
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader))
    return -EBADMSG;
  history.publication.number = row_number(key, 2 * ID_BYTES);
  read_publication(&reader, &history.publication);
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

static int journal_publication(struct ledger *ledger, const struct journal_head *head,
                               const struct id *merchant, const struct policy_publication *publication) {
  uint8_t bytes[PUBLICATION_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_short_id(&writer, "mer", merchant);
  write_u16(&writer, LEDGER_SCHEMA);
  write_publication(&writer, publication);
  int r = writer_finish(&writer);
  return r < 0 ? r : ledger_append(ledger, JOURNAL_POLICY, head, bytes, writer_length(&writer), NULL);
}

/* history lacks who and when, which head says. */
static int put_history(struct ledger *ledger, const struct journal_head *head, const struct id *merchant,
                       struct history *history) {
  struct row row;
  uint8_t bytes[PUBLICATION_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  history->publication.author = head->actor;
  history->publication.published_ms = head->at_ms;
  write_u16(&writer, LEDGER_SCHEMA);
  write_publication(&writer, &history->publication);
  write_u64(&writer, history->stands_for);
  int r = history_row(&row, merchant, history->publication.number);
  if (r == 0)
    r = row_put(ledger, LEDGER_POLICIES, &row, &writer);
  return r < 0 ? r : journal_publication(ledger, head, merchant, &history->publication);
}

static void give_reason(struct policy_publication *publication, const char *reason) {
  strncpy(publication->reason, reason, sizeof publication->reason - 1);
}

static int current_history(struct ledger *ledger, const struct id *merchant, struct history *ret_history) {
  return history_below(ledger, merchant, UINT64_MAX, ret_history);
}

int ledger_policy_publish(struct ledger *ledger, const struct journal_head *head, const struct id *merchant,
                          const struct id *policy, const char *reason) {
  struct policy_record record;
  struct history current = {0};
  int r = ledger_policy_get(ledger, merchant, policy, &record);
  if (r != 0)
    return r;
  r = current_history(ledger, merchant, &current);
  if (r < 0)
    return r;
  if (current.publication.number > 0 && id_equal(&current.publication.policy, policy))
    return 0;
  uint64_t number = current.publication.number + 1;
  struct history next = {.publication = {.number = number, .policy = *policy}, .stands_for = number};
  memcpy(next.publication.hash, record.hash, sizeof record.hash);
  give_reason(&next.publication, reason);
  return put_history(ledger, head, merchant, &next);
}

/* The publication before the current one that says something else: the same text published again is no step
 * back. */
static int history_before(struct ledger *ledger, const struct id *merchant, const struct history *current,
                          struct history *ret_earlier) {
  struct history earlier = {.stands_for = current->stands_for};
  int r;
  do
    r = history_below(ledger, merchant, earlier.stands_for, &earlier);
  while (r == 0 &&
         memcmp(earlier.publication.hash, current->publication.hash, sizeof earlier.publication.hash) == 0);
  if (r == 0)
    *ret_earlier = earlier;
  return r;
}

int ledger_policy_rollback(struct ledger *ledger, const struct journal_head *head, const struct id *merchant,
                           const char *reason, struct id *ret_policy) {
  struct history current, earlier;
  int r = current_history(ledger, merchant, &current);
  if (r == 0)
    r = history_before(ledger, merchant, &current, &earlier);
  if (r != 0)
    return r;
  struct history next = {.publication = {.number = current.publication.number + 1,
                                         .policy = earlier.publication.policy,
                                         .rollback = true},
                         .stands_for = earlier.stands_for};
  memcpy(next.publication.hash, earlier.publication.hash, sizeof next.publication.hash);
  give_reason(&next.publication, reason);
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
  read_publication(&reader, &publication);
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_publication = publication;
  return r;
}
