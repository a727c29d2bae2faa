/* Waiting requests: tickets in, answers out. */
#include "engine_parts.h"

#include <assert.h>
#include <stdlib.h>

static struct waiter *waiter_of_ticket(struct engine *engine, uint64_t ticket) {
  struct map_node *node = map_find(&engine->waiters, ticket);
  return node ? (struct waiter *)(void *)((char *)node - offsetof(struct waiter, node)) : NULL;
}

void answer_refused(struct engine *engine, uint64_t ticket, enum request_outcome outcome) {
  struct request_answer answer = {.ticket = ticket, .outcome = outcome};
  stage_answer(engine, &answer);
}

struct waiter *waiter_new(struct engine *engine, uint64_t ticket) {
  assert(ticket != 0 && !waiter_of_ticket(engine, ticket));
  struct waiter *waiter = NULL;
  if (engine->waiters.count < engine->options.requests_max)
    waiter = calloc(1, sizeof *waiter);
  if (!waiter) {
    answer_refused(engine, ticket, REQUEST_BUSY);
    return NULL;
  }
  waiter->deadline_ms = engine->now_ms + engine->options.answer_ms;
  map_add(&engine->waiters, &waiter->node, ticket);
  return waiter;
}

void waiter_free(struct engine *engine, struct waiter **list, struct waiter *waiter) {
  while (*list && *list != waiter)
    list = &(*list)->next;
  if (*list)
    *list = waiter->next;
  map_remove(&engine->waiters, &waiter->node);
  free(waiter);
}

void refuse_waiters(struct engine *engine, struct waiter **list, enum request_outcome outcome) {
  while (*list) {
    answer_refused(engine, (*list)->node.hash, outcome);
    waiter_free(engine, list, *list);
  }
}

struct waiter *waiter_at_payment(struct engine *engine, uint64_t ticket, const struct requester *from,
                                 const struct id *payment, const char *path, struct slot **ret_slot,
                                 struct idempotent *ret_known, bool *ret_is_known) {
  struct waiter *waiter = waiter_new(engine, ticket), *list = waiter;
  struct slot *slot;
  if (!waiter)
    return NULL;
  int r = slot_open(engine, &from->merchant, payment, &slot);
  if (r != 0) {
    refuse_waiters(engine, &list, r == LEDGER_ABSENT ? REQUEST_PAYMENT_UNKNOWN : REQUEST_STORAGE);
    return NULL;
  }
  r = ledger_idempotency_get(engine->ledger, &from->merchant, path, from->idempotency_key, engine->now_ms,
                             ret_known);
  if (r < 0) {
    refuse_waiters(engine, &list, REQUEST_STORAGE);
    slot_schedule(slot);
    return NULL;
  }
  *ret_slot = slot;
  *ret_is_known = r == 0;
  return waiter;
}

/* Whether an answer can be given that says how it ended; *ret_open: whether that is still open in the API's
 * sense. */
static bool has_ended(const struct payment *payment, const struct waiter *waiter, bool *ret_open) {
  if (waiter->movement.text[0] == '\0') {
    *ret_open = payment_is_open(payment);
    return !*ret_open;
  }
  const struct movement *movement = payment_movement(payment, &waiter->movement);
  enum step_status status = movement ? movement->step.status : STEP_FAILED;
  *ret_open = status == STEP_PENDING || status == STEP_UNRESOLVED;
  /* What the PSP settles later, hours from now perhaps, is not waited for. */
  return !*ret_open || (movement && movement->received);
}

static void answer_with(struct slot *slot, const struct waiter *waiter, bool open) {
  struct request_answer answer = {.ticket = waiter->node.hash,
                                  .outcome = REQUEST_DONE,
                                  .merchant = slot->merchant,
                                  .payment = slot->id,
                                  .movement = waiter->movement,
                                  .open = open,
                                  .replayed = waiter->replayed};
  stage_answer(slot->engine, &answer);
}

void answer_waiters(struct slot *slot) {
  struct waiter *next;
  for (struct waiter *waiter = slot->waiters; waiter; waiter = next) {
    bool open;
    next = waiter->next;
    if (!has_ended(slot->payment, waiter, &open) && slot->engine->now_ms < waiter->deadline_ms)
      continue;
    answer_with(slot, waiter, open);
    waiter_free(slot->engine, &slot->waiters, waiter);
  }
}

void wait_at_slot(struct slot *slot, struct waiter *waiter, const struct id *movement, bool replayed) {
  waiter->slot = slot;
  waiter->intake = NULL;
  waiter->replayed = replayed;
  if (movement)
    waiter->movement = *movement;
  waiter->next = slot->waiters;
  slot->waiters = waiter;
  answer_waiters(slot);
}

void engine_forget(struct engine *engine, uint64_t ticket) {
  struct waiter *waiter = waiter_of_ticket(engine, ticket);
  if (!waiter)
    return;
  struct slot *slot = waiter->slot;
  waiter_free(engine, slot ? &slot->waiters : &waiter->intake->waiters, waiter);
  if (slot)
    slot_schedule(slot);
}
