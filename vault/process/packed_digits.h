/* Digits, two a byte, the first in the upper half; the halves after the last are 0xf. Without a branch on a
 * digit, since these are a card's. Here, so that opening a record costs no call for each of its three. */
#pragma once

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

/* NUL for a half that is no digit. */
static inline char digit_of_half(unsigned half) {
  return (char)(half <= 9 ? '0' + half : 0);
}

/* Writes 2 * bytes characters, NUL after the last digit. Where all may be digits the caller ends the text. */
static inline void digits_unpack(const uint8_t *packed, size_t bytes, char *ret_digits) {
  for (size_t i = 0; i < bytes; i++) {
    ret_digits[2 * i] = digit_of_half(packed[i] >> 4);
    ret_digits[2 * i + 1] = digit_of_half(packed[i] & 0xf);
  }
}
