/* Captures, voids and refunds: each dispatched once under a key of its own, asked about when its answer is
 * lost, never sent under a second key. */
#include "engine_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH_CAPACITY = 96 };

enum operation movement_operation(enum movement_type type) {
  static const enum operation operations[MOVEMENT_TYPE_COUNT] = {
      [MOVEMENT_CAPTURE] = OPERATION_CAPTURE,
      [MOVEMENT_VOID] = OPERATION_VOID,
      [MOVEMENT_REFUND] = OPERATION_REFUND,
  };
  return operations[type];
}

static bool is_unsettled(const struct step *step) {
  return step->status == STEP_PENDING || step->status == STEP_UNRESOLVED;
}

/* ---- Whether it may be ---- */

/* Every movement that can still grow keeps its room, so that what a PSP answers always fits the record. */
static bool has_room(const struct slot *slot) {
  const struct payment *payment = slot->payment;
  unsigned growing = 1;
  for (unsigned i = 0; i < payment->movement_count; i++)
    growing += is_unsettled(&payment->movements[i].step);
  return payment->movement_count < MOVEMENTS_MAX &&
         slot->length + growing * MOVEMENT_ROOM <= PAYMENT_BYTES_MAX;
}

static enum request_outcome check_amount(const struct movement_request *request, int64_t limit,
                                         enum request_outcome none_left) {
  if (request->amount_given && request->amount < 1)
    return REQUEST_AMOUNT_INVALID;
  if (limit < 1)
    return none_left;
  return request->amount_given && request->amount > limit ? REQUEST_AMOUNT_TOO_LARGE : REQUEST_DONE;
}

static enum request_outcome check_state(const struct payment *payment,
                                        const struct movement_request *request) {
  if (!payment_live_attempt(payment))
    return REQUEST_INVALID_STATE;
  switch (request->type) {
  case MOVEMENT_CAPTURE:
    return check_amount(request, payment->amount_capturable, REQUEST_INVALID_STATE);
  case MOVEMENT_VOID: /* something is left, and nothing under way */
    return payment->amount_capturable > 0 &&
                   payment->amount_captured + payment->amount_capturable == payment->amount_authorized
               ? REQUEST_DONE
               : REQUEST_INVALID_STATE;
  case MOVEMENT_REFUND:
    return check_amount(request, payment->amount_refundable,
                        payment->amount_captured > 0 ? REQUEST_AMOUNT_TOO_LARGE : REQUEST_INVALID_STATE);
  case MOVEMENT_TYPE_COUNT:
    break;
  }
  return REQUEST_INVALID_STATE;
}

static enum request_outcome check_connector(const struct engine *engine, const struct attempt *attempt,
                                            enum movement_type type) {
  const struct connector *connector = connector_named(engine, attempt->connector);
  if (!engine->vault_there)
    return REQUEST_VAULT_AWAY;
  /* A draining connector takes no new payments and finishes those it has. */
  if (!connector || !connector->sheet || connector->facts.status == CONNECTOR_DISABLED ||
      !connector->sheet->operations[movement_operation(type)])
    return REQUEST_CONNECTOR_AWAY;
  return REQUEST_DONE;
}

/* What not every PSP offers of an authorization that is captured in parts. */
static enum request_outcome check_parts(const struct engine *engine, const struct payment *payment,
                                        const struct movement_request *request) {
  const struct connector *connector = connector_named(engine, payment_live_attempt(payment)->connector);
  if (request->type == MOVEMENT_CAPTURE && !request->final && !connector->sheet->several_captures)
    return REQUEST_FINAL_ONLY;
  if (request->type == MOVEMENT_VOID && payment->amount_captured > 0 && !connector->sheet->voids_rest)
    return REQUEST_REST_NOT_VOIDED;
  return REQUEST_DONE;
}

static enum request_outcome check(const struct slot *slot, const struct movement_request *request) {
  enum request_outcome outcome = check_state(slot->payment, request);
  if (outcome == REQUEST_DONE)
    outcome = check_connector(slot->engine, payment_live_attempt(slot->payment), request->type);
  if (outcome == REQUEST_DONE)
    outcome = check_parts(slot->engine, slot->payment, request);
  if (outcome == REQUEST_DONE && !has_room(slot))
    outcome = REQUEST_TOO_MANY_MOVEMENTS;
  return outcome;
}

/* ---- Starting ---- */

static int64_t whole_amount(const struct payment *payment, enum movement_type type) {
  switch (type) {
  case MOVEMENT_CAPTURE:
  case MOVEMENT_VOID:
    return payment->amount_capturable;
  default:
    return payment->amount_refundable;
  }
}

static struct movement new_movement(struct engine *engine, const struct attempt *attempt,
                                    enum movement_type type, int64_t amount) {
  const struct connector *connector = connector_named(engine, attempt->connector);
  struct movement movement = {
      .id = draw_id(&engine->options.draws, "mov", engine->now_ms), .type = type, .attempt = attempt->number};
  movement.step.status = STEP_PENDING;
  movement.step.amount = amount;
  movement.step.started_ms = movement.step.dispatched_ms = engine->now_ms;
  movement.step.timeout_ms = engine->options.attempt_ms;
  memcpy(movement.step.sheet_hash, connector->facts.sheet_hash, sizeof movement.step.sheet_hash);
  return movement;
}

static void start(struct slot *slot, const struct movement *movement) {
  struct engine *engine = slot->engine;
  int r = change_movement(entry_of(slot), slot->payment, CHANGE_MOVEMENT_STARTED, movement);
  if (r == 0)
    r = ledger_movement_put(engine->ledger, &movement->id, &slot->merchant, &slot->id);
  struct task *task = r == 0 ? task_for_movement(slot, slot->payment->movement_count - 1U) : NULL;
  if (task)
    r = dispatch_movement(slot, task, ERRAND_FIRST);
  engine->counts.movements[movement->type]++;
  engine_fail(engine, r);
}

static struct movement requested_movement(struct slot *slot, const struct movement_request *request) {
  const struct payment *payment = slot->payment;
  bool partial = request->amount_given && request->type != MOVEMENT_VOID;
  struct movement movement = new_movement(slot->engine, payment_live_attempt(payment), request->type,
                                          partial ? request->amount : whole_amount(payment, request->type));
  movement.final = request->type == MOVEMENT_CAPTURE && request->final;
  movement.actor = request->from.actor;
  memcpy(movement.reference, request->reference, sizeof movement.reference);
  memcpy(movement.reason, request->reason, sizeof movement.reason);
  return movement;
}

static void path_of(const struct movement_request *request, char ret_path[PATH_CAPACITY]) {
  snprintf(ret_path, PATH_CAPACITY, "/v1/payments/%s/%s", request->payment.text,
           movement_type_name(request->type));
}

static void begin_movement(struct slot *slot, struct waiter *waiter, const struct movement_request *request) {
  struct engine *engine = slot->engine;
  char path[PATH_CAPACITY];
  struct movement movement = requested_movement(slot, request);
  struct idempotent entry = {.object = movement.id, .created_ms = engine->now_ms};
  memcpy(entry.body_hash, request->from.body_hash, sizeof entry.body_hash);
  path_of(request, path);
  entry_actor(engine, &request->from.actor, &request->from.request);
  start(slot, &movement);
  engine_fail(engine, ledger_idempotency_put(engine->ledger, &slot->merchant, path,
                                             request->from.idempotency_key, &entry));
  entry_end(engine);
  wait_at_slot(slot, waiter, &movement.id, false);
}

/* What is made under the key is then the payment's end, and no movement. */
static void cancel_schedule(struct slot *slot, struct waiter *waiter,
                            const struct movement_request *request) {
  struct engine *engine = slot->engine;
  char path[PATH_CAPACITY];
  struct idempotent entry = {.object = slot->id, .created_ms = engine->now_ms};
  memcpy(entry.body_hash, request->from.body_hash, sizeof entry.body_hash);
  path_of(request, path);
  entry_actor(engine, &request->from.actor, &request->from.request);
  schedule_end(slot);
  engine_fail(engine, ledger_idempotency_put(engine->ledger, &slot->merchant, path,
                                             request->from.idempotency_key, &entry));
  entry_end(engine);
  wait_at_slot(slot, waiter, NULL, false);
}

static bool cancels_schedule(const struct slot *slot, const struct movement_request *request) {
  return request->type == MOVEMENT_VOID && slot->payment->status == PAYMENT_SCHEDULED;
}

static void repeat(struct slot *slot, struct waiter *waiter, const struct id *object) {
  wait_at_slot(slot, waiter, id_equal(object, &slot->id) ? NULL : object, true);
}

static void move(struct slot *slot, struct waiter *waiter, const struct movement_request *request,
                 const struct idempotent *known) {
  struct engine *engine = slot->engine;
  struct waiter *list = waiter;
  enum request_outcome outcome;
  if (known) {
    if (memcmp(known->body_hash, request->from.body_hash, BODY_HASH_BYTES) == 0)
      repeat(slot, waiter, &known->object);
    else
      refuse_waiters(engine, &list, REQUEST_KEY_REUSED);
  } else if (cancels_schedule(slot, request))
    cancel_schedule(slot, waiter, request);
  else if ((outcome = check(slot, request)) == REQUEST_DONE)
    begin_movement(slot, waiter, request);
  else
    refuse_waiters(engine, &list, outcome);
  slot_schedule(slot);
}

void engine_move(struct engine *engine, int64_t now_ms, uint64_t ticket,
                 const struct movement_request *request) {
  struct idempotent known;
  struct slot *slot;
  bool is_known;
  char path[PATH_CAPACITY];
  engine_begin(engine, now_ms);
  path_of(request, path);
  struct waiter *waiter =
      waiter_at_payment(engine, ticket, &request->from, &request->payment, path, &slot, &known, &is_known);
  if (waiter)
    move(slot, waiter, request, is_known ? &known : NULL);
}

/* Of the charge that is live what is left of it; of any other, which nobody may have moved, the whole. */
enum request_outcome movement_of_own(struct slot *slot, const struct attempt *attempt,
                                     enum movement_type type, const char *reason) {
  const struct payment *payment = slot->payment;
  bool live = attempt->step.status == STEP_SUCCEEDED;
  enum request_outcome outcome = check_connector(slot->engine, attempt, type);
  if (outcome == REQUEST_DONE && !has_room(slot))
    outcome = REQUEST_TOO_MANY_MOVEMENTS;
  if (outcome != REQUEST_DONE)
    return outcome;
  struct movement movement =
      new_movement(slot->engine, attempt, type, live ? whole_amount(payment, type) : attempt->step.amount);
  movement.own = true;
  snprintf(movement.reason, sizeof movement.reason, "%s", reason);
  start(slot, &movement);
  return REQUEST_DONE;
}

int movement_place(const struct payment *payment, const struct id *movement) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (id_equal(&payment->movements[i].id, movement))
      return (int)i;
  }
  return -1;
}

/* ---- What was found out ---- */

void movement_record(struct slot *slot, enum change_type type, const struct movement *movement) {
  const struct movement *before = payment_movement(slot->payment, &movement->id);
  bool was_awaited = movement_is_awaited(before), awaited = movement_is_awaited(movement);
  engine_fail(slot->engine, change_movement(entry_of(slot), slot->payment, type, movement));
  if (awaited != was_awaited)
    awaited_set(slot->engine, movement, awaited);
}

/* What a movement that is under way was settled by counts as the PSP's latest word: what is said of it later
 * is held against that. */
static int64_t event_of(const struct movement *movement, const struct found *found) {
  bool asked = found->errand != ERRAND_WEBHOOK;
  if (found->errand == ERRAND_PERSON || (asked && !movement->received))
    return movement->event_ms;
  return movement_event_ms(movement, found);
}

static void settle(struct slot *slot, struct task *task, struct movement *movement, const struct found *found,
                   enum outcome_class class) {
  enum step_status status = found->finding == FINDING_SUCCEEDED ? STEP_SUCCEEDED : STEP_FAILED;
  task_over(task);
  movement->event_ms = event_of(movement, found);
  movement->received = movement->by_webhook = false;
  movement->step.status = status;
  movement->step.class = class;
  movement->step.attention_ms = 0;
  movement->step.ended_ms = slot->engine->now_ms;
  movement_record(slot, CHANGE_MOVEMENT_ANSWERED, movement);
  undo_plan(slot);
}

static void receive(struct slot *slot, struct task *task, struct movement *movement) {
  const struct attempt *attempt = &slot->payment->attempts[movement->attempt - 1];
  const struct connector *connector = connector_named(slot->engine, attempt->connector);
  const struct sheet_facts *sheet = connector ? connector->sheet : NULL;
  movement->received = true;
  movement->by_webhook = sheet && !(sheet->received_is_asked && sheet->movement_question == QUESTION_STATUS);
  movement->step.status = STEP_PENDING;
  movement->step.class = 0;
  movement->step.attention_ms = 0;
  movement_record(slot, CHANGE_MOVEMENT_ANSWERED, movement);
  if (movement->by_webhook) {
    task_over(task);
    return;
  }
  task->asks = 0;
  task_ask_later(task);
}

static void doubt(struct slot *slot, struct task *task, struct movement *movement, enum change_type type,
                  int64_t quiet_ms) {
  movement->step.status = STEP_UNRESOLVED;
  movement->step.class = OUTCOME_AMBIGUOUS;
  movement->step.quiet_ms = quiet_ms;
  movement_record(slot, type, movement);
  task->asks = 0;
  task_ask_later(task);
}

static void taught_nothing(struct slot *slot, struct task *task, struct movement *movement,
                           const struct found *found) {
  if (found->finding == FINDING_DOUBTFUL && found->errand == ERRAND_FIRST) {
    doubt(slot, task, movement, CHANGE_MOVEMENT_ANSWERED, slot->engine->now_ms);
    return;
  }
  if (found->finding == FINDING_REPLAY_OVER) {
    movement->step.replay_over = true;
    movement_record(slot, CHANGE_MOVEMENT_ANSWERED, movement);
  }
  task_ask_later(task);
}

static void take_result(struct movement *movement, const struct found *found) {
  enum finding finding = found->finding;
  bool proved = finding == FINDING_SUCCEEDED || finding == FINDING_FAILED || finding == FINDING_RECEIVED;
  if (found->errand == ERRAND_FIRST && !found->result)
    movement->step.answer.phase = PHASE_NOT_SENT;
  else if (found->errand == ERRAND_FIRST || proved)
    take_answer(&movement->step.answer, found->result);
}

void movement_found(struct slot *slot, struct task *task, const struct found *found) {
  struct movement movement = slot->payment->movements[task->movement - 1];
  const char *sheet = slot->payment->attempts[movement.attempt - 1].sheet;
  enum finding finding = found->finding;
  bool known_received = movement.received && (finding == FINDING_RECEIVED || finding == FINDING_ABSENT);
  if (!known_received)
    take_result(&movement, found);
  if (known_received && movement.by_webhook)
    task_over(task);
  else if (known_received)
    task_ask_later(task);
  else if (finding == FINDING_SUCCEEDED)
    settle(slot, task, &movement, found, OUTCOME_APPROVED);
  else if (finding == FINDING_FAILED)
    settle(slot, task, &movement, found, classify(slot->payment, sheet, &movement.step.answer).class);
  else if (finding == FINDING_NOT_SENT || finding == FINDING_ABSENT) {
    movement.step.absent = finding == FINDING_ABSENT;
    settle(slot, task, &movement, found, OUTCOME_NOT_SENT);
  } else if (finding == FINDING_RECEIVED)
    receive(slot, task, &movement);
  else
    taught_nothing(slot, task, &movement, found);
}

void movement_resolved(struct slot *slot, unsigned place, const struct resolution *resolution) {
  struct movement movement = slot->payment->movements[place];
  struct found found = {.errand = ERRAND_PERSON,
                        .finding = resolution->succeeded ? FINDING_SUCCEEDED : FINDING_FAILED};
  struct task *task = task_for_movement(slot, place);
  if (!task)
    return;
  movement.step.by_person = true;
  if (resolution->psp_id[0] != '\0')
    memcpy(movement.step.answer.psp_id, resolution->psp_id, sizeof movement.step.answer.psp_id);
  settle(slot, task, &movement, &found, resolution->succeeded ? OUTCOME_APPROVED : OUTCOME_NOT_SENT);
}

void movement_lost(struct slot *slot, struct task *task) {
  struct movement movement = slot->payment->movements[task->movement - 1];
  doubt(slot, task, &movement, CHANGE_MOVEMENT_LOST,
        slot->engine->now_ms + movement.step.timeout_ms + DISPATCH_GRACE_MS);
}
