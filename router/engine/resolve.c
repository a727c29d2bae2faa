/* A person's word on what the engine could not find out: journalled with who gave it and the evidence (P6),
 * and followed as a finding is. */
#include "engine_parts.h"

#include <stdio.h>
#include <string.h>

enum { PATH_CAPACITY = 96 };

static bool is_unresolved(const struct step *step) {
  return step->status == STEP_UNRESOLVED || step->attention_ms != 0;
}

static int64_t settled_at(const struct slot *slot, const struct attempt *attempt, const struct step *step) {
  return quiet_of(slot, step) + attempt_settling(slot->engine, attempt);
}

/* Before that, what the PSP shows to a person is no proof either. */
static bool is_settled(const struct slot *slot, const struct attempt *attempt, const struct step *step) {
  return step->status != STEP_UNRESOLVED || slot->engine->now_ms >= settled_at(slot, attempt, step);
}

/* A charge that is there, with its id, is proof at any time; only its absence must settle. */
static bool is_proof(const struct slot *slot, const struct attempt *attempt, const struct step *step,
                     const struct resolution *resolution) {
  return is_settled(slot, attempt, step) || (resolution->succeeded && resolution->psp_id[0] != '\0');
}

/* ---- Attempts ---- */

static bool is_moved(const struct payment *payment, const struct attempt *attempt) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->attempt == attempt->number && movement->step.status != STEP_FAILED)
      return true;
  }
  return false;
}

/* Of one that has ended: what the books have can be confirmed, and a charge that nothing was done with can be
 * said to have been none. */
static bool may_end_so(const struct payment *payment, const struct attempt *attempt, bool succeeded) {
  if (attempt->step.status == STEP_SUCCEEDED)
    return succeeded || !is_moved(payment, attempt);
  return attempt->step.status == STEP_UNRESOLVED || !succeeded;
}

static enum request_outcome check_attempt(const struct slot *slot, const struct resolution *resolution) {
  const struct payment *payment = slot->payment;
  if (resolution->attempt > payment->attempt_count)
    return REQUEST_MOVEMENT_UNKNOWN;
  const struct attempt *attempt = &payment->attempts[resolution->attempt - 1];
  if (!is_unresolved(&attempt->step) || !may_end_so(payment, attempt, resolution->succeeded))
    return REQUEST_INVALID_STATE;
  if (!is_proof(slot, attempt, &attempt->step, resolution))
    return REQUEST_NOT_SETTLED;
  bool known = resolution->psp_id[0] != '\0' || attempt->step.answer.psp_id[0] != '\0';
  return resolution->succeeded && !known ? REQUEST_PSP_ID_WANTED : REQUEST_DONE;
}

static void accept_attempt(struct slot *slot, unsigned number) {
  struct attempt attempt = slot->payment->attempts[number - 1];
  attempt.accepted = true;
  attempt.step.attention_ms = 0;
  engine_fail(slot->engine,
              change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_ATTENTION, &attempt));
}

static void resolve_attempt(struct slot *slot, const struct resolution *resolution) {
  enum step_status status = slot->payment->attempts[resolution->attempt - 1].step.status;
  if (status == (resolution->succeeded ? STEP_SUCCEEDED : STEP_FAILED))
    accept_attempt(slot, resolution->attempt);
  else
    attempt_resolved(slot, resolution->attempt, resolution);
}

/* ---- Movements ---- */

static bool allows(const struct slot *slot, unsigned place, bool succeeded) {
  struct movement movement = slot->payment->movements[place];
  movement.step.status = succeeded ? STEP_SUCCEEDED : STEP_FAILED;
  return payment_allows(slot->payment, &movement);
}

static enum request_outcome check_movement(const struct slot *slot, const struct resolution *resolution) {
  int place = movement_place(slot->payment, &resolution->movement);
  if (place < 0)
    return REQUEST_MOVEMENT_UNKNOWN;
  const struct movement *movement = &slot->payment->movements[place];
  const struct attempt *attempt = &slot->payment->attempts[movement->attempt - 1];
  bool waits = is_unresolved(&movement->step) || movement->received;
  if (!waits || !allows(slot, (unsigned)place, resolution->succeeded))
    return REQUEST_INVALID_STATE;
  return is_proof(slot, attempt, &movement->step, resolution) ? REQUEST_DONE : REQUEST_NOT_SETTLED;
}

/* ---- The request ---- */

static enum request_outcome check(const struct slot *slot, const struct resolution *resolution) {
  return resolution->attempt ? check_attempt(slot, resolution) : check_movement(slot, resolution);
}

static void path_of(const struct resolution_request *request, char ret_path[PATH_CAPACITY]) {
  snprintf(ret_path, PATH_CAPACITY, "/v1/payments/%s/resolve", request->payment.text);
}

static void resolve(struct slot *slot, const struct resolution_request *request) {
  struct engine *engine = slot->engine;
  const struct resolution *resolution = &request->resolution;
  struct idempotent entry = {.object = resolution->attempt ? slot->id : resolution->movement,
                             .created_ms = engine->now_ms};
  char path[PATH_CAPACITY];
  memcpy(entry.body_hash, request->from.body_hash, sizeof entry.body_hash);
  path_of(request, path);
  entry_actor(engine, &request->from.actor, &request->from.request);
  engine_fail(engine, change_resolved(entry_of(slot), resolution));
  if (resolution->attempt)
    resolve_attempt(slot, resolution);
  else
    movement_resolved(slot, (unsigned)movement_place(slot->payment, &resolution->movement), resolution);
  engine_fail(engine, ledger_idempotency_put(engine->ledger, &slot->merchant, path,
                                             request->from.idempotency_key, &entry));
  answer_waiters(slot);
  entry_end(engine);
}

/* Answered in the round in which the word is taken, so that what fails to be written down is never confirmed.
 */
static void answer(struct slot *slot, struct waiter *waiter, const struct id *object, bool replayed) {
  bool movement = strncmp(object->text, "mov_", 4) == 0;
  waiter->deadline_ms = slot->engine->now_ms;
  wait_at_slot(slot, waiter, movement ? object : NULL, replayed);
}

static void refuse_unsettled(struct slot *slot, struct waiter *waiter, const struct resolution *resolution) {
  const struct payment *payment = slot->payment;
  const struct movement *movement = NULL;
  unsigned number = resolution->attempt;
  if (number == 0) {
    movement = &payment->movements[movement_place(payment, &resolution->movement)];
    number = movement->attempt;
  }
  const struct attempt *attempt = &payment->attempts[number - 1];
  const struct step *step = movement != NULL ? &movement->step : &attempt->step;
  struct request_answer answer = {.ticket = waiter->node.hash,
                                  .outcome = REQUEST_NOT_SETTLED,
                                  .settled_ms = settled_at(slot, attempt, step)};
  struct waiter *list = waiter;
  stage_answer(slot->engine, &answer);
  waiter_free(slot->engine, &list, waiter);
}

static void take(struct slot *slot, struct waiter *waiter, const struct resolution_request *request,
                 const struct idempotent *known) {
  struct engine *engine = slot->engine;
  struct waiter *list = waiter;
  enum request_outcome outcome = REQUEST_DONE;
  if (known) {
    if (memcmp(known->body_hash, request->from.body_hash, BODY_HASH_BYTES) == 0)
      answer(slot, waiter, &known->object, true);
    else
      refuse_waiters(engine, &list, REQUEST_KEY_REUSED);
  } else if ((outcome = check(slot, &request->resolution)) == REQUEST_DONE) {
    resolve(slot, request);
    answer(slot, waiter, request->resolution.attempt ? &slot->id : &request->resolution.movement, false);
  } else if (outcome == REQUEST_NOT_SETTLED)
    refuse_unsettled(slot, waiter, &request->resolution);
  else
    refuse_waiters(engine, &list, outcome);
  slot_schedule(slot);
}

void engine_resolve(struct engine *engine, int64_t now_ms, uint64_t ticket,
                    const struct resolution_request *request) {
  struct idempotent known;
  struct slot *slot;
  bool is_known;
  char path[PATH_CAPACITY];
  engine_begin(engine, now_ms);
  path_of(request, path);
  struct waiter *waiter =
      waiter_at_payment(engine, ticket, &request->from, &request->payment, path, &slot, &known, &is_known);
  if (waiter)
    take(slot, waiter, request, is_known ? &known : NULL);
}
