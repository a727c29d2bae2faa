/* Requests that wait for their card's turn: as many tries of it are under way as the networks would let be
 * declined (P7). Nothing is created yet, so that nothing has to be taken up again after a crash. */
#include "engine_parts.h"

#include <stddef.h>

static struct intake *intake_of_turn(struct map_node *node) {
  return node ? (struct intake *)(void *)((char *)node - offsetof(struct intake, asked)) : NULL;
}

static uint64_t card_hash(const struct id *merchant, const struct id *fingerprint) {
  return map_hash(merchant->text) ^ map_hash(fingerprint->text) * 3;
}

/* One that cannot be found out is not waited for. */
static bool is_full(struct intake *intake, const struct card_view *card) {
  struct engine *engine = intake->engine;
  const struct payment_request *request = intake->request;
  struct budget budget = {.allowed = true};
  engine_fail(engine, card_budget(engine->ledger, &engine->card, &request->from.merchant, card,
                                  &request->amount, engine->now_ms, &budget));
  return !budget.allowed && budget.undecided;
}

static void set_timer(struct intake *intake, int64_t at_ms) {
  engine_fail(intake->engine, engine_set_timer(intake->engine, &intake->timer, at_ms));
}

static bool is_of(const struct intake *intake, const struct id *merchant, const struct id *fingerprint) {
  return id_equal(&intake->request->from.merchant, merchant) &&
         id_equal(&intake->description.card.fingerprint, fingerprint);
}

/* Whether another request waits for that card already: nobody overtakes it. */
static bool is_waited_for(const struct intake *intake, const struct id *fingerprint) {
  const struct engine *engine = intake->engine;
  const struct id *merchant = &intake->request->from.merchant;
  struct map_node *node =
      engine->turns.count > 0 ? map_find(&engine->turns, card_hash(merchant, fingerprint)) : NULL;
  while (node && !is_of(intake_of_turn(node), merchant, fingerprint))
    node = map_find_next(node);
  return node != NULL;
}

bool turn_awaited(struct intake *intake, const struct token_description *description) {
  struct engine *engine = intake->engine;
  if (!is_waited_for(intake, &description->card.fingerprint) && !is_full(intake, &description->card))
    return false;
  map_remove(&engine->asked, &intake->asked);
  map_add(&engine->turns, &intake->asked,
          card_hash(&intake->request->from.merchant, &description->card.fingerprint));
  intake->turn_ms = engine->now_ms + TURN_MS;
  intake->description = *description;
  set_timer(intake, intake->turn_ms);
  return true;
}

void turn_ring(struct intake *intake) {
  struct engine *engine = intake->engine;
  if (engine->now_ms < intake->turn_ms && is_full(intake, &intake->description.card)) {
    set_timer(intake, intake->turn_ms);
    return;
  }
  struct id merchant = intake->request->from.merchant, fingerprint = intake->description.card.fingerprint;
  create_payment(intake, &intake->description);
  turns_wake(engine, &merchant, &fingerprint); /* there may be room for another */
}

void turns_wake(struct engine *engine, const struct id *merchant, const struct id *fingerprint) {
  struct intake *oldest = NULL;
  if (engine->turns.count == 0)
    return;
  struct map_node *node = map_find(&engine->turns, card_hash(merchant, fingerprint));
  for (; node; node = map_find_next(node)) {
    struct intake *intake = intake_of_turn(node);
    if (is_of(intake, merchant, fingerprint) && (!oldest || intake->turn_ms <= oldest->turn_ms))
      oldest = intake;
  }
  if (oldest)
    set_timer(oldest, engine->now_ms);
}
