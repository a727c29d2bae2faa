/* JSON from outside, parsed strictly: a pre-scan refuses what is too long, too deep or no UTF-8 before
 * jansson sees it, and jansson then refuses duplicate keys, NUL in strings, trailing bytes and numbers beyond
 * 64 bits. */
#pragma once

#include "result.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct json_limits {
  size_t bytes;
  unsigned depth; /* objects and arrays within each other; at most JSON_DEPTH_MAX */
};

enum {
  JSON_DEPTH_MAX = 128,
  JSON_CONTAINERS_MAX =
      131072 /* objects and arrays: each takes a quarter of a kilobyte, of three bytes of text */
};

enum json_refusal {
  JSON_TOO_LONG = 1, /* also with more objects and arrays than JSON_CONTAINERS_MAX */
  JSON_TOO_DEEP,
  JSON_NOT_UTF8,
  JSON_MALFORMED, /* no JSON, more than one value, an empty body, a NUL in a string */
  JSON_KEY_TWICE,
  JSON_NUMBER_RANGE /* an integer beyond int64, or a number beyond double */
};

/* Parses the length bytes at bytes. Returns 0 with *ret_value (the caller's: json_decref()); one of enum
 * json_refusal; or -ENOMEM. */
MUST_USE int json_parse_strict(const void *bytes, size_t length, struct json_limits limits,
                               json_t **ret_value);
/* Whether length bytes are valid UTF-8 (no overlong forms, surrogates or values beyond U+10FFFF). */
bool utf8_valid(const void *bytes, size_t length);
/* A code and a sentence for a refusal, for problem answers. Static. */
const char *json_refusal_code(int refusal);
const char *json_refusal_detail(int refusal);
/* Makes jansson wipe every block that it frees. First thing in a process that parses cards or keys; once. */
void json_wipe_freed(void);
