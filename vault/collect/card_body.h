/* Bodies of requests become structs here, or a problem that names the field and never its value. Pure
 * functions: what the fuzz target feeds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect_vault.h"
#include "problem.h"

enum { CARD_BODY_MAX = 4096, CARD_BODY_DEPTH = 4, CARD_YEARS_AHEAD = 20 };

struct card_body_context {
  int64_t now_ms; /* Unix time: what expiry is measured against */
  bool live;      /* else only published test numbers are taken (B12) */
};

/* {"type":"card","card":{"number","exp_month","exp_year","cvc","name"}}; cvc and name may be missing. Fills
 * all of ret_tokenize but key_hash; the caller wipes it, also after a refusal. Returns NULL, or the problem
 * to answer with. */
const struct problem *card_body_read(const void *body, size_t length, const struct card_body_context *context,
                                     struct tokenize *ret_tokenize);
/* {"token","cvc"}, likewise into ret_typed. */
const struct problem *code_body_read(const void *body, size_t length, struct code_typed *ret_typed);
/* The SHA-256 of the publishable key in an Authorization header (Bearer, or Basic with the key as user name
 * and no password): value may be NULL. False when there is none of this environment's form; a secret key is
 * none. */
bool publishable_key_read(const char *value, bool live, uint8_t ret_hash[PUBLISHABLE_HASH_BYTES]);
