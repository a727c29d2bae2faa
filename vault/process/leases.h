/* Security codes, leased to one payment each (B6).
 *
 * A fixed table in locked memory; nothing of it ever reaches a disk. A code is kept for 15 minutes at most.
 * The first payment that uses it binds it, may use it at each of its attempts, and ends it. A restart forgets
 * them all. */
#pragma once

#include <stdbool.h>

#include "arena.h"
#include "card.h"
#include "ids.h"
#include "token_names.h"

enum {
  LEASES_MAX = 32768,
  LEASE_SECONDS = 15 * 60,
  LEASE_ID_BYTES = 16,
  LEASE_UNDO_MAX = 4096 /* changes within one round */
};

struct leases;

/* Whose code it is: the hash of the token, and 16 bytes of the merchant's id. */
struct lease_owner {
  uint8_t merchant[LEASE_ID_BYTES];
  uint8_t token[TOKEN_HASH_BYTES];
};

enum { LEASES_FULL = 1, LEASE_ABSENT = 1 };

/* capacity: how many codes at most. Returns 0 or -ENOMEM. Its table lies in the arena; freed with
 * leases_free(). */
MUST_USE int leases_new(struct arena *arena, size_t capacity, struct leases **ret_leases);
void leases_free(struct leases *leases);

/* Leases code under the token itself (typed with the card). Times are monotonic microseconds. Returns 0, or
 * LEASES_FULL. */
MUST_USE int lease_with_card(struct leases *leases, const struct lease_owner *owner,
                             const struct card_code *code, int64_t now_us);
/* Leases code under an id of its own (typed again for a saved card): 16 bytes. Returns 0, or LEASES_FULL. */
MUST_USE int lease_with_id(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
                           const struct card_code *code, int64_t now_us);

/* The code for a payment (its id, 16 bytes): the one of that id, or, with id NULL, the one typed with the
 * card; binds it to the payment. Returns 0 with *ret_lease; or LEASE_ABSENT when there is none of this owner
 * that is free or bound to this payment. */
MUST_USE int lease_bind(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
                        const uint8_t *payment, int64_t now_us, uint32_t *ret_lease);
/* The same for what is bound to the payment already. */
MUST_USE int lease_find_bound(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
                              const uint8_t *payment, int64_t now_us, uint32_t *ret_lease);
/* The code of a lease found before, if it is still that payment's. Returns 0, or LEASE_ABSENT. */
MUST_USE int lease_code(const struct leases *leases, uint32_t lease, const uint8_t *payment, int64_t now_us,
                        struct card_code *ret_code);

/* Wipes the codes of a payment; of a token. */
void lease_end_payment(struct leases *leases, const uint8_t *merchant, const uint8_t *payment);
void lease_end_token(struct leases *leases, const struct lease_owner *owner);
/* Wipes what has passed its deadline. Returns the next deadline (monotonic microseconds), or -1 when none is
 * left. */
int64_t leases_expire(struct leases *leases, int64_t now_us);
/* Whether one more code typed with a card would find room now. */
bool leases_have_room(struct leases *leases, int64_t now_us);
/* How many codes are held. */
size_t leases_count(const struct leases *leases);

/* A round's changes stay when its commit has succeeded, and are taken back when it has failed. */
void leases_keep(struct leases *leases);
void leases_take_back(struct leases *leases);
