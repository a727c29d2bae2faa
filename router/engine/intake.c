/* A payment request before anything is created: its token is described by the vault. Requests with the same
 * key join. */
#include "engine_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char payments_path[] = "/v1/payments";

static struct intake *intake_of_node(struct map_node *node) {
  return node ? (struct intake *)(void *)((char *)node - offsetof(struct intake, node)) : NULL;
}

static uint64_t key_hash(const struct requester *from) {
  return map_hash(from->merchant.text) ^ map_hash(from->idempotency_key) * 3;
}

static struct intake *intake_of_key(struct engine *engine, const struct requester *from) {
  struct map_node *node = map_find(&engine->intakes, key_hash(from));
  for (; node; node = map_find_next(node)) {
    const struct requester *other = &intake_of_node(node)->request->from;
    if (id_equal(&other->merchant, &from->merchant) &&
        strcmp(other->idempotency_key, from->idempotency_key) == 0)
      return intake_of_node(node);
  }
  return NULL;
}

struct intake *intake_asked(struct engine *engine, uint64_t correlation) {
  struct map_node *node = map_find(&engine->asked, correlation);
  return node ? (struct intake *)(void *)((char *)node - offsetof(struct intake, asked)) : NULL;
}

void intake_free(struct intake *intake) {
  struct engine *engine = intake->engine;
  while (intake->waiters)
    waiter_free(engine, &intake->waiters, intake->waiters);
  timers_remove(&engine->timers, &intake->timer);
  map_remove(&engine->intakes, &intake->node);
  map_remove(intake->turn_ms ? &engine->turns : &engine->asked, &intake->asked);
  free(intake->request);
  free(intake);
}

void intake_refuse(struct intake *intake, enum request_outcome outcome) {
  refuse_waiters(intake->engine, &intake->waiters, outcome);
  intake_free(intake);
}

void intakes_refuse(struct engine *engine, enum request_outcome outcome) {
  struct map_node *node;
  while ((node = map_any(&engine->intakes)))
    intake_refuse(intake_of_node(node), outcome);
}

static void intake_ring(struct timer *timer) {
  struct intake *intake = (struct intake *)(void *)((char *)timer - offsetof(struct intake, timer));
  if (intake->turn_ms)
    turn_ring(intake);
  else
    intake_refuse(intake, REQUEST_VAULT_AWAY);
}

static struct intake *intake_new(struct engine *engine, const struct payment_request *request) {
  struct intake *intake = calloc(1, sizeof *intake);
  struct payment_request *copy = malloc(sizeof *copy);
  if (!intake || !copy) {
    free(intake);
    free(copy);
    return NULL;
  }
  *copy = *request;
  intake->engine = engine;
  intake->request = copy;
  intake->timer.due = intake_ring;
  map_add(&engine->intakes, &intake->node, key_hash(&request->from));
  map_add(&engine->asked, &intake->asked, engine->next_correlation++);
  engine_fail(engine, engine_set_timer(engine, &intake->timer, engine->now_ms + engine->options.answer_ms));
  return intake;
}

static void join_intake(struct intake *intake, struct waiter *waiter, bool replayed) {
  waiter->intake = intake;
  waiter->replayed = replayed;
  waiter->next = intake->waiters;
  intake->waiters = waiter;
}

/* The key is known: the same request gets the same payment, another one is refused. */
static void join_payment(struct engine *engine, struct waiter *waiter, const struct payment_request *request,
                         const struct idempotent *known) {
  struct slot *slot;
  struct waiter *list = waiter;
  if (memcmp(known->body_hash, request->from.body_hash, BODY_HASH_BYTES) != 0) {
    refuse_waiters(engine, &list, REQUEST_KEY_REUSED);
    return;
  }
  if (slot_open(engine, &request->from.merchant, &known->object, &slot) != 0) {
    refuse_waiters(engine, &list, REQUEST_STORAGE);
    return;
  }
  wait_at_slot(slot, waiter, NULL, true);
  slot_schedule(slot);
}

/* Nothing is known of the key: the token is described first. */
static void take_in(struct engine *engine, struct waiter *waiter, const struct payment_request *request) {
  struct waiter *list = waiter;
  if (!engine->vault_there) {
    refuse_waiters(engine, &list, REQUEST_VAULT_AWAY);
    return;
  }
  struct intake *intake = intake_new(engine, request);
  if (!intake) {
    refuse_waiters(engine, &list, REQUEST_BUSY);
    return;
  }
  join_intake(intake, waiter, false);
  stage_describe(engine, intake, intake->asked.hash);
}

void engine_pay(struct engine *engine, int64_t now_ms, uint64_t ticket,
                const struct payment_request *request) {
  struct idempotent known;
  engine_begin(engine, now_ms);
  if (request->amount.minor < 1) {
    answer_refused(engine, ticket, REQUEST_AMOUNT_INVALID);
    return;
  }
  struct waiter *waiter = waiter_new(engine, ticket);
  if (!waiter)
    return;
  struct waiter *list = waiter;
  struct intake *intake = intake_of_key(engine, &request->from);
  if (intake) {
    if (memcmp(intake->request->from.body_hash, request->from.body_hash, BODY_HASH_BYTES) == 0)
      join_intake(intake, waiter, true);
    else
      refuse_waiters(engine, &list, REQUEST_KEY_REUSED);
    return;
  }
  int r = ledger_idempotency_get(engine->ledger, &request->from.merchant, payments_path,
                                 request->from.idempotency_key, now_ms, &known);
  if (r < 0)
    refuse_waiters(engine, &list, REQUEST_STORAGE);
  else if (r == 0)
    join_payment(engine, waiter, request, &known);
  else
    take_in(engine, waiter, request);
}

static enum request_outcome outcome_of_status(enum status status) {
  switch (status) {
  case STATUS_DONE:
    return REQUEST_DONE;
  case STATUS_NOT_FOUND:
  case STATUS_INVALID:
    return REQUEST_TOKEN_UNKNOWN;
  case STATUS_EXPIRED:
    return REQUEST_TOKEN_EXPIRED;
  case STATUS_DELETED:
    return REQUEST_TOKEN_DELETED;
  case STATUS_BUSY:
    return REQUEST_BUSY;
  default:
    return REQUEST_VAULT_AWAY;
  }
}

static enum request_outcome outcome_of_token(enum token_status status) {
  return status == TOKEN_ACTIVE    ? REQUEST_DONE
         : status == TOKEN_DELETED ? REQUEST_TOKEN_DELETED
                                   : REQUEST_TOKEN_EXPIRED;
}

void engine_on_description(struct engine *engine, int64_t now_ms, uint64_t correlation, enum status status,
                           const struct token_description *description) {
  engine_begin(engine, now_ms);
  struct intake *intake = intake_asked(engine, correlation);
  if (!intake)
    return;
  enum request_outcome outcome = outcome_of_status(status);
  if (outcome == REQUEST_DONE)
    outcome = outcome_of_token(description->status);
  if (outcome != REQUEST_DONE)
    intake_refuse(intake, outcome);
  else if (!turn_awaited(intake, description))
    create_payment(intake, description);
}
