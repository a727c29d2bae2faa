/* The ledger as the merchant sees it over the API, and why a payment in it is still open. */
#pragma once

#include "shop.h"

/* All payments, as an object by id. NULL when the router does not answer; the caller lets it go. */
json_t *ledger_read(const struct shop *shop);

/* The keys under which the sandbox's Adyen holds an error, as an object. NULL when the sandbox does not
 * answer; the caller lets it go. */
json_t *errors_read(const struct shop *shop);

/* What is still open about a payment. Only the last two may outlast the dust. */
enum openness {
  OPEN_NOT,         /* it has ended, and all of its movements */
  OPEN_STILL_ASKED, /* it is being found out, or told of by webhook: time will end it */
  OPEN_ERROR_KEPT, /* Adyen keeps an error under that very key and has no status question: a person ends it */
  OPEN_CODE_LOST,  /* Adyen again: its key cannot be replayed without the security code that died with the
                      vault */
  OPENNESS_COUNT
};

/* The highest that holds, but OPEN_STILL_ASKED before all. errors: errors_read(). */
enum openness payment_openness(const struct shop *shop, const json_t *payment, const json_t *errors);

/* A member that is a text or an integer; "" and 0 where it is not. */
const char *text_of(const json_t *object, const char *name);
json_int_t integer_of(const json_t *object, const char *name);
