#include "ids.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { TIME_BYTES = 6, DIGIT_RUN_MAX = 11, LAST_DIGIT = 10 };

/* 26 characters hold 130 bits: the first one carries the topmost three of the 128 alone. */
static void encode(const uint8_t bytes[ID_RANDOM_BYTES], char *ret_body) {
  unsigned pending = 0;
  unsigned bits = 2;
  size_t out = 0;
  for (size_t i = 0; i < ID_RANDOM_BYTES; i++) {
    pending = (pending << 8) | bytes[i];
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      ret_body[out++] = alphabet[(pending >> bits) & 31];
    }
    pending &= (1U << bits) - 1;
  }
  ret_body[out] = '\0';
}

/* The value of each character plus one; 0 for those that no id holds. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['G'] = 17, ['H'] = 18, ['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
    ['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32,
};

static bool has_digit_run(const char *body) {
  unsigned run = 0;
  for (; *body; body++) {
    run = *body >= '0' && *body <= '9' ? run + 1 : 0;
    if (run > DIGIT_RUN_MAX)
      return true;
  }
  return false;
}

struct id id_from_bytes(const char *prefix, const uint8_t bytes[ID_RANDOM_BYTES]) {
  struct id id = {0};
  size_t length = strlen(prefix);
  assert(length >= 1 && length <= ID_PREFIX_MAX);
  memcpy(id.text, prefix, length);
  id.text[length] = '_';
  encode(bytes, id.text + length + 1);
  return id;
}

/* Draws the bytes after the first `given` until no run of digits is left that could pass for a card number.
 */
static struct id draw(const char *prefix, uint8_t bytes[ID_RANDOM_BYTES], size_t given) {
  struct id id;
  do {
    randombytes_buf(bytes + given, ID_RANDOM_BYTES - given);
    id = id_from_bytes(prefix, bytes);
  } while (has_digit_run(id.text + strlen(prefix) + 1));
  sodium_memzero(bytes, ID_RANDOM_BYTES);
  return id;
}

struct id id_new(const char *prefix, int64_t unix_ms) {
  uint8_t bytes[ID_RANDOM_BYTES];
  for (size_t i = 0; i < TIME_BYTES; i++)
    bytes[i] = (uint8_t)((uint64_t)unix_ms >> (8 * (TIME_BYTES - 1 - i)));
  return draw(prefix, bytes, TIME_BYTES);
}

struct id id_new_random(const char *prefix) {
  uint8_t bytes[ID_RANDOM_BYTES];
  return draw(prefix, bytes, 0);
}

/* Reads count characters on to *bits, five bits each; run counts the digits in a row so far. */
static bool take_characters(const char *body, size_t count, uint64_t *bits, unsigned *run) {
  for (size_t i = 0; i < count; i++) {
    unsigned value = values[(unsigned char)body[i]];
    *run = value <= LAST_DIGIT ? *run + 1 : 0;
    if (value == 0 || *run > DIGIT_RUN_MAX)
      return false;
    *bits = *bits << 5 | (value - 1);
  }
  return true;
}

/* Whole ids only: 26 characters, then the end. The first 13 hold 63 bits (the very first but three), the next
 * 12 another 60, the last five. */
static int decode(const char *body, uint8_t ret_bytes[ID_RANDOM_BYTES]) {
  uint64_t head = 0, middle = 0, last = 0;
  unsigned run = 0;
  if (!take_characters(body, 13, &head, &run) || !take_characters(body + 13, 12, &middle, &run) ||
      !take_characters(body + 25, 1, &last, &run) || body[ID_BODY_LENGTH] != '\0' || head >> 63)
    return -EINVAL;
  uint64_t high = htobe64(head << 1 | middle >> 59), low = htobe64(middle << 5 | last);
  memcpy(ret_bytes, &high, sizeof high);
  memcpy(ret_bytes + sizeof high, &low, sizeof low);
  return 0;
}

int id_parse(const char *prefix, const char *text, uint8_t ret_bytes[ID_RANDOM_BYTES]) {
  size_t length = strlen(prefix);
  if (strncmp(text, prefix, length) != 0 || text[length] != '_')
    return -EINVAL;
  const char *body = text + length + 1;
  uint8_t bytes[ID_RANDOM_BYTES];
  int r = decode(body, bytes);
  if (r == 0 && ret_bytes)
    memcpy(ret_bytes, bytes, sizeof bytes);
  sodium_memzero(bytes, sizeof bytes);
  return r;
}

bool id_equal(const struct id *left, const struct id *right) {
  return sodium_memcmp(left->text, right->text, sizeof left->text) == 0;
}
