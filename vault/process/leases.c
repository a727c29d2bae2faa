#include "leases.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S INT64_C(1000000)

enum { NONE = 0 }; /* places are counted from 1, so that zeroed chains are empty */

/* The three ways to find a lease. */
enum chain { BY_TOKEN, BY_ID, BY_PAYMENT, CHAIN_COUNT };

struct lease { /* in the arena */
  struct lease_owner owner;
  uint8_t id[LEASE_ID_BYTES];
  uint8_t payment[LEASE_ID_BYTES];
  struct card_code code;
  bool used, has_id, bound;
};

struct links { /* not secret: outside */
  uint32_t next[CHAIN_COUNT];
  uint32_t older, newer; /* by deadline; free ones are chained by older */
  int64_t deadline_us;
};

struct undo {
  uint32_t lease;
  bool made; /* else: bound */
};

struct leases {
  struct lease *leases; /* [capacity + 1] */
  struct links *links;
  uint32_t *heads[CHAIN_COUNT]; /* [buckets] */
  uint32_t capacity, buckets, count;
  uint32_t free, oldest, newest;
  uint32_t undo_count;
  struct undo undo[LEASE_UNDO_MAX];
};

int leases_new(struct arena *arena, size_t capacity, struct leases **ret_leases) {
  struct leases *leases = calloc(1, sizeof *leases);
  if (!leases)
    return -ENOMEM;
  leases->capacity = (uint32_t)capacity;
  leases->buckets = (uint32_t)capacity;
  leases->leases = arena_take(arena, (capacity + 1) * sizeof *leases->leases);
  leases->links = calloc(capacity + 1, sizeof *leases->links);
  bool whole = leases->leases && leases->links;
  for (size_t i = 0; i < CHAIN_COUNT; i++) {
    leases->heads[i] = calloc(capacity, sizeof *leases->heads[i]);
    whole = whole && leases->heads[i];
  }
  if (!whole) {
    leases_free(leases);
    return -ENOMEM;
  }
  for (uint32_t i = leases->capacity; i >= 1; i--) {
    leases->links[i].older = leases->free;
    leases->free = i;
  }
  *ret_leases = leases;
  return 0;
}

void leases_free(struct leases *leases) {
  if (!leases)
    return;
  if (leases->leases)
    sodium_memzero(leases->leases, (leases->capacity + 1) * sizeof *leases->leases);
  for (size_t i = 0; i < CHAIN_COUNT; i++)
    free(leases->heads[i]);
  free(leases->links);
  free(leases);
}

/* Hashes and ids are random bits: some of them are as good as a hash of all. */
static uint32_t *head_of(const struct leases *leases, enum chain chain, const uint8_t *bits) {
  uint32_t value;
  memcpy(&value, bits + LEASE_ID_BYTES - sizeof value, sizeof value);
  return &leases->heads[chain][value % leases->buckets];
}

static void link_in(struct leases *leases, enum chain chain, const uint8_t *bits, uint32_t at) {
  uint32_t *head = head_of(leases, chain, bits);
  leases->links[at].next[chain] = *head;
  *head = at;
}

static void link_out(struct leases *leases, enum chain chain, const uint8_t *bits, uint32_t at) {
  uint32_t *link = head_of(leases, chain, bits);
  while (*link != NONE && *link != at)
    link = &leases->links[*link].next[chain];
  if (*link == at)
    *link = leases->links[at].next[chain];
  leases->links[at].next[chain] = NONE;
}

static void note_undo(struct leases *leases, uint32_t at, bool made) {
  if (leases->undo_count < LEASE_UNDO_MAX)
    leases->undo[leases->undo_count++] = (struct undo){at, made};
}

static void drop(struct leases *leases, uint32_t at) {
  struct lease *lease = &leases->leases[at];
  struct links *links = &leases->links[at];
  if (!lease->used)
    return;
  link_out(leases, BY_TOKEN, lease->owner.token, at);
  if (lease->has_id)
    link_out(leases, BY_ID, lease->id, at);
  if (lease->bound)
    link_out(leases, BY_PAYMENT, lease->payment, at);
  *(links->older ? &leases->links[links->older].newer : &leases->oldest) = links->newer;
  *(links->newer ? &leases->links[links->newer].older : &leases->newest) = links->older;
  sodium_memzero(lease, sizeof *lease);
  *links = (struct links){.older = leases->free};
  leases->free = at;
  leases->count--;
}

static int make(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
                const struct card_code *code, int64_t now_us) {
  leases_expire(leases, now_us);
  uint32_t at = leases->free;
  if (at == NONE || (!id && leases->undo_count == LEASE_UNDO_MAX))
    return LEASES_FULL;
  struct lease *lease = &leases->leases[at];
  struct links *links = &leases->links[at];
  leases->free = links->older;
  *lease = (struct lease){.owner = *owner, .code = *code, .used = true, .has_id = id != NULL};
  *links = (struct links){.older = leases->newest, .deadline_us = now_us + LEASE_SECONDS * US_PER_S};
  *(leases->newest ? &leases->links[leases->newest].newer : &leases->oldest) = at;
  leases->newest = at;
  leases->count++;
  link_in(leases, BY_TOKEN, lease->owner.token, at);
  if (id) {
    memcpy(lease->id, id, LEASE_ID_BYTES);
    link_in(leases, BY_ID, lease->id, at);
  }
  if (!id) /* a code with an id rests on no commit: it is answered without one */
    note_undo(leases, at, true);
  return 0;
}

int lease_with_card(struct leases *leases, const struct lease_owner *owner, const struct card_code *code,
                    int64_t now_us) {
  return make(leases, owner, NULL, code, now_us);
}

int lease_with_id(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
                  const struct card_code *code, int64_t now_us) {
  return make(leases, owner, id, code, now_us);
}

static bool owned(const struct lease *lease, const struct lease_owner *owner) {
  return memcmp(&lease->owner, owner, sizeof *owner) == 0;
}

/* The owner's lease of that id, or the one without an id. */
static uint32_t find(const struct leases *leases, const struct lease_owner *owner, const uint8_t *id) {
  enum chain chain = id ? BY_ID : BY_TOKEN;
  uint32_t at = *head_of(leases, chain, id ? id : owner->token);
  for (; at != NONE; at = leases->links[at].next[chain]) {
    const struct lease *lease = &leases->leases[at];
    if (owned(lease, owner) && lease->has_id == (id != NULL) &&
        (!id || memcmp(lease->id, id, LEASE_ID_BYTES) == 0))
      return at;
  }
  return NONE;
}

static bool bound_to(const struct lease *lease, const uint8_t *payment) {
  return lease->bound && memcmp(lease->payment, payment, LEASE_ID_BYTES) == 0;
}

int lease_bind(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
               const uint8_t *payment, int64_t now_us, uint32_t *ret_lease) {
  leases_expire(leases, now_us);
  uint32_t at = find(leases, owner, id);
  if (at == NONE)
    return LEASE_ABSENT;
  struct lease *lease = &leases->leases[at];
  if (lease->bound && !bound_to(lease, payment))
    return LEASE_ABSENT;
  if (!lease->bound) {
    lease->bound = true;
    memcpy(lease->payment, payment, LEASE_ID_BYTES);
    link_in(leases, BY_PAYMENT, lease->payment, at);
    note_undo(leases, at, false);
  }
  *ret_lease = at;
  return 0;
}

int lease_find_bound(struct leases *leases, const struct lease_owner *owner, const uint8_t *id,
                     const uint8_t *payment, int64_t now_us, uint32_t *ret_lease) {
  leases_expire(leases, now_us);
  uint32_t at = find(leases, owner, id);
  if (at == NONE || !bound_to(&leases->leases[at], payment))
    return LEASE_ABSENT;
  *ret_lease = at;
  return 0;
}

int lease_code(const struct leases *leases, uint32_t lease, const uint8_t *payment, int64_t now_us,
               struct card_code *ret_code) {
  const struct lease *found = &leases->leases[lease];
  if (!found->used || !bound_to(found, payment) || leases->links[lease].deadline_us <= now_us)
    return LEASE_ABSENT;
  *ret_code = found->code;
  return 0;
}

void lease_end_payment(struct leases *leases, const uint8_t *merchant, const uint8_t *payment) {
  uint32_t at = *head_of(leases, BY_PAYMENT, payment);
  while (at != NONE) {
    uint32_t next = leases->links[at].next[BY_PAYMENT];
    const struct lease *lease = &leases->leases[at];
    if (bound_to(lease, payment) && memcmp(lease->owner.merchant, merchant, LEASE_ID_BYTES) == 0)
      drop(leases, at);
    at = next;
  }
}

void lease_end_token(struct leases *leases, const struct lease_owner *owner) {
  uint32_t at = *head_of(leases, BY_TOKEN, owner->token);
  while (at != NONE) {
    uint32_t next = leases->links[at].next[BY_TOKEN];
    if (owned(&leases->leases[at], owner))
      drop(leases, at);
    at = next;
  }
}

int64_t leases_expire(struct leases *leases, int64_t now_us) {
  while (leases->oldest != NONE && leases->links[leases->oldest].deadline_us <= now_us)
    drop(leases, leases->oldest);
  return leases->oldest != NONE ? leases->links[leases->oldest].deadline_us : -1;
}

bool leases_have_room(struct leases *leases, int64_t now_us) {
  leases_expire(leases, now_us);
  return leases->free != NONE && leases->undo_count < LEASE_UNDO_MAX;
}

size_t leases_count(const struct leases *leases) {
  return leases->count;
}

void leases_keep(struct leases *leases) {
  leases->undo_count = 0;
}

static void unbind(struct leases *leases, uint32_t at) {
  struct lease *lease = &leases->leases[at];
  if (!lease->used || !lease->bound)
    return;
  link_out(leases, BY_PAYMENT, lease->payment, at);
  lease->bound = false;
  sodium_memzero(lease->payment, sizeof lease->payment);
}

void leases_take_back(struct leases *leases) {
  while (leases->undo_count > 0) {
    const struct undo *undo = &leases->undo[--leases->undo_count];
    if (undo->made)
      drop(leases, undo->lease);
    else
      unbind(leases, undo->lease);
  }
}
