/* Movements that the PSP has only received and that no question can settle: their webhook ends them. Nothing
 * of them is kept in memory. They stand in the ledger by when they were dispatched, and one timer waits for
 * the oldest: what has been awaited too long is put before a person. */
#include "engine_parts.h"

#include <errno.h>

enum { AWAITED_PER_LOOK = 64 };

static struct engine *engine_of_timer(struct timer *timer) {
  return (struct engine *)(void *)((char *)timer - offsetof(struct engine, awaited));
}

void awaited_look_at(struct engine *engine, int64_t at_ms) {
  if (at_ms >= engine->awaited_ms)
    return;
  engine->awaited_ms = at_ms;
  engine_fail(engine, engine_set_timer(engine, &engine->awaited, at_ms));
}

void awaited_set(struct engine *engine, const struct movement *movement, bool awaited) {
  int64_t since_ms = movement->step.started_ms;
  engine_fail(engine, ledger_awaited_set(engine->ledger, since_ms, &movement->id, awaited));
  if (awaited)
    awaited_look_at(engine, since_ms + engine->options.received_ms);
}

/* A damaged record is left to people, and keeps no other movement waiting: its row goes. */
static int put_before_a_person(struct engine *engine, int64_t since_ms, const struct id *movement) {
  struct id merchant, payment;
  struct slot *slot;
  int r = ledger_movement_get(engine->ledger, movement, &merchant, &payment);
  if (r == 0)
    r = slot_open(engine, &merchant, &payment, &slot);
  if (r == LEDGER_ABSENT || r == -EBADMSG)
    return ledger_awaited_set(engine->ledger, since_ms, movement, false);
  if (r < 0)
    return r;
  int place = movement_place(slot->payment, movement);
  if (place >= 0 && movement_is_awaited(&slot->payment->movements[place]))
    attention_to_movement(slot, (unsigned)place);
  else
    r = ledger_awaited_set(engine->ledger, since_ms, movement, false);
  entry_end(engine);
  slot_schedule(slot);
  return r;
}

/* Returns when to look again; INT64_MAX when nothing is awaited. */
static int64_t look(struct engine *engine) {
  struct id movement;
  int64_t since_ms;
  for (unsigned i = 0; i < AWAITED_PER_LOOK; i++) {
    int r = ledger_awaited_first(engine->ledger, &since_ms, &movement);
    if (r == LEDGER_ABSENT)
      return INT64_MAX;
    if (r == 0 && since_ms + engine->options.received_ms > engine->now_ms)
      return since_ms + engine->options.received_ms;
    if (r == 0)
      r = put_before_a_person(engine, since_ms, &movement);
    if (r < 0) {
      engine_fail(engine, r);
      return engine->now_ms + NO_VAULT_MS;
    }
  }
  return engine->now_ms;
}

static void awaited_ring(struct timer *timer) {
  struct engine *engine = engine_of_timer(timer);
  engine->awaited_ms = INT64_MAX;
  awaited_look_at(engine, look(engine));
}

void awaited_open(struct engine *engine) {
  engine->awaited.due = awaited_ring;
  engine->awaited_ms = INT64_MAX;
}
