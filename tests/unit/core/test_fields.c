#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "alphabet.h"
#include "fields.h"

struct trial {
  enum alphabet alphabet;
  const char *text;
  bool holds;
};

Test(fields, alphabets) {
  static const struct trial trials[] = {
      {ALPHABET_TEXT, "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80", true},
      {ALPHABET_TEXT, "tab\t", false},
      {ALPHABET_TEXT, "del\x7f", false},
      {ALPHABET_TEXT, "c1\xc2\x85", false},
      {ALPHABET_TEXT, "overlong\xc0\xaf", false},
      {ALPHABET_TEXT, "overlong\xe0\x80\xaf", false},
      {ALPHABET_TEXT, "overlong\xf0\x80\x80\xaf", false},
      {ALPHABET_TEXT, "surrogate\xed\xa0\x80", false},
      {ALPHABET_TEXT, "too high\xf4\x90\x80\x80", false},
      {ALPHABET_TEXT, "alone\x80", false},
      {ALPHABET_TEXT, "cut\xe2\x82", false},
      {ALPHABET_TEXT, "cut\xf0", false},
      {ALPHABET_TEXT, "not a lead\xff", false},
      {ALPHABET_TEXT, "not continued\xc3(", false},
      {ALPHABET_PRINT, " ~", true},
      {ALPHABET_PRINT, "\x1f", false},
      {ALPHABET_PRINT, "\x7f", false},
      {ALPHABET_PRINT, "\xc3\xbc", false},
      {ALPHABET_PRINT, "a\r\nb", false},
      {ALPHABET_TOKEN, "Az09._-:", true},
      {ALPHABET_TOKEN, "a b", false},
      {ALPHABET_TOKEN, "a/b", false},
      {ALPHABET_REF, "a+b/c==&?", true},
      {ALPHABET_REF, "a b", false},
      {ALPHABET_DIGITS, "0123456789", true},
      {ALPHABET_DIGITS, "1.0", false},
      {ALPHABET_DIGITS, "-1", false},
      {ALPHABET_URL, "https://shop.example/return?id=1#x", true},
      {ALPHABET_URL, "https://shop.example", true},
      {ALPHABET_URL, "https://", false},
      {ALPHABET_URL, "https:///path", false},
      {ALPHABET_URL, "https://shop.example/a b", false},
      {ALPHABET_URL, "https://shop.example@evil.example/", false},
      {ALPHABET_URL, "https://shop.example\\@evil.example/", false},
      {ALPHABET_URL, "https://shop.example\\.evil.example/", false},
      {ALPHABET_URL, "https://shop.example/@me", true},
      {ALPHABET_URL, "http://shop.example/", false},
      {ALPHABET_URL, "http://127.0.0.1:8080/x", true},
      {ALPHABET_URL, "http://localhost", true},
      {ALPHABET_URL, "http://[::1]:1/", true},
      {ALPHABET_URL, "http://localhost.evil.example/", false},
      {ALPHABET_URL, "http://127.0.0.1.evil.example/", false},
      {ALPHABET_URL, "http://127.0.0.1@evil.example/", false},
      {ALPHABET_URL, "javascript:alert(1)", false},
      {ALPHABET_URL, "HTTPS://shop.example", false},
  };
  for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
    cr_expect_eq(alphabet_holds(trials[i].alphabet, trials[i].text), trials[i].holds, "trial %zu: %s", i,
                 trials[i].text);
  cr_expect(alphabet_holds_bytes(ALPHABET_TEXT, "\xc3\xbc", 2));
  cr_expect_not(alphabet_holds_bytes(ALPHABET_TEXT, "\xc3\xbc", 1), "its second byte is not the text's");
}

Test(fields, every_field_has_a_rule_and_a_name_of_its_own) {
  for (unsigned i = 1; i < REQUEST_FIELD_COUNT; i++) {
    const struct field_rule *rule = request_field_rule((enum request_field)i);
    cr_expect_gt(rule->limit, 0, "%u", i);
    unsigned named = i < REQUEST_METADATA_FIRST || i >= REQUEST_FINAL ? i
                     : i < REQUEST_ATTRIBUTE_FIRST                    ? REQUEST_METADATA_FIRST
                                                                      : REQUEST_ATTRIBUTE_FIRST;
    cr_expect_eq(request_field_named(rule->name), named, "%s", rule->name);
  }
  for (unsigned i = 1; i < ANSWER_FIELD_COUNT; i++) {
    const struct field_rule *rule = answer_field_rule((enum answer_field)i);
    cr_expect_gt(rule->limit, 0, "%u", i);
    cr_expect_eq(answer_field_named(rule->name), i, "%s", rule->name);
  }
  cr_expect_eq(request_field_named("card_number"), 0);
  cr_expect_eq(answer_field_named(""), 0);
}

Test(fields, a_value_is_set_once_and_within_its_rule) {
  static struct request_fields fields;
  char longest[256];
  memset(longest, 'a', sizeof longest);
  longest[81] = '\0';
  cr_expect_null(request_fields_get(&fields, REQUEST_REFERENCE));
  cr_expect_eq(request_fields_set(&fields, REQUEST_REFERENCE, ""), -EINVAL);
  cr_expect_eq(request_fields_set(&fields, REQUEST_REFERENCE, longest), -EINVAL);
  cr_expect_eq(request_fields_set(&fields, REQUEST_REFERENCE, "a\nb"), -EINVAL);
  longest[80] = '\0';
  cr_expect_eq(request_fields_set(&fields, REQUEST_REFERENCE, longest), 0);
  cr_expect_eq(request_fields_set(&fields, REQUEST_REFERENCE, "again"), -EEXIST);
  cr_expect_str_eq(request_fields_get(&fields, REQUEST_REFERENCE), longest);
  cr_expect_null(request_fields_get(&fields, REQUEST_DESCRIPTOR));
}

Test(fields, metadata_has_a_key) {
  static struct request_fields fields;
  static const char *const bad[] = {
      "no equals sign", "=value", "a.b=c", "a b=c", "a:b=c", "12345678901234567890123456789012345678901=v"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    cr_expect_eq(request_fields_set(&fields, REQUEST_METADATA_FIRST, bad[i]), -EINVAL, "%s", bad[i]);
  cr_expect_eq(request_fields_set(&fields, REQUEST_METADATA_FIRST, "order-id_1=a=b"), 0);
  cr_expect_eq(request_fields_set(&fields, REQUEST_FINAL - 1, "k="), 0);
  cr_expect_eq(request_fields_set(&fields, REQUEST_FINAL, "false"), 0, "no entry: a field of its own");
}

Test(fields, a_full_set_says_so) {
  static struct request_fields fields;
  char value[542] = "k=";
  memset(value + 2, 'v', sizeof value - 3);
  int r = 0;
  for (unsigned i = REQUEST_METADATA_FIRST; i < REQUEST_ATTRIBUTE_FIRST; i++)
    cr_assert_eq(request_fields_set(&fields, (enum request_field)i, value), 0);
  static char header[2049];
  memset(header, 'h', sizeof header - 1);
  r = request_fields_set(&fields, REQUEST_BROWSER_ACCEPT, header);
  cr_expect_eq(r, -ENOBUFS);
  cr_expect_null(request_fields_get(&fields, REQUEST_BROWSER_ACCEPT));
}

Test(fields, all_answers_at_their_limits_fit_one_set) {
  static struct answer_fields fields;
  for (unsigned i = 1; i < ANSWER_FIELD_COUNT; i++) {
    const struct field_rule *rule = answer_field_rule((enum answer_field)i);
    char value[4096] = "";
    if (rule->words != NULL) {
      cr_assert_eq(answer_fields_set(&fields, (enum answer_field)i, rule->words[0]), 0, "%s", rule->name);
      continue;
    }
    if (rule->alphabet == ALPHABET_URL)
      strcpy(value, "https://psp.example/");
    size_t used = strlen(value);
    memset(value + used, '1', rule->limit - used);
    value[rule->limit] = '\0';
    cr_assert_eq(answer_fields_set(&fields, (enum answer_field)i, value), 0, "%s", rule->name);
  }
}

Test(fields, a_field_of_few_words_takes_no_other) {
  static const char *const others[] = {"M", "matches", "matc", "MATCH", "no_match ", "4242"};
  for (unsigned i = 1; i < ANSWER_FIELD_COUNT; i++) {
    const struct field_rule *rule = answer_field_rule((enum answer_field)i);
    for (size_t j = 0; rule->words != NULL && j < sizeof others / sizeof *others; j++) {
      static struct answer_fields fields;
      cr_expect_eq(answer_fields_set(&fields, (enum answer_field)i, others[j]), -EINVAL, "%s", others[j]);
    }
    for (size_t j = 0; rule->words != NULL && rule->words[j] != NULL; j++)
      cr_expect_leq(strlen(rule->words[j]), rule->limit, "%s", rule->words[j]);
  }
  cr_assert_not_null(answer_field_rule(ANSWER_CVC_CHECK)->words);
  cr_assert_not_null(answer_field_rule(ANSWER_AVS_ADDRESS)->words);
  cr_assert_not_null(answer_field_rule(ANSWER_AVS_POSTAL_CODE)->words);
}

Test(fields, a_dropped_value_is_wiped) {
  static struct answer_fields fields;
  cr_assert_eq(answer_fields_set(&fields, ANSWER_MESSAGE, "4111111111111111"), 0);
  cr_assert_eq(answer_fields_set(&fields, ANSWER_CODE, "05"), 0);
  answer_fields_drop(&fields, ANSWER_MESSAGE);
  cr_expect_null(answer_fields_get(&fields, ANSWER_MESSAGE));
  cr_expect_str_eq(answer_fields_get(&fields, ANSWER_CODE), "05");
  for (size_t i = 0; i + 4 < sizeof fields.bytes; i++)
    cr_assert_neq(memcmp(fields.bytes + i, "4111", 4), 0);
  answer_fields_drop(&fields, ANSWER_MESSAGE);
  cr_expect_eq(answer_fields_set(&fields, ANSWER_MESSAGE, "clean"), 0);
}

static size_t write_some(uint8_t *bytes, size_t capacity) {
  static struct request_fields fields;
  memset(&fields, 0, sizeof fields);
  cr_assert_eq(request_fields_set(&fields, REQUEST_KIND, "recurring"), 0);
  cr_assert_eq(request_fields_set(&fields, REQUEST_REFERENCE, "order 1"), 0);
  struct writer writer = writer_over(bytes, capacity);
  write_request_fields(&writer, &fields);
  cr_assert_eq(writer_finish(&writer), 0);
  return writer_length(&writer);
}

static bool reads(const uint8_t *bytes, size_t length) {
  static struct request_fields fields;
  struct reader reader = reader_over(bytes, length);
  read_request_fields(&reader, &fields);
  return reader_finish(&reader) == 0;
}

Test(fields, sets_are_read_back) {
  uint8_t bytes[256];
  size_t length = write_some(bytes, sizeof bytes);
  static struct request_fields fields;
  struct reader reader = reader_over(bytes, length);
  read_request_fields(&reader, &fields);
  cr_expect_eq(reader_finish(&reader), 0);
  cr_expect_str_eq(request_fields_get(&fields, REQUEST_REFERENCE), "order 1");
  cr_expect_str_eq(request_fields_get(&fields, REQUEST_KIND), "recurring");
  cr_expect_null(request_fields_get(&fields, REQUEST_STORE));
}

Test(fields, readers_check_every_rule_again) {
  uint8_t bytes[256];
  size_t length = write_some(bytes, sizeof bytes);
  for (size_t cut = 0; cut < length; cut++)
    cr_expect_not(reads(bytes, cut), "cut at %zu", cut);
  static const struct {
    const char *bytes;
    size_t length;
  } bad[] = {
      {"\1\1\1\0\n", 5},       /* not of the alphabet */
      {"\1\1\0\0", 4},         /* empty */
      {"\1\0\1\0a", 5},        /* field 0 */
      {"\1\377\1\0a", 5},      /* no such field */
      {"\2\2\1\0a\1\1\0a", 9}, /* descending */
      {"\2\1\1\0a\1\1\0a", 9}, /* twice */
      {"\1\15\3\0abc", 7},     /* a country of three letters */
      {"\1\1\2\0a\0", 6},      /* holds a NUL */
      {"\2\1\1\0a", 5},        /* fewer than counted */
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    cr_expect_not(reads((const uint8_t *)bad[i].bytes, bad[i].length), "case %zu", i);
  cr_expect(reads((const uint8_t *)"\0", 1));
}
