/* The audit chain: whoever changes, drops, reorders or cuts off a record is found, and the record is named.
 */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "store_memory.h"
#include "tables.h"

enum { RECORDS = 12 };

static struct store *store;
static struct audit audit;

static void append(const char *connector, bool code) {
  struct audit_record record = {.at_ms = 1700000000000,
                                .merchant = id_new("mer", 1700000000000),
                                .kind = AUDIT_RELEASE,
                                .actor = AUDIT_BY_ROUTER,
                                .operation = OPERATION_CHARGE,
                                .security_code = code};
  snprintf(record.connector, sizeof record.connector, "%s", connector);
  struct id payment = id_new("pay", 1700000000000);
  snprintf(record.key, sizeof record.key, "%.30s_1", payment.text);
  cr_assert_eq(audit_append(&audit, &record), 0);
}

static void open_audit(void) {
  cr_assert_geq(sodium_init(), 0);
  cr_assert_eq(store_open_memory(vault_tables, &store), 0);
  cr_assert_eq(audit_load(&audit, store), 0);
  for (unsigned i = 0; i < RECORDS; i++)
    append(i % 2 ? "adyen" : "stripe", i % 3 == 0);
  cr_assert_eq(audit_write_head(&audit), 0);
  cr_assert_eq(store_commit(store), 0);
  audit_keep(&audit);
}

static void close_audit(void) {
  store_close(store);
}

TestSuite(audit, .init = open_audit, .fini = close_audit);

static struct audit_page page;

struct kept {
  const uint8_t *bytes;
  size_t length;
};

static unsigned read_all(struct kept ret_records[RECORDS]) {
  cr_assert_eq(audit_read_page(&audit, 1, &page), 0);
  struct reader reader = reader_over(page.bytes, page.length);
  unsigned count = 0;
  while ((ret_records[count].bytes = audit_page_next(&reader, &ret_records[count].length)) != NULL)
    count++;
  cr_assert_eq(reader_finish(&reader), 0);
  return count;
}

/* What the verifier says of those records, and how many it took before. */
static int verify(const struct kept *records, unsigned count, unsigned *ret_good) {
  struct audit_head head = {0};
  for (*ret_good = 0; *ret_good < count; (*ret_good)++) {
    int fault = audit_verify_next(&head, records[*ret_good].bytes, records[*ret_good].length);
    if (fault != 0)
      return fault;
  }
  return audit_verify_end(&head, &audit.committed);
}

Test(audit, a_whole_chain_is_whole) {
  struct kept records[RECORDS + 1];
  unsigned good, count = read_all(records);
  cr_assert_eq(count, RECORDS);
  cr_assert_eq(verify(records, count, &good), 0);
}

Test(audit, every_flipped_bit_is_found_at_its_record) {
  struct kept records[RECORDS + 1];
  unsigned good, count = read_all(records);
  uint8_t *bytes = page.bytes + (records[5].bytes - page.bytes);
  for (size_t bit = 0; bit < 8 * records[5].length; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    cr_assert_neq(verify(records, count, &good), 0, "bit %zu", bit);
    cr_assert_eq(good, 5, "bit %zu", bit);
    bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
}

Test(audit, what_is_dropped_reordered_or_cut_off_is_named) {
  struct kept records[RECORDS + 1], changed[RECORDS + 1];
  unsigned good, count = read_all(records);
  memcpy(changed, records, sizeof changed);
  memmove(changed + 4, changed + 5, (count - 5) * sizeof changed[0]);
  cr_assert_eq(verify(changed, count - 1, &good), AUDIT_DROPPED);
  cr_assert_eq(good, 4);

  memcpy(changed, records, sizeof changed);
  changed[7] = records[2];
  cr_assert_eq(verify(changed, count, &good), AUDIT_OUT_OF_ORDER);
  cr_assert_eq(good, 7);

  cr_assert_eq(verify(records, count - 1, &good), AUDIT_TRUNCATED);
  cr_assert_eq(verify(records, 0, &good), AUDIT_TRUNCATED);
  changed[0] = (struct kept){records[0].bytes, 5};
  cr_assert_eq(verify(changed, count, &good), AUDIT_MALFORMED);
}

Test(audit, a_chain_written_anew_does_not_reach_the_head_that_was_seen) {
  struct audit_head seen = audit.committed;
  struct store *forged;
  cr_assert_eq(store_open_memory(vault_tables, &forged), 0);
  cr_assert_eq(audit_load(&audit, forged), 0);
  for (unsigned i = 0; i < RECORDS; i++)
    append("adyen", false);
  audit_keep(&audit);
  cr_assert_eq(audit_verify_end(&audit.committed, &seen), AUDIT_CHANGED);
  cr_assert_eq(audit_holds(&audit, &seen), STATUS_ROLLED_BACK);
  store_close(forged);
}

Test(audit, a_head_is_held_when_it_is_on_the_chain) {
  struct audit_head seen = audit.committed, none = {0};
  cr_assert_eq(audit_holds(&audit, &none), 0);
  cr_assert_eq(audit_holds(&audit, &seen), 0);
  append("adyen", false);
  cr_assert_eq(audit_holds(&audit, &audit.head), STATUS_ROLLED_BACK, "what is not kept yet may never be");
  audit_keep(&audit);
  cr_assert_eq(audit_holds(&audit, &seen), 0, "an older one too");
  seen.hash[0] ^= 1;
  cr_assert_eq(audit_holds(&audit, &seen), STATUS_ROLLED_BACK);
  seen = audit.committed;
  seen.sequence++;
  cr_assert_eq(audit_holds(&audit, &seen), STATUS_ROLLED_BACK);
}

Test(audit, the_first_release_of_a_key_tells_whether_a_code_went) {
  struct audit_record record = {
      .kind = AUDIT_RELEASE, .actor = AUDIT_BY_ROUTER, .operation = OPERATION_CHARGE, .key = "pay_1"};
  bool sent = true;
  cr_assert_eq(audit_code_sent(&audit, "pay_1", &sent), AUDIT_NEVER_RELEASED);
  cr_assert(sent, "and says nothing");
  cr_assert_eq(audit_append(&audit, &record), 0);
  record.security_code = true; /* a replay of it */
  cr_assert_eq(audit_append(&audit, &record), 0);
  cr_assert_eq(audit_code_sent(&audit, "pay_1", &sent), 0);
  cr_assert_not(sent);
  cr_assert_eq(audit_code_sent(&audit, "pay_2", &sent), AUDIT_NEVER_RELEASED);
  record.kind = AUDIT_MERCHANT_ADD;
  for (unsigned i = 0; i < 9000; i++)
    cr_assert_eq(audit_append(&audit, &record), 0);
  cr_assert_eq(audit_code_sent(&audit, "pay_2", &sent), AUDIT_OUT_OF_SIGHT, "not all of it was searched");
}

Test(audit, a_store_whose_newest_records_are_gone_does_not_load) {
  uint8_t key[8] = {0, 0, 0, 0, 0, 0, 0, RECORDS};
  struct audit again;
  cr_assert_eq(store_delete(store, TABLE_AUDIT, key, sizeof key), 0);
  cr_assert_lt(audit_load(&again, store), 0);
}

Test(audit, pages_follow_one_another) {
  struct audit_record record = {.kind = AUDIT_MERCHANT_ADD, .actor = AUDIT_BY_OPERATOR, .uid = 1000};
  for (unsigned i = 0; i < 500; i++)
    cr_assert_eq(audit_append(&audit, &record), 0);
  struct audit_head head = {0};
  unsigned pages = 0;
  do {
    cr_assert_eq(audit_read_page(&audit, head.sequence + 1, &page), 0);
    struct reader reader = reader_over(page.bytes, page.length);
    size_t length;
    const uint8_t *bytes;
    while ((bytes = audit_page_next(&reader, &length)) != NULL)
      cr_assert_eq(audit_verify_next(&head, bytes, length), 0);
    pages++;
  } while (page.more);
  cr_assert_eq(head.sequence, RECORDS + 500);
  cr_assert_gt(pages, 2);
}

static void append_other(unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    struct audit_record record = {.at_ms = 1, .kind = AUDIT_CONNECTOR_STATUS, .actor = AUDIT_BY_OPERATOR};
    cr_assert_eq(audit_append(&audit, &record), 0);
  }
  audit_keep(&audit);
}

static struct releases_page releases;

Test(audit, releases_are_told_from_a_place_on) {
  append_other(3);
  cr_assert_eq(audit_releases(&audit, 0, &releases), 0);
  cr_expect(releases.count == RECORDS && releases.through == RECORDS + 3 && !releases.more);
  cr_expect_eq(releases.releases[0].sequence, 1);
  cr_assert_eq(audit_releases(&audit, RECORDS - 1, &releases), 0);
  cr_expect(releases.count == 1 && releases.releases[0].sequence == RECORDS);
  cr_expect_str_neq(releases.releases[0].key, "");
  cr_assert_eq(audit_releases(&audit, RECORDS + 3, &releases), 0);
  cr_expect(releases.count == 0 && !releases.more);
  cr_assert_eq(audit_releases(&audit, UINT64_MAX, &releases), 0);
  cr_expect(releases.count == 0 && releases.through == RECORDS + 3, "no further than the chain");
  append("adyen", false);
  cr_assert_eq(audit_releases(&audit, RECORDS, &releases), 0);
  cr_expect_eq(releases.count, 0, "what is not kept yet may never be");
}

Test(audit, movements_are_told_among_the_releases) {
  struct audit_record record = {.kind = AUDIT_MOVEMENT,
                                .actor = AUDIT_BY_ROUTER,
                                .operation = OPERATION_REFUND,
                                .payment = id_new("pay", 1700000000000)};
  struct id movement = id_new("mov", 1700000000000);
  snprintf(record.key, sizeof record.key, "%.30s_1", movement.text);
  uint64_t before = audit.head.sequence;
  cr_assert_eq(audit_append(&audit, &record), 0);
  append("adyen", false);
  audit_keep(&audit);
  cr_assert_eq(audit_releases(&audit, before, &releases), 0);
  cr_assert_eq(releases.count, 2);
  cr_assert_str_eq(releases.releases[0].key, record.key);
  cr_assert_eq(releases.releases[0].sequence, before + 1);
}

Test(audit, releases_come_page_by_page_and_all_of_them) {
  uint64_t after = 0;
  unsigned count = 0, pages = 0;
  for (unsigned i = 0; i < 2 * RELEASES_PER_PAGE; i++)
    append("adyen", false);
  append_other(5000);
  append("adyen", false);
  audit_keep(&audit);
  do {
    cr_assert_eq(audit_releases(&audit, after, &releases), 0);
    cr_assert(!releases.more || releases.through > after, "it gets on");
    for (unsigned i = 0; i < releases.count; i++)
      cr_assert_gt(releases.releases[i].sequence, after);
    after = releases.through;
    count += releases.count;
    pages++;
  } while (releases.more);
  cr_expect_eq(count, RECORDS + 2 * RELEASES_PER_PAGE + 1);
  cr_expect_geq(pages, 5, "no page looks through the whole of a long chain");
}
