/* Stripe's objects and errors as it prints them. */
#pragma once

#include "sandbox_psp.h"

void stripe_print_method(struct text *text, const struct method *method, const struct form *form);
void stripe_print_charge(struct text *text, const struct charge *charge);
/* expanded: with the latest charge in place of its id. */
void stripe_print_intent(struct text *text, const struct charge *charge, bool expanded);
void stripe_print_refund(struct text *text, const struct movement *refund);

/* {"error":{...}}. code and param may be NULL. */
void stripe_error(struct exchange *exchange, uint16_t status, const char *type, const char *code,
                  const char *param, const char *message);
/* A declined card (402): with the intent where there is one, else NULL. */
void stripe_decline(struct exchange *exchange, const struct charge *charge, const char *decline,
                    const char *network_code, const char *advice_code, bool setup);
/* The issuer's code that usually goes with a decline code, or "". */
const char *stripe_usual_network_code(const char *decline);
/* metadata[...] of a form as a JSON object. The caller frees it. */
char *stripe_metadata(const struct form *form);
