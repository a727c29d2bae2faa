/* Adyen's rooms: errors, answers, and what its routes lead to. */
#pragma once

#include "sandbox_psp.h"

#define ADYEN_ALPHABET "ABCDEFGHJKLMNPQRSTUVWXZ"

struct adyen_error {
  uint16_t status;
  const char *code, *message, *type;
};

extern const struct adyen_error adyen_unauthorized;
extern const struct adyen_error adyen_forbidden;
extern const struct adyen_error adyen_no_path;
extern const struct adyen_error adyen_internal;
extern const struct adyen_error adyen_malformed;
extern const struct adyen_error adyen_unknown_field;
extern const struct adyen_error adyen_no_account;
extern const struct adyen_error adyen_no_reference;
extern const struct adyen_error adyen_no_return_url;
extern const struct adyen_error adyen_no_method;
extern const struct adyen_error adyen_amount_wrong;
extern const struct adyen_error adyen_currency_wrong;
extern const struct adyen_error adyen_number_wrong;
extern const struct adyen_error adyen_code_wrong;
extern const struct adyen_error adyen_expiry_wrong;
extern const struct adyen_error adyen_no_original;
extern const struct adyen_error adyen_not_possible;

struct adyen_amount {
  int64_t value;
  char currency[4];
};

/* A refusal as Adyen names it, and the issuer's usual code behind it. */
struct adyen_refusal {
  const char *code, *reason, *raw_code, *raw;
};

void adyen_answer_error(struct exchange *exchange, const struct adyen_error *error);
void adyen_answer_payment(struct exchange *exchange, const struct charge *charge);
/* The refusal of that code; "Refused" for one that is not known. */
const struct adyen_refusal *adyen_find_refusal(const char *code);
/* The amount of a body, at least least. Returns what is wrong with it, or NULL. */
const struct adyen_error *adyen_read_amount(const struct exchange *exchange, int64_t least,
                                            struct adyen_amount *ret_amount);
/* Whether a payment's body asks for capture at once; else this account captures by hand. */
bool adyen_captures_at_once(const json_t *body);

/* Where the routes lead. */
void adyen_create_payment(struct exchange *exchange);
void adyen_capture_payment(struct exchange *exchange);
void adyen_cancel_payment(struct exchange *exchange);
void adyen_refund_payment(struct exchange *exchange);
