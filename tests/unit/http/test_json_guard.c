#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_guard.h"

static const struct json_limits limits = {.bytes = 65536, .depth = 8};

static int parse_bytes(const void *bytes, size_t length) {
  json_t *value = NULL;
  int outcome = json_parse_strict(bytes, length, limits, &value);
  cr_assert_eq(outcome == 0, value != NULL);
  json_decref(value);
  return outcome;
}

static int parse(const char *text) {
  return parse_bytes(text, strlen(text));
}

Test(json_guard, takes_objects_and_arrays) {
  cr_assert_eq(parse("{\"a\":[1,-2.5,true,null,\"x\"]}"), 0);
  cr_assert_eq(parse("{\"a\":9223372036854775807,\"b\":-9223372036854775808}"), 0);
  cr_assert_eq(parse("{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u00e9\\\"[[[[[[[[[[[[\"}"), 0);
}

Test(json_guard, refuses_what_is_not_one_strict_json_value) {
  static const char *const texts[] = {"",
                                      " ",
                                      "{",
                                      "{\"a\":1}x",
                                      "{\"a\":1}{}",
                                      "{'a':1}",
                                      "{\"a\":01}",
                                      "[1,]",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\\u0000b\":1}",
                                      "// c\n{}",
                                      "{\"a\":NaN}",
                                      "1",
                                      "\"x\"",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"a\":\"\n\"}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    cr_expect_eq(parse(texts[i]), JSON_MALFORMED, "%s", texts[i]);
  cr_expect_eq(parse_bytes("{\"a\":\"b\0c\"}", 11), JSON_MALFORMED);
}

Test(json_guard, refuses_a_key_twice) {
  cr_assert_eq(parse("{\"a\":1,\"a\":1}"), JSON_KEY_TWICE);
  cr_assert_eq(parse("{\"a\":{\"b\":1,\"\\u0062\":2}}"), JSON_KEY_TWICE);
}

Test(json_guard, refuses_numbers_beyond_64_bits) {
  cr_assert_eq(parse("{\"a\":9223372036854775808}"), JSON_NUMBER_RANGE);
  cr_assert_eq(parse("{\"a\":-9223372036854775809}"), JSON_NUMBER_RANGE);
  cr_assert_eq(parse("{\"a\":1e999}"), JSON_NUMBER_RANGE);
}

Test(json_guard, refuses_bad_utf8) {
  static const char *const texts[] = {"\xff",         "\xc0\x80",         "\xe0\x9f\xbf",
                                      "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x8f\xbf\xbf",
                                      "\xc3",         "\xe2\x82",         "\x80"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char text[32];
    snprintf(text, sizeof text, "{\"a\":\"%s\"}", texts[i]);
    cr_expect_eq(parse(text), JSON_NOT_UTF8, "case %zu", i);
  }
}

Test(json_guard, depth_bombs_never_reach_the_parser) {
  static char bomb[65536];
  memset(bomb, '[', sizeof bomb);
  cr_assert_eq(parse_bytes(bomb, sizeof bomb), JSON_TOO_DEEP);
  for (size_t i = 0; i + 5 <= sizeof bomb; i += 5)
    memcpy(bomb + i, "{\"a\":", 5);
  cr_assert_eq(parse_bytes(bomb, sizeof bomb), JSON_TOO_DEEP);
  cr_assert_eq(parse("[[[[[[[[1]]]]]]]]"), 0);
  cr_assert_eq(parse("[[[[[[[[[1]]]]]]]]]"), JSON_TOO_DEEP);
  cr_assert_eq(parse("[\"\\\"\",[[[[[[[[1]]]]]]]]]"), JSON_TOO_DEEP);
}

Test(json_guard, size_bombs_are_refused_by_length) {
  static char bomb[65537];
  memset(bomb, ' ', sizeof bomb);
  cr_assert_eq(parse_bytes(bomb, sizeof bomb), JSON_TOO_LONG);
}

/* A list of so many objects. */
static int parse_objects(size_t count) {
  static char text[3 * JSON_CONTAINERS_MAX + 8];
  json_t *value = NULL;
  size_t length = 0;
  text[length++] = '[';
  for (size_t i = 0; i < count; i++, length += 3)
    memcpy(text + length, i + 1 < count ? "{}," : "{}]", 3);
  int outcome = json_parse_strict(text, length, (struct json_limits){sizeof text, 8}, &value);
  json_decref(value);
  return outcome;
}

Test(json_guard, more_objects_than_a_body_needs_are_refused) {
  cr_assert_eq(parse_objects(JSON_CONTAINERS_MAX - 1), 0, "with the list, as many as there may be");
  cr_assert_eq(parse_objects(JSON_CONTAINERS_MAX), JSON_TOO_LONG);
}

/* The block is read after it was freed: glibc writes its links into the first 16 bytes, the rest must be
 * zero. */
Test(json_guard, freed_blocks_are_wiped) {
#ifdef FREEPORT_SANITIZED
  cr_skip_test("reads freed memory on purpose");
#else
  static const char text[] = "{\"number\":\"canary canary canary canary canary canary canary\"}";
  json_t *value = NULL;
  mallopt(M_PERTURB, 0); /* which meson sets by MALLOC_PERTURB_, and which wipes too */
  json_wipe_freed();
  cr_assert_eq(json_parse_strict(text, sizeof text - 1, limits, &value), 0);
  const volatile char *number = json_string_value(json_object_get(value, "number"));
  json_decref(value);
  for (size_t i = 16; i < 48; i++)
    cr_assert_neq(number[i], text[11 + i]);
#endif
}
