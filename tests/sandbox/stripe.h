/* Stripe's rooms: parameters, objects as it prints them, errors, and what its routes lead to. */
#pragma once

#include "sandbox_psp.h"

#define STRIPE_ALPHABET "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

extern const char stripe_invalid_request[];

/* Parameters. Each answers with Stripe's error where it returns false or NULL. */
bool stripe_knows_parameters(struct exchange *exchange, const char *const *allowed);
const char *stripe_need(struct exchange *exchange, const char *name);
/* payment_method and confirm=true. */
bool stripe_read_method(struct exchange *exchange, const struct method **ret_method);
/* The payment intent of that id; status is that of the error. */
struct charge *stripe_find_intent(struct exchange *exchange, const char *id, uint16_t status);
/* The charge named by payment_intent or charge. */
struct charge *stripe_charge_to_refund(struct exchange *exchange);
/* Whether expand[] names what. */
bool stripe_expands(const struct exchange *exchange, const char *what);
/* metadata[...] of a form as a JSON object. The caller frees it. */
char *stripe_metadata(const struct form *form);

/* Objects. expanded: with the latest charge (or attempt) in place of its id. */
void stripe_print_method(struct text *text, const struct method *method, const struct form *form);
void stripe_print_charge(struct text *text, const struct charge *charge);
void stripe_print_intent(struct text *text, const struct charge *charge, bool expanded);
void stripe_print_setup(struct text *text, const struct charge *charge, bool expanded);
void stripe_print_refund(struct text *text, const struct movement *refund);

/* Answers. code and param may be NULL. */
void stripe_error(struct exchange *exchange, uint16_t status, const char *type, const char *code,
                  const char *param, const char *message);
/* A 400 invalid_request_error. */
void stripe_invalid(struct exchange *exchange, const char *code, const char *param, const char *message);
void stripe_answer_intent(struct exchange *exchange, const struct charge *charge);
/* A declined card: 402 with the intent in it. */
void stripe_answer_decline(struct exchange *exchange, const struct charge *charge);

/* Declines a charge in the books. */
void stripe_decline_charge(struct exchange *exchange, struct charge *charge, const char *decline);
/* The issuer's code that usually goes with a decline code, or "". */
const char *stripe_usual_network_code(const char *decline);

/* Where the routes lead. */
void stripe_create_method(struct exchange *exchange);
void stripe_get_method(struct exchange *exchange);
void stripe_create_intent(struct exchange *exchange);
void stripe_get_intent(struct exchange *exchange);
void stripe_list_intents(struct exchange *exchange);
void stripe_search_intents(struct exchange *exchange);
void stripe_capture_intent(struct exchange *exchange);
void stripe_cancel_intent(struct exchange *exchange);
void stripe_create_refund(struct exchange *exchange);
void stripe_get_refund(struct exchange *exchange);
void stripe_list_refunds(struct exchange *exchange);
void stripe_get_charge(struct exchange *exchange);
void stripe_create_setup(struct exchange *exchange);
void stripe_get_setup(struct exchange *exchange);
void stripe_list_setups(struct exchange *exchange);
