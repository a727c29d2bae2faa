/* Ids: a prefix and 26 characters of Crockford base32 (128 bits), as in tok_01J9ZC.... Digits
 * and upper-case letters without I, L, O and U. No id holds a run of 12 digits or more, so that none is taken
 * for a card number. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ID_RANDOM_BYTES = 16, ID_TIME_BYTES = 6, ID_BODY_LENGTH = 26, ID_PREFIX_MAX = 8, ID_CAPACITY = 40 };

/* An id with its prefix, NUL-terminated; empty text means none. */
struct id {
  char text[ID_CAPACITY];
};

/* A new id with 48 bits of time (unix_ms, milliseconds) and 80 random bits; ids made later sort later.
 * prefix: "pay", "mov", "evt", ... without the underscore. */
struct id id_new(const char *prefix, int64_t unix_ms);
/* A new id whose 128 bits are all random: tokens ("tok"), security codes ("cvc") and keys. */
struct id id_new_random(const char *prefix);
/* An id from 16 given bytes, which came from an id: of other bytes (a hash), one in 70,000 makes an id with a
 * run of digits, which id_parse() refuses. */
struct id id_from_bytes(const char *prefix, const uint8_t bytes[ID_RANDOM_BYTES]);
/* The same from bytes that need not come from an id. Returns 0; or -EINVAL when they make one with a run of
 * digits. */
MUST_USE int id_from_any_bytes(const char *prefix, const uint8_t bytes[ID_RANDOM_BYTES], struct id *ret_id);
/* Whether text is exactly prefix, an underscore and 26 valid characters, of 128 bits and without a run of 12
 * digits; the 16 bytes go to ret_bytes, which may be NULL. Returns 0, or -EINVAL. */
MUST_USE int id_parse(const char *prefix, const char *text, uint8_t ret_bytes[ID_RANDOM_BYTES]);
/* Whether the two are the same id, in constant time. Both are zero after their text's end. */
bool id_equal(const struct id *left, const struct id *right);
