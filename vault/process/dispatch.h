/* Dispatches: what the router asks to be done at a connector, handed on to egress, and the answer handed
 * back.
 *
 * A dispatch that releases a card waits for its audit record to be durable; only then is the card opened,
 * sent and wiped. In between, and while egress works, a place in a fixed table holds what was asked, never
 * the card. */
#pragma once

#include "arena.h"
#include "egress_vault.h"
#include "loop.h"
#include "peers.h"

enum {
  DISPATCHES_MAX = 1024,
  DISPATCH_GRACE_MS = 2000 /* what egress gets beyond the dispatch's own time to say how it ended */
};

struct pending {
  struct vault *vault;
  enum { PENDING_FREE, PENDING_HELD, PENDING_SENT } state;
  struct return_address from;
  uint64_t correlation; /* to egress */
  uint64_t order;       /* among all that was handed to egress */
  bool has_lease;
  uint32_t lease;
  bool code_sent;
  uint8_t payment[ID_RANDOM_BYTES];
  char bin[9], last4[5]; /* of the token's card when it is known; for the second scrub */
  struct timer timer;
  struct dispatch dispatch;
};

struct dispatches {
  struct pending *all; /* [DISPATCHES_MAX] */
  uint16_t free[DISPATCHES_MAX];
  size_t free_count;
  uint64_t sent; /* how many messages were handed to egress since it came, webhooks too */
  uint64_t correlation;
  struct egress_send *send; /* in the arena: the one being sent */
  uint8_t *message;         /* in the arena, MESSAGE_MAX */
  struct dispatch_result result;
  struct dispatch asked; /* the one being read */
};

MUST_USE int dispatches_new(struct dispatches *dispatches, struct vault *vault, struct arena *arena);
void dispatches_free(struct dispatches *dispatches);

/* Takes a dispatch on. Returns 0: the answer follows through from; a negated errno; or a status, and then
 * nothing was done:
 *
 * - STATUS_UNAVAILABLE: no egress, or the connector is draining or disabled;
 * - STATUS_NOT_FOUND: no such connector or token (of this merchant);
 * - STATUS_NO_CODE: no such security code (free, or of this payment);
 * - STATUS_CONFLICT: another version of the sheet is pinned;
 * - STATUS_DELETED, STATUS_EXPIRED: the token; a replay's security code (STATUS_EXPIRED);
 * - STATUS_BUSY: too many are on their way, or its deadline is over. */
MUST_USE int dispatch_take(struct vault *vault, const struct return_address *from,
                           const struct dispatch *dispatch);
/* The round's commit has succeeded: the dispatch in that place leaves. */
void dispatch_release(struct vault *vault, uint16_t place);
/* It has failed. */
void dispatch_give_up(struct vault *vault, uint16_t place);
/* Egress has answered. status other than STATUS_DONE: it did nothing; result is then not read. */
void dispatch_answered(struct vault *vault, uint64_t correlation, enum status status,
                       struct dispatch_result *result);
/* Egress is gone. unsent: how many messages to it had not left the queue. What it was sent is of unknown
 * fate, what it was not sent is not. */
void dispatch_egress_lost(struct vault *vault, unsigned unsent);
