/* The merchants of this vault: their numbers, keys and counters, in memory from the start on.
 *
 * A merchant's row holds its keys wrapped by the root key, each under a label that names the merchant. The
 * counters (how many tokens, how many deletions of late) change with every round and lie in a row of their
 * own in the meta table. */
#pragma once

#include "arena.h"
#include "provider.h"
#include "router_vault.h"
#include "store.h"

enum {
  MERCHANTS_MAX = 1024,
  MERCHANT_PLACES = 2 * MERCHANTS_MAX,
  MERCHANT_ID_BYTES = 16,
  PUBLISHABLE_KEYS_MAX = 4096,
  GENERATIONS_KEPT = 4, /* of a merchant's key */
  DELETION_HOURS = 25   /* the running hour and the 24 before it */
};

/* In the arena. */
struct merchant_keys {
  uint8_t record[GENERATIONS_KEPT][KEY_BYTES]; /* generation g at (g - 1) % GENERATIONS_KEPT */
  uint8_t index[KEY_BYTES];
};

struct merchant_counters {
  uint64_t tokens;                  /* not yet destroyed */
  int64_t hour;                     /* hours since 1970 of the newest place of deleted */
  uint32_t deleted[DELETION_HOURS]; /* deletions an hour; the newest first */
};

struct merchant {
  uint8_t id[MERCHANT_ID_BYTES];
  struct id text;  /* the same, as messages have it */
  uint32_t number; /* 1 for the first */
  uint16_t generation;
  bool index_enabled;
  bool counters_changed; /* since the last commit */
  struct merchant_keys *keys;
  struct merchant_counters counters, committed;
};

struct publishable_key {
  uint8_t hash[32];
  uint32_t merchant; /* its number */
};

struct merchants {
  struct store *store;
  const struct root_provider *provider;
  uint8_t environment;
  struct merchant_keys *keys; /* in the arena, [MERCHANTS_MAX] */
  uint32_t count;
  struct merchant all[MERCHANTS_MAX]; /* number n at n - 1 */
  uint16_t places[MERCHANT_PLACES];   /* by id: open addressing; the merchant's number, or 0 */
  size_t key_count;
  struct publishable_key publishable[PUBLISHABLE_KEYS_MAX]; /* sorted by hash */
};

/* Takes room for keys from the arena and loads what the store holds. Returns 0; -EBADMSG when a key does not
 * unwrap or a row is damaged; or another negated errno. */
MUST_USE int merchants_load(struct merchants *merchants, struct arena *arena);
/* Loads again, after a round whose changes were taken back. */
MUST_USE int merchants_reload(struct merchants *merchants);
/* Adds a merchant to the batch and to memory, with fresh keys of generation 1. Without index_enabled every
 * token has a fingerprint of its own, and the networks' retry limits (P7) are no longer a card's: README.md.
 * Returns 0 with *ret_new false when it exists already; STATUS_LIMITED when there is no room; or a negated
 * errno. */
MUST_USE int merchant_add(struct merchants *merchants, const struct id *merchant, bool index_enabled,
                          int64_t now_ms, bool *ret_new);
/* Adds a publishable key. Returns 0; STATUS_NOT_FOUND for an unknown merchant; STATUS_CONFLICT when the key
 * is another merchant's; STATUS_LIMITED when there is no room; or a negated errno. */
MUST_USE int publishable_key_add(struct merchants *merchants, const struct id *merchant,
                                 const uint8_t hash[32], bool *ret_new);
/* The merchant of that id, number or publishable key; NULL when there is none. */
struct merchant *merchant_by_id(struct merchants *merchants, const struct id *merchant);
struct merchant *merchant_by_number(struct merchants *merchants, uint32_t number);
struct merchant *merchant_by_publishable_key(struct merchants *merchants, const uint8_t hash[32]);
/* The key for the outside of records of that generation; NULL when it is not kept. */
const uint8_t *merchant_record_key(const struct merchant *merchant, uint16_t generation);

/* Counts one token more or less (change: 1 or -1). */
void merchant_count_token(struct merchant *merchant, int change);
/* Counts a deletion. Unless forced, it is refused (false) when with it more than max(100, 1 %) of the
 * merchant's tokens were deleted within 24 hours (B13). */
bool merchant_count_deletion(struct merchant *merchant, bool forced, int64_t now_ms);
/* Writes changed counters to the batch. Returns 0 or a negated errno. */
MUST_USE int merchants_write_counters(struct merchants *merchants);
/* After a commit: counters stay. After a failed one: they are as before. */
void merchants_keep_counters(struct merchants *merchants);
void merchants_take_back_counters(struct merchants *merchants);
/* Tokens of all merchants, as committed. */
uint64_t merchants_tokens(const struct merchants *merchants);
