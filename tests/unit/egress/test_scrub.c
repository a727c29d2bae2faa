#include "scrub.h"
#include "scrub_views.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scrub with_card = {
    .number = "4111111111111111", .code = "737", .bin = "41111111", .last4 = "1111"};
static const struct scrub without_card = {.bin = "41111111", .last4 = "1111"};
static const struct scrub amex = {.number = "378282246310005", .code = "9041"};

enum { TEXT_MAX = 2048 };

static void base64(const char *text, const char *alphabet, bool padding, char *ret) {
  size_t length = strlen(text);
  for (size_t i = 0; i < length; i += 3) {
    unsigned bits = 0;
    size_t left = length - i < 3 ? length - i : 3;
    for (size_t j = 0; j < 3; j++)
      bits = bits << 8 | (j < left ? (unsigned char)text[i + j] : 0);
    for (size_t j = 0; j < 4; j++)
      if (j <= left)
        *ret++ = alphabet[bits >> (18 - 6 * j) & 63];
      else if (padding)
        *ret++ = '=';
  }
  *ret = '\0';
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void each_character(const char *text, const char *format, char *ret) {
  static const char *const formats[] = {"%%%02X", "\\u%04x", "\\x%02X",  "%%u%04x",
                                        "&#%u;",  "&#x%x;",  "%%25%02X", "\\\\u%04x"};
  size_t which = 0;
  while (strcmp(formats[which], format) != 0)
    which++;
  for (; *text != '\0'; text++) {
    unsigned c = (unsigned char)*text;
    int length = 0;
    switch (which) {
    case 0:
      length = sprintf(ret, "%%%02X", c);
      break;
    case 1:
      length = sprintf(ret, "\\u%04x", c);
      break;
    case 2:
      length = sprintf(ret, "\\x%02X", c);
      break;
    case 3:
      length = sprintf(ret, "%%u%04x", c);
      break;
    case 4:
      length = sprintf(ret, "&#%u;", c);
      break;
    case 5:
      length = sprintf(ret, "&#x%x;", c);
      break;
    case 6:
      length = sprintf(ret, "%%25%02X", c);
      break;
    default:
      length = sprintf(ret, "\\\\u%04x", c);
      break;
    }
    ret += length;
  }
}

static void separated(const char *number, const char *separator, size_t group, char *ret) {
  *ret = '\0';
  for (size_t i = 0; number[i] != '\0'; i++) {
    if (i > 0 && i % group == 0)
      strcat(ret, separator);
    strncat(ret, number + i, 1);
  }
}

/* Alone, inside a sentence, and with digits and letters around it. */
static void expect_found_everywhere(const struct scrub *scrub, const char *disguise, const char *what) {
  static const char *const before[] = {"", "Card ", "id=", "\"pan\":\"", "https://x.org/?n=", "12 ", "x"};
  static const char *const after[] = {"", " was refused", "&y=1", "\"}", " 99", "."};
  char text[TEXT_MAX];
  for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
    for (size_t j = 0; j < sizeof after / sizeof after[0]; j++) {
      snprintf(text, sizeof text, "%s%s%s", before[i], disguise, after[j]);
      cr_expect(scrub_hits(scrub, text, false), "%s: %s", what, text);
      cr_expect(scrub_hits(scrub, text, true), "%s: %s", what, text);
    }
}

static void expect_every_disguise(const struct scrub *scrub, const char *number) {
  static const char *const separators[] = {" ", "-", ".", "  ", "_", "/", " - ", "\t", "\xc2\xa0", "*"};
  static const char *const escapes[] = {"%%%02X", "\\u%04x", "\\x%02X",  "%%u%04x",
                                        "&#%u;",  "&#x%x;",  "%%25%02X", "\\\\u%04x"};
  char text[TEXT_MAX], encoded[TEXT_MAX], padded[TEXT_MAX];
  expect_found_everywhere(scrub, number, "plain");
  for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++)
    for (size_t group = 1; group <= 4; group++) {
      separated(number, separators[i], group, text);
      expect_found_everywhere(scrub, text, "separated");
    }
  for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
    each_character(number, escapes[i], text);
    expect_found_everywhere(scrub, text, "escaped");
    separated(number, "-", 4, text);
    each_character(text, escapes[i], encoded);
    expect_found_everywhere(scrub, encoded, "separated and escaped");
  }
  for (size_t alignment = 0; alignment < 3; alignment++)
    for (unsigned tail = 0; tail < 3; tail++) {
      snprintf(padded, sizeof padded, "%.*s%s%.*s", (int)alignment, "ab", number, (int)tail, "yz");
      base64(padded, standard, tail != 1, encoded);
      expect_found_everywhere(scrub, encoded, "base64");
      base64(padded, url_safe, false, encoded);
      expect_found_everywhere(scrub, encoded, "base64 for URLs");
      each_character(encoded, "%%%02X", text);
      expect_found_everywhere(scrub, text, "base64, percent-encoded");
      base64(encoded, standard, true, text);
      expect_found_everywhere(scrub, text, "base64 twice");
    }
  separated(number, " ", 4, text);
  base64(text, standard, true, encoded);
  expect_found_everywhere(scrub, encoded, "spaced in base64");
  each_character(number, "\\u%04x", text);
  base64(text, standard, true, encoded);
  expect_found_everywhere(scrub, encoded, "escaped in base64");
  for (unsigned i = 0; i < 2; i++) { /* the two characters in which the alphabets differ */
    separated(number, i == 0 ? ">" : "?", 2, text);
    base64(text, standard, true, encoded);
    cr_assert(strchr(encoded, i == 0 ? '+' : '/') != NULL);
    expect_found_everywhere(scrub, encoded, "base64 with + and /");
    base64(text, url_safe, true, encoded);
    cr_assert(strchr(encoded, i == 0 ? '-' : '_') != NULL);
    expect_found_everywhere(scrub, encoded, "base64 with - and _");
  }
}

Test(scrub, the_number_in_every_disguise) {
  expect_every_disguise(&with_card, with_card.number);
  expect_every_disguise(&amex, amex.number);
}

Test(scrub, where_no_card_was_released_by_bin_and_last_four) {
  expect_every_disguise(&without_card, "4111111111111111");
}

Test(scrub, digits_of_other_scripts) {
  char text[256] = "";
  for (const char *digit = with_card.number; *digit != '\0'; digit++)
    sprintf(text + strlen(text), "\xef\xbc%c", 0x90 + *digit - '0');
  cr_assert(scrub_hits(&with_card, text, false));
  text[0] = '\0';
  for (const char *digit = with_card.number; *digit != '\0'; digit++)
    sprintf(text + strlen(text), "\xd9%c", 0xa0 + *digit - '0');
  cr_assert(scrub_hits(&with_card, text, false));
  text[0] = '\0';
  for (const char *digit = with_card.number; *digit != '\0'; digit++)
    sprintf(text + strlen(text), "\xdb%c", 0xb0 + *digit - '0');
  cr_assert(scrub_hits(&with_card, text, false));
  text[0] = '\0';
  for (const char *digit = with_card.number; *digit != '\0'; digit++)
    sprintf(text + strlen(text), "\xe0\xa5%c", 0xa6 + *digit - '0');
  cr_assert(scrub_hits(&with_card, text, false));
}

Test(scrub, base64_in_lines_and_three_times_over) {
  char once[TEXT_MAX], twice[TEXT_MAX], thrice[TEXT_MAX], lines[TEXT_MAX];
  base64(with_card.number, standard, true, once);
  separated(once, "\r\n", 8, lines);
  cr_assert(scrub_hits(&with_card, lines, false));
  separated(once, "\n\t", 8, lines);
  cr_assert(scrub_hits(&with_card, lines, false));
  separated(once, " ", 8, lines);
  cr_assert(scrub_hits(&with_card, lines, false));
  base64(once, standard, true, twice);
  base64(twice, standard, true, thrice);
  cr_assert(scrub_hits(&with_card, thrice, false));
}

Test(scrub, what_no_field_can_be_is_dropped_unread) {
  static char text[SCRUB_TEXT_MAX + 2];
  memset(text, 'a', SCRUB_TEXT_MAX);
  cr_assert(!scrub_hits(&with_card, text, true));
  text[SCRUB_TEXT_MAX] = 'a';
  cr_assert(scrub_hits(&with_card, text, true));
}

/* What may be shown, and what merely looks alike, stays. */
Test(scrub, leaves_the_rest_alone) {
  static const char *const texts[] = {"411111******1111",
                                      "41111111XXXX1111",
                                      "4111 11",
                                      "Insufficient funds",
                                      "WNS7WQ756L2GWR82",
                                      "pi_3Nq8xE2eZvKYlo2C0TcOqFhu",
                                      "pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1",
                                      "MCC123456789012",
                                      "4111111111111112",
                                      "4242424242424242",
                                      "1111111111111114",
                                      "https://shop.example.org/return?o=6735&s=1",
                                      "10000",
                                      "2026-11-21T12:31:00.123456Z"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    cr_expect(!scrub_hits(&with_card, texts[i], false), "%s", texts[i]);
    cr_expect(!scrub_hits(&without_card, texts[i], false), "%s", texts[i]);
  }
}

Test(scrub, without_a_card_other_numbers_stay_unless_luhn_bin_and_last_four_fit) {
  struct scrub other = {.bin = "42424242", .last4 = "4242"};
  cr_assert(scrub_hits(&other, "4242424242424242", false));
  cr_assert(!scrub_hits(&other, "4242424242414242", false), "Luhn");
  cr_assert(!scrub_hits(&other, "4111111111111111", false));
  struct scrub six = {.bin = "378282", .last4 = "0005"};
  cr_assert(scrub_hits(&six, "3782 822463 10005", false));
  struct scrub nothing = {.number = ""};
  cr_assert(scrub_hits(&nothing, "card 4111-1111-1111-1111 refused", true));
  cr_assert(!scrub_hits(&nothing, "4111111111111111", false), "nothing to compare an id with");
  cr_assert(!scrub_hits(&nothing, "card 4111-1111-1111-1112 refused", true));
  cr_assert(!scrub_hits(&nothing, "411111 of 1111111111", true), "two numbers");
  cr_assert(!scrub_hits(&without_card, "5555555500001111", false), "another BIN");
}

/* Of a webhook nobody knows the card. What stands beside a number does not hide it. */
Test(scrub, any_card_number_with_its_date_or_code_beside_it) {
  static const char *const gone[] = {"4242424242424242",
                                     "4242424242424242 12/30",
                                     "card 4242 4242 4242 4242 12/30 refused",
                                     "12 4242424242424242",
                                     "12/30: 4242-4242-4242-4242, 737",
                                     "%34242424242424242%2012/30",
                                     "5 3782 822463 10005 2 attempts"};
  static const char *const stays[] = {"8536214160615591 12/30", "2026-11-21 12:31:00.123456",
                                      "4242424242424241 12/30", "42424242424242420000000",
                                      "424242 of 4242424242"};
  static const struct scrub any = {.everywhere = true};
  for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
    cr_expect(scrub_hits(&any, gone[i], true), "%s", gone[i]);
    cr_expect(scrub_hits(&any, gone[i], false), "%s", gone[i]);
  }
  for (size_t i = 0; i < sizeof stays / sizeof stays[0]; i++) {
    cr_expect(!scrub_hits(&any, stays[i], true), "%s", stays[i]);
    cr_expect(!scrub_hits(&any, stays[i], false), "%s", stays[i]);
  }
}

Test(scrub, the_code_standing_by_itself_in_a_free_text) {
  static const char *const gone[] = {"737",
                                     "CVC 737 wrong",
                                     "code=737&x",
                                     "cvc:737.",
                                     "(737)",
                                     "%37%33%37",
                                     "\\u0037\\u0033\\u0037",
                                     "cvc &#55;&#51;&#55;",
                                     "Y3ZjPTczNyBpcyB3cm9uZw=="};
  static const char *const stays[] = {"1737", "7371", "a737", "737b", "73 7", "736", "Error 7370"};
  for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
    cr_expect(scrub_hits(&with_card, gone[i], true), "%s", gone[i]);
    cr_expect(!scrub_hits(&with_card, gone[i], false), "a code is dropped from free text only: %s", gone[i]);
  }
  for (size_t i = 0; i < sizeof stays / sizeof stays[0]; i++)
    cr_expect(!scrub_hits(&with_card, stays[i], true), "%s", stays[i]);
}

Test(scrub, drops_the_fields_and_counts_them) {
  struct answer_fields fields = {0};
  cr_assert_eq(answer_fields_set(&fields, ANSWER_PSP_ID, "4111111111111111"), 0);
  cr_assert_eq(answer_fields_set(&fields, ANSWER_CODE, "737"), 0);
  cr_assert_eq(answer_fields_set(&fields, ANSWER_MESSAGE, "code 737 is wrong"), 0);
  cr_assert_eq(answer_fields_set(&fields, ANSWER_AUTH_CODE, "643381"), 0);
  cr_assert_eq(answer_fields_set(&fields, ANSWER_ACTION_URL, "https://x.org/?n=%34111-1111-1111-1111"), 0);
  cr_assert_eq(scrub_answer(&with_card, &fields), 3);
  cr_assert(answer_fields_get(&fields, ANSWER_PSP_ID) == NULL);
  cr_assert(answer_fields_get(&fields, ANSWER_MESSAGE) == NULL);
  cr_assert(answer_fields_get(&fields, ANSWER_ACTION_URL) == NULL);
  cr_assert_str_eq(answer_fields_get(&fields, ANSWER_CODE), "737");
  cr_assert_str_eq(answer_fields_get(&fields, ANSWER_AUTH_CODE), "643381");
  cr_assert(memmem(&fields, sizeof fields, "4111111111111111", 16) == NULL);
  cr_assert_eq(scrub_answer(&with_card, &fields), 0);
}

/* Random cards in random disguises among random text: found each time. */
Test(scrub, random_canaries) {
  srand(20261121);
  for (int round = 0; round < 3000; round++) {
    struct scrub scrub = {.code = "123"};
    size_t length = 13 + (size_t)rand() % 7;
    for (size_t i = 0; i < length; i++)
      scrub.number[i] = (char)('0' + rand() % 10);
    char noise[64], text[TEXT_MAX + 128], hidden[TEXT_MAX];
    size_t noisy = (size_t)rand() % 40;
    for (size_t i = 0; i < noisy; i++)
      noise[i] = (char)(' ' + rand() % 95);
    noise[noisy] = '\0';
    separated(scrub.number, rand() % 2 ? "-" : " ", 1 + (size_t)rand() % 8, text);
    switch (rand() % 4) {
    case 0:
      base64(text, rand() % 2 ? standard : url_safe, rand() % 2, hidden);
      break;
    case 1:
      each_character(text, "%%%02X", hidden);
      break;
    case 2:
      each_character(text, "\\u%04x", hidden);
      break;
    default:
      strcpy(hidden, text);
    }
    snprintf(text, sizeof text, "%s %s %s", noise, hidden, noise);
    cr_assert(scrub_hits(&scrub, text, false), "%s in %s", scrub.number, text);
  }
}

/* ---- How much work a text can make: counted, for a time says nothing of another machine ---- */

static size_t looked_at, summed; /* bytes that could begin a digit; runs that could be a number */

size_t __real_scrub_digit(const uint8_t *bytes, size_t length, char *ret_digit);
size_t __wrap_scrub_digit(const uint8_t *bytes, size_t length, char *ret_digit);
bool __real_card_number_valid(const char *digits, size_t length);
bool __wrap_card_number_valid(const char *digits, size_t length);

size_t __wrap_scrub_digit(const uint8_t *bytes, size_t length, char *ret_digit) {
  looked_at++;
  return __real_scrub_digit(bytes, length, ret_digit);
}

bool __wrap_card_number_valid(const char *digits, size_t length) {
  summed++;
  return __real_card_number_valid(digits, length);
}

enum {
  /* Under a text lie its unescaped form, no longer than it, and of its base64 four alignments, each of three
   * quarters: four times as much, to a depth of three. */
  LOOKS_PER_BYTE = 1 + 4 + 16 + 64,
  LENGTHS_OF_A_RUN = 19 - 13 + 1
};

static void expect_little_work(const struct scrub *scrub, const char *pattern) {
  static char text[SCRUB_TEXT_MAX + 1];
  size_t length = strlen(pattern);
  for (size_t i = 0; i < SCRUB_TEXT_MAX; i++)
    text[i] = pattern[i % length];
  looked_at = summed = 0;
  cr_assert(!scrub_hits(scrub, text, true), "%s", pattern);
  cr_expect_geq(looked_at, SCRUB_TEXT_MAX, "%s: %zu bytes looked at", pattern, looked_at);
  cr_expect_leq(looked_at, SCRUB_TEXT_MAX * LOOKS_PER_BYTE, "%s: %zu bytes looked at", pattern, looked_at);
  cr_expect_leq(summed, looked_at * LENGTHS_OF_A_RUN, "%s: %zu runs for %zu bytes", pattern, summed,
                looked_at);
}

Test(scrub, the_longest_text_makes_bounded_work) {
  static const struct scrub nothing = {.everywhere = true};
  static const char *const patterns[] = {"A",   "4%",   "%25",   "4111111111111112",  "4 ",
                                         "00 ", "&#52", "VUVB ", "QUFBQUFBQUFBQUFB ", "\\u0041"};
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
    expect_little_work(&with_card, patterns[i]);
    expect_little_work(&without_card, patterns[i]);
    expect_little_work(&nothing, patterns[i]);
  }
}

/* Each level more is four times the work. */
Test(scrub, no_text_is_looked_into_deeper_than_three_disguises) {
  char text[TEXT_MAX], under[TEXT_MAX];
  strcpy(text, with_card.number);
  for (unsigned depth = 1; depth <= 4; depth++) {
    strcpy(under, text);
    base64(under, standard, true, text);
    cr_assert_eq(scrub_hits(&with_card, text, true), depth <= 3, "%u", depth);
  }
}

Test(scrub, wiped) {
  struct scrub scrub = with_card;
  scrub_wipe(&scrub);
  cr_assert(scrub.number[0] == '\0' && scrub.code[0] == '\0');
}
