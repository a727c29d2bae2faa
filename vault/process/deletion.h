/* Deletion in two steps (B13): a token is disabled at once and destroyed after seven days; until then an
 * operator can undo it. */
#pragma once

#include "audit_record.h"
#include "router_vault.h"

#define DELETION_WAIT_MS (INT64_C(7) * 24 * 3600 * 1000)

struct vault;

/* Who asks; goes into the audit record. An operator is not held to the merchant's share. */
struct deletion_actor {
  enum audit_actor actor;
  uint32_t uid;
};

/* Disables a token; wipes its leased codes. Done again it changes nothing. Returns 0; STATUS_NOT_FOUND;
 * STATUS_LIMITED when the merchant has deleted its share for a day; -EBADMSG when the record does not open;
 * or another negated errno. */
MUST_USE int token_delete(struct vault *vault, const struct token_question *question,
                          const struct deletion_actor *actor, struct token_description *ret_description);
/* Undoes that. Returns 0 (also for a token that is not deleted); STATUS_NOT_FOUND when it is destroyed or its
 * seven days are over; or a negated errno. */
MUST_USE int token_restore(struct vault *vault, const struct token_question *question,
                           const struct deletion_actor *actor, struct token_description *ret_description);
/* Destroys up to batch tokens that are due. Returns how many, or a negated errno: the batch is to be given
 * up. */
MUST_USE int deletion_sweep(struct vault *vault, unsigned batch);
