/* The key of the running commit: fresh for each, sealed once to the escrow key, forgotten when the commit is
 * done. Sealing costs an X25519 exchange, so it is done ahead, while nobody waits. */
#pragma once

#include "arena.h"
#include "escrow.h"
#include "store.h"

struct escrow_commit {
  struct store *store;
  uint8_t public_key[KEY_BYTES];
  uint64_t number; /* of the next row */
  bool ready;      /* key and sealed belong together */
  bool written;    /* the row is in the batch */
  uint8_t *key;    /* in the arena */
  uint8_t sealed[ESCROW_SEALED_BYTES];
};

/* Returns 0, -ENOMEM, or another negated errno. */
MUST_USE int escrow_commit_load(struct escrow_commit *escrow, struct store *store, struct arena *arena,
                                const uint8_t public_key[KEY_BYTES]);
/* Makes the next key ready, if it is not. Returns 0 or a negated errno. */
MUST_USE int escrow_commit_prepare(struct escrow_commit *escrow);
/* The batch uses the key: its row is written once. The key is in escrow->key, its row's number in
 * escrow->number. Returns 0 or a negated errno. */
MUST_USE int escrow_commit_use(struct escrow_commit *escrow);
/* The batch is done, or was given up: the key is wiped if it was used. */
void escrow_commit_end(struct escrow_commit *escrow, bool committed);
