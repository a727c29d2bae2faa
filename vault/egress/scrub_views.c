#include "scrub_views.h"
#include <string.h>

enum { BASE64_RUN_MIN = 16, ESCAPE_POINT_MAX = 0x10ffff };

/* The lead bytes of other scripts' digits and the last byte of their zero. */
static const struct {
  uint8_t lead[2];
  uint8_t lead_length;
  uint8_t zero;
} scripts[] = {
    {{0xd9}, 1, 0xa0},       /* Arabic-Indic, U+0660 */
    {{0xdb}, 1, 0xb0},       /* Extended Arabic-Indic, U+06F0 */
    {{0xe0, 0xa5}, 2, 0xa6}, /* Devanagari, U+0966 */
    {{0xef, 0xbc}, 2, 0x90}, /* full width, U+FF10 */
};

size_t scrub_digit(const uint8_t *bytes, size_t length, char *ret_digit) {
  if (length > 0 && bytes[0] >= '0' && bytes[0] <= '9') {
    *ret_digit = (char)bytes[0];
    return 1;
  }
  for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
    size_t lead = scripts[i].lead_length;
    if (length <= lead || memcmp(bytes, scripts[i].lead, lead) != 0)
      continue;
    unsigned digit = (unsigned)bytes[lead] - scripts[i].zero;
    if (digit <= 9) {
      *ret_digit = (char)('0' + digit);
      return lead + 1;
    }
  }
  return 0;
}

static int hexadecimal(uint8_t c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to most digits of the base; how many, and their value. */
static size_t take_number(const uint8_t *at, size_t left, unsigned base, size_t most, uint32_t *ret_value) {
  uint32_t value = 0;
  size_t count = 0;
  while (count < left && count < most) {
    int digit = hexadecimal(at[count]);
    if (digit < 0 || (unsigned)digit >= base || value > ESCAPE_POINT_MAX)
      break;
    value = value * base + (uint32_t)digit;
    count++;
  }
  *ret_value = value;
  return count;
}

static size_t fixed_hexadecimal(const uint8_t *at, size_t left, size_t prefix, size_t digits,
                                uint32_t *ret_value) {
  if (left < prefix + digits || take_number(at + prefix, left - prefix, 16, digits, ret_value) != digits)
    return 0;
  return prefix + digits;
}

static size_t take_entity(const uint8_t *at, size_t left, uint32_t *ret_value) {
  if (left < 4 || at[1] != '#')
    return 0;
  bool hex = at[2] == 'x' || at[2] == 'X';
  size_t prefix = hex ? 3 : 2;
  size_t digits = take_number(at + prefix, left - prefix, hex ? 16 : 10, 8, ret_value);
  size_t end = prefix + digits;
  if (digits == 0)
    return 0;
  return end < left && at[end] == ';' ? end + 1 : end;
}

/* The length of the escape at `at`, or 0; its character. */
static size_t take_escape(const uint8_t *at, size_t left, uint32_t *ret_value) {
  if (at[0] == '%' && left > 1 && (at[1] == 'u' || at[1] == 'U'))
    return fixed_hexadecimal(at, left, 2, 4, ret_value);
  if (at[0] == '%')
    return fixed_hexadecimal(at, left, 1, 2, ret_value);
  if (at[0] == '&')
    return take_entity(at, left, ret_value);
  if (at[0] != '\\' || left < 2)
    return 0;
  if (at[1] == 'u' || at[1] == 'U')
    return fixed_hexadecimal(at, left, 2, 4, ret_value);
  return at[1] == 'x' || at[1] == 'X' ? fixed_hexadecimal(at, left, 2, 2, ret_value) : 0;
}

/* The digits that are looked for are ASCII or of the scripts above, all below U+10000. Never longer than the
 * escape, which takes three bytes at least. */
static size_t put_character(uint32_t point, bool byte, uint8_t *ret) {
  if (point < 0x80 || (byte && point <= 0xff)) {
    ret[0] = (uint8_t)point;
    return 1;
  }
  if (point < 0x800) {
    ret[0] = (uint8_t)(0xc0 | point >> 6);
    ret[1] = (uint8_t)(0x80 | (point & 0x3f));
    return 2;
  }
  if (point > 0xffff)
    point = 0xfffd;
  ret[0] = (uint8_t)(0xe0 | point >> 12);
  ret[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
  ret[2] = (uint8_t)(0x80 | (point & 0x3f));
  return 3;
}

bool scrub_unescape(const struct scrub_text *text, struct scrub_text *ret_text) {
  bool any = false;
  ret_text->length = 0;
  for (size_t i = 0; i < text->length;) {
    uint32_t point = 0;
    size_t length = take_escape(text->bytes + i, text->length - i, &point);
    if (length == 0) {
      ret_text->bytes[ret_text->length++] = text->bytes[i++];
      continue;
    }
    any = true;
    ret_text->length += put_character(point, length <= 4, ret_text->bytes + ret_text->length);
    i += length;
  }
  return any;
}

static int base64_value(uint8_t c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '+' || c == '-')
    return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Moves to the next run of base64 characters, white space among them passed over. */
static bool next_run(const struct scrub_text *text, struct scrub_cursor *cursor) {
  size_t at = cursor->end;
  while (at < text->length) {
    size_t start = at, characters = 0;
    for (; at < text->length && (base64_value(text->bytes[at]) >= 0 || is_space(text->bytes[at])); at++)
      characters += !is_space(text->bytes[at]);
    if (characters >= BASE64_RUN_MIN) {
      *cursor = (struct scrub_cursor){.start = start, .end = at};
      return true;
    }
    at += at == start;
  }
  return false;
}

static void decode_run(const struct scrub_text *text, const struct scrub_cursor *cursor,
                       struct scrub_text *ret_text) {
  uint32_t bits = 0;
  unsigned held = 0, skipped = 0;
  ret_text->length = 0;
  for (size_t i = cursor->start; i < cursor->end; i++) {
    int value = base64_value(text->bytes[i]);
    if (value < 0 || skipped++ < cursor->offset)
      continue;
    bits = bits << 6 | (uint32_t)value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      ret_text->bytes[ret_text->length++] = (uint8_t)(bits >> held);
    }
  }
}

bool scrub_next_base64(const struct scrub_text *text, struct scrub_cursor *cursor,
                       struct scrub_text *ret_text) {
  bool first = cursor->end == 0;
  if ((first || cursor->offset == 4) && !next_run(text, cursor))
    return false;
  decode_run(text, cursor, ret_text);
  cursor->offset++;
  return true;
}
