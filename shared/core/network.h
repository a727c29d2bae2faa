/* Card networks, told from the leading digits of a card number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum network {
  NETWORK_UNKNOWN,
  NETWORK_VISA,
  NETWORK_MASTERCARD,
  NETWORK_AMEX,
  NETWORK_DISCOVER,
  NETWORK_DINERS,
  NETWORK_JCB,
  NETWORK_UNIONPAY,
  NETWORK_MAESTRO,
  NETWORK_COUNT
};

/* The name used in every interface: "visa", "mastercard", ..., "unknown". Static. */
const char *network_name(enum network network);
/* The network of that name; NETWORK_UNKNOWN for any other text. */
enum network network_from_name(const char *name);
/* The network by the ISO/IEC 7812 ranges of leading, which holds 6 to 8 digits. */
enum network network_of(const char *leading);
/* Whether numbers of that network may have so many digits (12 to 19). */
bool network_allows_length(enum network network, size_t digits);
/* How many digits the network's security code has: 3 or 4; 0 when either is accepted. */
size_t network_code_length(enum network network);
