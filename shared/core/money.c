#include "money.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Code and digits of the minor unit, ascending. Without the codes of ISO 4217 in which nobody is charged:
 * funds and index units (BOV CHE CHW CLF COU MXV USN UYI UYW), units of account (XAD XBA XBB XBC XBD XDR XSU
 * XUA), metals (XAG XAU XPD XPT), XTS and XXX. */
static const char currencies[][5] = {
    "AED2", "AFN2", "ALL2", "AMD2", "AOA2", "ARS2", "AUD2", "AWG2", "AZN2", "BAM2", "BBD2", "BDT2", "BHD3",
    "BIF0", "BMD2", "BND2", "BOB2", "BRL2", "BSD2", "BTN2", "BWP2", "BYN2", "BZD2", "CAD2", "CDF2", "CHF2",
    "CLP0", "CNY2", "COP2", "CRC2", "CUP2", "CVE2", "CZK2", "DJF0", "DKK2", "DOP2", "DZD2", "EGP2", "ERN2",
    "ETB2", "EUR2", "FJD2", "FKP2", "GBP2", "GEL2", "GHS2", "GIP2", "GMD2", "GNF0", "GTQ2", "GYD2", "HKD2",
    "HNL2", "HTG2", "HUF2", "IDR2", "ILS2", "INR2", "IQD3", "IRR2", "ISK0", "JMD2", "JOD3", "JPY0", "KES2",
    "KGS2", "KHR2", "KMF0", "KPW2", "KRW0", "KWD3", "KYD2", "KZT2", "LAK2", "LBP2", "LKR2", "LRD2", "LSL2",
    "LYD3", "MAD2", "MDL2", "MGA2", "MKD2", "MMK2", "MNT2", "MOP2", "MRU2", "MUR2", "MVR2", "MWK2", "MXN2",
    "MYR2", "MZN2", "NAD2", "NGN2", "NIO2", "NOK2", "NPR2", "NZD2", "OMR3", "PAB2", "PEN2", "PGK2", "PHP2",
    "PKR2", "PLN2", "PYG0", "QAR2", "RON2", "RSD2", "RUB2", "RWF0", "SAR2", "SBD2", "SCR2", "SDG2", "SEK2",
    "SGD2", "SHP2", "SLE2", "SOS2", "SRD2", "SSP2", "STN2", "SVC2", "SYP2", "SZL2", "THB2", "TJS2", "TMT2",
    "TND3", "TOP2", "TRY2", "TTD2", "TWD2", "TZS2", "UAH2", "UGX0", "USD2", "UYU2", "UZS2", "VED2", "VES2",
    "VND0", "VUV0", "WST2", "XAF0", "XCD2", "XCG2", "XOF0", "XPF0", "YER2", "ZAR2", "ZMW2", "ZWG2",
};

enum { CURRENCY_COUNT = sizeof currencies / sizeof currencies[0], CODE_LENGTH = 3, EXPONENT_MAX = 4 };

static int compare_codes(const void *code, const void *row) {
  return memcmp(code, row, CODE_LENGTH);
}

static const char *find_currency(const char *code) {
  if (strnlen(code, CODE_LENGTH + 1) != CODE_LENGTH)
    return NULL;
  return bsearch(code, currencies, CURRENCY_COUNT, sizeof currencies[0], compare_codes);
}

bool currency_known(const char *code) {
  return find_currency(code) != NULL;
}

int currency_exponent(const char *code) {
  const char *row = find_currency(code);
  return row ? row[CODE_LENGTH] - '0' : -EINVAL;
}

int amount_add(int64_t left, int64_t right, int64_t *ret_sum) {
  int64_t sum;
  if (__builtin_add_overflow(left, right, &sum))
    return -EOVERFLOW;
  *ret_sum = sum;
  return 0;
}

int amount_subtract(int64_t left, int64_t right, int64_t *ret_difference) {
  int64_t difference;
  if (__builtin_sub_overflow(left, right, &difference))
    return -EOVERFLOW;
  *ret_difference = difference;
  return 0;
}

int amount_rescale(int64_t minor, int from_exponent, int to_exponent, int64_t *ret_minor) {
  if (from_exponent < 0 || from_exponent > EXPONENT_MAX || to_exponent < 0 || to_exponent > EXPONENT_MAX)
    return -ERANGE;
  for (; from_exponent < to_exponent; from_exponent++) {
    if (__builtin_mul_overflow(minor, (int64_t)10, &minor))
      return -EOVERFLOW;
  }
  for (; from_exponent > to_exponent; from_exponent--) {
    if (minor % 10 != 0)
      return -ERANGE;
    minor /= 10;
  }
  *ret_minor = minor;
  return 0;
}
