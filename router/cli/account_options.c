#include "account_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "countries.h"

/* ---- Lists ---- */

enum { WORD_CAPACITY = 16 };

/* The next word of a list with a comma between, moving *list on. Returns false after the last; a word that is
 * too long comes as "". */
static bool next_word(const char **list, char ret_word[WORD_CAPACITY]) {
  if (*list == NULL) {
    return false;
  }
  size_t length = strcspn(*list, ",");
  snprintf(ret_word, WORD_CAPACITY, "%.*s", length < WORD_CAPACITY ? (int)length : 0, *list);
  *list = (*list)[length] == ',' ? *list + length + 1 : NULL;
  return true;
}

static int take_currencies(const char *value, struct account_facts *facts) {
  char word[WORD_CAPACITY];
  int result = 0;
  facts->currency_count = 0;
  memset(facts->currencies, 0, sizeof facts->currencies);
  if (strcmp(value, "all") == 0) {
    return 0;
  }
  while (result == 0 && next_word(&value, word)) {
    result = account_add_currency(facts, word);
  }
  return result;
}

static int take_networks(const char *value, struct account_facts *facts) {
  char word[WORD_CAPACITY];
  facts->networks = 0;
  if (strcmp(value, "all") == 0) {
    return 0;
  }
  while (next_word(&value, word)) {
    enum network network = network_from_name(word);
    if (network == NETWORK_UNKNOWN || (facts->networks >> network & 1) != 0) {
      return -EINVAL;
    }
    facts->networks |= UINT32_C(1) << network;
  }
  return 0;
}

/* ---- Single ones ---- */

static int take_text(const char *value, bool (*holds)(const char *), char *ret_text, size_t capacity) {
  bool none = strcmp(value, "none") == 0;
  if (!none && !holds(value)) {
    return -EINVAL;
  }
  memset(ret_text, 0, capacity);
  if (!none) {
    memcpy(ret_text, value, strlen(value));
  }
  return 0;
}

static int take_country(const char *value, struct account_facts *facts) {
  return take_text(value, country_known, facts->country, sizeof facts->country);
}

static int take_settlement(const char *value, struct account_facts *facts) {
  return take_text(value, currency_known, facts->settlement_currency, sizeof facts->settlement_currency);
}

static int take_category(const char *value, struct account_facts *facts) {
  return take_text(value, category_code_holds, facts->category, sizeof facts->category);
}

static int take_region(const char *value, struct account_facts *facts) {
  return take_text(value, region_holds, facts->region, sizeof facts->region);
}

static const struct {
  int (*take)(const char *value, struct account_facts *facts);
  const char *wanted;
} rules[ACCOUNT_OPTION_COUNT] = {
    [ACCOUNT_CURRENCIES] = {take_currencies,
                            "--currencies is `all`, or at most 64 currencies of ISO 4217, each "
                            "once, as EUR,USD"},
    [ACCOUNT_NETWORKS] = {take_networks,
                          "--networks is `all`, or of visa, mastercard, amex, discover, diners, "
                          "jcb, unionpay and maestro those it takes, each once, as visa,mastercard"},
    [ACCOUNT_COUNTRY] = {take_country,
                         "--country is `none`, or a country of ISO 3166-1 in two letters, as NL"},
    [ACCOUNT_SETTLEMENT_CURRENCY] = {take_settlement, "--settlement-currency is `none`, or a currency of ISO "
                                                      "4217, as EUR"},
    [ACCOUNT_CATEGORY] = {take_category,
                          "--category is `none`, or the four digits of a merchant category code, "
                          "as 5411"},
    [ACCOUNT_REGION] = {take_region, "--region is `none`, or at most 16 of A-Z, 0-9 and _, as EEA"},
};

bool account_options_given(const struct account_options *options) {
  for (unsigned i = 0; i < ACCOUNT_OPTION_COUNT; i++) {
    if (options->values[i] != NULL) {
      return true;
    }
  }
  return false;
}

bool account_options_hold(const struct account_options *options) {
  struct account_facts facts = {0};
  return account_options_apply(options, &facts) == 0;
}

int account_options_apply(const struct account_options *options, struct account_facts *facts) {
  for (unsigned i = 0; i < ACCOUNT_OPTION_COUNT; i++) {
    if (options->values[i] != NULL && rules[i].take(options->values[i], facts) != 0) {
      fprintf(stderr, "freeport connector: %s\n", rules[i].wanted);
      return -EINVAL;
    }
  }
  return 0;
}
