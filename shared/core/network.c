#include "network.h"

#include <stdint.h>
#include <string.h>

static const char *const names[NETWORK_COUNT] = {
    [NETWORK_UNKNOWN] = "unknown", [NETWORK_VISA] = "visa",         [NETWORK_MASTERCARD] = "mastercard",
    [NETWORK_AMEX] = "amex",       [NETWORK_DISCOVER] = "discover", [NETWORK_DINERS] = "diners",
    [NETWORK_JCB] = "jcb",         [NETWORK_UNIONPAY] = "unionpay", [NETWORK_MAESTRO] = "maestro",
};

struct range {
  uint32_t first, last; /* by the first six digits, both included */
  enum network network;
};

/* Ascending, and no two overlap: ISO/IEC 7812 issuer ranges as the networks publish them. */
static const struct range ranges[] = {
    {222100, 272099, NETWORK_MASTERCARD}, {300000, 305999, NETWORK_DINERS},
    {340000, 349999, NETWORK_AMEX},       {352800, 358999, NETWORK_JCB},
    {360000, 369999, NETWORK_DINERS},     {370000, 379999, NETWORK_AMEX},
    {380000, 399999, NETWORK_DINERS},     {400000, 499999, NETWORK_VISA},
    {500000, 509999, NETWORK_MAESTRO},    {510000, 559999, NETWORK_MASTERCARD},
    {560000, 589999, NETWORK_MAESTRO},    {601100, 601199, NETWORK_DISCOVER},
    {620000, 629999, NETWORK_UNIONPAY},   {630400, 630499, NETWORK_MAESTRO},
    {639000, 639099, NETWORK_MAESTRO},    {644000, 649999, NETWORK_DISCOVER},
    {650000, 659999, NETWORK_DISCOVER},   {670000, 679999, NETWORK_MAESTRO},
    {810000, 819999, NETWORK_UNIONPAY},
};

#define LENGTH(digits) (1U << (digits))
enum {
  LENGTHS_12_TO_19 = LENGTH(20) - LENGTH(12),
  LENGTHS_14_TO_19 = LENGTH(20) - LENGTH(14),
  LENGTHS_16_TO_19 = LENGTH(20) - LENGTH(16)
};

static const uint32_t lengths[NETWORK_COUNT] = {
    [NETWORK_UNKNOWN] = LENGTHS_12_TO_19,  [NETWORK_VISA] = LENGTH(13) | LENGTH(16) | LENGTH(19),
    [NETWORK_MASTERCARD] = LENGTH(16),     [NETWORK_AMEX] = LENGTH(15),
    [NETWORK_DISCOVER] = LENGTHS_16_TO_19, [NETWORK_DINERS] = LENGTHS_14_TO_19,
    [NETWORK_JCB] = LENGTHS_16_TO_19,      [NETWORK_UNIONPAY] = LENGTHS_16_TO_19,
    [NETWORK_MAESTRO] = LENGTHS_12_TO_19,
};

enum { LEADING_DIGITS = 6 };

const char *network_name(enum network network) {
  return (unsigned)network < NETWORK_COUNT ? names[network] : names[NETWORK_UNKNOWN];
}

enum network network_from_name(const char *name) {
  for (unsigned i = 0; i < NETWORK_COUNT; i++) {
    if (strcmp(name, names[i]) == 0)
      return (enum network)i;
  }
  return NETWORK_UNKNOWN;
}

enum network network_of(const char *leading) {
  uint32_t value = 0;
  for (size_t i = 0; i < LEADING_DIGITS; i++) {
    if (leading[i] < '0' || leading[i] > '9')
      return NETWORK_UNKNOWN;
    value = value * 10 + (uint32_t)(leading[i] - '0');
  }
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    if (value >= ranges[i].first && value <= ranges[i].last)
      return ranges[i].network;
  }
  return NETWORK_UNKNOWN;
}

bool network_allows_length(enum network network, size_t digits) {
  return (unsigned)network < NETWORK_COUNT && digits < 32 && (lengths[network] >> digits & 1) != 0;
}

size_t network_code_length(enum network network) {
  if (network == NETWORK_UNKNOWN)
    return 0;
  return network == NETWORK_AMEX ? 4 : 3;
}
