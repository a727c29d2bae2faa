#include "round.h"

#include <sodium.h>
#include <string.h>

#include "dispatch.h"
#include "log.h"
#include "vault.h"

enum { GATHER_PASSES = 8 };

static void forget(struct round *round) {
  sodium_memzero(round->bytes, round->used);
  round->reply_count = round->used = round->dispatch_count = 0;
  round->registry_changed = round->connectors_changed = round->ledger_accepted = false;
}

void round_reply(struct vault *vault, const struct return_address *to, enum status status, const void *body,
                 size_t length) {
  struct round *round = &vault->round;
  if (!store_pending(vault->store)) {
    peer_reply(to, status, body, length);
    return;
  }
  round->replies[round->reply_count++] = (struct held_reply){
      .to = *to, .status = status, .offset = (uint32_t)round->used, .length = (uint32_t)length};
  if (length)
    memcpy(round->bytes + round->used, body, length);
  round->used += length;
}

void round_hold_dispatch(struct vault *vault, uint16_t place) {
  vault->round.dispatches[vault->round.dispatch_count++] = place;
}

static int write_batch(struct vault *vault) {
  int r = merchants_write_counters(&vault->merchants);
  if (r == 0)
    r = audit_write_head(&vault->audit);
  return r < 0 ? r : store_commit(vault->store);
}

/* What the round changed in memory is as the store has it again. */
static void take_back(struct vault *vault) {
  audit_take_back(&vault->audit);
  leases_take_back(vault->leases);
  merchants_take_back_counters(&vault->merchants);
  escrow_commit_end(&vault->escrow, false);
  if (!vault->round.registry_changed)
    return;
  int r = merchants_reload(&vault->merchants);
  if (r == 0)
    r = connectors_reload(&vault->connectors);
  if (r < 0)
    log_error("the registry could not be read again", r);
}

void round_fail(struct vault *vault, int error) {
  struct round *round = &vault->round;
  log_error("the store refused a batch; who waits for it is told so", error);
  store_abandon(vault->store);
  take_back(vault);
  size_t replies = round->reply_count, dispatches = round->dispatch_count;
  for (size_t i = 0; i < replies; i++)
    peer_reply(&round->replies[i].to, STATUS_STORAGE, NULL, 0);
  for (size_t i = 0; i < dispatches; i++)
    dispatch_give_up(vault, round->dispatches[i]);
  forget(round);
}

static void tell_accepted(const struct vault *vault, struct peer *router) {
  uint8_t bytes[sizeof(uint64_t) + AUDIT_HASH_BYTES];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_audit_head(&writer, &vault->audit.committed);
  (void)peer_send(router, RV_LEDGER_ACCEPTED, 0, bytes, writer_length(&writer));
}

static void release(struct vault *vault) {
  struct round *round = &vault->round;
  for (size_t i = 0; i < round->dispatch_count; i++)
    dispatch_release(vault, round->dispatches[i]);
  for (size_t i = 0; i < round->reply_count; i++) {
    const struct held_reply *held = &round->replies[i];
    peer_reply(&held->to, held->status, round->bytes + held->offset, held->length);
  }
  struct peer *router = peer_of(vault, ROLE_ROUTER);
  if (round->connectors_changed && router)
    (void)peer_send(router, RV_CONNECTORS_CHANGED, 0, NULL, 0);
  if (round->ledger_accepted && router)
    tell_accepted(vault, router);
}

static void commit(struct vault *vault) {
  int r = write_batch(vault);
  if (r < 0) {
    round_fail(vault, r);
    return;
  }
  audit_keep(&vault->audit);
  leases_keep(vault->leases);
  merchants_keep_counters(&vault->merchants);
  escrow_commit_end(&vault->escrow, true);
  release(vault);
  forget(&vault->round);
}

void round_make_room(struct vault *vault) {
  const struct round *round = &vault->round;
  if (round->reply_count == ROUND_REPLIES || ROUND_BYTES - round->used < MESSAGE_MAX)
    commit(vault);
}

/* A batch that is about to be synced takes along what has come meanwhile: one sync more costs more than all
 * of it. */
static void gather(struct vault *vault) {
  for (unsigned i = 0; i < GATHER_PASSES && store_pending(vault->store); i++) {
    if (peers_read(vault) == 0)
      return;
  }
}

void round_end(void *context) {
  struct vault *vault = context;
  gather(vault);
  if (store_pending(vault->store)) {
    commit(vault);
    int r = escrow_commit_prepare(&vault->escrow);
    if (r < 0)
      log_error("escrow", r);
  } else {
    leases_keep(vault->leases);
  }
  vault_set_lease_timer(vault);
  peers_settle(vault);
}
