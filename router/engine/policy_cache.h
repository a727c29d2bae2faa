/* Policies by their text, compiled once: for decisions, explanations, checks and replays alike. Bounded in
 * number and in memory; what was used least of late makes way. One thread uses it. */
#pragma once

#include "routing.h"

enum {
  POLICY_CACHE_MAX = 64,                     /* policies that are kept */
  POLICY_CACHE_BYTES_MAX = 64 * 1024 * 1024, /* and what they take together; one alone may take more */
  POLICY_KEY_BYTES = 32
};

struct policy_cache;

/* Names a text, to the byte: BLAKE2b-256 of it. */
struct policy_key {
  uint8_t bytes[POLICY_KEY_BYTES];
};

/* Returns 0, or -ENOMEM; freed with policy_cache_free(), when nothing is out. */
MUST_USE int policy_cache_new(struct policy_cache **ret_cache);
/* NULL is allowed. */
void policy_cache_free(struct policy_cache *cache);
/* The policy of the text, which stays until policy_cache_return(). Parses it when it is not kept. Returns as
 * policy_parse() does. ret_key: unless NULL, what policy_cache_find() finds it by. */
MUST_USE int policy_cache_take(struct policy_cache *cache, const char *text, size_t length,
                               const struct policy **ret_policy, struct policy_key *ret_key,
                               struct policy_error *ret_error);
/* The policy when it is still kept, or NULL. Likewise returned. */
const struct policy *policy_cache_find(struct policy_cache *cache, const struct policy_key *key);
/* NULL is allowed. */
void policy_cache_return(struct policy_cache *cache, const struct policy *policy);
/* How often a text was parsed. */
uint64_t policy_cache_parsed(const struct policy_cache *cache);
