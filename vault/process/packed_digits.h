/* Digits, two a byte, the first in the upper half; the halves after the last are 0xf. Without a branch on a
 * digit, since these are a card's. Here, so that opening a record costs no call for each of its three. */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PACKED_END = 0xf };

/* digits: at most 2 * bytes of them, NUL-terminated. */
static inline void digits_pack(const char *digits, uint8_t *ret_packed, size_t bytes) {
  size_t length = strlen(digits);
  for (size_t i = 0; i < bytes; i++) {
    unsigned high = 2 * i < length ? (unsigned)(digits[2 * i] - '0') : PACKED_END;
    unsigned low = 2 * i + 1 < length ? (unsigned)(digits[2 * i + 1] - '0') : PACKED_END;
    ret_packed[i] = (uint8_t)(high << 4 | low);
  }
}

/* The halves of four bytes as eight characters, as they lie in memory; NUL for a half that is no digit. */
static inline uint64_t digits_of_four(uint32_t packed) {
  uint64_t halves = le32toh(packed);
  halves = (halves | halves << 16) & UINT64_C(0x0000ffff0000ffff);
  halves = (halves | halves << 8) & UINT64_C(0x00ff00ff00ff00ff);
  halves = (halves >> 4 | halves << 8) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  uint64_t above_nine = (halves + UINT64_C(0x7676767676767676)) >> 7 & UINT64_C(0x0101010101010101);
  return htole64((halves | UINT64_C(0x3030303030303030)) & ~(above_nine * 0xff));
}

static inline void digits_unpack_up_to_four(const uint8_t *packed, size_t bytes, char *ret_digits) {
  uint32_t four = 0;
  memcpy(&four, packed, bytes);
  uint64_t digits = digits_of_four(four);
  memcpy(ret_digits, &digits, 2 * bytes);
}

/* Writes 2 * bytes characters, NUL after the last digit. Where all may be digits the caller ends the text. */
static inline void digits_unpack(const uint8_t *packed, size_t bytes, char *ret_digits) {
  size_t whole = bytes - bytes % 4;
  for (size_t i = 0; i < whole; i += 4)
    digits_unpack_up_to_four(packed + i, 4, ret_digits + 2 * i);
  if (whole < bytes)
    digits_unpack_up_to_four(packed + whole, bytes % 4, ret_digits + 2 * whole);
}
