/* The ledger's tables over the narrow store. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger.h"
#include "store_memory.h"

static const uint8_t key[LEDGER_KEY_BYTES] = "a key for these tests";
static struct store *store;
static struct ledger *ledger;
static struct id merchant, other, customer, payment;

static struct id drawn(const char *prefix) {
  return draw_id(&system_draws, prefix, 1767225600000);
}

static void setup(void) {
  cr_assert_eq(store_open_memory(ledger_tables, &store), 0);
  cr_assert_eq(ledger_open(store, key, &system_draws, &ledger), 0);
  merchant = drawn("mer");
  other = drawn("mer");
  customer = drawn("cus");
  payment = drawn("pay");
}

static void teardown(void) {
  ledger_free(ledger);
  store_close(store);
}

static void reopen(const uint8_t *with) {
  ledger_free(ledger);
  store_memory_crash(store);
  cr_assert_eq(ledger_open(store, with, &system_draws, &ledger), 0);
}

TestSuite(ledger, .init = setup, .fini = teardown);

Test(ledger, the_journal_counts_without_a_gap) {
  struct journal_head head = {.at_ms = 5, .actor = drawn("key"), .request = drawn("req")};
  struct journal_entry entry;
  uint64_t sequence;
  cr_assert_eq(ledger_entry(ledger, 1, &entry), LEDGER_ABSENT);
  cr_assert_eq(ledger_append(ledger, JOURNAL_PAYMENT, &head, "one", 3, &sequence), 0);
  cr_assert_eq(sequence, 1);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(ledger_append(ledger, JOURNAL_PAYMENT, &head, "lost", 4, &sequence), 0);
  ledger_abandon(ledger);
  cr_assert_eq(ledger_append(ledger, JOURNAL_PAYMENT, &head, "two", 3, &sequence), 0);
  cr_assert_eq(sequence, 2);
  cr_assert_eq(ledger_commit(ledger), 0);
  reopen(key);
  cr_assert_eq(ledger_append(ledger, JOURNAL_POLICY, &head, "three", 5, &sequence), 0);
  cr_assert_eq(sequence, 3);
  cr_assert_eq(ledger_entry(ledger, 2, &entry), 0);
  cr_assert_eq(entry.sequence, 2);
  cr_assert_eq(entry.head.at_ms, 5);
  cr_assert(id_equal(&entry.head.actor, &head.actor));
  cr_assert(id_equal(&entry.head.request, &head.request));
  cr_assert(entry.length == 3 && memcmp(entry.body, "two", 3) == 0);
}

Test(ledger, a_failed_commit_leaves_nothing) {
  struct journal_head head = {.at_ms = 5};
  struct journal_entry entry;
  uint64_t sequence;
  store_memory_fail_commits(store, -ENOSPC);
  cr_assert_eq(ledger_append(ledger, JOURNAL_PAYMENT, &head, "x", 1, &sequence), 0);
  cr_assert(ledger_pending(ledger));
  cr_assert_eq(ledger_commit(ledger), -ENOSPC);
  cr_assert_not(ledger_pending(ledger));
  store_memory_fail_commits(store, 0);
  cr_assert_eq(ledger_entry(ledger, 1, &entry), LEDGER_ABSENT);
  cr_assert_eq(ledger_append(ledger, JOURNAL_PAYMENT, &head, "x", 1, &sequence), 0);
  cr_assert_eq(sequence, 1);
}

Test(ledger, a_payment_is_found_without_its_merchant) {
  struct id owner, merchants[8];
  struct id wanted = drawn("pay");
  cr_assert_eq(ledger_payment_owner(ledger, &wanted, &owner), LEDGER_ABSENT);
  for (unsigned i = 0; i < 8; i++) {
    merchants[i] = drawn("mer");
    for (unsigned j = 0; j < 5; j++) {
      struct id one = drawn("pay");
      cr_assert_eq(ledger_payment_put(ledger, &merchants[i], &one, "x", 1), 0);
    }
  }
  cr_assert_eq(ledger_payment_owner(ledger, &wanted, &owner), LEDGER_ABSENT);
  for (unsigned i = 0; i < 8; i++) {
    struct id one = drawn("pay");
    cr_assert_eq(ledger_payment_put(ledger, &merchants[i], &one, "x", 1), 0);
    cr_assert_eq(ledger_payment_owner(ledger, &one, &owner), 0);
    cr_assert(id_equal(&owner, &merchants[i]));
  }
}

Test(ledger, open_payments_newest_first) {
  struct id made[3], at = {0};
  for (int i = 0; i < 3; i++) {
    made[i] = draw_id(&system_draws, "pay", 1767225600000 + i);
    cr_assert_eq(ledger_open_set(ledger, &merchant, &made[i], true), 0);
  }
  struct id foreign = draw_id(&system_draws, "pay", 1767225600009);
  cr_assert_eq(ledger_open_set(ledger, &other, &foreign, true), 0);
  cr_assert_eq(ledger_open_set(ledger, &merchant, &made[1], false), 0);
  cr_assert_eq(ledger_open_before(ledger, &merchant, NULL, &at), 0);
  cr_assert(id_equal(&at, &made[2]));
  cr_assert_eq(ledger_open_before(ledger, &merchant, &at, &at), 0);
  cr_assert(id_equal(&at, &made[0]));
  cr_assert_eq(ledger_open_before(ledger, &merchant, &at, &at), LEDGER_ABSENT);
}

Test(ledger, a_movement_is_found_without_its_payment) {
  struct id movement = drawn("mov"), whose, what;
  cr_assert_eq(ledger_movement_get(ledger, &movement, &whose, &what), LEDGER_ABSENT);
  cr_assert_eq(ledger_movement_put(ledger, &movement, &merchant, &payment), 0);
  cr_assert_eq(ledger_movement_get(ledger, &movement, &whose, &what), 0);
  cr_assert(id_equal(&whose, &merchant) && id_equal(&what, &payment));
}

Test(ledger, payments_belong_to_their_merchant) {
  struct view bytes;
  struct id newest, nobody = {0};
  struct id later = draw_id(&system_draws, "pay", 1767225600001);
  cr_assert_eq(ledger_payment_put(ledger, &merchant, &payment, "state", 5), 0);
  cr_assert_eq(ledger_payment_put(ledger, &merchant, &later, "later", 5), 0);
  cr_assert_eq(ledger_payment_get(ledger, &merchant, &payment, &bytes), 0);
  cr_assert_eq(bytes.length, 5);
  cr_assert_eq(ledger_payment_get(ledger, &other, &payment, &bytes), LEDGER_ABSENT);
  cr_assert_eq(ledger_payment_before(ledger, &merchant, NULL, &newest, &bytes), 0);
  cr_assert(id_equal(&newest, &later));
  cr_assert_eq(ledger_payment_before(ledger, &merchant, &newest, &newest, &bytes), 0);
  cr_assert(id_equal(&newest, &payment));
  cr_assert_eq(ledger_payment_before(ledger, &merchant, &newest, &newest, &bytes), LEDGER_ABSENT);
  cr_assert_eq(ledger_payment_before(ledger, &other, &nobody, &newest, &bytes), LEDGER_ABSENT);
}

/* To where they begin by their ids' times, and from there on again; another merchant's are not met. */
Test(ledger, payments_are_walked_back_and_on) {
  enum { COUNT = 10 };
  struct id ids[COUNT], at, found, older = {0};
  struct view bytes;
  unsigned steps = 0;
  for (unsigned i = 0; i < COUNT; i++) {
    ids[i] = draw_id(&system_draws, "pay", 1767225600000 + 1000 * i);
    cr_assert_eq(ledger_payment_put(ledger, &merchant, &ids[i], &i, 1), 0);
    cr_assert_eq(ledger_payment_put(ledger, &other, &ids[i], "else", 4), 0);
  }
  cr_assert_eq(ledger_payments_back(ledger, &merchant, NULL, 0, 4, &at, &steps), 0);
  cr_expect(steps == 4 && id_equal(&at, &ids[6]));
  cr_assert_eq(ledger_payments_back(ledger, &merchant, &at, 1767225600000 + 3000, 100, &at, &steps), 0);
  cr_expect(steps == 3 && id_equal(&at, &ids[3]), "%u", steps);
  cr_expect_eq(ledger_payments_back(ledger, &merchant, &at, 1767225600000 + 3000, 100, &older, &steps),
               LEDGER_ABSENT);
  cr_expect_eq(older.text[0], '\0');
  for (unsigned i = 3; i < COUNT; i++) {
    cr_assert_eq(ledger_payment_after(ledger, &merchant, &at, i == 3, &found, &bytes), 0);
    cr_expect(id_equal(&found, &ids[i]) && bytes.length == 1 && bytes.bytes[0] == i);
    at = found;
  }
  cr_expect_eq(ledger_payment_after(ledger, &merchant, &at, false, &found, &bytes), LEDGER_ABSENT);
  cr_expect_eq(ledger_payment_after(ledger, &other, &at, false, &found, &bytes), LEDGER_ABSENT);
}

Test(ledger, open_work_is_listed_across_merchants) {
  struct id nobody = {0}, at_merchant, at_payment;
  unsigned count = 0;
  cr_assert_eq(ledger_open_set(ledger, &merchant, &payment, true), 0);
  cr_assert_eq(ledger_open_set(ledger, &other, &payment, true), 0);
  at_merchant = at_payment = nobody;
  while (ledger_open_next(ledger, &at_merchant, &at_payment, &at_merchant, &at_payment) == 0) {
    cr_assert(id_equal(&at_payment, &payment));
    count++;
  }
  cr_assert_eq(count, 2);
  cr_assert_eq(ledger_open_set(ledger, &merchant, &payment, false), 0);
  cr_assert_eq(ledger_open_set(ledger, &merchant, &payment, false), 0);
  cr_assert_eq(ledger_open_next(ledger, &nobody, &nobody, &at_merchant, &at_payment), 0);
  cr_assert(id_equal(&at_merchant, &other));
  cr_assert_eq(ledger_open_next(ledger, &at_merchant, &at_payment, &at_merchant, &at_payment), LEDGER_ABSENT);
}

Test(ledger, what_was_awaited_first_comes_first) {
  struct id movements[3] = {drawn("mov"), drawn("mov"), drawn("mov")}, movement;
  int64_t since_ms;
  cr_assert_eq(ledger_awaited_first(ledger, &since_ms, &movement), LEDGER_ABSENT);
  for (int i = 0; i < 3; i++)
    cr_assert_eq(ledger_awaited_set(ledger, (int64_t)(3 - i) << 40, &movements[i], true), 0);
  for (int i = 2; i >= 0; i--) {
    cr_assert_eq(ledger_awaited_first(ledger, &since_ms, &movement), 0);
    cr_assert(since_ms == (int64_t)(3 - i) << 40 && id_equal(&movement, &movements[i]));
    cr_assert_eq(ledger_commit(ledger), 0);
    cr_assert_eq(ledger_awaited_set(ledger, since_ms, &movement, false), 0);
  }
  cr_assert_eq(ledger_awaited_first(ledger, &since_ms, &movement), LEDGER_ABSENT);
}

Test(ledger, what_is_due_first_comes_first) {
  struct id payments[3] = {drawn("pay"), drawn("pay"), drawn("pay")}, found, whose;
  struct id owners[3] = {drawn("mer"), merchant, drawn("mer")};
  int64_t at_ms;
  cr_assert_eq(ledger_scheduled_first(ledger, &at_ms, &whose, &found), LEDGER_ABSENT);
  for (int i = 0; i < 3; i++)
    cr_assert_eq(ledger_scheduled_set(ledger, (int64_t)(3 - i) << 40, &owners[i], &payments[i], true), 0);
  for (int i = 2; i >= 1; i--) {
    cr_assert_eq(ledger_scheduled_first(ledger, &at_ms, &whose, &found), 0);
    cr_assert(at_ms == (int64_t)(3 - i) << 40 && id_equal(&found, &payments[i]));
    cr_assert(id_equal(&whose, &owners[i]));
    cr_assert_eq(ledger_commit(ledger), 0);
    cr_assert_eq(ledger_scheduled_set(ledger, at_ms, &whose, &found, false), 0);
  }
  cr_assert_eq(ledger_scheduled_clear(ledger), 0);
  cr_assert_eq(ledger_scheduled_first(ledger, &at_ms, &whose, &found), LEDGER_ABSENT);
}

Test(ledger, references_find_their_payments) {
  struct id found;
  struct id later = draw_id(&system_draws, "pay", 1767225600001);
  cr_assert_eq(ledger_reference_put(ledger, &merchant, "order-1", &payment), 0);
  cr_assert_eq(ledger_reference_put(ledger, &merchant, "order-1", &later), 0);
  cr_assert_eq(ledger_reference_put(ledger, &merchant, "order-2", &payment), 0);
  cr_assert_eq(ledger_reference_before(ledger, &merchant, "order-1", NULL, &found), 0);
  cr_assert(id_equal(&found, &later));
  cr_assert_eq(ledger_reference_before(ledger, &merchant, "order-1", &found, &found), 0);
  cr_assert(id_equal(&found, &payment));
  cr_assert_eq(ledger_reference_before(ledger, &merchant, "order-1", &found, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_reference_before(ledger, &other, "order-1", NULL, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_reference_before(ledger, &merchant, "order", NULL, &found), LEDGER_ABSENT);
}

Test(ledger, idempotency_keys_are_per_merchant_and_path) {
  struct idempotent entry = {.object = payment, .created_ms = 1000}, found;
  memset(entry.body_hash, 3, sizeof entry.body_hash);
  cr_assert_eq(ledger_idempotency_put(ledger, &merchant, "/v1/payments", "k", &entry), 0);
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/v1/payments", "k", 1000, &found), 0);
  cr_assert(id_equal(&found.object, &payment));
  cr_assert_arr_eq(found.body_hash, entry.body_hash, sizeof found.body_hash);
  cr_assert_eq(ledger_idempotency_get(ledger, &other, "/v1/payments", "k", 1000, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/v1/policies", "k", 1000, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/v1/payment", "sk", 1000, &found), LEDGER_ABSENT);
}

Test(ledger, idempotency_keys_last_thirty_days) {
  struct idempotent entry = {.object = payment, .created_ms = 1000}, found;
  int64_t end = 1000 + IDEMPOTENCY_LIFETIME_MS;
  char name[16];
  for (int i = 0; i < 20; i++) {
    snprintf(name, sizeof name, "k%d", i);
    entry.created_ms = i < 10 ? 1000 : 2000;
    cr_assert_eq(ledger_idempotency_put(ledger, &merchant, "/p", name, &entry), 0);
  }
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/p", "k0", end - 1, &found), 0);
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/p", "k0", end, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_commit(ledger), 0);
  for (int i = 0; i < 10; i++)
    cr_assert_eq(ledger_idempotency_sweep(ledger, end, 7), 0);
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/p", "k0", 1000, &found), LEDGER_ABSENT,
               "it is gone");
  cr_assert_eq(ledger_idempotency_get(ledger, &merchant, "/p", "k15", 1000, &found), 0);
}

Test(ledger, api_keys) {
  uint8_t hash[32] = {1}, second[32] = {2}, found_hash[32];
  struct api_key given = {.merchant = merchant, .livemode = false, .created_ms = 7}, found, again;
  cr_assert_eq(ledger_api_key_get(ledger, hash, &found), LEDGER_ABSENT);
  cr_assert_eq(ledger_api_key_add(ledger, hash, &given), 0);
  cr_assert_eq(ledger_api_key_get(ledger, hash, &found), 0);
  cr_assert_eq(id_parse("key", found.id.text, NULL), 0);
  cr_assert_eq(ledger_api_key_add(ledger, hash, &given), 0);
  cr_assert_eq(ledger_api_key_get(ledger, hash, &again), 0);
  cr_assert(id_equal(&found.id, &again.id));
  given.merchant = other;
  cr_assert_eq(ledger_api_key_add(ledger, hash, &given), -EEXIST);
  cr_assert_eq(ledger_api_key_add(ledger, second, &given), 0);
  cr_assert_eq(ledger_api_key_next(ledger, NULL, found_hash, &found), 0);
  cr_assert_arr_eq(found_hash, hash, 32);
  cr_assert_eq(ledger_api_key_next(ledger, found_hash, found_hash, &found), 0);
  cr_assert(id_equal(&found.merchant, &other));
  cr_assert_eq(ledger_api_key_next(ledger, found_hash, found_hash, &found), LEDGER_ABSENT);
}

static struct id draft(const char *text) {
  static int64_t now = 1767225600000;
  now++;
  struct policy_record record = {.id = draw_id(&system_draws, "pol", now),
                                 .merchant = merchant,
                                 .author = drawn("key"),
                                 .created_ms = now,
                                 .text = text,
                                 .text_length = strlen(text)};
  crypto_generichash(record.hash, sizeof record.hash, (const uint8_t *)text, strlen(text), NULL, 0);
  cr_assert_eq(ledger_policy_put(ledger, &record), 0);
  return record.id;
}

static void published_is(const struct id *policy) {
  struct policy_publication publication;
  cr_assert_eq(ledger_policy_published(ledger, &merchant, &publication), 0);
  cr_assert(id_equal(&publication.policy, policy));
}

static void expect_kept(const struct id *policy, const char *text, size_t length) {
  struct policy_record record;
  cr_assert_eq(ledger_policy_get(ledger, &merchant, policy, &record), 0);
  cr_assert_eq(record.text_length, length);
  cr_expect(memcmp(record.text, text, length) == 0);
  cr_expect_eq(record.text[length], '\0');
}

Test(ledger, long_policies_are_kept_whole) {
  static const size_t lengths[] = {0, 1, 32767, 32768, 32769, 65536, 200000, POLICY_LEDGER_TEXT_MAX};
  static char text[POLICY_LEDGER_TEXT_MAX + 2];
  struct id ids[sizeof lengths / sizeof *lengths];
  for (size_t i = 0; i < sizeof text - 1; i++)
    text[i] = (char)('a' + i * i % 23);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    char kept = text[lengths[i]];
    text[lengths[i]] = '\0';
    ids[i] = draft(text);
    text[lengths[i]] = kept;
  }
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    expect_kept(&ids[i], text, lengths[i]);
  struct policy_record record = {
      .id = drawn("pol"), .merchant = merchant, .text = text, .text_length = POLICY_LEDGER_TEXT_MAX + 1};
  cr_expect_eq(ledger_policy_put(ledger, &record), -EMSGSIZE);
}

/* A part is as long as the head says, and there. */
Test(ledger, a_policy_with_a_part_gone_is_damaged) {
  static char text[70001];
  uint8_t row[56] = "part";
  struct policy_record record;
  memset(text, 'x', sizeof text - 1);
  struct id id = draft(text);
  cr_assert_eq(id_parse("mer", merchant.text, row + 16), 0);
  cr_assert_eq(id_parse("pol", id.text, row + 32), 0);
  row[55] = 1;
  cr_assert_eq(ledger_policy_get(ledger, &merchant, &id, &record), 0);
  cr_assert_eq(store_delete(ledger_store(ledger), LEDGER_POLICIES, row, sizeof row), 0);
  cr_expect_eq(ledger_policy_get(ledger, &merchant, &id, &record), -EBADMSG);
}

Test(ledger, publications_say_who_when_and_why) {
  struct journal_head head = {.at_ms = 9, .actor = drawn("key")},
                      later = {.at_ms = 12, .actor = drawn("key")};
  struct policy_publication first, second, told;
  struct journal_entry entry;
  struct id back, a = draft("otherwise route a"), b = draft("otherwise route b");
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &a, "at first"), 0);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &b, ""), 0);
  cr_assert_eq(ledger_policy_rollback(ledger, &later, &merchant, "it declined", &back), 0);
  cr_assert_eq(ledger_policy_history(ledger, &merchant, 1, &first), 0);
  cr_assert_eq(ledger_policy_history(ledger, &merchant, 3, &second), 0);
  cr_expect_str_eq(first.reason, "at first");
  cr_expect(!first.rollback && id_equal(&first.author, &head.actor));
  cr_expect_str_eq(second.reason, "it declined");
  cr_expect(second.rollback && id_equal(&second.author, &later.actor) && second.published_ms == 12);
  cr_expect(memcmp(first.hash, second.hash, sizeof first.hash) == 0);
  cr_assert_eq(ledger_entry(ledger, 3, &entry), 0);
  cr_assert_eq(ledger_policy_entry(&entry, &told), 0);
  cr_expect_str_eq(told.reason, "it declined");
  cr_expect(id_equal(&told.policy, &a) && told.rollback && id_equal(&told.author, &later.actor));
}

Test(ledger, policies_are_published_and_rolled_back) {
  struct journal_head head = {.at_ms = 9, .actor = drawn("key")};
  struct policy_publication publication;
  struct policy_record record;
  struct id back, a = draft("otherwise route a"), b = draft("otherwise route b"),
                  c = draft("otherwise route c");
  struct id nothing = drawn("pol");
  cr_assert_eq(ledger_policy_published(ledger, &merchant, &publication), LEDGER_ABSENT);
  cr_assert_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), LEDGER_ABSENT);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &nothing, ""), LEDGER_ABSENT);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &other, &a, ""), LEDGER_ABSENT);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &a, ""), 0);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &b, ""), 0);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &c, ""), 0);
  published_is(&c);
  cr_assert_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), 0);
  published_is(&b);
  cr_assert_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), 0);
  published_is(&a);
  cr_assert_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), LEDGER_ABSENT);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &c, ""), 0);
  cr_assert_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), 0);
  published_is(&a);
  cr_assert_eq(ledger_policy_history(ledger, &merchant, 2, &publication), 0);
  cr_assert(id_equal(&publication.policy, &b));
  cr_assert_eq(publication.published_ms, 9);
  cr_assert_eq(ledger_policy_before(ledger, &merchant, NULL, &record), 0);
  cr_assert(id_equal(&record.id, &c));
  cr_assert(record.text_length == 17 && memcmp(record.text, "otherwise route c", 17) == 0);
  cr_assert_eq(ledger_policy_before(ledger, &merchant, &record.id, &record), 0);
  cr_assert(id_equal(&record.id, &b));
  cr_assert_eq(ledger_policy_get(ledger, &other, &b, &record), LEDGER_ABSENT);
}

Test(ledger, what_is_in_force_is_not_published_again) {
  struct journal_head head = {.at_ms = 9, .actor = drawn("key")};
  struct policy_publication publication;
  struct id a = draft("otherwise route a");
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &a, "at first"), 0);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &a, "again"), 0);
  cr_assert_eq(ledger_policy_published(ledger, &merchant, &publication), 0);
  cr_expect_eq(publication.number, 1);
  cr_expect_str_eq(publication.reason, "at first");
}

Test(ledger, a_rollback_goes_to_another_text) {
  struct journal_head head = {.at_ms = 9, .actor = drawn("key")};
  struct id back, a = draft("otherwise route a"), b = draft("otherwise route b"),
                  same = draft("otherwise route b");
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &a, ""), 0);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &b, ""), 0);
  cr_assert_eq(ledger_policy_publish(ledger, &head, &merchant, &same, ""), 0);
  published_is(&same);
  cr_assert_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), 0);
  cr_expect(id_equal(&back, &a));
  published_is(&a);
  cr_expect_eq(ledger_policy_rollback(ledger, &head, &merchant, "", &back), LEDGER_ABSENT);
}

Test(ledger, tries_of_a_card_come_back_as_they_went) {
  struct id fingerprint = drawn("fpr");
  struct card_uses put = {0}, got = {0};
  for (uint8_t attempt = 1; attempt <= CARD_USE_ATTEMPT_MAX; attempt++)
    for (unsigned result = CARD_USE_OPEN; result < CARD_USE_RESULT_COUNT; result++)
      put.uses[put.count++] = (struct card_use){.at_ms = 1767225600000 + attempt,
                                                .payment = 77,
                                                .attempt = attempt,
                                                .result = (enum card_use_result)result,
                                                .visa_category = result == CARD_USE_DECLINED ? 1 : 0,
                                                .stopped = result == CARD_USE_DECLINED,
                                                .amount = {1000, "EUR"}};
  cr_assert_eq(ledger_card_uses_put(ledger, &merchant, &fingerprint, &put), 0);
  cr_assert_eq(ledger_card_uses_get(ledger, &merchant, &fingerprint, &got), 0);
  cr_assert_eq(got.count, put.count);
  for (unsigned i = 0; i < put.count; i++) {
    cr_expect_eq(got.uses[i].attempt, put.uses[i].attempt, "%u", i);
    cr_expect_eq(got.uses[i].result, put.uses[i].result, "%u", i);
    cr_expect_eq(got.uses[i].stopped, put.uses[i].stopped, "%u", i);
    cr_expect_eq(got.uses[i].visa_category, put.uses[i].visa_category, "%u", i);
  }
}

static bool anywhere(const char *text) {
  struct view k, v;
  for (unsigned table = 0; table < LEDGER_TABLE_COUNT; table++) {
    uint8_t at[STORE_KEY_MAX] = {0};
    size_t length = 1;
    bool first = true;
    while (store_next(store, table, at, length, first, &k, &v) == 0) {
      if (memmem(v.bytes, v.length, text, strlen(text)))
        return true;
      memcpy(at, k.bytes, k.length);
      length = k.length;
      first = false;
    }
  }
  return false;
}

Test(ledger, personal_data_are_sealed_and_erased_by_customer) {
  char opened[64];
  size_t length;
  struct id second = drawn("pay");
  cr_assert_eq(ledger_customer_find(ledger, &merchant, &customer), LEDGER_ABSENT);
  cr_assert_eq(ledger_personal_put(ledger, &merchant, &customer, &payment, "Ada Lovelace", 12), 0);
  cr_assert_eq(ledger_personal_put(ledger, &merchant, &customer, &second, "Ada King", 8), 0);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_not(anywhere("Ada"));
  cr_assert_eq(ledger_customer_find(ledger, &merchant, &customer), 0);
  cr_assert_eq(ledger_customer_find(ledger, &other, &customer), LEDGER_ABSENT);
  cr_assert_eq(ledger_personal_get(ledger, &merchant, &customer, &payment, opened, sizeof opened, &length),
               0);
  cr_assert(length == 12 && memcmp(opened, "Ada Lovelace", 12) == 0);
  cr_assert_eq(ledger_personal_get(ledger, &merchant, &customer, &payment, opened, 11, &length), -ENOBUFS);
  cr_assert_eq(ledger_personal_get(ledger, &other, &customer, &payment, opened, sizeof opened, &length),
               LEDGER_ABSENT);
  cr_assert_eq(ledger_customer_erase(ledger, &merchant, &customer), 0);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(ledger_personal_get(ledger, &merchant, &customer, &second, opened, sizeof opened, &length),
               LEDGER_ABSENT);
  cr_assert_eq(ledger_customer_erase(ledger, &merchant, &customer), LEDGER_ABSENT);
  struct view row, value;
  cr_assert_eq(store_next(store, LEDGER_CUSTOMERS, NULL, 0, true, &row, &value), STORE_ABSENT, "nor sealed");
}

Test(ledger, personal_data_moved_or_under_another_key_do_not_open) {
  char opened[64];
  size_t length;
  struct view k, v;
  uint8_t value[128], row[STORE_KEY_MAX];
  struct id second = drawn("pay");
  uint8_t wrong[LEDGER_KEY_BYTES] = {0};
  cr_assert_eq(ledger_personal_put(ledger, &merchant, &customer, &payment, "Ada", 3), 0);
  cr_assert_eq(ledger_personal_put(ledger, &merchant, &customer, &second, "Eve", 3), 0);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(store_last(store, LEDGER_CUSTOMERS, NULL, 0, &k, &v), 0);
  size_t row_length = k.length, value_length = v.length;
  memcpy(row, k.bytes, k.length);
  memcpy(value, v.bytes, v.length);
  cr_assert_eq(store_next(store, LEDGER_CUSTOMERS, row, 1, true, &k, &v), 0);
  memcpy(row, k.bytes, row_length);
  cr_assert_eq(store_put(store, LEDGER_CUSTOMERS, row, row_length, value, value_length), 0);
  int first = ledger_personal_get(ledger, &merchant, &customer, &payment, opened, sizeof opened, &length);
  int both = ledger_personal_get(ledger, &merchant, &customer, &second, opened, sizeof opened, &length);
  cr_assert((first == -EBADMSG) != (both == -EBADMSG));
  ledger_abandon(ledger);
  reopen(wrong);
  cr_assert_eq(ledger_personal_get(ledger, &merchant, &customer, &payment, opened, sizeof opened, &length),
               -EBADMSG);
}

Test(ledger, agreements) {
  struct agreement given = {.id = drawn("agr"), .merchant = merchant, .payment = payment, .created_ms = 4},
                   found;
  given.token = drawn("tok");
  strcpy(given.connector, "alpha");
  strcpy(given.network_transaction_id, "MCC123456");
  cr_assert_eq(ledger_agreement_put(ledger, &given), 0);
  cr_assert_eq(ledger_agreement_get(ledger, &merchant, &given.id, &found), 0);
  cr_assert_str_eq(found.network_transaction_id, "MCC123456");
  cr_assert(id_equal(&found.token, &given.token));
  cr_assert_eq(ledger_agreement_get(ledger, &other, &given.id, &found), LEDGER_ABSENT);
}

Test(ledger, the_audit_head_goes_forward_only) {
  struct audit_head head = {.sequence = 5, .hash = {5}}, earlier = {.sequence = 4};
  ledger_head_note(ledger, &head);
  ledger_head_note(ledger, &earlier);
  cr_assert_eq(ledger_head(ledger).sequence, 0, "not durable yet");
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(ledger_head(ledger).sequence, 5);
  reopen(key);
  cr_assert_eq(ledger_head(ledger).sequence, 5);
  cr_assert_eq(ledger_head(ledger).hash[0], 5);
}

/* Cuts the table's last record at every length, and flips its every bit: of all that may be read nothing but
 * the record as it was. */
static void expect_only_the_whole(enum ledger_table table, int (*read)(void)) {
  struct view k, v;
  uint8_t row[STORE_KEY_MAX], value[256];
  cr_assert_eq(store_last(store, table, NULL, 0, &k, &v), 0);
  size_t row_length = k.length, length = v.length;
  memcpy(row, k.bytes, k.length);
  memcpy(value, v.bytes, v.length);
  for (size_t cut = 0; cut <= length; cut++) {
    cr_assert_eq(store_put(store, table, row, row_length, value, cut), 0);
    cr_assert_eq(read(), cut == length ? 0 : -EBADMSG, "cut at %zu", cut);
  }
  for (size_t bit = 0; bit < 8 * length; bit++) {
    value[bit / 8] ^= (uint8_t)(1U << bit % 8);
    cr_assert_eq(store_put(store, table, row, row_length, value, length), 0);
    cr_assert_eq(read(), -EBADMSG, "bit %zu", bit);
    value[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
}

static int read_the_key(void) {
  struct idempotent found;
  return ledger_idempotency_get(ledger, &merchant, "/p", "k", 0, &found);
}

static int read_the_entry(void) {
  struct journal_entry entry;
  return ledger_entry(ledger, 1, &entry);
}

Test(ledger, damaged_records_are_said_and_not_believed) {
  struct idempotent entry = {.object = payment};
  struct journal_head head = {0};
  cr_assert_eq(ledger_idempotency_put(ledger, &merchant, "/p", "k", &entry), 0);
  cr_assert_eq(ledger_append(ledger, JOURNAL_PAYMENT, &head, "x", 1, NULL), 0);
  expect_only_the_whole(LEDGER_IDEMPOTENCY, read_the_key);
  expect_only_the_whole(LEDGER_JOURNAL, read_the_entry);
}

Test(ledger, a_record_in_the_place_of_another_is_noticed) {
  struct id later = draw_id(&system_draws, "pay", 1767225600001);
  struct view k, v, bytes;
  uint8_t row[STORE_KEY_MAX], value[64];
  struct id found;
  cr_assert_eq(ledger_payment_put(ledger, &merchant, &payment, "state", 5), 0);
  cr_assert_eq(ledger_payment_put(ledger, &merchant, &later, "later", 5), 0);
  cr_assert_eq(store_last(store, LEDGER_PAYMENTS, NULL, 0, &k, &v), 0);
  size_t row_length = k.length, value_length = v.length;
  memcpy(row, k.bytes, k.length);
  memcpy(value, v.bytes, v.length);
  cr_assert_eq(store_next(store, LEDGER_PAYMENTS, "", 1, true, &k, &v), 0);
  memcpy(row, k.bytes, k.length);
  cr_assert_eq(store_put(store, LEDGER_PAYMENTS, row, row_length, value, value_length), 0);
  cr_assert_eq(ledger_payment_get(ledger, &merchant, &payment, &bytes), -EBADMSG);
  cr_assert_eq(ledger_payment_get(ledger, &merchant, &later, &bytes), 0);
  cr_assert_eq(bytes.length, 5);
  cr_assert_eq(ledger_payment_before(ledger, &merchant, &later, &found, &bytes), -EBADMSG);
}

/* The same row in another table. */
Test(ledger, a_record_of_another_table_is_noticed) {
  struct view k, v;
  struct id found, owner, none = {0};
  uint8_t row[STORE_KEY_MAX], value[64];
  cr_assert_eq(ledger_payment_put(ledger, &merchant, &payment, "state", 5), 0);
  cr_assert_eq(store_last(store, LEDGER_PAYMENTS, NULL, 0, &k, &v), 0);
  size_t row_length = k.length, value_length = v.length;
  memcpy(row, k.bytes, k.length);
  memcpy(value, v.bytes, v.length);
  cr_assert_eq(store_put(store, LEDGER_OPEN, row, row_length, value, value_length), 0);
  cr_assert_eq(ledger_open_next(ledger, &none, &none, &owner, &found), -EBADMSG);
  cr_assert_eq(ledger_open_set(ledger, &merchant, &payment, true), 0);
  cr_assert_eq(ledger_open_next(ledger, &none, &none, &owner, &found), 0);
}

Test(ledger, every_bit_of_a_record_is_sealed) {
  struct view k, v, bytes;
  uint8_t row[STORE_KEY_MAX], value[64];
  cr_assert_eq(ledger_payment_put(ledger, &merchant, &payment, "state", 5), 0);
  cr_assert_eq(store_last(store, LEDGER_PAYMENTS, NULL, 0, &k, &v), 0);
  size_t row_length = k.length, value_length = v.length;
  memcpy(row, k.bytes, k.length);
  memcpy(value, v.bytes, v.length);
  for (size_t bit = 0; bit < 8 * value_length; bit++) {
    value[bit / 8] ^= (uint8_t)(1U << bit % 8);
    cr_assert_eq(store_put(store, LEDGER_PAYMENTS, row, row_length, value, value_length), 0);
    cr_assert_eq(ledger_payment_get(ledger, &merchant, &payment, &bytes), -EBADMSG, "bit %zu", bit);
    value[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  cr_assert_eq(store_put(store, LEDGER_PAYMENTS, row, row_length, value, value_length), 0);
  cr_assert_eq(ledger_payment_get(ledger, &merchant, &payment, &bytes), 0);
}

Test(ledger, a_ledger_under_another_key_is_refused) {
  static const uint8_t wrong[LEDGER_KEY_BYTES] = {9};
  struct audit_head head = {.sequence = 5};
  struct ledger *second;
  ledger_head_note(ledger, &head);
  cr_assert_eq(ledger_commit(ledger), 0);
  cr_assert_eq(ledger_open(store, wrong, &system_draws, &second), -EBADMSG);
}

Test(ledger, another_schema_is_refused) {
  struct ledger *second;
  cr_assert_eq(store_put(store, LEDGER_META, "schema", 6, "\x09\x00", 2), 0);
  cr_assert_eq(ledger_open(store, key, &system_draws, &second), -EPROTONOSUPPORT);
}

Test(ledger, the_key_file) {
  char directory[] = "/tmp/freeport-ledger-XXXXXX", path[64], link_path[64];
  uint8_t first[LEDGER_KEY_BYTES], second[LEDGER_KEY_BYTES];
  struct stat status;
  cr_assert(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/ledger.key", directory);
  snprintf(link_path, sizeof link_path, "%s/link.key", directory);
  cr_assert_eq(ledger_key_file(path, &system_draws, first), 0);
  cr_assert_eq(ledger_key_file(path, &system_draws, second), 0);
  cr_assert_arr_eq(first, second, sizeof first);
  cr_assert_neq(memcmp(first, (const uint8_t[LEDGER_KEY_BYTES]){0}, sizeof first), 0);
  cr_assert_lt(ledger_key_file(directory, &system_draws, second), 0, "a folder is no key");
  cr_assert_eq(stat(path, &status), 0);
  cr_assert_eq(status.st_mode & 0777, 0600);
  cr_assert_eq(symlink(path, link_path), 0);
  cr_assert_lt(ledger_key_file(link_path, &system_draws, second), 0);
  cr_assert_eq(chmod(path, 0644), 0);
  cr_assert_eq(ledger_key_file(path, &system_draws, second), -EPERM);
  cr_assert_eq(chmod(path, 0600), 0);
  if (chown(path, 1, 1) == 0) { /* who may give it away */
    cr_assert_eq(ledger_key_file(path, &system_draws, second), -EPERM);
    cr_assert_eq(chown(path, geteuid(), getegid()), 0);
  }
  cr_assert_eq(truncate(path, 31), 0);
  cr_assert_eq(ledger_key_file(path, &system_draws, second), -EBADMSG);
  unlink(link_path);
  unlink(path);
  rmdir(directory);
}
