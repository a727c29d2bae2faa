#include "engine_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRIM_LOOKS = 64 };

static struct slot *slot_of_node(struct map_node *node) {
  return node ? (struct slot *)(void *)((char *)node - offsetof(struct slot, node)) : NULL;
}

static struct slot *slot_of_timer(struct timer *timer) {
  return (struct slot *)(void *)((char *)timer - offsetof(struct slot, timer));
}

struct slot *slot_find(struct engine *engine, const struct id *merchant, const struct id *payment) {
  struct map_node *node = map_find(&engine->slots, map_hash(payment->text));
  for (; node; node = map_find_next(node)) {
    struct slot *slot = slot_of_node(node);
    if (id_equal(&slot->id, payment))
      return id_equal(&slot->merchant, merchant) ? slot : NULL;
  }
  return NULL;
}

/* ---- What is in memory, by last use ---- */

static void unlink_used(struct slot *slot) {
  struct engine *engine = slot->engine;
  *(slot->newer ? &slot->newer->older : &engine->newest) = slot->older;
  *(slot->older ? &slot->older->newer : &engine->oldest) = slot->newer;
  slot->newer = slot->older = NULL;
}

static void link_used(struct slot *slot) {
  struct engine *engine = slot->engine;
  slot->older = engine->newest;
  *(engine->newest ? &engine->newest->newer : &engine->oldest) = slot;
  engine->newest = slot;
}

static void hold(struct slot *slot, struct payment *payment) {
  slot->payment = payment;
  slot->engine->loaded++;
  link_used(slot);
}

void slot_unload(struct slot *slot) {
  if (!slot->payment)
    return;
  unlink_used(slot);
  payment_free(slot->payment);
  slot->payment = NULL;
  slot->engine->loaded--;
}

/* The payment is as the store has it, and so are the tables that follow it. */
static void know(struct slot *slot) {
  slot->open = payment_has_work(slot->payment);
  slot->retry_ms = slot->payment->retry_ms;
}

int slot_load(struct slot *slot) {
  struct engine *engine = slot->engine;
  struct payment *payment;
  struct view bytes;
  if (slot->payment) {
    unlink_used(slot);
    link_used(slot);
    return 0;
  }
  int r = ledger_payment_get(engine->ledger, &slot->merchant, &slot->id, &bytes);
  if (r == 0)
    r = read_payment(bytes.bytes, bytes.length, &payment);
  if (r != 0)
    return r;
  slot->length = (uint32_t)bytes.length;
  hold(slot, payment);
  if (slot->stale) {
    know(slot);
    slot_reconcile(slot);
  }
  return 0;
}

static bool can_be_spared(const struct slot *slot) {
  if (slot->touched || slot->waiters)
    return false;
  for (const struct task *task = slot->tasks; task; task = task->next) {
    if (task->correlation)
      return false;
  }
  return true;
}

void slots_trim(struct engine *engine) {
  struct slot *newer, *slot = engine->oldest;
  for (unsigned looks = 0; slot && looks < TRIM_LOOKS && engine->loaded > engine->options.loaded_max;
       looks++) {
    newer = slot->newer;
    if (can_be_spared(slot))
      slot_unload(slot);
    slot = newer;
  }
}

/* ---- Slots ---- */

/* What is due is done, and whoever waited long enough is answered. */
static void slot_ring(struct timer *timer) {
  struct slot *slot = slot_of_timer(timer);
  struct engine *engine = slot->engine;
  struct task *next;
  int r = slot_load(slot);
  if (r != 0) {
    refuse_waiters(engine, &slot->waiters, REQUEST_STORAGE);
    /* A damaged record is left to people; what failed otherwise may be over in a while. */
    if (r < 0 && r != -EBADMSG)
      engine_fail(engine, engine_set_timer(engine, &slot->timer, engine->now_ms + NO_VAULT_MS));
    return;
  }
  for (struct task *task = slot->tasks; task; task = next) {
    next = task->next;
    if (!task->correlation && task->due_ms <= engine->now_ms)
      task_due(task);
  }
  undo_unwanted(slot);
  answer_waiters(slot);
  entry_end(engine);
  slot_schedule(slot);
}

static struct slot *slot_new(struct engine *engine, const struct id *merchant, const struct id *payment) {
  struct slot *slot = calloc(1, sizeof *slot);
  if (!slot)
    return NULL;
  slot->engine = engine;
  slot->merchant = *merchant;
  slot->id = *payment;
  slot->timer.due = slot_ring;
  map_add(&engine->slots, &slot->node, map_hash(payment->text));
  return slot;
}

int slot_open(struct engine *engine, const struct id *merchant, const struct id *payment,
              struct slot **ret_slot) {
  struct slot *slot = slot_find(engine, merchant, payment);
  bool found = slot != NULL;
  if (!found)
    slot = slot_new(engine, merchant, payment);
  if (!slot)
    return -ENOMEM;
  slot->stale |= !found;
  int r = slot_load(slot);
  if (r != 0) {
    if (!found)
      slot_free(slot);
    return r;
  }
  *ret_slot = slot;
  return 0;
}

struct slot *slot_for_new(struct engine *engine, struct payment *payment) {
  struct slot *slot = slot_new(engine, &payment->merchant, &payment->id);
  if (slot)
    hold(slot, payment);
  return slot;
}

void slot_touch(struct slot *slot) {
  if (slot->touched)
    return;
  slot->touched = true;
  slot->touched_next = slot->engine->touched;
  slot->engine->touched = slot;
}

/* Rare: a slot that is still in the round's list. */
static void leave_touched(struct slot *slot) {
  struct slot **at = &slot->engine->touched;
  while (*at && *at != slot)
    at = &(*at)->touched_next;
  if (*at)
    *at = slot->touched_next;
}

void slot_free(struct slot *slot) {
  struct engine *engine = slot->engine;
  assert(engine->entry_slot != slot);
  if (slot->touched)
    leave_touched(slot);
  while (slot->waiters)
    waiter_free(engine, &slot->waiters, slot->waiters);
  while (slot->tasks)
    task_free(slot->tasks);
  timers_remove(&engine->timers, &slot->timer);
  slot_unload(slot);
  map_remove(&engine->slots, &slot->node);
  free(slot);
}

bool slot_is_idle(const struct slot *slot) {
  return !slot->touched && !slot->waiters && !slot->tasks && slot->undo_ms == 0;
}

static int64_t least(int64_t left, int64_t right) {
  return right < left ? right : left;
}

void slot_schedule(struct slot *slot) {
  int64_t due = INT64_MAX;
  if (slot_is_idle(slot)) {
    slot_free(slot);
    return;
  }
  for (const struct task *task = slot->tasks; task; task = task->next) {
    if (!task->correlation)
      due = least(due, task->due_ms);
  }
  for (const struct waiter *waiter = slot->waiters; waiter; waiter = waiter->next)
    due = least(due, waiter->deadline_ms);
  if (slot->undo_ms)
    due = least(due, slot->undo_ms);
  if (due < INT64_MAX)
    engine_fail(slot->engine, engine_set_timer(slot->engine, &slot->timer, due));
  else
    timers_remove(&slot->engine->timers, &slot->timer);
}

/* ---- Tasks ---- */

static struct task *task_of_node(struct map_node *node) {
  return node ? (struct task *)(void *)((char *)node - offsetof(struct task, node)) : NULL;
}

static struct task *task_for(struct slot *slot, unsigned attempt, unsigned movement) {
  for (struct task *task = slot->tasks; task; task = task->next) {
    if (task->attempt == attempt && task->movement == movement)
      return task;
  }
  struct task *task = calloc(1, sizeof *task);
  if (!task) {
    engine_fail(slot->engine, -ENOMEM);
    return NULL;
  }
  task->slot = slot;
  task->attempt = (uint8_t)attempt;
  task->movement = (uint8_t)movement;
  task->next = slot->tasks;
  slot->tasks = task;
  return task;
}

struct task *task_for_attempt(struct slot *slot, unsigned number) {
  return task_for(slot, number, 0);
}

struct task *task_for_movement(struct slot *slot, unsigned place) {
  return task_for(slot, 0, place + 1);
}

void task_free(struct task *task) {
  struct task **at = &task->slot->tasks;
  if (task->correlation)
    task_return(task);
  while (*at != task)
    at = &(*at)->next;
  *at = task->next;
  free(task);
}

void task_send(struct task *task, enum errand errand, uint64_t correlation) {
  assert(task->correlation == 0);
  task->errand = errand;
  task->correlation = correlation;
  task->asked_ms = task->slot->engine->now_ms;
  map_add(&task->slot->engine->tasks, &task->node, correlation);
}

void task_return(struct task *task) {
  assert(task->correlation != 0);
  map_remove(&task->slot->engine->tasks, &task->node);
  task->correlation = 0;
}

struct task *task_find(struct engine *engine, uint64_t correlation) {
  return task_of_node(map_find(&engine->tasks, correlation));
}

static bool is_unsettled(const struct step *step) {
  return step->status == STEP_PENDING || step->status == STEP_UNRESOLVED;
}

static bool has_no_end(const struct payment *payment, const struct task *task) {
  if (task->attempt)
    return task->attempt <= payment->attempt_count &&
           is_unsettled(&payment->attempts[task->attempt - 1].step);
  if (task->movement > payment->movement_count)
    return false;
  const struct movement *movement = &payment->movements[task->movement - 1];
  return is_unsettled(&movement->step) && !movement->by_webhook;
}

const struct attempt *task_attempt(const struct task *task) {
  const struct payment *payment = task->slot->payment;
  unsigned number = task->attempt ? task->attempt : payment->movements[task->movement - 1].attempt;
  return &payment->attempts[number - 1];
}

bool task_is_open(const struct task *task) {
  const struct payment *payment = task->slot->payment;
  return is_unsettled(task->movement ? &payment->movements[task->movement - 1].step
                                     : &payment->attempts[task->attempt - 1].step);
}

void task_over(struct task *task) {
  if (!task->correlation)
    task_free(task);
}

static bool exists(const struct payment *payment, const struct task *task) {
  return task->attempt ? task->attempt <= payment->attempt_count : task->movement <= payment->movement_count;
}

/* A task with nothing outstanding: looked at at once when a reply was awaited that cannot come, else after a
 * while. */
static void renew(struct task *task, bool awaits_reply) {
  struct engine *engine = task->slot->engine;
  if (!task->correlation && task->due_ms == 0)
    task->due_ms = engine->now_ms + (awaits_reply ? 0 : engine->options.first_question_ms);
}

void slot_reconcile(struct slot *slot) {
  const struct payment *payment = slot->payment;
  struct task *task, *next;
  slot->stale = false;
  for (task = slot->tasks; task; task = next) {
    next = task->next;
    if (!has_no_end(payment, task) && !(task->correlation && exists(payment, task)))
      task_free(task);
  }
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    if (is_unsettled(&attempt->step) && (task = task_for_attempt(slot, attempt->number)))
      renew(task, attempt->step.status == STEP_PENDING && !attempt->awaits_action);
  }
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (is_unsettled(&movement->step) && !movement->by_webhook && (task = task_for_movement(slot, i)))
      renew(task, movement->step.status == STEP_PENDING && !movement->received);
  }
  slot->undo_ms = !payment_wants_undo(payment) ? 0
                  : slot->undo_ms              ? slot->undo_ms
                                  : slot->engine->now_ms + slot->engine->options.first_question_ms;
}
