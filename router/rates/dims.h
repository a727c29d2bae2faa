/* What payments are told apart by: the dimensions, their values as numbers and as texts. */
#pragma once

#include "money.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum rate_dim {
  DIM_CONNECTOR,
  DIM_NETWORK,
  DIM_FUNDING,
  DIM_COUNTRY,                /* of the issuer */
  DIM_AMOUNT_BAND,            /* in whole units of the payment's own currency */
  DIM_KIND,                   /* first, or renewal: whether the customer or the merchant began it */
  DIM_PLAN,                   /* the customer's attribute "plan" */
  DIM_GROUPABLE,              /* so many can be asked for */
  DIM_DETAIL = DIM_GROUPABLE, /* a decline code, a step of latency, or a currency */
  DIM_COUNT
};

/* Values of every dimension; those from VALUE_FIRST on are its own. */
enum {
  VALUE_ANY,   /* not told apart by it */
  VALUE_OTHER, /* there was no room to tell it apart */
  VALUE_NONE,  /* not known, or not given */
  VALUE_FIRST
};

/* "country", "amount_band": as queries and answers have it; static. */
const char *rate_dim_name(enum rate_dim dim);
/* DIM_GROUPABLE for no such name. */
enum rate_dim rate_dim_from_name(const char *name);

enum { VALUE_TEXT_CAPACITY = 24 };

/* The value that text names in a dimension with a fixed list; VALUE_ANY for none. */
uint16_t rate_value_of(enum rate_dim dim, const char *text);
/* The reverse, NUL-terminated; "" for VALUE_NONE. */
void rate_value_text(enum rate_dim dim, uint16_t value, char ret_text[VALUE_TEXT_CAPACITY]);
/* A currency as a value of DIM_DETAIL, and the reverse: "" for what is none. */
uint16_t rate_currency_value(const char *currency);
void rate_currency_text(uint16_t value, char ret_text[CURRENCY_CAPACITY]);
/* The band of an amount in minor units. currency: an ISO 4217 code. */
uint16_t rate_amount_band(int64_t minor, const char *currency);

enum { KIND_VALUE_FIRST = VALUE_FIRST, KIND_VALUE_RENEWAL };
