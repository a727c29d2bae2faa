#include "stray_card.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

enum { DIGITS_MIN = 14, DIGITS_MAX = 19, BIN_MIN = 6, BIN_MAX = 8, HEX_MIN = 24, UUID_LENGTH = 36 };

static bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

static bool passes_check(const char *digits, size_t length) {
  unsigned sum = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned digit = (unsigned)(digits[length - 1 - i] - '0');
    unsigned doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += i % 2 == 1 ? doubled : digit;
  }
  return sum % 10 == 0;
}

static bool is_card_number(const char *digits, size_t length) {
  enum network network = network_of(digits);
  return network != NETWORK_UNKNOWN && network_allows_length(network, length) && passes_check(digits, length);
}

/* Collects the group of digits that begins at text; returns how far it reaches. More digits than a card has
 * are counted and not kept. */
static size_t take_group(const char *text, char ret_digits[DIGITS_MAX + 1], size_t *ret_count) {
  size_t at = 0, count = 0;
  while (is_digit(text[at]) || ((text[at] == ' ' || text[at] == '-') && is_digit(text[at + 1]))) {
    if (is_digit(text[at])) {
      if (count < DIGITS_MAX)
        ret_digits[count] = text[at];
      count++;
    }
    at++;
  }
  ret_digits[count < DIGITS_MAX ? count : DIGITS_MAX] = '\0';
  *ret_count = count;
  return at;
}

static bool is_dash_of_uuid(size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool is_uuid(const char *text, size_t length) {
  for (size_t at = 0; at < length && length == UUID_LENGTH; at++)
    if ((text[at] == '-') != is_dash_of_uuid(at))
      return false;
  return length == UUID_LENGTH;
}

/* Whether the word around at, of hexadecimal digits and dashes, is a UUID or a long number such as a hash:
 * one in some thousands of those holds what looks like a card. */
static bool in_hexadecimal(const char *text, size_t at) {
  static const char word[] = "0123456789abcdefABCDEF-";
  while (at > 0 && strchr(word, text[at - 1]) != NULL)
    at--;
  size_t length = strspn(text + at, word);
  bool whole =
      (at == 0 || !isalnum((unsigned char)text[at - 1])) && !isalnum((unsigned char)text[at + length]);
  bool dashed = memchr(text + at, '-', length) != NULL;
  return whole && (dashed ? is_uuid(text + at, length) : length >= HEX_MIN);
}

/* Whether the digits from at on, with single spaces and dashes between them, stand by themselves and are a
 * card's. */
static bool is_card_alone(const char *text, size_t at) {
  char digits[DIGITS_MAX + 1];
  size_t count, reach = take_group(text + at, digits, &count);
  return (at == 0 || !isalnum((unsigned char)text[at - 1])) && !isalnum((unsigned char)text[at + reach]) &&
         count >= DIGITS_MIN && count <= DIGITS_MAX && is_card_number(digits, count);
}

/* Whether the length digits from at on are a card's, whatever stands around them. */
static bool is_card_within(const char *text, size_t at, size_t length) {
  char digits[DIGITS_MAX + 1];
  if (length < DIGITS_MIN || length > DIGITS_MAX)
    return false;
  memcpy(digits, text + at, length);
  digits[length] = '\0';
  return is_card_number(digits, length);
}

bool holds_card_number(const char *text) {
  for (size_t at = 0; text[at] != '\0';) {
    size_t length = strspn(text + at, "0123456789");
    if (length > 0 && (is_card_alone(text, at) || is_card_within(text, at, length)) &&
        !in_hexadecimal(text, at))
      return true;
    at += length > 0 ? length : 1;
  }
  return false;
}

/* ---- In a policy ---- */

static size_t digits_at(const char *text) {
  return strspn(text, "0123456789");
}

static bool is_bin_length(size_t length) {
  return length >= BIN_MIN && length <= BIN_MAX;
}

/* Past a quoted text or a comment that begins at text; 0 when none does. */
static size_t quoted_length(const char *text) {
  if (*text == '#')
    return strcspn(text, "\n");
  if (*text != '"')
    return 0;
  size_t at = 1;
  while (text[at] != '\0' && text[at] != '"')
    at += text[at] == '\\' && text[at + 1] != '\0' ? 2 : 1;
  return text[at] == '"' ? at + 1 : at;
}

/* Puts a line end between leading digits that stand side by side. */
static void part_bins(char *text) {
  for (char *at = text; *at != '\0';) {
    size_t quoted = quoted_length(at), length = digits_at(at);
    at += quoted > 0 ? quoted : length;
    if (is_bin_length(length) && *at == ' ' && is_bin_length(digits_at(at + 1)))
      *at = '\n';
    else if (quoted == 0 && length == 0)
      at++;
  }
}

bool policy_holds_card_number(const char *text) {
  char *copy = strdup(text);
  if (copy == NULL)
    return true;
  part_bins(copy);
  bool holds = holds_card_number(copy);
  free(copy);
  return holds;
}
