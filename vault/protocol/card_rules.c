#include "card_rules.h"

#include <string.h>

bool card_number_valid(const char *digits, size_t length) {
  if (length < CARD_NUMBER_MIN || length > CARD_NUMBER_MAX)
    return false;
  uint32_t sum = 0, bad = 0;
  for (size_t place = 0; place < length; place++) {
    uint32_t digit = (uint32_t)(uint8_t)digits[length - 1 - place] - '0';
    bad |= digit | (9u - digit); /* the top bit: below '0' the first wraps, above '9' the second */
    uint32_t doubled = 2 * digit - 9 * ((4u - digit) >> 31);
    uint32_t second = 0u - (uint32_t)(place & 1);
    sum += (doubled & second) | (digit & ~second);
  }
  return ((bad >> 31) | (uint32_t)(sum % 10 != 0)) == 0;
}

enum network card_network(const char *number) {
  char leading[9];
  memcpy(leading, number, 8);
  leading[8] = '\0';
  return network_of(leading);
}

bool card_number_acceptable(const char *number) {
  size_t length = strnlen(number, CARD_NUMBER_CAPACITY);
  return card_number_valid(number, length) && network_allows_length(card_network(number), length);
}

static const char *const TEST_RANGES[] = {
    "424242", "411111", "400000", "400030", "555555", "510510",
    "222300", "444433", "378282", "371449", "601111",
};

bool card_number_is_test(const char *number) {
  bool found = false;
  for (size_t i = 0; i < sizeof TEST_RANGES / sizeof TEST_RANGES[0]; i++)
    found |= memcmp(number, TEST_RANGES[i], 6) == 0;
  return found;
}

/* Days from 1970-01-01 to the first day of that month, in the proleptic Gregorian calendar. */
static int64_t days_to_month(int64_t year, unsigned month) {
  static const uint16_t BEFORE[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  int64_t past = year - 1;
  int64_t leap_days = past / 4 - past / 100 + past / 400;
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return past * 365 + leap_days - 719162 + BEFORE[month - 1] + (leap && month > 2 ? 1 : 0);
}

bool card_expired(unsigned month, unsigned year, int64_t now_ms) {
  const int64_t hour_ms = 3600 * 1000;
  int64_t after = month == 12 ? days_to_month((int64_t)year + 1, 1) : days_to_month(year, month + 1);
  return now_ms >= after * 24 * hour_ms + 12 * hour_ms;
}

bool card_code_acceptable(const struct card_code *code, enum network network) {
  size_t length = strnlen(code->digits, sizeof code->digits);
  size_t wanted = network_code_length(network);
  return length == 0 || (wanted == 0 ? length == 3 || length == 4 : length == wanted);
}

size_t card_bin_digits(size_t digits) {
  return digits >= 16 ? 8 : 6;
}
