/* Approvals that nobody wants: those that came after the deadline (on_late_success: void), and those of an
 * attempt that had failed (P4). Each is voided, or refunded where it was a charge, and tried again until it
 * is done; what cannot be undone is put before a person. */
#include "engine_parts.h"

enum { UNDO_SHIFT_MAX = 11 };

static int64_t wait_before(const struct slot *slot) {
  const struct engine_options *options = &slot->engine->options;
  unsigned shift = slot->undos < UNDO_SHIFT_MAX ? slot->undos : UNDO_SHIFT_MAX;
  int64_t wait_ms = (int64_t)options->first_question_ms << shift;
  return wait_ms < options->last_question_ms ? wait_ms : options->last_question_ms;
}

/* Its charge is live no longer: nobody need look. */
static void attention_over(struct slot *slot, const struct attempt *attempt) {
  struct attempt over = *attempt;
  over.step.attention_ms = 0;
  engine_fail(slot->engine, change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_ATTENTION, &over));
}

static bool was_undone(const struct payment *payment, const struct attempt *attempt) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->attempt == attempt->number && movement->own && movement->step.status == STEP_SUCCEEDED)
      return true;
  }
  return false;
}

void undo_plan(struct slot *slot) {
  const struct payment *payment = slot->payment;
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    if (payment_undo_failed(payment, attempt))
      attention_to_attempt(slot, attempt->number);
    else if (attempt->step.attention_ms != 0 && was_undone(payment, attempt))
      attention_over(slot, attempt);
  }
  slot->undo_ms = payment_wants_undo(payment) ? slot->engine->now_ms + wait_before(slot) : 0;
}

static bool undo(struct slot *slot, const struct attempt *attempt) {
  enum movement_type type = attempt->operation == OPERATION_CHARGE ? MOVEMENT_REFUND : MOVEMENT_VOID;
  const char *reason = attempt->surplus ? "approved after it had failed" : "approved after the deadline";
  if (movement_of_own(slot, attempt, type, reason) != REQUEST_DONE)
    return false;
  slot->undos++;
  return true;
}

void undo_unwanted(struct slot *slot) {
  struct engine *engine = slot->engine;
  const struct payment *payment = slot->payment;
  if (slot->undo_ms == 0 || slot->undo_ms > engine->now_ms)
    return;
  slot->undo_ms = 0;
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    if (!payment_undoes(payment, attempt) || undo(slot, attempt))
      continue;
    slot->undo_ms = engine->now_ms + engine->options.last_question_ms / 2;
    if (engine->now_ms >= attempt->step.ended_ms + engine->options.attention_ms)
      attention_to_attempt(slot, attempt->number);
  }
}
