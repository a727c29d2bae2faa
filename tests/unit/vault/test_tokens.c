/* Tokens through the vault's sockets: made, described, bound to their merchant, limited, deleted, restored.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deletion.h"
#include "escrow.h"
#include "harness.h"
#include "index.h"
#include "key_file.h"
#include "record.h"
#include "similar.h"
#include "store_memory.h"
#include "tables.h"
#include "tokens.h"

static struct harness h;

static void open_memory(void) {
  h.similar_limit = 0;
  harness_open(&h, HARNESS_MEMORY);
}

static void close_harness(void) {
  harness_close(&h);
}

TestSuite(tokens, .init = open_memory, .fini = close_harness);

static const char VISA[] = "4242424242424242";

static struct id token_for(const char *number) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE);
  return made.token;
}

static struct token_description description_of(const struct id *token) {
  struct token_description description;
  cr_assert_eq(harness_describe(&h, &h.merchant, token, &description), STATUS_DONE);
  return description;
}

static int ask_delete(struct channel *channel, uint8_t type, const struct id *token) {
  struct token_description description;
  return harness_question(&h, channel, type, &h.merchant, token, &description);
}

/* The nth number that begins 42424242 and ends 4242: so many that any two of them are similar. */
static void similar_number(unsigned n, char ret_number[17]) {
  for (unsigned middle = 0; middle < 10000; middle++) {
    snprintf(ret_number, 17, "42424242%04u4242", middle);
    int sum = 0;
    for (int i = 0; i < 16; i++) {
      int digit = ret_number[i] - '0';
      sum += i % 2 == 0 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit;
    }
    if (sum % 10 == 0 && n-- == 0)
      return;
  }
}

Test(tokens, a_card_becomes_a_token_that_tells_bin_and_last_four) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, VISA, "123", &made), STATUS_DONE);
  cr_assert_str_eq(made.card.bin, "42424242");
  cr_assert_str_eq(made.card.last4, "4242");
  cr_assert_eq(made.card.network, NETWORK_VISA);
  cr_assert_str_empty(made.card.fingerprint.text, "collect is shown none");
  struct token_description description = description_of(&made.token);
  cr_assert_eq(description.status, TOKEN_ACTIVE);
  cr_assert_eq(description.created_ms, HARNESS_NOW_MS);
  cr_assert_eq(description.card.exp_year, 2030);
  cr_assert_eq(strncmp(description.card.fingerprint.text, "fpr_", 4), 0);
}

Test(tokens, six_and_four_of_a_shorter_number) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, "378282246310005", "1234", &made), STATUS_DONE);
  cr_assert_str_eq(made.card.bin, "378282");
  cr_assert_str_eq(made.card.last4, "0005");
}

Test(tokens, the_same_card_has_one_fingerprint_at_one_merchant_and_many_tokens) {
  struct id first = token_for(VISA), second = token_for(VISA);
  cr_assert_not(id_equal(&first, &second));
  struct token_description a = description_of(&first), b = description_of(&second);
  cr_assert(id_equal(&a.card.fingerprint, &b.card.fingerprint));
  struct tokenize elsewhere = harness_card(&h, VISA, "");
  memcpy(elsewhere.key_hash, h.other_key_hash, 32);
  elsewhere.card.exp_year = 2031;
  uint8_t bytes[512];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  struct tokenized made;
  struct token_description c;
  write_tokenize(&body, &elsewhere);
  cr_assert_eq(harness_ask(&h, &h.collect, CV_TOKENIZE, &body, &rest), STATUS_DONE);
  cr_assert_eq(read_tokenized(&rest, &made), 0);
  cr_assert_eq(harness_describe(&h, &h.other_merchant, &made.token, &c), STATUS_DONE);
  cr_assert_not(id_equal(&a.card.fingerprint, &c.card.fingerprint));
}

Test(tokens, a_token_of_another_merchant_does_not_exist) {
  struct id token = token_for(VISA), nobody = id_new_random("tok");
  struct token_description description;
  cr_assert_eq(harness_describe(&h, &h.other_merchant, &token, &description), STATUS_NOT_FOUND);
  cr_assert_eq(harness_describe(&h, &h.merchant, &nobody, &description), STATUS_NOT_FOUND);
  struct id merchant = id_new("mer", 1);
  cr_assert_eq(harness_describe(&h, &merchant, &token, &description), STATUS_NOT_FOUND);
}

/* The messages' readers refuse such texts before; the store finds nothing under them all the same. */
Test(tokens, a_text_that_is_no_id_finds_nothing) {
  struct id token = token_for(VISA), nothing = {""}, longer = token, shorter = token, other = token;
  struct found_token found;
  longer.text[30] = 'X';
  shorter.text[29] = '\0';
  memcpy(other.text, "pay", 3);
  const struct id tokens[] = {nothing, longer, shorter, other};
  for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
    cr_expect_eq(token_find(h.vault, &h.merchant, &tokens[i], &found), STATUS_NOT_FOUND, "%zu", i);
  longer = shorter = other = h.merchant;
  longer.text[30] = 'X';
  shorter.text[29] = '\0';
  memcpy(other.text, "pay", 3);
  const struct id merchants[] = {nothing, longer, shorter, other};
  for (size_t i = 0; i < sizeof merchants / sizeof merchants[0]; i++)
    cr_expect_eq(token_find(h.vault, &merchants[i], &token, &found), STATUS_NOT_FOUND, "%zu", i);
  cr_assert_eq(token_find(h.vault, &h.merchant, &token, &found), 0);
  token_found_wipe(&found);
}

Test(tokens, what_is_not_acceptable_is_refused_and_changes_nothing) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, "4242424242424241", "", &made), STATUS_INVALID, "Luhn");
  cr_assert_eq(harness_tokenize(&h, "4532015112830366", "", &made), STATUS_INVALID, "no test number (B12)");
  cr_assert_eq(harness_tokenize(&h, VISA, "1234", &made), STATUS_INVALID, "code length");
  struct tokenize old = harness_card(&h, VISA, "");
  old.card.exp_month = 5;
  old.card.exp_year = 2026;
  uint8_t bytes[512];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  write_tokenize(&body, &old);
  cr_assert_eq(harness_ask(&h, &h.collect, CV_TOKENIZE, &body, &rest), STATUS_INVALID);
  old = harness_card(&h, VISA, "");
  memset(old.key_hash, 0xee, 32);
  body = writer_over(bytes, sizeof bytes);
  write_tokenize(&body, &old);
  cr_assert_eq(harness_ask(&h, &h.collect, CV_TOKENIZE, &body, &rest), STATUS_REFUSED);
  struct view key, value;
  cr_assert_eq(store_next(h.store, TABLE_TOKENS, NULL, 0, true, &key, &value), STORE_ABSENT);
}

Test(tokens, the_sixth_similar_new_number_in_a_day_is_refused) {
  struct tokenized made;
  char number[17];
  for (unsigned i = 0; i < 5; i++) {
    similar_number(i, number);
    cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE, "%u", i);
    cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE, "a known number is no new one");
    harness_pass(&h, 3600 * 1000);
  }
  similar_number(5, number);
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_LIMITED);
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_LIMITED, "also a new one, with the same ends");
  cr_assert_eq(harness_tokenize(&h, "4242424242425256", "", &made), STATUS_DONE, "another ending");
  harness_pass(&h, INT64_C(19) * 3600 * 1000 + 1000);
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE, "the first is a day old");
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_LIMITED, "the second is not");
}

Test(tokens, the_same_last_four_of_another_bin_are_not_similar) {
  static const uint8_t key[KEY_BYTES] = {1}, merchant[16] = {2};
  struct card_view view = {.bin = "42424242", .last4 = "4242"};
  cr_assert_eq(similar_note(h.store, key, merchant, &view, 1, HARNESS_NOW_MS), 0);
  cr_assert_eq(similar_note(h.store, key, merchant, &view, 1, HARNESS_NOW_MS), STATUS_LIMITED);
  strcpy(view.bin, "42424243");
  cr_assert_eq(similar_note(h.store, key, merchant, &view, 1, HARNESS_NOW_MS), 0);
  store_abandon(h.store);
}

/* B10: without the key, whoever has the file would try every number. */
Test(tokens, index_names_rest_on_a_key) {
  static const uint8_t key[KEY_BYTES] = {1}, other_key[KEY_BYTES] = {2}, merchant[16] = {3};
  struct index_names a, b;
  index_names_of(key, merchant, VISA, &a);
  index_names_of(other_key, merchant, VISA, &b);
  cr_assert_neq(memcmp(a.entry, b.entry, sizeof a.entry), 0);
  cr_assert_neq(memcmp(a.content_key, b.content_key, sizeof a.content_key), 0);
}

Test(tokens, without_room_for_codes_cards_come_without_one) {
  struct lease_owner nobody = {.merchant = {1}};
  struct card_code code = {"123"};
  struct tokenized made;
  uint8_t id[LEASE_ID_BYTES];
  do
    randombytes_buf(id, sizeof id);
  while (lease_with_id(h.vault->leases, &nobody, id, &code, h.now_us) == 0);
  cr_assert_eq(harness_tokenize(&h, VISA, "123", &made), STATUS_BUSY);
  cr_assert_eq(merchants_tokens(&h.vault->merchants), 0);
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_DONE);
}

static void expect_escrow_opens(const struct id *token, const char *number) {
  struct found_token found;
  struct view sealed;
  struct card card;
  uint8_t private_key[KEY_BYTES], commit_key[KEY_BYTES], inner_key[KEY_BYTES], row[8] = {0};
  cr_assert_eq(token_find(h.vault, &h.merchant, token, &found), 0);
  row[7] = (uint8_t)found.record.escrow_commit;
  cr_assert_eq(store_get(h.store, TABLE_ESCROW, row, sizeof row, &sealed), 0);
  cr_assert_eq(sealed.length, ESCROW_SEALED_BYTES);
  cr_assert_eq(key_file_read(h.folder, "escrow.key", KEY_ESCROW_PRIVATE, ENVIRONMENT_TEST, private_key), 0);
  cr_assert_eq(escrow_unseal(private_key, sealed.bytes, commit_key), 0);
  struct record_binding binding = token_binding(&found);
  cr_assert_eq(record_unescrow(&found.record, &binding, commit_key, inner_key), 0);
  cr_assert_eq(record_open_card(&found.record, &binding, inner_key, &card), 0);
  cr_assert_str_eq(card.number, number);
}

/* What the custodians hold opens every card, should the root key be lost. */
Test(tokens, the_escrow_key_opens_every_card) {
  struct tokenized made;
  struct id first = token_for("5555555555554444"), second = token_for(VISA);
  harness_restart(&h);
  struct id third = token_for("378282246310005");
  store_memory_fail_commits(h.store, -ENOSPC);
  cr_assert_eq(harness_tokenize(&h, VISA, "", &made), STATUS_STORAGE);
  store_memory_fail_commits(h.store, 0);
  struct id fourth = token_for(VISA);
  expect_escrow_opens(&first, "5555555555554444");
  expect_escrow_opens(&second, VISA);
  expect_escrow_opens(&third, "378282246310005");
  expect_escrow_opens(&fourth, VISA);
  cr_assert_eq(escrow_commit_use(&h.vault->escrow), 0);
  escrow_commit_end(&h.vault->escrow, true);
  cr_assert(sodium_is_zero(h.vault->escrow.key, KEY_BYTES), "what sealed a commit's cards is not kept");
}

/* Otherwise whoever wastes five numbers learns, of all that end alike, which one is on file. */
Test(tokens, once_new_numbers_are_refused_a_known_one_is_not_told_apart) {
  struct tokenized made;
  char number[17];
  for (unsigned i = 0; i < 5; i++) {
    similar_number(i, number);
    cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE);
    harness_pass(&h, 3600 * 1000);
  }
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE, "nothing was refused yet");
  similar_number(5, number);
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_LIMITED);
  similar_number(4, number);
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_LIMITED, "known, and answered as a new one");
  harness_restart(&h);
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_LIMITED, "kept across a restart");
  harness_pass(&h, INT64_C(19) * 3600 * 1000 + 1000);
  cr_assert_eq(harness_tokenize(&h, number, "", &made), STATUS_DONE, "a new one would be taken again");
}

Test(tokens, an_update_changes_the_date_alone) {
  struct id token = token_for(VISA);
  struct token_update update = {.merchant = h.merchant, .token = token, .exp_month = 3, .exp_year = 2035};
  uint8_t bytes[256];
  struct reader rest;
  struct token_description description, before = description_of(&token);
  struct writer body = writer_over(bytes, sizeof bytes);
  write_token_update(&body, &update);
  cr_assert_eq(harness_ask(&h, &h.router, RV_UPDATE_TOKEN, &body, &rest), STATUS_DONE);
  cr_assert_eq(read_token_description(&rest, &description), 0);
  cr_assert_eq(description.card.exp_year, 2035);
  cr_assert_eq(description.card.exp_month, 3);
  cr_assert_eq(description.card.exp_month, description_of(&token).card.exp_month);
  cr_assert(id_equal(&description.card.fingerprint, &before.card.fingerprint));
  update.exp_year = 2020;
  body = writer_over(bytes, sizeof bytes);
  write_token_update(&body, &update);
  cr_assert_eq(harness_ask(&h, &h.router, RV_UPDATE_TOKEN, &body, &rest), STATUS_INVALID);
  cr_assert_eq(description_of(&token).card.exp_year, 2035);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_DONE);
  update.exp_year = 2036;
  body = writer_over(bytes, sizeof bytes);
  write_token_update(&body, &update);
  cr_assert_eq(harness_ask(&h, &h.router, RV_UPDATE_TOKEN, &body, &rest), STATUS_DELETED);
}

Test(tokens, a_token_expires_with_its_card) {
  struct id token = token_for(VISA);
  h.now_ms = INT64_C(1925121600000); /* 2031-01-02 */
  cr_assert_eq(description_of(&token).status, TOKEN_EXPIRED);
}

Test(tokens, deletion_disables_at_once_and_destroys_after_seven_days) {
  struct id token = token_for(VISA);
  struct token_description description;
  cr_assert_eq(harness_question(&h, &h.router, RV_DELETE_TOKEN, &h.merchant, &token, &description),
               STATUS_DONE);
  cr_assert_eq(description.status, TOKEN_DELETED);
  cr_assert_eq(description.destroy_ms, HARNESS_NOW_MS + DELETION_WAIT_MS);
  struct dispatch charge = harness_charge(&h, &token);
  struct egress_send sent;
  uint64_t correlation;
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_DELETED);
  harness_pass(&h, DELETION_WAIT_MS - 1000);
  cr_assert_eq(description_of(&token).status, TOKEN_DELETED);
  harness_pass(&h, 1000 * 1000);
  cr_assert_eq(harness_describe(&h, &h.merchant, &token, &description), STATUS_NOT_FOUND);
  struct view key, value;
  cr_assert_eq(store_next(h.store, TABLE_TOKENS, NULL, 0, true, &key, &value), STORE_ABSENT);
  cr_assert_eq(store_next(h.store, TABLE_DELETIONS, NULL, 0, true, &key, &value), STORE_ABSENT);
  cr_assert_eq(store_next(h.store, TABLE_SIMILAR, NULL, 0, true, &key, &value), STORE_ABSENT);
}

Test(tokens, an_index_entry_lives_as_long_as_one_of_its_tokens) {
  struct id first = token_for(VISA), second = token_for(VISA);
  struct token_description before = description_of(&second);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &first), STATUS_DONE);
  harness_pass(&h, DELETION_WAIT_MS + 1000 * 1000);
  struct id third = token_for(VISA);
  struct token_description after = description_of(&third);
  cr_assert(id_equal(&before.card.fingerprint, &after.card.fingerprint));
}

Test(tokens, a_deleted_token_s_code_does_not_come_back_with_it) {
  struct tokenized made;
  cr_assert_eq(harness_tokenize(&h, VISA, "123", &made), STATUS_DONE);
  cr_assert_eq(leases_count(h.vault->leases), 1);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &made.token), STATUS_DONE);
  cr_assert_eq(leases_count(h.vault->leases), 0);
}

Test(tokens, restoring_what_is_not_deleted_does_nothing) {
  struct id token = token_for(VISA);
  struct audit_head head = h.vault->audit.committed;
  cr_assert_eq(ask_delete(&h.admin, ADMIN_TOKEN_RESTORE, &token), STATUS_DONE);
  cr_assert_eq(description_of(&token).status, TOKEN_ACTIVE);
  cr_assert_eq(memcmp(&head, &h.vault->audit.committed, sizeof head), 0);
}

/* The newest record of the chain. */
static struct audit_record newest_record(void) {
  static struct audit_page page;
  struct audit_record record;
  size_t length;
  cr_assert_eq(audit_read_page(&h.vault->audit, h.vault->audit.committed.sequence, &page), 0);
  struct reader reader = reader_over(page.bytes, page.length);
  const uint8_t *bytes = audit_page_next(&reader, &length);
  cr_assert_not_null(bytes);
  cr_assert_eq(audit_record_read(bytes, length, &record), 0);
  return record;
}

Test(tokens, what_becomes_of_a_token_is_on_the_chain) {
  struct id token = token_for(VISA);
  struct token_names names;
  token_names_of(&token, &names);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_DONE);
  struct audit_record record = newest_record();
  cr_assert_eq(record.kind, AUDIT_TOKEN_DELETE);
  cr_assert_eq(record.actor, AUDIT_BY_ROUTER);
  cr_assert_str_eq(record.merchant.text, h.merchant.text);
  cr_assert_arr_eq(record.token, names.hash, sizeof record.token);
  cr_assert_eq(ask_delete(&h.admin, ADMIN_TOKEN_RESTORE, &token), STATUS_DONE);
  record = newest_record();
  cr_assert_eq(record.kind, AUDIT_TOKEN_RESTORE);
  cr_assert_eq(record.actor, AUDIT_BY_OPERATOR);
  cr_assert_eq(record.uid, getuid());
  cr_assert_eq(ask_delete(&h.admin, ADMIN_TOKEN_DELETE, &token), STATUS_DONE);
  record = newest_record();
  cr_assert_eq(record.kind, AUDIT_TOKEN_DELETE);
  cr_assert_eq(record.actor, AUDIT_BY_OPERATOR);
  cr_assert_eq(merchants_tokens(&h.vault->merchants), 1);
  harness_pass(&h, DELETION_WAIT_MS + 1000 * 1000);
  record = newest_record();
  cr_assert_eq(record.kind, AUDIT_TOKEN_DESTROY);
  cr_assert_eq(record.actor, AUDIT_BY_VAULT);
  cr_assert_arr_eq(record.token, names.hash, sizeof record.token);
  cr_assert_eq(merchants_tokens(&h.vault->merchants), 0);
}

Test(tokens, a_row_that_is_no_deletion_note_keeps_nobody_waiting) {
  struct id token = token_for(VISA);
  struct token_description description;
  struct view key, value;
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_DONE);
  cr_assert_eq(store_put(h.store, TABLE_DELETIONS, "\0", 1, "x", 1), 0);
  cr_assert_eq(store_commit(h.store), 0);
  harness_pass(&h, DELETION_WAIT_MS + 1000 * 1000);
  cr_assert_eq(harness_describe(&h, &h.merchant, &token, &description), STATUS_NOT_FOUND);
  cr_assert_eq(store_next(h.store, TABLE_DELETIONS, NULL, 0, true, &key, &value), STORE_ABSENT);
}

/* The index keeps its entry then; the card goes all the same. */
Test(tokens, a_changed_deletion_note_destroys_its_token_nevertheless) {
  struct id token = token_for(VISA);
  struct token_description description;
  struct view key, value;
  uint8_t note_key[STORE_KEY_MAX], note[256];
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_DONE);
  cr_assert_eq(store_next(h.store, TABLE_DELETIONS, NULL, 0, true, &key, &value), 0);
  size_t key_length = key.length, length = value.length;
  memcpy(note_key, key.bytes, key_length);
  memcpy(note, value.bytes, length);
  note[length - 1] ^= 1;
  cr_assert_eq(store_put(h.store, TABLE_DELETIONS, note_key, key_length, note, length), 0);
  cr_assert_eq(store_commit(h.store), 0);
  harness_pass(&h, DELETION_WAIT_MS + 1000 * 1000);
  cr_assert_eq(harness_describe(&h, &h.merchant, &token, &description), STATUS_NOT_FOUND);
  cr_assert_eq(store_next(h.store, TABLE_DELETIONS, NULL, 0, true, &key, &value), STORE_ABSENT);
}

Test(tokens, an_operator_restores_within_the_seven_days) {
  struct id token = token_for(VISA);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_DONE);
  harness_pass(&h, DELETION_WAIT_MS / 2);
  cr_assert_eq(ask_delete(&h.admin, ADMIN_TOKEN_RESTORE, &token), STATUS_DONE);
  cr_assert_eq(description_of(&token).status, TOKEN_ACTIVE);
  harness_pass(&h, DELETION_WAIT_MS);
  cr_assert_eq(description_of(&token).status, TOKEN_ACTIVE, "its note is gone");
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_DONE);
  h.now_ms += DELETION_WAIT_MS; /* due, and the sweeper has not come yet */
  cr_assert_eq(ask_delete(&h.admin, ADMIN_TOKEN_RESTORE, &token), STATUS_NOT_FOUND);
}

Test(tokens, above_its_share_a_merchant_needs_an_operator) {
  struct id tokens[103];
  for (unsigned i = 0; i < 103; i++)
    tokens[i] = token_for(VISA);
  for (unsigned i = 0; i < 100; i++)
    cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &tokens[i]), STATUS_DONE, "%u", i);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &tokens[100]), STATUS_LIMITED);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &tokens[0]), STATUS_DONE, "done again is done");
  cr_assert_eq(description_of(&tokens[100]).status, TOKEN_ACTIVE);
  cr_assert_eq(ask_delete(&h.admin, ADMIN_TOKEN_DELETE, &tokens[100]), STATUS_DONE);
  harness_restart(&h);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &tokens[101]), STATUS_LIMITED, "kept across a restart");
  harness_pass(&h, INT64_C(26) * 3600 * 1000);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &tokens[101]), STATUS_DONE);
}

/* Deletes until it is refused; returns how often it was not. */
static unsigned deletions_allowed(struct merchant *merchant, int64_t now_ms) {
  unsigned allowed = 0;
  while (allowed < 1000 && merchant_count_deletion(merchant, false, now_ms))
    allowed++;
  return allowed;
}

Test(deletions, a_hundredth_of_many_tokens_may_go_in_a_day) {
  enum { HOUR_MS = 3600 * 1000 };
  struct merchant merchant = {.counters.tokens = 25000};
  for (unsigned i = 0; i < 60; i++)
    cr_assert(merchant_count_deletion(&merchant, false, HARNESS_NOW_MS));
  cr_assert_eq(deletions_allowed(&merchant, HARNESS_NOW_MS + 3 * HOUR_MS), 190);
  cr_assert(merchant_count_deletion(&merchant, true, HARNESS_NOW_MS + 3 * HOUR_MS), "an operator may");
  cr_assert_eq(deletions_allowed(&merchant, HARNESS_NOW_MS + 2 * HOUR_MS), 0, "a clock set back");
  cr_assert_eq(deletions_allowed(&merchant, HARNESS_NOW_MS + 24 * HOUR_MS), 0);
  cr_assert_eq(deletions_allowed(&merchant, HARNESS_NOW_MS + 25 * HOUR_MS), 59,
               "the first sixty are a day old");
  cr_assert_eq(deletions_allowed(&merchant, HARNESS_NOW_MS + 1000 * INT64_C(1) * HOUR_MS), 250);
}

Test(tokens, the_index_can_be_off_for_a_merchant) {
  struct id merchant = id_new("mer", 5), key_owner = merchant;
  uint8_t hash[32] = {9};
  bool is_new;
  cr_assert_eq(merchant_add(&h.vault->merchants, &merchant, false, 1, &is_new), 0);
  cr_assert_eq(publishable_key_add(&h.vault->merchants, &key_owner, hash, &is_new), 0);
  cr_assert_eq(store_commit(h.store), 0);
  harness_restart(&h);
  memcpy(h.key_hash, hash, sizeof hash);
  h.merchant = merchant;
  struct id first = token_for(VISA), second = token_for(VISA);
  struct token_description a = description_of(&first), b = description_of(&second);
  cr_assert_not(id_equal(&a.card.fingerprint, &b.card.fingerprint));
  struct view key, value;
  cr_assert_eq(store_next(h.store, TABLE_INDEX, NULL, 0, true, &key, &value), STORE_ABSENT);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &first), STATUS_DONE);
  harness_pass(&h, DELETION_WAIT_MS + 1000 * 1000);
  cr_assert_eq(description_of(&second).status, TOKEN_ACTIVE);
}

Test(tokens, a_full_disk_refuses_and_changes_nothing) {
  struct id token = token_for(VISA);
  struct tokenized made;
  struct audit_head head = h.vault->audit.committed;
  store_memory_fail_commits(h.store, -ENOSPC);
  cr_assert_eq(harness_tokenize(&h, "5555555555554444", "123", &made), STATUS_STORAGE);
  cr_assert_eq(ask_delete(&h.router, RV_DELETE_TOKEN, &token), STATUS_STORAGE);
  struct dispatch charge = harness_charge(&h, &token);
  struct egress_send sent;
  uint64_t correlation;
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_STORAGE, "no audit, no release");
  cr_assert_eq(leases_count(h.vault->leases), 0);
  cr_assert_eq(merchants_tokens(&h.vault->merchants), 1);
  cr_assert_eq(memcmp(&head, &h.vault->audit.head, sizeof head), 0);
  store_memory_fail_commits(h.store, 0);
  cr_assert_eq(description_of(&token).status, TOKEN_ACTIVE);
  cr_assert_eq(harness_tokenize(&h, "5555555555554444", "123", &made), STATUS_DONE);
  cr_assert_eq(merchants_tokens(&h.vault->merchants), 2, "what failed is not counted later either");
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_DONE);
  cr_assert_eq(h.vault->audit.head.sequence, head.sequence + 1);
}

Test(tokens, a_failed_admin_change_is_taken_back_in_memory_too) {
  struct merchant_add add = {id_new("mer", 99)};
  uint8_t bytes[64];
  struct writer body = writer_over(bytes, sizeof bytes);
  struct reader rest;
  write_merchant_add(&body, &add);
  store_memory_fail_commits(h.store, -ENOSPC);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_MERCHANT_ADD, &body, &rest), STATUS_STORAGE);
  cr_assert_null(merchant_by_id(&h.vault->merchants, &add.merchant));
  cr_assert_not_null(merchant_by_id(&h.vault->merchants, &h.merchant));
  cr_assert_not_null(merchant_by_publishable_key(&h.vault->merchants, h.key_hash));
  store_memory_fail_commits(h.store, 0);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_MERCHANT_ADD, &body, &rest), STATUS_DONE);
  cr_assert_eq(harness_ask(&h, &h.admin, ADMIN_MERCHANT_ADD, &body, &rest), STATUS_DONE,
               "done again is no error");
}

Test(tokens, records_swapped_in_the_store_do_not_open) {
  struct id first = token_for(VISA), second = token_for("5555555555554444");
  struct token_names a, b;
  struct view found;
  uint8_t bytes[RECORD_MAX];
  token_names_of(&first, &a);
  token_names_of(&second, &b);
  cr_assert_eq(store_get(h.store, TABLE_TOKENS, a.hash, sizeof a.hash, &found), 0);
  size_t length = found.length;
  memcpy(bytes, found.bytes, length);
  cr_assert_eq(store_put(h.store, TABLE_TOKENS, b.hash, sizeof b.hash, bytes, length), 0);
  cr_assert_eq(store_commit(h.store), 0);
  struct token_description description;
  cr_assert_eq(harness_describe(&h, &h.merchant, &second, &description), STATUS_STORAGE);
  cr_assert_eq(description_of(&first).status, TOKEN_ACTIVE, "the others are served");
  struct dispatch charge = harness_charge(&h, &second);
  struct egress_send sent;
  uint64_t correlation;
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_STORAGE);
}

/* Whoever can damage a row would else stop every merchant by asking for it. */
Test(tokens, a_damaged_record_spoils_nobody_elses_round) {
  static uint8_t bytes[512];
  struct id damaged = token_for(VISA);
  struct token_names names;
  struct message message;
  token_names_of(&damaged, &names);
  cr_assert_eq(store_put(h.store, TABLE_TOKENS, names.hash, sizeof names.hash, "x", 1), 0);
  cr_assert_eq(store_commit(h.store), 0);
  struct tokenize tokenize = harness_card(&h, VISA, "");
  struct token_question question = {h.merchant, damaged};
  struct writer body = writer_over(bytes, sizeof bytes);
  write_tokenize(&body, &tokenize);
  harness_send(&h, &h.collect, CV_TOKENIZE, &body);
  body = writer_over(bytes, sizeof bytes);
  write_token_question(&body, &question);
  harness_send(&h, &h.router, RV_DESCRIBE, &body);
  cr_assert_eq(harness_receive(&h, &h.router, &message), 0);
  struct reader rest = reader_over(message.body, message.length);
  cr_assert_eq(read_u16(&rest), STATUS_STORAGE);
  cr_assert_eq(harness_receive(&h, &h.collect, &message), 0);
  rest = reader_over(message.body, message.length);
  cr_assert_eq(read_u16(&rest), STATUS_DONE);
  struct tokenized made;
  cr_assert_eq(read_tokenized(&rest, &made), 0);
  cr_assert_null(memmem(h.vault->round.bytes, ROUND_BYTES, made.token.text, 30), "replies are not kept");
}

TestSuite(lmdb, .fini = close_harness);

Test(lmdb, a_restart_finds_everything) {
  harness_open(&h, HARNESS_LMDB);
  struct id token = token_for(VISA);
  struct token_description before = description_of(&token), after;
  struct audit_head head = h.vault->audit.committed;
  harness_restart(&h);
  after = description_of(&token);
  cr_assert(id_equal(&before.card.fingerprint, &after.card.fingerprint));
  cr_assert_eq(memcmp(&head, &h.vault->audit.committed, sizeof head), 0);
  cr_assert_eq(merchants_tokens(&h.vault->merchants), 1);
  struct dispatch charge = harness_charge(&h, &token);
  struct egress_send sent;
  uint64_t correlation;
  cr_assert_eq(harness_dispatch(&h, &charge, &sent, &correlation), STATUS_DONE);
  cr_assert_str_eq(sent.card.number, VISA);
}

Test(lmdb, another_environment_or_other_keys_are_refused) {
  harness_open(&h, HARNESS_LMDB);
  struct vault_options options = h.options;
  struct vault *vault;
  channel_close(&h.admin);
  options.environment = ENVIRONMENT_LIVE;
  cr_assert_eq(vault_new(&options, &vault), -EPERM, "the file provider serves no live environment");
  options.provider.live = true;
  cr_assert_eq(vault_new(&options, &vault), -EKEYREJECTED);
  options = h.options;
  options.escrow_public[0] ^= 1;
  cr_assert_eq(vault_new(&options, &vault), -EKEYREJECTED, "an escrow key put in its place");
  options = h.options;
  uint8_t other_root[KEY_BYTES] = {1};
  options.provider.context = other_root;
  cr_assert_eq(vault_new(&options, &vault), -EKEYREJECTED);
  loop_on_round_end(h.loop, round_end, h.vault);
}

static size_t row_of(const struct id *merchant, uint8_t ret_key[16], uint8_t ret_row[512]) {
  struct view found;
  cr_assert_eq(id_parse("mer", merchant->text, ret_key), 0);
  cr_assert_eq(store_get(h.store, TABLE_MERCHANTS, ret_key, 16, &found), 0);
  memcpy(ret_row, found.bytes, found.length);
  return found.length;
}

/* PCI DSS 3.7.7: wrapped keys of two merchants change places. */
Test(lmdb, a_key_in_the_place_of_another_is_refused) {
  enum { BEFORE_KEYS = 7, WRAPPED_ROW = KEY_LABEL_BYTES + WRAPPED_KEY_BYTES };
  harness_open(&h, HARNESS_LMDB);
  uint8_t first[16], second[16], row[512], other_row[512];
  size_t length = row_of(&h.merchant, first, row);
  row_of(&h.other_merchant, second, other_row);
  struct vault_options options = h.options;
  struct vault *vault;
  const size_t moves[3][2] = {{BEFORE_KEYS, 2 * WRAPPED_ROW},                     /* with their labels */
                              {BEFORE_KEYS + KEY_LABEL_BYTES, WRAPPED_KEY_BYTES}, /* without */
                              {BEFORE_KEYS + WRAPPED_ROW + KEY_LABEL_BYTES, WRAPPED_KEY_BYTES}};
  for (size_t i = 0; i < 3; i++) {
    uint8_t forged[512];
    memcpy(forged, row, length);
    memcpy(forged + moves[i][0], other_row + moves[i][0], moves[i][1]);
    cr_assert_eq(store_put(h.store, TABLE_MERCHANTS, first, sizeof first, forged, length), 0);
    cr_assert_eq(store_commit(h.store), 0);
    cr_assert_eq(arena_new(VAULT_ARENA_BYTES, &options.arena), 0);
    cr_assert_eq(vault_new(&options, &vault), -EBADMSG, "%zu", i);
    arena_free(options.arena);
  }
  loop_on_round_end(h.loop, round_end, h.vault);
}

/* B10, and that nothing of a card lies in the clear in the file. */
Test(lmdb, the_file_holds_no_digits_of_a_card_and_no_name) {
  harness_open(&h, HARNESS_LMDB);
  struct id token = token_for(VISA);
  for (unsigned i = 0; i < 20; i++)
    token_for(VISA);
  char path[96];
  snprintf(path, sizeof path, "%s/vault.mdb", h.folder);
  FILE *file = fopen(path, "rb");
  cr_assert_not_null(file);
  static char bytes[8 << 20];
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  cr_assert_gt(length, 4096);
  cr_assert_null(memmem(bytes, length, "424242", 6));
  cr_assert_null(memmem(bytes, length, "\x42\x42\x42", 3));
  cr_assert_null(memmem(bytes, length, "Lovelace", 8));
  cr_assert_null(memmem(bytes, length, "canary-credential", 17));
  uint8_t bits[ID_RANDOM_BYTES];
  cr_assert_eq(id_parse("tok", token.text, bits), 0);
  cr_assert_null(memmem(bytes, length, token.text + 4, 26), "a token is its card's key");
  cr_assert_null(memmem(bytes, length, bits, sizeof bits));
}

/* An error of the store would have given up everybody else's work in that round too. */
Test(tokens, a_full_registry_is_no_failing_store) {
  static struct id added[MERCHANTS_MAX + 1];
  int status = STATUS_DONE;
  for (unsigned i = 2; i <= MERCHANTS_MAX; i++) {
    added[i] = id_new("mer", i);
    struct merchant_add add = {.merchant = added[i]};
    uint8_t bytes[64];
    struct reader rest;
    struct writer body = writer_over(bytes, sizeof bytes);
    cr_assert_eq(status, STATUS_DONE, "%u", i);
    write_merchant_add(&body, &add);
    status = harness_ask(&h, &h.admin, ADMIN_MERCHANT_ADD, &body, &rest);
  }
  cr_assert_eq(status, STATUS_LIMITED);
  cr_assert_eq(h.vault->merchants.count, MERCHANTS_MAX);
  for (unsigned i = 2; i < MERCHANTS_MAX; i++)
    cr_expect_eq(merchant_by_id(&h.vault->merchants, &added[i])->number, i + 1);
  cr_assert_null(merchant_by_id(&h.vault->merchants, &added[MERCHANTS_MAX]));
}
