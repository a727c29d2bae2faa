#include "scrub_digits.h"

#include <string.h>

#include "card_rules.h"

enum { LAST_DIGITS = 4, RUN_MIN = 13 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_between(char c) {
  return c == ' ' || c == '-' || c == '.' || c == '_';
}

/* The digit at *text, which moves behind it and one separator. */
static char take_digit(const char **text) {
  char digit = *(*text)++;
  if (is_between(**text) && is_digit((*text)[1]))
    (*text)++;
  return digit;
}

/* Whether the digits that start at text, one separator between two of them allowed, can be the card. */
static bool starts_card(const char *text, const char *bin, const char *last4) {
  char digits[CARD_NUMBER_MAX];
  size_t count = 0, bin_length = strlen(bin);
  while (count < CARD_NUMBER_MAX && is_digit(*text)) {
    digits[count++] = take_digit(&text);
    if (count <= bin_length && digits[count - 1] != bin[count - 1])
      return false;
    if (count >= CARD_NUMBER_MIN && memcmp(digits + count - LAST_DIGITS, last4, LAST_DIGITS) == 0 &&
        card_number_valid(digits, count))
      return true;
  }
  return false;
}

/* Whether a number that a network issues starts at text and ends where digits or a group of them do: a date
 * or a code may stand beside it. */
static bool starts_issued_number(const char *text) {
  char digits[CARD_NUMBER_CAPACITY] = "";
  for (size_t count = 0; count < CARD_NUMBER_MAX && is_digit(*text);) {
    digits[count++] = take_digit(&text);
    bool group_ends = !is_digit(text[0]) || is_between(text[-1]);
    if (count >= RUN_MIN && group_ends && card_network(digits) != NETWORK_UNKNOWN &&
        card_number_acceptable(digits))
      return true;
  }
  return false;
}

static bool holds_issued_number(const char *text) {
  for (char before = '\0'; *text; before = *text++)
    if (is_digit(*text) && !is_digit(before) && starts_issued_number(text))
      return true;
  return false;
}

static bool holds_card(const char *text, const char *bin, const char *last4) {
  for (; *text; text++) {
    if (*text == bin[0] && starts_card(text, bin, last4))
      return true;
  }
  return false;
}

unsigned scrub_digits(struct answer_fields *fields, const char *bin, const char *last4) {
  unsigned dropped = 0;
  if (bin[0] == '\0' || last4[0] == '\0')
    return 0;
  for (unsigned field = 1; field < ANSWER_FIELD_COUNT; field++) {
    const char *value = answer_fields_get(fields, (enum answer_field)field);
    if (value && holds_card(value, bin, last4)) {
      answer_fields_drop(fields, (enum answer_field)field);
      dropped++;
    }
  }
  return dropped;
}

unsigned scrub_card_numbers(struct answer_fields *fields) {
  unsigned dropped = 0;
  for (unsigned field = 1; field < ANSWER_FIELD_COUNT; field++) {
    const char *value = answer_fields_get(fields, (enum answer_field)field);
    if (value && holds_issued_number(value)) {
      answer_fields_drop(fields, (enum answer_field)field);
      dropped++;
    }
  }
  return dropped;
}
