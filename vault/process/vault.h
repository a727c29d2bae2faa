/* The vault as a whole: what its parts share. */
#pragma once

#include "audit.h"
#include "clock.h"
#include "connectors.h"
#include "dispatch.h"
#include "escrow_commit.h"
#include "leases.h"
#include "loop.h"
#include "merchants.h"
#include "peers.h"
#include "provider.h"
#include "round.h"
#include "similar.h"
#include "webhooks.h"

enum { VAULT_ARENA_BYTES = 4 << 20 };

struct vault_options {
  struct store *store; /* with vault_tables; stays the caller's, as all of these */
  struct loop *loop;
  const struct clock *clock;
  struct arena *arena;
  struct root_provider provider;
  uint8_t environment;    /* ENVIRONMENT_TEST or ENVIRONMENT_LIVE */
  unsigned similar_limit; /* B11's; 0: none, in the test environment only */
  uint8_t escrow_public[KEY_BYTES];
};

struct sweeper {
  struct timer timer;
  uint8_t similar_position[SIMILAR_KEY_BYTES];
};

struct vault {
  struct store *store;
  struct loop *loop;
  const struct clock *clock;
  struct root_provider provider;
  uint8_t environment;
  unsigned similar_limit;
  bool sealed;      /* the root key is not unlocked */
  bool rolled_back; /* the router has seen more of the audit chain than there is (B9) */
  struct merchants merchants;
  struct connectors connectors;
  struct audit audit;
  struct escrow_commit escrow;
  struct leases *leases;
  struct dispatches dispatches;
  struct webhooks webhooks;
  struct sweeper sweeper;
  struct timer lease_timer;
  struct peers peers;
  struct round round;
  uint8_t reply[MESSAGE_MAX];   /* being sent */
  uint8_t scratch[MESSAGE_MAX]; /* being written by a handler */
};

/* Looks at the file path before it is opened as a store, and writes nothing to it. Returns 0, also when there
 * is none yet; -EPROTONOSUPPORT when it is of another format, which has been logged with what to do; or
 * another negated errno. */
MUST_USE int vault_file_check(const char *path);
/* Whether the store has never been used by a vault: then keys may be made. Returns 0 or a negated errno. */
MUST_USE int vault_is_new(struct store *store, bool *ret_new);
/* A vault on that store: makes its own keys and rows when it is new, else loads and checks them. Returns 0;
 * -EKEYREJECTED when the store belongs to another environment, or to other keys, or its escrow key was
 * exchanged; -EPROTONOSUPPORT as vault_file_check(); -EBADMSG when something in it was changed; -EPERM when
 * the provider may not serve that environment; or another negated errno. Ended with vault_free(). */
MUST_USE int vault_new(const struct vault_options *options, struct vault **ret_vault);
/* Closes the peers and wipes what it held; a batch that is not committed is forgotten. */
void vault_free(struct vault *vault);

/* Unix milliseconds; monotonic microseconds. */
int64_t vault_now_ms(const struct vault *vault);
int64_t vault_now_us(const struct vault *vault);
/* Codes die at their deadline, not when someone looks: sets the timer for the next. */
void vault_set_lease_timer(struct vault *vault);
