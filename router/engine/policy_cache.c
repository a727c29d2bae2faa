#include "policy_cache.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Newest first. */
struct kept_policy {
  struct kept_policy *next;
  struct policy_key key;
  struct policy *policy;
  size_t bytes;
  unsigned out; /* how many have it */
};

struct policy_cache {
  struct kept_policy *first;
  unsigned count;
  size_t bytes;
  uint64_t parsed;
};

_Static_assert((int)POLICY_KEY_BYTES == (int)crypto_generichash_BYTES, "a key is a whole hash");

int policy_cache_new(struct policy_cache **ret_cache) {
  struct policy_cache *cache = calloc(1, sizeof *cache);
  if (!cache)
    return -ENOMEM;
  *ret_cache = cache;
  return 0;
}

static void drop(struct policy_cache *cache, struct kept_policy **place) {
  struct kept_policy *kept = *place;
  assert(kept->out == 0);
  *place = kept->next;
  cache->count--;
  cache->bytes -= kept->bytes;
  policy_free(kept->policy);
  free(kept);
}

void policy_cache_free(struct policy_cache *cache) {
  if (!cache)
    return;
  while (cache->first)
    drop(cache, &cache->first);
  free(cache);
}

/* Where the last one stands that nobody has, but never the first, which was asked for last; NULL: there is
 * none. */
static struct kept_policy **oldest(struct policy_cache *cache) {
  struct kept_policy **found = NULL;
  if (!cache->first)
    return NULL;
  for (struct kept_policy **place = &cache->first->next; *place; place = &(*place)->next)
    if ((*place)->out == 0)
      found = place;
  return found;
}

static void make_way(struct policy_cache *cache) {
  struct kept_policy **place;
  while ((cache->count > POLICY_CACHE_MAX || cache->bytes > POLICY_CACHE_BYTES_MAX) &&
         (place = oldest(cache)) != NULL)
    drop(cache, place);
}

/* Moved to the front. */
static struct kept_policy *find(struct policy_cache *cache, const struct policy_key *key) {
  struct kept_policy **place = &cache->first;
  while (*place && memcmp(&(*place)->key, key, sizeof *key) != 0)
    place = &(*place)->next;
  struct kept_policy *found = *place;
  if (found) {
    *place = found->next;
    found->next = cache->first;
    cache->first = found;
  }
  return found;
}

const struct policy *policy_cache_find(struct policy_cache *cache, const struct policy_key *key) {
  struct kept_policy *found = find(cache, key);
  if (!found)
    return NULL;
  found->out++;
  return found->policy;
}

static int keep(struct policy_cache *cache, const struct policy_key *key, struct policy *policy) {
  struct kept_policy *kept = calloc(1, sizeof *kept);
  if (!kept)
    return -ENOMEM;
  *kept = (struct kept_policy){
      .next = cache->first, .key = *key, .policy = policy, .bytes = policy_bytes(policy), .out = 1};
  cache->first = kept;
  cache->count++;
  cache->bytes += kept->bytes;
  make_way(cache);
  return 0;
}

int policy_cache_take(struct policy_cache *cache, const char *text, size_t length,
                      const struct policy **ret_policy, struct policy_key *ret_key,
                      struct policy_error *ret_error) {
  struct policy *policy;
  struct policy_key key;
  crypto_generichash(key.bytes, sizeof key.bytes, (const unsigned char *)text, length, NULL, 0);
  const struct policy *kept = policy_cache_find(cache, &key);
  if (!kept) {
    int r = policy_parse(text, length, &policy, ret_error);
    cache->parsed++;
    if (r == 0 && (r = keep(cache, &key, policy)) < 0)
      policy_free(policy);
    if (r != 0)
      return r;
    kept = policy;
  }
  *ret_policy = kept;
  if (ret_key)
    *ret_key = key;
  return 0;
}

void policy_cache_return(struct policy_cache *cache, const struct policy *policy) {
  struct kept_policy *kept = cache->first;
  if (!policy)
    return;
  while (kept && kept->policy != policy)
    kept = kept->next;
  assert(kept && kept->out > 0);
  kept->out--;
  make_way(cache);
}

uint64_t policy_cache_parsed(const struct policy_cache *cache) {
  return cache->parsed;
}
