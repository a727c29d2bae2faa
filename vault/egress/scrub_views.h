/* What a text may hide: the same characters percent-encoded, escaped, as entities, in base64. Internal to the
 * scrub. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRUB_TEXT_MAX = 4096 };

struct scrub_text {
  size_t length;
  uint8_t bytes[SCRUB_TEXT_MAX];
};

/* The decimal digit that begins at bytes, of ASCII or of another script's decimal digits in UTF-8. Returns
 * how many bytes it takes, or 0 when none begins there. */
size_t scrub_digit(const uint8_t *bytes, size_t length, char *ret_digit);
/* Decodes %34, \u0034, \x34, %u0034, &#52; and &#x34; once. False when there was none. */
bool scrub_unescape(const struct scrub_text *text, struct scrub_text *ret_text);

struct scrub_cursor {
  size_t start; /* of the run looked at */
  size_t end;
  unsigned offset; /* of the alignment to be tried next; 4: the next run */
};

/* The next run of base64 of either alphabet at its next alignment, decoded. Zero is the beginning. False at
 * the end. */
bool scrub_next_base64(const struct scrub_text *text, struct scrub_cursor *cursor,
                       struct scrub_text *ret_text);
