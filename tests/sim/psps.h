/* The PSPs of the simulator: kinds of them, by the facts that their sheets would state and by what they do
 * that no sheet states. */
#pragma once

#include "sheet.h"
#include <stdbool.h>
#include <stdint.h>

enum psp_name {
  PSP_LISTING,   /* lists by time, read to its end; stores errors under a key (Stripe) */
  PSP_NOTIFYING, /* cannot be asked; replay, or a webhook; movements only received (Adyen) */
  PSP_QUERYING,  /* asked by reference; stores no errors; movements received, then asked (Checkout.com) */
  PSP_KEYLESS,   /* no idempotency keys at all: every copy of a request charges (Worldpay) */
  PSP_LAGGING,   /* its search lags by up to an hour, so that absence proves nothing */
  PSP_BRIEF,     /* replay, and it forgets a key after ten minutes */
  PSP_SLOW,      /* a list that is complete after an hour only, and then is proof */
  PSP_COUNT
};

struct psp {
  struct sheet_facts facts;
  bool stores_errors; /* a 5xx or 409 under a key comes again for as long as the key lives */
  bool receives;      /* movements are received first and done later */
  int64_t lag_ms;     /* until questions see what was made: up to this */
  unsigned tells;     /* of a hundred things that it does it sends a webhook */
  bool signs_no_code; /* the signatures of its webhooks cover no codes, and half of them bear none */
  int64_t travel_ms;  /* until what left arrives: up to this. Both together stay within the settling time */
};

/* Readies the table: every operation offered. */
void psps_open(void);
const struct psp *psp_at(unsigned psp);
/* The name of the connector there. Static. */
const char *psp_connector(unsigned psp);
/* The PSP of that connector, or PSP_COUNT. */
unsigned psp_named(const char *connector);
/* The facts of the sheet of that name, or NULL: what the engine asks for. */
const struct sheet_facts *psp_sheet(void *context, const char *name, const uint8_t hash[SHEET_HASH_BYTES]);
