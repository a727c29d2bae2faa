/* The vault's replies come in. */
#include "engine_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Replies kept until what they taught is durable ---- */

void kept_free(struct kept_reply **list) {
  while (*list) {
    struct kept_reply *next = (*list)->next;
    free(*list);
    *list = next;
  }
}

static void keep(struct task *task, enum status status, const struct dispatch_result *result,
                 struct kept_reply **list) {
  struct kept_reply *kept = malloc(sizeof *kept);
  if (!kept)
    return; /* then a failed commit leaves the dispatch in doubt, to be asked about */
  kept->merchant = task->slot->merchant;
  kept->payment = task->slot->id;
  kept->attempt = task->attempt;
  kept->movement = task->movement;
  kept->correlation = task->correlation;
  kept->status = status;
  kept->has_result = result != NULL;
  if (result)
    kept->result = *result;
  kept->next = *list;
  *list = kept;
}

static bool is_kept(const struct engine *engine, uint64_t correlation) {
  for (const struct kept_reply *kept = engine->waiting; kept; kept = kept->next) {
    if (kept->correlation == correlation)
      return true;
  }
  return false;
}

/* ---- Taking in ---- */

static void key_of(const struct task *task, char ret_key[STEP_KEY_CAPACITY]) {
  const struct slot *slot = task->slot;
  if (task->attempt)
    step_key(&slot->id, task->attempt, ret_key);
  else
    step_key(&slot->payment->movements[task->movement - 1].id, 1, ret_key);
}

static enum finding find_out(struct task *task, enum status status, const struct dispatch_result *result) {
  char key[STEP_KEY_CAPACITY];
  const struct payment *payment = task->slot->payment;
  key_of(task, key);
  struct evidence evidence = {.errand = task->errand,
                              .movement = task->movement ? payment->movements[task->movement - 1].type : 0,
                              .status = status,
                              .result = result,
                              .key = key,
                              .absence_proves = task->asked_ms >= task_settled_ms(task)};
  if (status == STATUS_DONE)
    evidence.class = class_of(payment, task_attempt(task), result);
  return find(&evidence);
}

/* What no other connector would help with. Of a replay it says nothing. */
static const char *lack_of(enum errand errand, enum status status) {
  if (errand != ERRAND_FIRST)
    return NULL;
  switch (status) {
  case STATUS_NO_CODE:
    return "security_code_not_found";
  case STATUS_DELETED:
    return "token_deleted";
  case STATUS_EXPIRED:
    return "token_expired";
  default:
    return NULL;
  }
}

static void take_in(struct task *task, enum status status, const struct dispatch_result *result) {
  struct slot *slot = task->slot;
  struct found found = {.errand = task->errand,
                        .finding = find_out(task, status, result),
                        .result = result,
                        .lacks = lack_of(task->errand, status),
                        .at_ms = slot->engine->now_ms};
  task_return(task);
  if (!task_is_open(task))
    reply_after_end(slot, task, &found);
  else if (task->attempt)
    attempt_found(slot, task, &found);
  else
    movement_found(slot, task, &found);
  answer_waiters(slot);
  entry_end(slot->engine);
  slot_schedule(slot);
}

/* Its payment cannot be read now: a reply to a dispatch is kept for later, a question is asked again. */
static void put_off(struct task *task, enum status status, const struct dispatch_result *result) {
  struct engine *engine = task->slot->engine;
  if (task->errand == ERRAND_FIRST) {
    keep(task, status, result, &engine->waiting);
    engine->waiting_ms = engine->now_ms + RETRY_ROUND_MS;
    return;
  }
  task_return(task);
  task->due_ms = engine->now_ms + NO_VAULT_MS;
  slot_schedule(task->slot);
}

/* fresh: it was not taken in before, in a round that failed. */
static void take_reply(struct engine *engine, uint64_t correlation, enum status status,
                       const struct dispatch_result *result, bool fresh) {
  struct task *task = task_find(engine, correlation);
  if (!task)
    return;
  if (slot_load(task->slot) != 0) {
    put_off(task, status, result);
    return;
  }
  if (task->errand == ERRAND_FIRST)
    keep(task, status, result, &engine->kept);
  if (fresh && task->errand == ERRAND_FIRST && task->attempt && result)
    gates_note(engine, task->slot->payment, &task->slot->payment->attempts[task->attempt - 1], result);
  take_in(task, status, result);
}

void engine_on_result(struct engine *engine, int64_t now_ms, uint64_t correlation, enum status status,
                      const struct dispatch_result *result) {
  engine_begin(engine, now_ms);
  if (status == STATUS_DONE && result->head.sequence > 0)
    ledger_head_note(engine->ledger, &result->head);
  take_reply(engine, correlation, status, status == STATUS_DONE ? result : NULL, true);
}

void engine_on_refused(struct engine *engine, int64_t now_ms, uint64_t correlation) {
  engine_begin(engine, now_ms);
  struct intake *intake = intake_asked(engine, correlation);
  if (intake)
    intake_refuse(intake, REQUEST_VAULT_AWAY);
  else
    take_reply(engine, correlation, STATUS_UNAVAILABLE, NULL, true);
}

void take_kept(struct engine *engine) {
  struct kept_reply *list = engine->waiting;
  engine->waiting = NULL;
  while (list) {
    struct kept_reply *kept = list;
    list = kept->next;
    take_reply(engine, kept->correlation, kept->status, kept->has_result ? &kept->result : NULL, false);
    free(kept);
  }
}

/* ---- Replies that cannot come any more ---- */

void take_lost(struct task *task) {
  struct slot *slot = task->slot;
  bool first = task->correlation == 0 || task->errand == ERRAND_FIRST;
  if (task->correlation)
    task_return(task);
  if (!task_is_open(task))
    task_free(task);
  else if (!first)
    task_ask_later(task);
  else if (task->attempt)
    attempt_lost(slot, task);
  else
    movement_lost(slot, task);
}

void engine_on_lost(struct engine *engine, int64_t now_ms, uint64_t correlation) {
  engine_begin(engine, now_ms);
  struct intake *intake = intake_asked(engine, correlation);
  struct task *task = task_find(engine, correlation);
  if (intake)
    intake_refuse(intake, REQUEST_VAULT_AWAY);
  if (!task || is_kept(engine, correlation)) /* a reply that is kept has come all the same */
    return;
  struct slot *slot = task->slot;
  if (slot_load(slot) != 0) { /* looked at again when its time comes: then nothing is outstanding for it */
    task_return(task);
    task->due_ms = now_ms + NO_VAULT_MS;
    slot_schedule(slot);
    return;
  }
  take_lost(task);
  entry_end(engine);
  slot_schedule(slot);
}
