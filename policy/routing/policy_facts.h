/* What a policy may ask about a payment, and what the router tells it. Filled by the caller; everything that
 * a decision depends on stands here, so that the same facts give the same decision (P6). */
#pragma once

#include "bins.h"
#include "money.h"
#include "network.h"
#include <stdbool.h>
#include <stdint.h>

enum {
  POLICY_ATTRIBUTES_MAX = 64, /* customer.* and metadata.* together */
  POLICY_ZONES_MAX = 8,       /* time zones that one policy names */
  POLICY_WINDOWS_MAX = 8      /* windows of card.attempts(...) and card.spend(...) that one policy names */
};

/* The facts by their names in a policy. */
enum policy_fact {
  FACT_METHOD = 1,        /* method: card */
  FACT_CARD_NETWORK,      /* card.network: visa, mastercard, ... */
  FACT_CARD_BIN,          /* card.bin: 6 to 8 leading digits */
  FACT_CARD_ISSUER,       /* card.issuer: the issuer's name, a text */
  FACT_CARD_COUNTRY,      /* card.country: the issuer's, ISO 3166-1 alpha-2 */
  FACT_CARD_FUNDING,      /* card.funding: credit, debit, prepaid */
  FACT_CARD_CATEGORY,     /* card.category: as the BIN table has it, a text */
  FACT_AMOUNT,            /* amount: with its currency */
  FACT_CURRENCY,          /* currency: ISO 4217 */
  FACT_KIND,              /* kind: customer, recurring, installment, unscheduled, resubmission, moto */
  FACT_MERCHANT_CATEGORY, /* merchant_category: four digits, a text */
  FACT_RISK,              /* risk: 0 to 100 */
  FACT_THREE_DS,          /* three_ds: auto, require, skip, external */
  FACT_EXEMPTION,         /* exemption: low_value, ... as the API names them */
  FACT_HOUR,              /* hour("Europe/Berlin"): 0 to 23 */
  FACT_WEEKDAY,           /* weekday("Europe/Berlin"): mon to sun */
  FACT_DAY,               /* day("Europe/Berlin"): of the month, 1 to 31 */
  FACT_CARD_ATTEMPTS,     /* card.attempts(24h): of this card, at any connector, before this payment */
  FACT_CARD_SPEND,        /* card.spend(7d): approved with this card, in the payment's currency */
  FACT_CUSTOMER,          /* customer.NAME */
  FACT_METADATA,          /* metadata.NAME */
  FACT_COUNT
};

struct policy_attribute {
  bool metadata;     /* metadata.NAME, else customer.NAME */
  const char *name;  /* NUL-terminated, without the prefix */
  const char *value; /* NUL-terminated */
};

/* A member that is absent is zeroed ("" or NULL, or the unknown of its enumeration), but where it says
 * otherwise. Texts are borrowed for the call. */
struct policy_facts {
  const char *method;
  enum network network;
  const char *bin; /* 6 to 8 digits */
  const char *issuer, *country, *category;
  enum funding funding;
  struct money amount;
  const char *kind; /* as the API names it */
  const char *merchant_category;
  int16_t risk; /* -1: absent */
  const char *three_ds, *exemption;
  int64_t at_ms; /* the moment of the decision, since the Unix epoch */
  /* By the numbers that policy_zone() and policy_window() give; beyond the policy's own, ignored. */
  int32_t zone_offset_s[POLICY_ZONES_MAX]; /* east of UTC at at_ms */
  bool zone_known[POLICY_ZONES_MAX];       /* false: the zone's facts are absent */
  int32_t attempts[POLICY_WINDOWS_MAX];    /* -1: absent */
  int64_t spend[POLICY_WINDOWS_MAX];       /* minor units of the payment's currency; -1: absent */
  uint8_t attribute_count;
  struct policy_attribute attributes[POLICY_ATTRIBUTES_MAX];
  const char *split_customer; /* whose share of a `split by customer` it is: the customer's id, or NULL */
  const char *split_payment;  /* likewise: the payment's id; never NULL where a split may be met */
};
