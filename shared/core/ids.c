#include "ids.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { DIGITS = 10, HALF_BYTES = ID_RANDOM_BYTES / 2 };

_Static_assert(ID_CAPACITY % sizeof(uint64_t) == 0, "ids are compared word by word");

/* The value of each character plus one; 0 for those that no id holds. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['G'] = 17, ['H'] = 18, ['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
    ['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32,
};

/* Notes whether a character is a digit: one bit each. */
static void note(uint32_t *digits, unsigned value) {
  *digits = *digits << 1 | (value < DIGITS);
}

/* Whether 12 of them stand in a row: two, then four, then three times four. */
static bool hold_run(uint32_t digits) {
  uint32_t two = digits & digits >> 1;
  uint32_t four = two & two >> 2;
  return (four & four >> 4 & four >> 8) != 0;
}

static uint64_t half(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return be64toh(value);
}

static void put_half(uint8_t *ret_bytes, uint64_t value) {
  value = htobe64(value);
  memcpy(ret_bytes, &value, sizeof value);
}

/* Writes count characters, the lowest five bits of `bits` last. */
static void put_characters(uint64_t bits, unsigned count, char *ret_body, uint32_t *digits) {
  for (unsigned i = 0; i < count; i++) {
    unsigned value = bits >> 5 * (count - 1 - i) & 31;
    ret_body[i] = alphabet[value];
    note(digits, value);
  }
}

/* 26 characters hold 130 bits: the first one carries the topmost three of the 128 alone. The first 13 hold 63
 * bits, the next one has a bit of the upper half, the last 12 are the rest. */
static uint32_t encode(const uint8_t bytes[ID_RANDOM_BYTES], char *ret_body) {
  uint64_t high = half(bytes), low = half(bytes + HALF_BYTES);
  uint32_t digits = 0;
  put_characters(high >> 1, 13, ret_body, &digits);
  put_characters((high & 1) << 4 | low >> 60, 1, ret_body + 13, &digits);
  put_characters(low, 12, ret_body + 14, &digits);
  return digits;
}

static uint32_t spell(const char *prefix, const uint8_t bytes[ID_RANDOM_BYTES], struct id *ret_id) {
  size_t length = strlen(prefix);
  assert(length >= 1 && length <= ID_PREFIX_MAX);
  memset(ret_id, 0, sizeof *ret_id);
  memcpy(ret_id->text, prefix, length);
  ret_id->text[length] = '_';
  return encode(bytes, ret_id->text + length + 1);
}

struct id id_from_bytes(const char *prefix, const uint8_t bytes[ID_RANDOM_BYTES]) {
  struct id id;
  spell(prefix, bytes, &id);
  return id;
}

int id_from_any_bytes(const char *prefix, const uint8_t bytes[ID_RANDOM_BYTES], struct id *ret_id) {
  struct id id;
  if (hold_run(spell(prefix, bytes, &id)))
    return -EINVAL;
  *ret_id = id;
  return 0;
}

/* Draws the bytes after the first `given` until no run of digits is left that could pass for a card number.
 */
static struct id draw(const char *prefix, uint8_t bytes[ID_RANDOM_BYTES], size_t given) {
  struct id id;
  do
    randombytes_buf(bytes + given, ID_RANDOM_BYTES - given);
  while (id_from_any_bytes(prefix, bytes, &id) < 0);
  sodium_memzero(bytes, ID_RANDOM_BYTES);
  return id;
}

struct id id_new(const char *prefix, int64_t unix_ms) {
  uint8_t bytes[ID_RANDOM_BYTES];
  for (size_t i = 0; i < ID_TIME_BYTES; i++)
    bytes[i] = (uint8_t)((uint64_t)unix_ms >> (8 * (ID_TIME_BYTES - 1 - i)));
  return draw(prefix, bytes, ID_TIME_BYTES);
}

struct id id_new_random(const char *prefix) {
  uint8_t bytes[ID_RANDOM_BYTES];
  return draw(prefix, bytes, 0);
}

/* Reads count characters on to *bits, five bits each. Nothing is read beyond one that no id holds. */
static bool take_characters(const char *body, size_t count, uint64_t *bits, uint32_t *digits) {
  for (size_t i = 0; i < count; i++) {
    unsigned value = values[(unsigned char)body[i]];
    if (value == 0)
      return false;
    note(digits, value - 1);
    *bits = *bits << 5 | (value - 1);
  }
  return true;
}

/* Whole ids only: 26 characters, then the end. The first 13 hold 63 bits (the very first but three), the next
 * 12 another 60, the last five. */
static int decode(const char *body, uint8_t *ret_bytes) {
  uint64_t head = 0, middle = 0, last = 0;
  uint32_t digits = 0;
  if (!take_characters(body, 13, &head, &digits) || !take_characters(body + 13, 12, &middle, &digits) ||
      !take_characters(body + 25, 1, &last, &digits) || body[ID_BODY_LENGTH] != '\0' || head >> 63 ||
      hold_run(digits))
    return -EINVAL;
  if (ret_bytes) {
    put_half(ret_bytes, head << 1 | middle >> 59);
    put_half(ret_bytes + HALF_BYTES, middle << 5 | last);
  }
  return 0;
}

int id_parse(const char *prefix, const char *text, uint8_t ret_bytes[ID_RANDOM_BYTES]) {
  while (*prefix && *prefix == *text) {
    prefix++;
    text++;
  }
  return *prefix == '\0' && *text == '_' ? decode(text + 1, ret_bytes) : -EINVAL;
}

/* Every word is looked at, whatever the ones before were. */
bool id_equal(const struct id *left, const struct id *right) {
  uint64_t differences = 0, words[2];
  for (size_t i = 0; i < ID_CAPACITY; i += sizeof *words) {
    memcpy(&words[0], left->text + i, sizeof *words);
    memcpy(&words[1], right->text + i, sizeof *words);
    differences |= words[0] ^ words[1];
  }
  return differences == 0;
}
