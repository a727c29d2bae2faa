/* What an account at a PSP is and can do, by its operator's word: a part of a connector's facts. Nothing in
 * it is a secret. What is not given is not known, and then the account can do all. */
#pragma once

#include "cursor.h"
#include "money.h"
#include "network.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum {
  ACCOUNT_CURRENCIES_MAX = 64,
  CATEGORY_CODE_CAPACITY = 5,
  COUNTRY_CAPACITY = 3,
  REGION_CAPACITY = 17,
  ACCOUNT_FACTS_BYTES_MAX = 230 /* as written */
};

struct account_facts {
  char category[CATEGORY_CODE_CAPACITY];       /* of the merchant's business, ISO 18245: four digits; or "" */
  char country[COUNTRY_CAPACITY];              /* the acquirer's, ISO 3166-1 alpha-2; or "" */
  char region[REGION_CAPACITY];                /* the acquirer's, A-Z 0-9 _, as "EEA"; or "" */
  char settlement_currency[CURRENCY_CAPACITY]; /* or "" */
  uint8_t currency_count;                      /* 0: all */
  char currencies[ACCOUNT_CURRENCIES_MAX][CURRENCY_CAPACITY]; /* in which it takes payments: ascending */
  uint32_t networks; /* 1 << enum network, each that it takes; 0: all */
};

/* Adds a currency in its place. Returns 0; -EINVAL for one that is not known; -EEXIST when it is there; or
 * -ENOSPC. */
MUST_USE int account_add_currency(struct account_facts *facts, const char *currency);
/* Whether the account takes payments in that currency; by cards of that network (NETWORK_UNKNOWN: nobody
 * knows that it does not). */
bool account_takes_currency(const struct account_facts *facts, const char *currency);
bool account_takes_network(const struct account_facts *facts, enum network network);
/* Whether text is four digits; whether it may name a region. */
bool category_code_holds(const char *text);
bool region_holds(const char *text);

void write_account_facts(struct writer *writer, const struct account_facts *facts);
void read_account_facts(struct reader *reader, struct account_facts *ret_facts);
