/* Checkout.com's objects as it prints them. */
#pragma once

#include "sandbox_psp.h"

#define CHECKOUT_ALPHABET "abcdefghijklmnopqrstuvwxyz234567"

enum { CHECKOUT_SETTLING_MS = 50 }; /* how long a movement is accepted and not seen yet */

/* The answer to POST /payments. */
void checkout_print_created(struct text *text, const struct charge *charge);
/* The answer to GET /payments/{id}, with what can be seen at now_ms. */
void checkout_print_payment(struct text *text, const struct charge *charge, int64_t now_ms);
/* The answer to GET /payments/{id}/actions. */
void checkout_print_actions(struct text *text, const struct charge *charge, int64_t now_ms);
