#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ids.h"

static unsigned longest_digit_run(const char *text) {
  unsigned longest = 0, run = 0;
  for (; *text; text++) {
    run = *text >= '0' && *text <= '9' ? run + 1 : 0;
    longest = run > longest ? run : longest;
  }
  return longest;
}

Test(ids, bytes_come_back) {
  uint8_t bytes[ID_RANDOM_BYTES], parsed[ID_RANDOM_BYTES];
  for (int i = 0; i < 1000; i++) {
    struct id id = id_new_random("tok");
    cr_assert_eq(strlen(id.text), 30);
    cr_assert_eq(id_parse("tok", id.text, bytes), 0);
    struct id again = id_from_bytes("tok", bytes);
    cr_assert(id_equal(&id, &again));
    cr_assert_eq(id_parse("tok", again.text, parsed), 0);
    cr_assert_arr_eq(bytes, parsed, sizeof bytes);
  }
}

Test(ids, known_answers) {
  uint8_t bytes[ID_RANDOM_BYTES];
  memset(bytes, 0xff, sizeof bytes);
  cr_expect_str_eq(id_from_bytes("pay", bytes).text, "pay_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  memset(bytes, 0, sizeof bytes);
  bytes[15] = 0x1f;
  cr_expect_str_eq(id_from_bytes("mov", bytes).text, "mov_0000000000000000000000000Z");
  bytes[0] = 0xa0;
  cr_expect_str_eq(id_from_bytes("mov", bytes).text, "mov_5000000000000000000000000Z");
}

Test(ids, later_ids_sort_later) {
  struct id before = id_new("pay", 0);
  for (int64_t ms = 1; ms < INT64_C(1) << 47; ms *= 3) {
    struct id after = id_new("pay", ms);
    cr_assert_lt(strcmp(before.text, after.text), 0);
    before = after;
  }
}

Test(ids, the_time_stands_in_front) {
  uint8_t bytes[ID_RANDOM_BYTES];
  struct id id = id_new("pay", 0x0123456789ab);
  cr_assert_eq(id_parse("pay", id.text, bytes), 0);
  cr_assert_arr_eq(bytes, "\x01\x23\x45\x67\x89\xab", 6);
}

/* One in 70,000 random ids has such a run: enough are drawn here to see one, were they not drawn anew. */
Test(ids, no_id_can_pass_for_a_card_number, .timeout = 60) {
  for (int i = 0; i < 400000; i++)
    cr_assert_lt(longest_digit_run(id_new_random("tok").text), 12);
}

/* Wherever it stands; 11 digits in a row are none, also where a second 11 follow. */
Test(ids, a_run_of_digits_is_refused) {
  for (unsigned at = 0; at + 12 <= ID_BODY_LENGTH; at++) {
    uint8_t bytes[ID_RANDOM_BYTES];
    struct id made, id = {.text = "tok_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"};
    char *body = id.text + 4;
    memset(body + at, '7', 11);
    memset(body + at + 12, '7', ID_BODY_LENGTH - at - 12 < 11 ? ID_BODY_LENGTH - at - 12 : 11);
    if (at == 1)
      continue; /* the first character of every id is a digit */
    cr_assert_eq(id_parse("tok", id.text, bytes), 0, "%s", id.text);
    cr_assert_eq(id_from_any_bytes("tok", bytes, &made), 0);
    cr_assert(id_equal(&id, &made), "%s", id.text);
    body[at + 11] = '0';
    cr_assert_eq(id_parse("tok", id.text, NULL), -EINVAL, "%s", id.text);
  }
}

Test(ids, bytes_that_make_a_run_of_digits_make_no_id) {
  struct id made = {.text = "untouched"};
  uint8_t bytes[ID_RANDOM_BYTES] = {0}; /* 26 zeros */
  cr_expect_eq(id_from_any_bytes("tok", bytes, &made), -EINVAL);
  cr_expect_str_eq(made.text, "untouched");
  memset(bytes, 0xff, sizeof bytes);
  cr_expect_eq(id_from_any_bytes("tok", bytes, &made), 0);
  cr_expect_str_eq(made.text, "tok_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

Test(ids, anything_else_is_refused) {
  static const char *const bad[] = {
      "",
      "tok",
      "tok_",
      "tok_01J9ZCABCDEFGHJKMNPQRSTV",    /* short */
      "tok_01J9ZCABCDEFGHJKMNPQRSTVWXY", /* long */
      "tok_81J9ZCABCDEFGHJKMNPQRSTVWX",  /* 129 bits */
      "tok_01J9ZCABCDEFGHJKMNPQRSTVWx",  /* lower case */
      "tok_01J9ZCABCDEFGHJKMNPQRSTVWI",  /* no letter of the alphabet */
      "tok_01J9ZCABCDEFGHJKMNPQRSTVWU",
      "tok_4111111111111111ABCDEFGHJK", /* a run of digits */
      "TOK_01J9ZCABCDEFGHJKMNPQRSTVWX",
      "pay_01J9ZCABCDEFGHJKMNPQRSTVWX",
      "tok-01J9ZCABCDEFGHJKMNPQRSTVWX",
      "tok_01J9ZCABCDEFGHJKMNPQRSTVW ",
  };
  uint8_t bytes[ID_RANDOM_BYTES] = {7};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    cr_expect_eq(id_parse("tok", bad[i], bytes), -EINVAL, "%s", bad[i]);
  cr_expect_eq(bytes[0], 7, "untouched on failure");
  cr_expect_eq(id_parse("tok", "tok_01J9ZCABCDEFGHJKMNPQRSTVWX", NULL), 0);
}

Test(ids, equal_ids_are_equal) {
  struct id left = id_new_random("tok"), right = id_new_random("tok");
  cr_expect_not(id_equal(&left, &right));
  right = left;
  cr_expect(id_equal(&left, &right));
  for (size_t i = 0; i < sizeof right.text; i++) {
    right.text[i] ^= 1;
    cr_expect_not(id_equal(&left, &right), "another character %zu", i);
    right.text[i] ^= 1;
  }
}
