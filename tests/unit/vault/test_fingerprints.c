/* P7: a card that is deleted and entered anew has the fingerprint it had, for as long as the networks count
 * its tries; then it is forgotten (B13). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "card_uses.h"
#include "deletion.h"
#include "emptied.h"
#include "harness.h"
#include "store_lmdb.h"
#include "sweeper.h"
#include "tables.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

_Static_assert(EMPTIED_KEPT_DAYS *DAY_MS >= CARD_USES_WINDOW_MS + BUDGET_MARGIN_MS,
               "an entry outlives what is counted by it");

enum { BATCH = 128, ENTRIES = 2 * BATCH + 44 };

static struct harness h;

static void open_memory(void) {
  harness_open(&h, HARNESS_MEMORY);
}

static void close_harness(void) {
  harness_close(&h);
}

TestSuite(fingerprints, .init = open_memory, .fini = close_harness);

static const char VISA[] = "4242424242424242";

static struct id token_for(const char *number) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE);
  return made.token;
}

static struct id fingerprint_of(const struct id *token) {
  struct token_description description;
  cr_assert_eq(harness_describe(&h, &h.merchant, token, &description), STATUS_DONE);
  return description.card.fingerprint;
}

/* Deletes the token and lets its seven days pass, and one more. */
static void destroy(const struct id *token) {
  struct token_description description;
  cr_assert_eq(harness_question(&h, &h.router, RV_DELETE_TOKEN, &h.merchant, token, &description),
               STATUS_DONE);
  harness_pass(&h, 8 * DAY_MS);
  cr_assert_eq(harness_describe(&h, &h.merchant, token, &description), STATUS_NOT_FOUND);
}

static unsigned rows_in(unsigned table) {
  struct view key, value;
  unsigned rows = 0;
  int r = store_next(h.store, table, NULL, 0, true, &key, &value);
  for (; r == 0; rows++)
    r = store_next(h.store, table, key.bytes, key.length, false, &key, &value);
  cr_assert_eq(r, STORE_ABSENT);
  return rows;
}

/* Enters VISA, destroys it, waits and enters it anew: whether the fingerprint is the same. */
static bool known_again_after(int64_t wait_ms) {
  struct id first = token_for(VISA), before = fingerprint_of(&first);
  destroy(&first);
  harness_pass(&h, wait_ms);
  struct id second = token_for(VISA), after = fingerprint_of(&second);
  cr_assert_not(id_equal(&first, &second));
  return id_equal(&before, &after);
}

Test(fingerprints, a_card_entered_anew_after_its_destruction_has_the_one_it_had) {
  cr_assert(known_again_after(0));
  cr_assert_eq(rows_in(TABLE_EMPTIED), 0, "a token rests on it again");
}

Test(fingerprints, it_is_kept_for_thirty_one_days) {
  cr_assert(known_again_after(EMPTIED_KEPT_DAYS * DAY_MS));
}

Test(fingerprints, after_that_the_card_has_another) {
  cr_assert_not(known_again_after((EMPTIED_KEPT_DAYS + 1) * DAY_MS));
}

Test(fingerprints, then_nothing_of_the_card_is_left) {
  struct id token = token_for(VISA);
  destroy(&token);
  cr_assert_eq(rows_in(TABLE_INDEX), 1);
  cr_assert_eq(rows_in(TABLE_EMPTIED), 1);
  harness_pass(&h, (EMPTIED_KEPT_DAYS + 1) * DAY_MS);
  cr_assert_eq(rows_in(TABLE_TOKENS), 0);
  cr_assert_eq(rows_in(TABLE_INDEX), 0);
  cr_assert_eq(rows_in(TABLE_EMPTIED), 0);
}

Test(fingerprints, each_destruction_begins_the_days_anew) {
  struct id first = token_for(VISA), before = fingerprint_of(&first);
  destroy(&first);
  harness_pass(&h, 20 * DAY_MS);
  struct id second = token_for(VISA);
  harness_pass(&h, 20 * DAY_MS);
  struct id third = token_for(VISA), meanwhile = fingerprint_of(&third);
  cr_assert(id_equal(&before, &meanwhile), "a living token keeps it");
  destroy(&second);
  cr_assert_eq(rows_in(TABLE_EMPTIED), 0);
  destroy(&third);
  harness_pass(&h, 20 * DAY_MS);
  struct id fourth = token_for(VISA), after = fingerprint_of(&fourth);
  cr_assert(id_equal(&before, &after));
}

/* B11: else a number that was here is told from one that was not. */
Test(fingerprints, an_emptied_number_is_new_to_the_limit) {
  static const char *const similar[] = {"4242424200004242", "4242424200184242", "4242424200264242",
                                        "4242424200344242", "4242424200424242"};
  struct tokenized made;
  struct id token = token_for(VISA);
  destroy(&token);
  for (size_t i = 0; i < sizeof similar / sizeof *similar; i++)
    cr_assert_eq(harness_tokenize(&h, similar[i], "", &made), STATUS_DONE, "%zu", i);
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_LIMITED);
  cr_assert_eq(rows_in(TABLE_EMPTIED), 1, "nothing was entered");
}

/* As many entries as two batches of the sweeper and some more, each emptied now. */
static void empty_entries(void) {
  static const uint8_t key[KEY_BYTES] = {1}, merchant[16] = {2};
  static const struct index_content content = {{3}, {4}};
  for (unsigned i = 0; i < ENTRIES; i++) {
    struct index_names names;
    char number[20];
    snprintf(number, sizeof number, "424242%010u", i);
    index_names_of(key, merchant, number, &names);
    cr_assert_eq(index_put(h.store, &names, &content), 0);
    cr_assert_eq(index_drop_token(h.store, names.entry, h.now_ms), 0);
  }
  cr_assert_eq(store_commit(h.store), 0);
}

static void expect_left(unsigned entries) {
  cr_assert_eq(rows_in(TABLE_INDEX), entries);
  cr_assert_eq(rows_in(TABLE_EMPTIED), entries);
}

Test(fingerprints, they_are_forgotten_by_the_batch) {
  empty_entries();
  cr_assert_eq(sweeper_run(h.vault), false, "none is due");
  h.now_ms += (EMPTIED_KEPT_DAYS + 1) * DAY_MS;
  cr_assert(sweeper_run(h.vault), "more is due");
  expect_left(ENTRIES - BATCH);
  cr_assert(sweeper_run(h.vault));
  expect_left(ENTRIES - 2 * BATCH);
  cr_assert_not(sweeper_run(h.vault));
  expect_left(0);
}

TestSuite(fingerprints_lmdb, .fini = close_harness);

Test(fingerprints_lmdb, a_restart_goes_on_where_it_was) {
  harness_open(&h, HARNESS_LMDB);
  empty_entries();
  h.now_ms += (EMPTIED_KEPT_DAYS + 1) * DAY_MS;
  cr_assert(sweeper_run(h.vault));
  cr_assert_eq(store_commit(h.store), 0);
  cr_assert(sweeper_run(h.vault));
  store_abandon(h.store); /* the second batch did not become durable */
  expect_left(ENTRIES - BATCH);
  harness_restart(&h);
  harness_run(&h);
  expect_left(ENTRIES - 2 * BATCH);
  harness_pass(&h, 1000);
  expect_left(0);
}

/* Its last table came last to the others. */
Test(fingerprints_lmdb, a_file_that_has_no_table_of_emptied_entries_gets_one) {
  const char *before[TABLE_COUNT + 1];
  char path[96];
  struct store *store;
  struct view value;
  harness_open(&h, HARNESS_LMDB);
  snprintf(path, sizeof path, "%s/before.mdb", h.folder);
  memcpy(before, vault_tables, sizeof before);
  cr_assert_str_eq(before[TABLE_EMPTIED], "emptied");
  before[TABLE_EMPTIED] = NULL;
  cr_assert_eq(store_open_lmdb(path, before, 1 << 20, &store), 0);
  cr_assert_eq(store_put(store, TABLE_AUDIT, "key", 3, "audit", 5), 0);
  cr_assert_eq(store_commit(store), 0);
  store_close(store);
  cr_assert_eq(store_open_lmdb(path, vault_tables, 1 << 20, &store), 0);
  cr_assert_eq(store_get(store, TABLE_AUDIT, "key", 3, &value), 0);
  cr_assert_eq(store_get(store, TABLE_EMPTIED, "key", 3, &value), STORE_ABSENT);
  store_close(store);
}

Test(fingerprints, a_row_that_is_none_keeps_nobody_waiting) {
  struct id token = token_for(VISA);
  destroy(&token);
  cr_assert_eq(store_put(h.store, TABLE_EMPTIED, "\0", 1, "x", 1), 0);
  cr_assert_eq(store_commit(h.store), 0);
  harness_pass(&h, (EMPTIED_KEPT_DAYS + 1) * DAY_MS);
  expect_left(0);
}
