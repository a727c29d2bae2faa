/* The end of asking (P2): what cannot be found out, or not be undone, is put before a person, never guessed.
 */
#include "engine_parts.h"

void attention_to_attempt(struct slot *slot, unsigned number) {
  struct attempt attempt = slot->payment->attempts[number - 1];
  if (attempt.step.attention_ms != 0)
    return;
  attempt.step.attention_ms = slot->engine->now_ms;
  engine_fail(slot->engine,
              change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_ATTENTION, &attempt));
}

void attention_to_movement(struct slot *slot, unsigned place) {
  struct movement movement = slot->payment->movements[place];
  movement.step.attention_ms = slot->engine->now_ms;
  movement_record(slot, CHANGE_MOVEMENT_ATTENTION, &movement);
}

/* The PSP has it, and settles it when it likes: of one that is asked about, and answered that each time. */
static bool is_received(const struct task *task) {
  return task->movement && task->slot->payment->movements[task->movement - 1].received;
}

/* A webhook may still tell what cannot be asked; it is given its time. */
static bool is_due(const struct task *task) {
  const struct engine *engine = task->slot->engine;
  const struct step *step = task_step(task);
  if (step->attention_ms != 0)
    return false;
  if (is_received(task))
    return engine->now_ms >= step->started_ms + engine->options.received_ms;
  if (step->status != STEP_UNRESOLVED)
    return false;
  if (engine->now_ms >= step->started_ms + engine->options.attention_ms)
    return true;
  return !task_can_be_asked(task) &&
         engine->now_ms >= step->quiet_ms + attempt_settling(engine, task_attempt(task)) + WEBHOOK_GRACE_MS;
}

void attention_check(struct task *task) {
  if (!is_due(task))
    return;
  if (task->attempt)
    attention_to_attempt(task->slot, task->attempt);
  else
    attention_to_movement(task->slot, task->movement - 1U);
}
