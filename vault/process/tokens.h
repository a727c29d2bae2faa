/* What is done with tokens: made, described, updated. */
#pragma once

#include "collect_vault.h"
#include "merchants.h"
#include "record.h"

struct vault;

/* A token's record, its outside open. Wiped with token_found_wipe(). */
struct found_token {
  const struct merchant *merchant;
  struct token_names names;
  struct record record;
};

/* The token of that merchant. Returns 0; STATUS_NOT_FOUND (another merchant's, destroyed, never there: B5);
 * -EBADMSG when its record does not open; or another negated errno. */
MUST_USE int token_find(struct vault *vault, const struct id *merchant, const struct id *token,
                        struct found_token *ret_found);
/* The same by what a publishable key's merchant and the hash say. */
MUST_USE int token_find_of(struct vault *vault, const struct merchant *merchant, const struct id *token,
                           struct found_token *ret_found);
void token_found_wipe(struct found_token *found);
struct record_binding token_binding(const struct found_token *found);
/* What keeps it from being used now: STATUS_DELETED, STATUS_EXPIRED, or 0. */
enum status token_hindrance(const struct vault *vault, const struct found_token *found);
/* What may be told of it. */
void token_describe(const struct vault *vault, const struct found_token *found,
                    struct token_description *ret_description);
/* Writes the record, sealed anew, to the batch. Returns 0 or a negated errno. */
MUST_USE int token_put(struct vault *vault, const struct found_token *found);

/* Makes a token for a card. Returns 0; STATUS_REFUSED, STATUS_INVALID, STATUS_LIMITED as collect_vault.h
 * says; STATUS_BUSY when no code more can be leased; or a negated errno. */
MUST_USE int token_make(struct vault *vault, const struct tokenize *tokenize,
                        struct tokenized *ret_tokenized);
/* Leases a code typed again. Returns 0; STATUS_REFUSED, STATUS_NOT_FOUND, STATUS_DELETED, STATUS_EXPIRED,
 * STATUS_INVALID, STATUS_BUSY; or a negated errno. */
MUST_USE int token_lease_code(struct vault *vault, const struct code_typed *typed,
                              struct code_leased *ret_leased);
/* Another expiry date. Returns 0; STATUS_NOT_FOUND; STATUS_DELETED; STATUS_INVALID for a date that is over;
 * or a negated errno. */
MUST_USE int token_update(struct vault *vault, const struct token_update *update,
                          struct token_description *ret_description);
