/* Records: sealed twice, bound to merchant, token, type, environment, generation and status. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "packed_digits.h"
#include "record.h"

struct case_of {
  uint8_t merchant[16], outer_key[KEY_BYTES], commit_key[KEY_BYTES], bytes[RECORD_MAX];
  struct token_names names;
  struct record_binding binding;
  struct record record;
  struct view view;
};

static void seal(struct case_of *c, const char *number, const char *name) {
  struct id token = id_new_random("tok");
  struct card card = {.exp_month = 7, .exp_year = 2031};
  snprintf(card.number, sizeof card.number, "%s", number);
  snprintf(card.name, sizeof card.name, "%s", name);
  cr_assert_geq(sodium_init(), 0);
  randombytes_buf(c->merchant, sizeof c->merchant);
  randombytes_buf(c->outer_key, sizeof c->outer_key);
  randombytes_buf(c->commit_key, sizeof c->commit_key);
  token_names_of(&token, &c->names);
  c->binding = (struct record_binding){c->merchant, c->names.hash, c->outer_key};
  c->record = (struct record){.type = RECORD_TYPE_CARD,
                              .environment = ENVIRONMENT_TEST,
                              .generation = 1,
                              .status = TOKEN_ACTIVE,
                              .merchant = 3,
                              .created_ms = 1700000000123,
                              .escrow_commit = 77};
  memset(c->record.fingerprint, 9, sizeof c->record.fingerprint);
  record_seal_card(&c->record, &c->binding, c->names.inner_key, &card);
  record_escrow(&c->record, &c->binding, c->names.inner_key, c->commit_key);
  c->view = (struct view){c->bytes, record_write(&c->record, &c->binding, c->bytes)};
}

static int open_outside(struct view bytes, const struct record_binding *binding, struct record *ret_record) {
  struct sealed_record sealed;
  int r = record_take(bytes, &sealed, ret_record);
  return r < 0 ? r : record_open(&sealed, binding, ret_record);
}

static int open_whole(struct view bytes, const struct record_binding *binding, const uint8_t *inner_key,
                      struct card *ret_card) {
  struct record record;
  int r = open_outside(bytes, binding, &record);
  return r < 0 ? r : record_open_card(&record, binding, inner_key, ret_card);
}

Test(record, a_card_comes_back_as_it_went_in) {
  const char *numbers[] = {"424242424242", "4242424242426", "4242424242424242", "4242424242424242347",
                           "378282246310005"};
  const char *names[] = {"", "Ada", "Zo\xc3\xab",
                         "0123456789012345678901234567890123456789012345678901234567890123"};
  for (size_t i = 0; i < 5; i++) {
    for (size_t j = 0; j < 4; j++) {
      struct case_of c;
      struct card card;
      struct record record;
      seal(&c, numbers[i], names[j]);
      cr_assert_eq(open_whole(c.view, &c.binding, c.names.inner_key, &card), 0);
      cr_assert_str_eq(card.number, numbers[i]);
      cr_assert_str_eq(card.name, names[j]);
      cr_assert_eq(card.exp_month, 7);
      cr_assert_eq(card.exp_year, 2031);
      cr_assert_eq(open_outside(c.view, &c.binding, &record), 0);
      cr_assert_eq(strlen(record.view.bin), strlen(numbers[i]) >= 16 ? 8 : 6);
      cr_assert_eq(strncmp(record.view.bin, numbers[i], strlen(record.view.bin)), 0);
      cr_assert_str_eq(record.view.last4, numbers[i] + strlen(numbers[i]) - 4);
      cr_assert_eq(record.created_ms, 1700000000123);
      cr_assert_eq(record.escrow_commit, 77);
      cr_assert_eq(record.merchant, 3);
    }
  }
}

/* A head with one time more, before the longest outside. */
Test(record, a_deleted_one_opens_with_its_date) {
  struct case_of c;
  struct card card;
  struct record record;
  seal(&c, "4242424242424242347", "0123456789012345678901234567890123456789012345678901234567890123");
  size_t length = c.view.length;
  c.record.status = TOKEN_DELETED;
  c.record.deleted_ms = 1800000000456;
  c.view.length = record_write(&c.record, &c.binding, c.bytes);
  cr_assert_eq(c.view.length, length + 6);
  cr_assert_eq(open_outside(c.view, &c.binding, &record), 0);
  cr_assert_eq(record.status, TOKEN_DELETED);
  cr_assert_eq(record.deleted_ms, 1800000000456);
  cr_assert_eq(record_open_card(&record, &c.binding, c.names.inner_key, &card), 0);
  cr_assert_str_eq(card.number, "4242424242424242347");
  for (size_t i = 0; i < c.view.length; i++) {
    c.bytes[i] ^= 1;
    cr_assert_lt(open_outside(c.view, &c.binding, &record), 0, "byte %zu", i);
    c.bytes[i] ^= 1;
  }
  struct sealed_record sealed;
  cr_assert_eq(record_take(c.view, &sealed, &record), 0);
  record.status = TOKEN_ACTIVE;
  cr_assert_eq(record_open(&sealed, &c.binding, &record), -EBADMSG, "not under a head of another length");
}

/* Somebody may write to the file while it is read. */
Test(record, what_was_taken_is_what_is_opened) {
  struct case_of c;
  struct sealed_record sealed;
  struct record record;
  struct card card;
  seal(&c, "4242424242424242", "Ada");
  cr_assert_eq(record_take(c.view, &sealed, &record), 0);
  memset(c.bytes, 0xa5, sizeof c.bytes);
  cr_assert_eq(record_open(&sealed, &c.binding, &record), 0);
  cr_assert_eq(record_open_card(&record, &c.binding, c.names.inner_key, &card), 0);
  cr_assert_str_eq(card.number, "4242424242424242");
}

Test(record, one_that_is_too_long_for_any_is_refused) {
  struct case_of c;
  struct sealed_record sealed;
  struct record record;
  uint8_t bytes[RECORD_MAX + 1] = {0};
  seal(&c, "4242424242424242", "Ada");
  memcpy(bytes, c.bytes, RECORD_MAX);
  cr_assert_eq(record_take((struct view){bytes, RECORD_MAX}, &sealed, &record), 0);
  cr_assert_eq(record_take((struct view){bytes, sizeof bytes}, &sealed, &record), -EBADMSG);
}

Test(record, digits_are_packed_and_come_back) {
  uint8_t packed[3];
  char digits[7] = "";
  for (size_t length = 0; length <= 6; length++) {
    char given[7] = "908172";
    given[length] = '\0';
    digits_pack(given, packed, sizeof packed);
    digits_unpack(packed, sizeof packed, digits);
    cr_expect_str_eq(digits, given);
  }
  digits_pack("12345", packed, sizeof packed);
  cr_expect_arr_eq(packed, "\x12\x34\x5f", sizeof packed);
  digits_unpack((const uint8_t *)"\x9a\xbc\xde", 3, digits);
  cr_expect_arr_eq(digits, "9\0\0\0\0\0", 6, "no half but a digit becomes a character");
}

/* Each byte at each place of the longest that is unpacked, among digits. */
Test(record, every_byte_is_unpacked_as_its_halves) {
  for (size_t at = 0; at < NUMBER_BYTES; at++) {
    for (unsigned byte = 0; byte < 256; byte++) {
      uint8_t packed[NUMBER_BYTES];
      char digits[2 * NUMBER_BYTES], expected[2 * NUMBER_BYTES];
      digits_pack("90817263544536271809", packed, sizeof packed);
      memcpy(expected, "90817263544536271809", sizeof expected);
      packed[at] = (uint8_t)byte;
      expected[2 * at] = (char)(byte / 16 <= 9 ? '0' + byte / 16 : 0);
      expected[2 * at + 1] = (char)(byte % 16 <= 9 ? '0' + byte % 16 : 0);
      digits_unpack(packed, sizeof packed, digits);
      cr_assert_arr_eq(digits, expected, sizeof digits, "0x%02x at %zu", byte, at);
    }
  }
}

/* What is stored lies under these names: BLAKE2b-384 of the text, personalised, computed elsewhere. */
Test(record, a_token_has_its_names) {
  struct id token = {"tok_01J9ZCABCDEFGHJKMNPQRSTVWX"};
  struct token_names names;
  char hex[2 * KEY_BYTES + 1];
  cr_assert_geq(sodium_init(), 0);
  token_names_of(&token, &names);
  sodium_bin2hex(hex, sizeof hex, names.hash, sizeof names.hash);
  cr_expect_str_eq(hex, "acafa730d2fdcf83b9fba33ed343e18b");
  sodium_bin2hex(hex, sizeof hex, names.inner_key, sizeof names.inner_key);
  cr_expect_str_eq(hex, "4060e5b5763b36872a7f360c7a76fd005b9923d75c225b965bb106682a968444");
}

/* A text that begins with a token is none, and neither is one cut short. */
Test(record, what_is_no_token_has_other_names) {
  const char *texts[] = {"tok_01J9ZCABCDEFGHJKMNPQRSTVWX", "tok_01J9ZCABCDEFGHJKMNPQRSTVWX0",
                         "tok_01J9ZCABCDEFGHJKMNPQRSTVW", "tok_01J9ZCABCDEFGHJKMNPQRSTVWX012345678", ""};
  struct token_names names[5];
  cr_assert_geq(sodium_init(), 0);
  for (size_t i = 0; i < 5; i++) {
    struct id text = {{0}};
    snprintf(text.text, sizeof text.text, "%s", texts[i]);
    token_names_of(&text, &names[i]);
    for (size_t j = 0; j < i; j++)
      cr_assert_neq(memcmp(&names[i], &names[j], sizeof names[i]), 0, "%zu and %zu", i, j);
  }
}

Test(record, every_flipped_bit_is_noticed) {
  struct case_of c;
  struct card card;
  seal(&c, "4242424242424242", "Ada");
  for (size_t bit = 0; bit < 8 * c.view.length; bit++) {
    c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    cr_assert_lt(open_whole(c.view, &c.binding, c.names.inner_key, &card), 0, "bit %zu", bit);
    c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t length = 0; length < c.view.length; length++)
    cr_assert_lt(open_whole((struct view){c.bytes, length}, &c.binding, c.names.inner_key, &card), 0);
  cr_assert_eq(open_whole(c.view, &c.binding, c.names.inner_key, &card), 0);
}

Test(record, swapped_moved_or_under_another_key_it_does_not_open) {
  struct case_of a, b;
  struct card card;
  struct record record;
  seal(&a, "4242424242424242", "Ada");
  seal(&b, "5555555555554444", "Bob");
  memcpy(b.outer_key, a.outer_key, KEY_BYTES);
  memcpy(b.merchant, a.merchant, sizeof b.merchant);
  b.view.length = record_write(&b.record, &b.binding, b.bytes);
  cr_assert_lt(open_outside(a.view, &b.binding, &record), 0, "another token's place, same merchant");
  struct record_binding moved = a.binding;
  uint8_t other[16] = {1}, wrong[KEY_BYTES] = {2};
  moved.merchant_id = other;
  cr_assert_lt(open_outside(a.view, &moved, &record), 0, "another merchant");
  moved = a.binding;
  moved.outer_key = wrong;
  cr_assert_lt(open_outside(a.view, &moved, &record), 0, "another merchant key");
  cr_assert_lt(open_whole(a.view, &a.binding, b.names.inner_key, &card), 0, "another token (B10)");
  cr_assert_lt(open_whole(a.view, &a.binding, wrong, &card), 0);
}

/* Whoever can seal the outside (the merchant key) still cannot put one token's inside under another. */
Test(record, the_inside_is_bound_by_itself) {
  struct case_of c;
  struct card card;
  uint8_t other[16] = {1};
  seal(&c, "4242424242424242", "Ada");
  cr_assert_eq(record_open_card(&c.record, &c.binding, c.names.inner_key, &card), 0);
  struct record_binding moved = c.binding;
  moved.token_hash = other;
  cr_assert_lt(record_open_card(&c.record, &moved, c.names.inner_key, &card), 0, "token");
  moved = c.binding;
  moved.merchant_id = other;
  cr_assert_lt(record_open_card(&c.record, &moved, c.names.inner_key, &card), 0, "merchant");
  c.record.environment = ENVIRONMENT_LIVE;
  cr_assert_lt(record_open_card(&c.record, &c.binding, c.names.inner_key, &card), 0, "environment");
  c.record.environment = ENVIRONMENT_TEST;
  c.record.type++;
  cr_assert_lt(record_open_card(&c.record, &c.binding, c.names.inner_key, &card), 0, "type");
}

Test(record, escrow_opens_a_record_without_its_token) {
  struct case_of c;
  struct card card;
  struct record record;
  uint8_t inner_key[KEY_BYTES], wrong[KEY_BYTES] = {0};
  seal(&c, "4242424242424242", "Ada");
  cr_assert_eq(open_outside(c.view, &c.binding, &record), 0);
  cr_assert_lt(record_unescrow(&record, &c.binding, wrong, inner_key), 0);
  cr_assert_eq(record_unescrow(&record, &c.binding, c.commit_key, inner_key), 0);
  cr_assert_eq(record_open_card(&record, &c.binding, inner_key, &card), 0);
  cr_assert_str_eq(card.number, "4242424242424242");
}

Test(record, two_sealings_of_one_card_share_no_bytes) {
  struct case_of c;
  uint8_t second[RECORD_MAX];
  seal(&c, "4242424242424242", "Ada");
  size_t length = record_write(&c.record, &c.binding, second);
  cr_assert_eq(length, c.view.length);
  unsigned same = 0;
  for (size_t i = length - 90; i < length; i++)
    same += second[i] == c.bytes[i];
  cr_assert_lt(same, 10);
  struct record again = c.record;
  struct card card = {.exp_month = 12, .exp_year = 2030, .name = "Ada"};
  strcpy(card.number, "4242424242424242");
  record_seal_card(&again, &c.binding, c.names.inner_key, &card);
  same = 0;
  for (size_t i = 0; i < again.inner_length; i++)
    same += again.outside[INNER_AT + i] == c.record.outside[INNER_AT + i];
  cr_assert_lt(same, 10, "nor does the inside, whose key and card are the same");
}
