/* Asking what became of a dispatch, on a schedule that backs off, in the way its sheet names (P2). */
#include "engine_parts.h"

#include <errno.h>
#include <string.h>

enum { ASKS_SHIFT_MAX = 30, MS_PER_S = 1000 };

static const struct movement *movement_of(const struct task *task) {
  return task->movement ? &task->slot->payment->movements[task->movement - 1] : NULL;
}

const struct step *task_step(const struct task *task) {
  const struct movement *movement = movement_of(task);
  return movement ? &movement->step : &task_attempt(task)->step;
}

static const struct connector *connector_of(const struct task *task) {
  const struct connector *connector = connector_named(task->slot->engine, task_attempt(task)->connector);
  return connector && connector->sheet ? connector : NULL;
}

uint32_t attempt_settling(const struct engine *engine, const struct attempt *attempt) {
  const struct connector *connector = connector_named(engine, attempt->connector);
  if (!connector || !connector->sheet)
    return UNKNOWN_SETTLING_MS;
  return connector->facts.settling_ms ? connector->facts.settling_ms : connector->sheet->settling_ms;
}

/* What an earlier process's clock said may lie anywhere by this one's; that it was before this one began is
 * sure. */
int64_t quiet_of(const struct slot *slot, const struct step *step) {
  int64_t started_ms = slot->engine->started_ms;
  return slot->inherited && step->quiet_ms < started_ms ? started_ms : step->quiet_ms;
}

int64_t task_settled_ms(struct task *task) {
  const struct connector *connector = connector_of(task);
  const struct step *step = task_step(task);
  if (!connector || step->quiet_ms == 0)
    return INT64_MAX;
  bool proof =
      task->movement ? connector->sheet->movement_absent_is_proof : connector->sheet->absent_is_proof;
  return proof ? quiet_of(task->slot, step) + attempt_settling(task->slot->engine, task_attempt(task))
               : INT64_MAX;
}

/* ---- When ---- */

/* The schedule of its connector: the sheet's, where it names one. */
static uint32_t first_wait(const struct task *task) {
  const struct connector *connector = connector_of(task);
  if (task->attempt && task_attempt(task)->awaits_action)
    return ACTION_QUESTION_MS;
  return connector && connector->sheet->first_question_ms ? connector->sheet->first_question_ms
                                                          : task->slot->engine->options.first_question_ms;
}

static int64_t longest_wait(const struct task *task) {
  const struct connector *connector = connector_of(task);
  if (task_step(task)->attention_ms != 0)
    return ATTENDED_QUESTION_MS;
  return connector && connector->sheet->last_question_ms ? connector->sheet->last_question_ms
                                                         : task->slot->engine->options.last_question_ms;
}

static int64_t wait_before(const struct task *task, unsigned asks) {
  unsigned shift = asks < ASKS_SHIFT_MAX ? asks : ASKS_SHIFT_MAX;
  int64_t wait_ms = (int64_t)first_wait(task) << shift, longest_ms = longest_wait(task);
  return wait_ms < longest_ms ? wait_ms : longest_ms;
}

/* As soon as absence would be proof it is worth a question. */
void task_ask_later(struct task *task) {
  const struct engine *engine = task->slot->engine;
  int64_t settled_ms = task_settled_ms(task);
  task->due_ms = engine->now_ms + wait_before(task, task->asks++);
  if (settled_ms > engine->now_ms && settled_ms < task->due_ms)
    task->due_ms = settled_ms;
}

/* ---- How it can be asked ---- */

static enum question question_of(const struct task *task, const struct sheet_facts *sheet) {
  const struct movement *movement = movement_of(task);
  enum question question = movement ? sheet->movement_question : sheet->question;
  bool only_status = movement ? movement->received : task_attempt(task)->awaits_action;
  if (movement && movement->received && !sheet->received_is_asked)
    return QUESTION_NONE;
  if (only_status && question != QUESTION_STATUS)
    return QUESTION_NONE;
  if (question == QUESTION_STATUS && !sheet->operations[OPERATION_STATUS])
    return QUESTION_NONE;
  return question;
}

/* A late approval that is to be kept is wanted still. */
static bool is_wanted(const struct task *task) {
  const struct payment *payment = task->slot->payment;
  return task->movement || !payment->late_void || task->slot->engine->now_ms < payment->deadline_ms;
}

/* The same dispatch again: same account, same sheet, and come into being, if it is to, before the PSP forgets
 * the key. */
static bool may_replay(const struct task *task, const struct connector *connector) {
  const struct engine *engine = task->slot->engine;
  const struct step *step = task_step(task);
  const struct attempt *attempt = task_attempt(task);
  int64_t end_ms = engine->now_ms + step->timeout_ms + DISPATCH_GRACE_MS + attempt_settling(engine, attempt);
  if (task->slot->inherited)
    end_ms += CLOCK_ERROR_MS;
  return !step->replay_over && is_wanted(task) && step->replays < UINT8_MAX &&
         memcmp(step->sheet_hash, connector->facts.sheet_hash, sizeof step->sheet_hash) == 0 &&
         strcmp(attempt->merchant_account, connector->facts.merchant_account) == 0 &&
         end_ms < step->started_ms + (int64_t)connector->sheet->key_lifetime_s * MS_PER_S;
}

bool task_can_be_asked(const struct task *task) {
  const struct connector *connector = connector_of(task);
  enum question question = connector ? question_of(task, connector->sheet) : QUESTION_STATUS;
  return question == QUESTION_STATUS || (question == QUESTION_REPLAY && may_replay(task, connector));
}

/* ---- Asking ---- */

static int send(struct task *task, enum errand errand) {
  return task->attempt ? dispatch_attempt(task->slot, task, errand)
                       : dispatch_movement(task->slot, task, errand);
}

static void note_replay(struct step *step, int64_t now_ms) {
  step->replays++;
  step->dispatched_ms = now_ms;
  step->quiet_ms = now_ms + step->timeout_ms + DISPATCH_GRACE_MS;
}

/* A replay may charge: like every dispatch it is on record before it leaves (P1). */
static void record_step(struct task *task, bool over) {
  struct slot *slot = task->slot;
  int r;
  if (task->attempt) {
    struct attempt attempt = *task_attempt(task);
    if (over)
      attempt.step.replay_over = true;
    else
      note_replay(&attempt.step, slot->engine->now_ms);
    r = change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_REPLAYED, &attempt);
  } else {
    struct movement movement = *movement_of(task);
    if (over)
      movement.step.replay_over = true;
    else
      note_replay(&movement.step, slot->engine->now_ms);
    r = change_movement(entry_of(slot), slot->payment, CHANGE_MOVEMENT_REPLAYED, &movement);
  }
  engine_fail(slot->engine, r);
}

static void ask_by_replay(struct task *task) {
  int r = send(task, ERRAND_REPLAY);
  if (r == 0 || r == -ENODATA)
    record_step(task, r == -ENODATA);
  else
    engine_fail(task->slot->engine, r);
  if (r != 0)
    task_ask_later(task);
}

static void ask(struct task *task) {
  struct engine *engine = task->slot->engine;
  const struct connector *connector = connector_of(task);
  if (!engine->vault_there || !connector) {
    task->due_ms = engine->now_ms + NO_VAULT_MS;
    return;
  }
  enum question question = question_of(task, connector->sheet);
  if (question == QUESTION_STATUS)
    engine_fail(engine, send(task, ERRAND_STATUS));
  else if (question == QUESTION_REPLAY && may_replay(task, connector))
    ask_by_replay(task);
  else /* a webhook or a person ends it; or another registry, later */
    task->due_ms = engine->now_ms + longest_wait(task);
}

static bool awaits_reply(const struct task *task) {
  const struct movement *movement = movement_of(task);
  bool later = movement ? movement->received : task_attempt(task)->awaits_action;
  return task_step(task)->status == STEP_PENDING && !later;
}

/* The customer did not act in time: what became of it must be found out. */
static void expire_action(struct task *task) {
  const struct payment *payment = task->slot->payment;
  if (task->attempt && task_attempt(task)->awaits_action &&
      payment->action_expires_ms <= task->slot->engine->now_ms)
    attempt_lost(task->slot, task);
}

void task_due(struct task *task) {
  if (!task_is_open(task)) {
    task_free(task);
    return;
  }
  if (awaits_reply(task)) {
    take_lost(task);
    return;
  }
  if (task->attempt && task_attempt(task)->told_declined && !reason_may_come(task)) {
    attempt_declined_as_told(task->slot, task);
    return;
  }
  expire_action(task);
  attention_check(task);
  if (task->due_ms <= task->slot->engine->now_ms)
    ask(task);
}
