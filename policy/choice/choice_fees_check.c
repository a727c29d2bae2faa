#include "choice_fees.h"
#include "countries.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *wrong_currency(const char *currency) {
  return currency_known(currency) ? NULL : "a currency of ISO 4217";
}

static const char *wrong_country(const char *country) {
  return memchr(country, '\0', 3) != NULL && country_known(country) ? NULL : "a country of ISO 3166-1";
}

/* Whether lines of that kind belong to that pricing. */
static bool belongs(enum choice_fee_kind kind, enum choice_pricing pricing) {
  if (kind == CHOICE_FEE_BLENDED)
    return pricing == CHOICE_BLENDED;
  if (kind == CHOICE_FEE_INTERCHANGE || kind == CHOICE_FEE_SCHEME || kind == CHOICE_FEE_MARKUP)
    return pricing == CHOICE_INTERCHANGE_PLUS;
  return true;
}

static const char *wrong_line(const struct choice_fee_line *line, const struct choice_fees *fees) {
  if (line->kind < CHOICE_FEE_BLENDED || line->kind >= CHOICE_FEE_KIND_COUNT)
    return "a kind of fee";
  if (!belongs(line->kind, fees->pricing))
    return "a fee that goes with the pricing";
  if ((unsigned)line->network >= NETWORK_COUNT)
    return "a card network";
  if ((unsigned)line->funding > FUNDING_PREPAID)
    return "credit, debit or prepaid";
  if ((unsigned)line->reach >= CHOICE_REACH_COUNT)
    return "domestic, regional or international";
  if (line->kind == CHOICE_FEE_CROSS_BORDER && line->reach != CHOICE_REGIONAL &&
      line->reach != CHOICE_INTERNATIONAL)
    return "regional or international for a cross-border fee";
  if (line->share > CHOICE_SHARE_MAX)
    return "a share of at most the whole amount";
  if (line->fixed < 0 || line->minimum < 0)
    return "a fee of zero or more";
  return NULL;
}

static const char *wrong_head(const struct choice_fees *fees) {
  if (fees->pricing < CHOICE_BLENDED || fees->pricing >= CHOICE_PRICING_COUNT)
    return "blended or interchange-plus pricing";
  if (wrong_currency(fees->currency) != NULL)
    return wrong_currency(fees->currency);
  if (wrong_country(fees->country) != NULL)
    return wrong_country(fees->country);
  if (fees->region_count > CHOICE_REGION_MAX)
    return "at most 64 countries in a region";
  if (fees->settlement_count < 1 || fees->settlement_count > CHOICE_SETTLEMENTS_MAX)
    return "one to eight settlement currencies";
  if (fees->line_count < 1 || fees->line_count > CHOICE_FEE_LINES_MAX)
    return "one to 64 fees";
  return NULL;
}

static const char *wrong_lists(const struct choice_fees *fees) {
  for (unsigned i = 0; i < fees->region_count; i++) {
    if (wrong_country(fees->region[i]) != NULL)
      return wrong_country(fees->region[i]);
  }
  for (unsigned i = 0; i < fees->settlement_count; i++) {
    if (wrong_currency(fees->settlements[i]) != NULL)
      return wrong_currency(fees->settlements[i]);
  }
  return NULL;
}

int choice_fees_check(const struct choice_fees *fees, struct choice_fees_error *ret_error) {
  const char *expected = wrong_head(fees);
  if (expected == NULL)
    expected = wrong_lists(fees);
  unsigned line = 0;
  while (expected == NULL && line < fees->line_count)
    expected = wrong_line(&fees->lines[line++], fees);
  if (expected == NULL)
    return 0;
  *ret_error = (struct choice_fees_error){.line = line, .expected = expected};
  return CHOICE_FEES_WRONG;
}

static const char *wrong_value(const struct choice_exchange *exchange, unsigned row) {
  const struct choice_value *value = &exchange->values[row];
  if (wrong_currency(value->currency) != NULL)
    return wrong_currency(value->currency);
  if (value->value < 1 || value->value > CHOICE_VALUE_MAX)
    return "a value from a millionth to a million";
  for (unsigned earlier = 0; earlier < row; earlier++) {
    if (strcmp(exchange->values[earlier].currency, value->currency) == 0)
      return "each currency once";
  }
  return NULL;
}

int choice_exchange_check(const struct choice_exchange *exchange, struct choice_fees_error *ret_error) {
  const char *expected = exchange->count <= CHOICE_EXCHANGE_MAX ? NULL : "at most 64 currencies";
  unsigned row = 0;
  while (expected == NULL && row < exchange->count)
    expected = wrong_value(exchange, row++);
  if (expected == NULL)
    return 0;
  *ret_error = (struct choice_fees_error){.line = row, .expected = expected};
  return CHOICE_FEES_WRONG;
}
