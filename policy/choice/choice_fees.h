/* What a connector charges for a payment: its fee table, and the sum for one payment. Pure.
 *
 * Money is counted in millionths of a minor unit here, so that shares of an amount are exact: 1.45 % of 19.99
 * EUR is 1999 times 14500 of them. Every sum is checked. */
#pragma once

#include "choice_cells.h"
#include "money.h"
#include "result.h"
#include <stdint.h>

enum {
  CHOICE_FEE_LINES_MAX = 64,
  CHOICE_REGION_MAX = 64,
  CHOICE_SETTLEMENTS_MAX = 8,
  CHOICE_EXCHANGE_MAX = 64,
  CHOICE_SHARE_MAX = 1000000 /* all of the amount */
};

/* The most that one unit of a currency may be worth, in millionths of the reference currency's. */
#define CHOICE_VALUE_MAX INT64_C(1000000000000)

enum choice_pricing {
  CHOICE_BLENDED = 1,      /* one rate, interchange and scheme fees included */
  CHOICE_INTERCHANGE_PLUS, /* interchange and scheme fees as they are, plus a markup */
  CHOICE_PRICING_COUNT
};

enum choice_fee_kind {
  CHOICE_FEE_BLENDED = 1, /* of blended pricing alone; one line must fit each payment */
  CHOICE_FEE_INTERCHANGE, /* these three of interchange-plus alone; of each one line must fit each payment */
  CHOICE_FEE_SCHEME,
  CHOICE_FEE_MARKUP,
  CHOICE_FEE_CROSS_BORDER, /* on top, where the reach that the line names fits */
  CHOICE_FEE_CONVERSION,   /* on top, when the payment's currency is not settled; then one line must fit */
  CHOICE_FEE_TRY,          /* of every attempt, declined ones too */
  CHOICE_FEE_KIND_COUNT
};

/* Where the issuer is, seen from the acquirer. */
enum choice_reach {
  CHOICE_REACH_ANY,
  CHOICE_DOMESTIC,      /* in the acquirer's country */
  CHOICE_REGIONAL,      /* in another country of the table's region, the acquirer's own being in it too */
  CHOICE_INTERNATIONAL, /* anywhere else; unknown issuers too: the dearer is assumed */
  CHOICE_REACH_COUNT
};

/* For each kind, the first line that fits a payment counts, and no other. */
struct choice_fee_line {
  enum choice_fee_kind kind;
  enum network network;    /* NETWORK_UNKNOWN: any, cards of unknown network too */
  enum funding funding;    /* FUNDING_UNKNOWN: any, likewise */
  enum choice_reach reach; /* CHOICE_REACH_ANY: any */
  uint32_t share;          /* millionths of the amount: 100 is one basis point; at most CHOICE_SHARE_MAX */
  int64_t fixed;           /* besides: millionths of a minor unit of the table's currency; not negative */
  int64_t minimum;         /* share and fixed come to at least so much; likewise */
};

struct choice_fees {
  enum choice_pricing pricing;
  char currency[CURRENCY_CAPACITY]; /* of fixed fees and minimums */
  char country[3];                  /* the acquirer's, ISO 3166-1 alpha-2 */
  unsigned region_count;
  char region[CHOICE_REGION_MAX]
             [3];            /* countries of one region (the EEA); none: there is no CHOICE_REGIONAL */
  unsigned settlement_count; /* at least one */
  char settlements[CHOICE_SETTLEMENTS_MAX][CURRENCY_CAPACITY];
  unsigned line_count; /* at least one */
  struct choice_fee_line lines[CHOICE_FEE_LINES_MAX];
};

/* What currencies are worth, for fees in another currency than the payment's. */
struct choice_exchange {
  unsigned count;
  struct choice_value {
    char currency[CURRENCY_CAPACITY];
    int64_t value; /* of one major unit, in millionths of the reference currency's: 1 to CHOICE_VALUE_MAX */
  } values[CHOICE_EXCHANGE_MAX];
};

/* What is wrong in a table; texts are static and repeat nothing of it. */
struct choice_fees_error {
  unsigned line;        /* 1 for the first; 0: the table itself */
  const char *expected; /* "a country of ISO 3166-1", ... */
};

/* Of one payment, in millionths of a minor unit of its currency. */
struct choice_cost {
  int64_t approved; /* once, when it is approved */
  int64_t each_try; /* for each attempt, approved or not */
};

enum { CHOICE_FEES_WRONG = 1 };

/* Why it is not known what a payment costs; from CHOICE_NO_LINE on the sum is a kind of fee, which has to
 * have a line. */
enum choice_cost_gap {
  CHOICE_NO_GAP,
  CHOICE_NO_TABLE, /* the connector has no fee table */
  CHOICE_NO_RATE,  /* a fee is in another currency, and one of the two has no value */
  CHOICE_NO_SUM,   /* a number out of range */
  CHOICE_NO_LINE,  /* CHOICE_NO_LINE + enum choice_fee_kind: no such line fits the payment */
  CHOICE_GAP_COUNT = CHOICE_NO_LINE + CHOICE_FEE_KIND_COUNT
};

/* Checks a table as others wrote it. Returns 0, or CHOICE_FEES_WRONG with *ret_error. */
MUST_USE int choice_fees_check(const struct choice_fees *fees, struct choice_fees_error *ret_error);
/* Checks a table of values: 0, or CHOICE_FEES_WRONG with *ret_error, its line counted from 1. */
MUST_USE int choice_exchange_check(const struct choice_exchange *exchange,
                                   struct choice_fees_error *ret_error);
/* Where the payment's issuer is, seen from the table's acquirer. */
enum choice_reach choice_reach(const struct choice_fees *fees, const struct choice_payment *payment);
/* What the payment costs at a connector with this table (one that choice_fees_check() accepts; likewise
 * exchange, which may be NULL). A fee in another currency is converted by the exchange table, rounded up.
 * Returns 0; CHOICE_NO_RATE, or CHOICE_NO_LINE and the kind of fee, when it is not known; -EINVAL for an
 * amount below zero or of an unknown currency; or -EOVERFLOW. */
MUST_USE int choice_cost(const struct choice_fees *fees, const struct choice_payment *payment,
                         const struct money *amount, const struct choice_exchange *exchange,
                         struct choice_cost *ret_cost);
/* The expected cost of one approved payment at this approval rate (millionths, 1 to a million): the tries
 * that it takes on average and the approval itself, rounded up. Returns 0 or -EOVERFLOW. */
MUST_USE int choice_cost_per_approval(const struct choice_cost *cost, uint32_t rate, int64_t *ret_cost);
