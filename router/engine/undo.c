/* Approvals that nobody wants: those that came after the deadline (on_late_success: void), and those of an
 * attempt that had failed (P4). Each is voided, or refunded where it was a charge, and tried again until it
 * is done. */
#include "engine_parts.h"

enum { UNDO_SHIFT_MAX = 11 };

int64_t undo_due(const struct slot *slot) {
  const struct engine_options *options = &slot->engine->options;
  unsigned shift = slot->undos < UNDO_SHIFT_MAX ? slot->undos : UNDO_SHIFT_MAX;
  int64_t wait_ms = (int64_t)options->first_question_ms << shift;
  if (!payment_wants_undo(slot->payment))
    return 0;
  return slot->engine->now_ms + (wait_ms < options->last_question_ms ? wait_ms : options->last_question_ms);
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
    if (payment_undoes(payment, attempt) && !undo(slot, attempt))
      slot->undo_ms = engine->now_ms + engine->options.last_question_ms / 2;
  }
}
