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
  int r = engine_set_timer(engine, &engine->awaited, at_ms);
  engine->awaited_ms = r == 0 ? at_ms : INT64_MAX;
  engine_fail(engine, r);
}

void awaited_set(struct engine *engine, const struct movement *movement, bool awaited) {
  int64_t since_ms = movement->step.started_ms;
  engine_fail(engine, ledger_awaited_set(engine->ledger, since_ms, &movement->id, awaited));
  if (awaited)
    awaited_look_at(engine, since_ms + engine->options.received_ms);
}

static bool is_awaited_since(const struct movement *movement, int64_t since_ms) {
  return movement_is_awaited(movement) && movement->step.started_ms == since_ms;
}

/* The payment says what is so: a row that says otherwise goes, and one with its time takes its place. */
static int put_right(struct engine *engine, int64_t since_ms, const struct movement *movement,
                     const struct id *id) {
  if (movement && movement_is_awaited(movement))
    awaited_set(engine, movement, true);
  return ledger_awaited_set(engine->ledger, since_ms, id, false);
}

/* A damaged record is left to people, and keeps no other movement waiting: its row goes. */
static int put_before_a_person(struct engine *engine, int64_t since_ms, const struct id *id) {
  struct id merchant, payment;
  struct slot *slot;
  int r = ledger_movement_get(engine->ledger, id, &merchant, &payment);
  if (r == 0)
    r = slot_open(engine, &merchant, &payment, &slot);
  if (r == LEDGER_ABSENT || r == -EBADMSG)
    return put_right(engine, since_ms, NULL, id);
  if (r < 0)
    return r;
  int place = movement_place(slot->payment, id);
  const struct movement *movement = place < 0 ? NULL : &slot->payment->movements[place];
  if (movement && is_awaited_since(movement, since_ms))
    attention_to_movement(slot, (unsigned)place);
  else
    r = put_right(engine, since_ms, movement, id);
  entry_end(engine);
  slot_schedule(slot);
  return r;
}

/* When one that is awaited since then is due, whatever a row says. */
static int64_t due_after(const struct engine *engine, int64_t since_ms) {
  int64_t received_ms = engine->options.received_ms;
  return since_ms > INT64_MAX - received_ms ? INT64_MAX : since_ms + received_ms;
}

/* Returns when to look again; INT64_MAX when nothing is awaited. What is no row at all is left to people, and
 * undoes nobody's round. */
static int64_t look(struct engine *engine) {
  struct id movement;
  int64_t since_ms;
  for (unsigned i = 0; i < AWAITED_PER_LOOK; i++) {
    int r = ledger_awaited_first(engine->ledger, &since_ms, &movement);
    if (r == LEDGER_ABSENT)
      return INT64_MAX;
    if (r == 0 && due_after(engine, since_ms) > engine->now_ms)
      return due_after(engine, since_ms);
    if (r == 0)
      r = put_before_a_person(engine, since_ms, &movement);
    if (r < 0) {
      engine_fail(engine, r == -EBADMSG ? 0 : r);
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
