#include "dims.h"

#include "bins.h"
#include <stdio.h>
#include <string.h>

static const char *const dims[DIM_GROUPABLE] = {"connector",   "network", "funding", "country",
                                                "amount_band", "kind",    "plan"};

static const char *const bands[] = {"0-10", "10-50", "50-100", "100-500", "500-1000", "1000+"};
/* Where each but the last ends, in whole units of the currency. */
static const int64_t band_ends[] = {10, 50, 100, 500, 1000};

static const char *const kinds[] = {"first", "renewal"};

enum { LETTERS = 26, BAND_COUNT = sizeof bands / sizeof *bands, KIND_VALUES = sizeof kinds / sizeof *kinds };

_Static_assert((int)BAND_COUNT == (int)(sizeof band_ends / sizeof *band_ends) + 1, "the last has no end");

const char *rate_dim_name(enum rate_dim dim) {
  return (unsigned)dim < DIM_GROUPABLE ? dims[dim] : "";
}

enum rate_dim rate_dim_from_name(const char *name) {
  unsigned dim = 0;
  while (dim < DIM_GROUPABLE && strcmp(dims[dim], name) != 0)
    dim++;
  return (enum rate_dim)dim;
}

_Static_assert(VALUE_FIRST + LETTERS * LETTERS * LETTERS <= UINT16_MAX, "every code is a value");

uint16_t rate_currency_value(const char *currency) {
  if (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
    return VALUE_NONE;
  return (uint16_t)(VALUE_FIRST + ((currency[0] - 'A') * LETTERS + currency[1] - 'A') * LETTERS +
                    currency[2] - 'A');
}

void rate_currency_text(uint16_t value, char ret_text[CURRENCY_CAPACITY]) {
  unsigned own = value - (unsigned)VALUE_FIRST;
  ret_text[0] = '\0';
  if (value >= VALUE_FIRST)
    snprintf(ret_text, CURRENCY_CAPACITY, "%c%c%c", (char)('A' + own / LETTERS / LETTERS % LETTERS),
             (char)('A' + own / LETTERS % LETTERS), (char)('A' + own % LETTERS));
}

static uint16_t value_in(const char *const *texts, unsigned count, const char *text) {
  for (unsigned i = 0; i < count; i++)
    if (strcmp(texts[i], text) == 0)
      return (uint16_t)(VALUE_FIRST + i);
  return VALUE_ANY;
}

static uint16_t country_value(const char *text) {
  if (strlen(text) != 2 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
    return VALUE_ANY;
  return (uint16_t)(VALUE_FIRST + (text[0] - 'A') * LETTERS + text[1] - 'A');
}

uint16_t rate_value_of(enum rate_dim dim, const char *text) {
  switch (dim) {
  case DIM_NETWORK: {
    enum network network = network_from_name(text);
    return network == NETWORK_UNKNOWN ? VALUE_ANY : (uint16_t)(VALUE_FIRST + network);
  }
  case DIM_FUNDING: {
    enum funding funding = funding_from_name(text);
    return funding == FUNDING_UNKNOWN ? VALUE_ANY : (uint16_t)(VALUE_FIRST + funding);
  }
  case DIM_COUNTRY:
    return country_value(text);
  case DIM_AMOUNT_BAND:
    return value_in(bands, BAND_COUNT, text);
  case DIM_KIND:
    return value_in(kinds, KIND_VALUES, text);
  default:
    return VALUE_ANY;
  }
}

static const char *text_of(enum rate_dim dim, unsigned own) {
  switch (dim) {
  case DIM_NETWORK:
    return network_name((enum network)own);
  case DIM_FUNDING:
    return funding_name((enum funding)own);
  case DIM_AMOUNT_BAND:
    return own < BAND_COUNT ? bands[own] : "";
  case DIM_KIND:
    return own < KIND_VALUES ? kinds[own] : "";
  default:
    return "";
  }
}

void rate_value_text(enum rate_dim dim, uint16_t value, char ret_text[VALUE_TEXT_CAPACITY]) {
  unsigned own = value < VALUE_FIRST ? 0 : value - (unsigned)VALUE_FIRST;
  if (value < VALUE_FIRST)
    strcpy(ret_text, value == VALUE_OTHER ? "other" : "");
  else if (dim == DIM_COUNTRY)
    snprintf(ret_text, VALUE_TEXT_CAPACITY, "%c%c", (char)('A' + own / LETTERS % LETTERS),
             (char)('A' + own % LETTERS));
  else
    snprintf(ret_text, VALUE_TEXT_CAPACITY, "%s", text_of(dim, own));
}

uint16_t rate_amount_band(int64_t minor, const char *currency) {
  int exponent = currency_exponent(currency);
  if (exponent < 0)
    return VALUE_NONE;
  for (; exponent > 0; exponent--)
    minor /= 10;
  unsigned band = 0;
  while (band + 1 < BAND_COUNT && minor >= band_ends[band])
    band++;
  return (uint16_t)(VALUE_FIRST + band);
}
