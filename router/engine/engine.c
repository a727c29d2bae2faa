/* The engine's life and its rounds. */
#include "engine_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STARTED_PER_COMMIT = 256, US_PER_MS = 1000 };

void engine_begin(struct engine *engine, int64_t now_ms) {
  assert(!engine->entry_slot);
  engine->now_ms = now_ms;
  news_retry(engine);
}

void engine_fail(struct engine *engine, int error) {
  if (error < 0 && engine->round_error == 0)
    engine->round_error = error;
}

int engine_set_timer(struct engine *engine, struct timer *timer, int64_t at_ms) {
  timers_remove(&engine->timers, timer);
  timer->at_us = at_ms > INT64_MAX / US_PER_MS ? INT64_MAX : at_ms * US_PER_MS;
  return timers_add(&engine->timers, timer);
}

static uint32_t or_default(uint32_t value, uint32_t standard) {
  return value ? value : standard;
}

static void fill_defaults(struct engine_options *options) {
  options->answer_ms = or_default(options->answer_ms, DEFAULT_ANSWER_MS);
  options->attempt_ms = or_default(options->attempt_ms, DEFAULT_ATTEMPT_MS);
  options->deadline_ms = or_default(options->deadline_ms, DEFAULT_DEADLINE_MS);
  options->action_ms = or_default(options->action_ms, DEFAULT_ACTION_MS);
  options->attempts_max = or_default(options->attempts_max, DEFAULT_ATTEMPTS);
  options->first_question_ms = or_default(options->first_question_ms, DEFAULT_FIRST_QUESTION_MS);
  options->last_question_ms = or_default(options->last_question_ms, DEFAULT_LAST_QUESTION_MS);
  options->attention_ms = or_default(options->attention_ms, DEFAULT_ATTENTION_MS);
  options->received_ms = or_default(options->received_ms, DEFAULT_RECEIVED_MS);
  options->requests_max = or_default(options->requests_max, DEFAULT_REQUESTS);
  options->loaded_max = or_default(options->loaded_max, DEFAULT_LOADED);
  options->learned_cells = or_default(options->learned_cells, CHOICE_CELLS_DEFAULT);
  if (options->attempts_max > ROUND_ATTEMPTS_MAX)
    options->attempts_max = ROUND_ATTEMPTS_MAX;
}

static int open_parts(struct engine *engine) {
  struct map *maps[] = {&engine->slots,   &engine->waiters, &engine->tasks,
                        &engine->intakes, &engine->asked,   &engine->turns};
  int r = timers_open(&engine->timers);
  if (r == 0)
    r = gates_open(engine);
  for (size_t i = 0; r == 0 && i < sizeof maps / sizeof *maps; i++)
    r = map_open(maps[i]);
  if (r == 0)
    r = policy_cache_new(&engine->policies);
  if (r == 0)
    r = learned_new(engine->options.learned_cells, &engine->learned);
  return r;
}

int engine_new(const struct engine_options *options, struct engine **ret_engine) {
  struct engine *engine = calloc(1, sizeof *engine);
  if (!engine)
    return -ENOMEM;
  engine->options = *options;
  fill_defaults(&engine->options);
  engine->ledger = options->ledger;
  engine->next_correlation = 1;
  awaited_open(engine);
  scheduled_open(engine);
  int r = open_parts(engine);
  if (r < 0) {
    engine_free(engine);
    return r;
  }
  *ret_engine = engine;
  return 0;
}

static void free_slots_and_intakes(struct engine *engine) {
  struct map_node *node;
  while (engine->slots.buckets && (node = map_any(&engine->slots)))
    slot_free((struct slot *)(void *)((char *)node - offsetof(struct slot, node)));
  while (engine->intakes.buckets && (node = map_any(&engine->intakes)))
    intake_free((struct intake *)(void *)((char *)node - offsetof(struct intake, node)));
}

void engine_free(struct engine *engine) {
  if (!engine)
    return;
  free_slots_and_intakes(engine);
  effects_free(engine);
  kept_free(&engine->kept);
  kept_free(&engine->waiting);
  policy_cache_free(engine->policies);
  learned_free(engine->learned);
  lessons_free(engine);
  payment_free(engine->looked_at);
  gates_close(engine);
  free(engine->connectors);
  map_close(&engine->slots);
  map_close(&engine->waiters);
  map_close(&engine->tasks);
  map_close(&engine->intakes);
  map_close(&engine->asked);
  map_close(&engine->turns);
  timers_close(&engine->timers);
  free(engine);
}

/* ---- Start ---- */

/* What was dispatched and has no outcome recorded is of unknown fate: whoever waited for it is no more. */
static void take_up(struct slot *slot) {
  struct task *next;
  slot->inherited = true;
  for (struct task *task = slot->tasks; task; task = next) {
    next = task->next;
    if (task->due_ms <= slot->engine->now_ms)
      take_lost(task);
  }
  entry_end(slot->engine);
  slot_schedule(slot);
}

int engine_start(struct engine *engine, int64_t now_ms) {
  struct id merchant = {0}, payment = {0};
  engine_begin(engine, now_ms);
  engine->started_ms = now_ms;
  awaited_look_at(engine, now_ms);
  scheduled_look_at(engine, now_ms);
  int loaded = drills_load(engine);
  if (loaded < 0)
    return loaded;
  gates_schedule(engine);
  for (unsigned count = 1;; count++) {
    struct slot *slot;
    int r = ledger_open_next(engine->ledger, &merchant, &payment, &merchant, &payment);
    if (r != 0)
      return r == LEDGER_ABSENT ? 0 : r;
    r = slot_open(engine, &merchant, &payment, &slot);
    if (r == 0)
      take_up(slot);
    else if (r < 0 && r != -EBADMSG) /* one damaged record keeps no other payment waiting */
      return r;
    if (count % STARTED_PER_COMMIT == 0 && (r = engine_commit(engine, now_ms)) < 0)
      return r;
  }
}

/* ---- Time ---- */

void engine_on_time(struct engine *engine, int64_t now_ms) {
  engine_begin(engine, now_ms);
  if (engine->waiting && engine->waiting_ms <= now_ms)
    take_kept(engine);
  timers_settle(&engine->timers);
  struct timer *timer;
  while ((timer = timers_first(&engine->timers)) && timer->at_us <= now_ms * US_PER_MS) {
    timers_remove(&engine->timers, timer);
    timer->due(timer);
  }
  timers_settle(&engine->timers);
}

static int64_t earlier(int64_t left, int64_t right) {
  return left < 0 || right < left ? right : left;
}

int64_t engine_due(const struct engine *engine) {
  int64_t due = -1;
  const struct timer *first = timers_first(&engine->timers);
  if (engine->staged.first || ledger_pending(engine->ledger) || engine->round_error)
    return 0;
  if (engine->waiting)
    due = engine->waiting_ms;
  if (first)
    due = earlier(due, first->at_us / US_PER_MS);
  for (size_t i = engine->timers.heap; i < engine->timers.used; i++)
    due = earlier(due, engine->timers.slots[i]->at_us / US_PER_MS);
  return due;
}

/* ---- The end of a round ---- */

static struct slot *take_touched(struct engine *engine) {
  struct slot *slot = engine->touched;
  if (slot) {
    engine->touched = slot->touched_next;
    slot->touched = false;
    slot->touched_next = NULL;
  }
  return slot;
}

static void finish_round(struct engine *engine) {
  struct slot *slot;
  effects_release(engine);
  kept_free(&engine->kept);
  gates_committed(engine);
  lessons_committed(engine);
  while ((slot = take_touched(engine))) {
    if (slot_is_idle(slot))
      slot_free(slot);
  }
  slots_trim(engine);
}

/* A dispatch that will not leave after all: for a new one its record is undone too, for a question nothing is
 * lost. */
static void dispatch_dropped(struct engine *engine, uint64_t correlation) {
  struct task *task = task_find(engine, correlation);
  if (!task)
    return;
  task_return(task);
  task->due_ms = engine->now_ms + RETRY_ROUND_MS;
  slot_schedule(task->slot);
}

static void movements_refused(struct slot *slot) {
  struct waiter *next;
  for (struct waiter *waiter = slot->waiters; waiter; waiter = next) {
    next = waiter->next;
    if (waiter->movement.text[0] == '\0' || payment_movement(slot->payment, &waiter->movement))
      continue;
    answer_refused(slot->engine, waiter->node.hash, REQUEST_STORAGE);
    waiter_free(slot->engine, &slot->waiters, waiter);
  }
}

static void reload(struct slot *slot) {
  int r = slot_load(slot);
  if (r == 0)
    movements_refused(slot);
  else
    refuse_waiters(slot->engine, &slot->waiters, REQUEST_STORAGE);
  if (r == LEDGER_ABSENT || (r == 0 && slot_is_idle(slot)))
    slot_free(slot);
  else
    slot_schedule(slot);
}

/* The replies of this round taught what is now forgotten: they are outstanding again, and taken in again
 * later. */
static void put_back_kept(struct engine *engine) {
  while (engine->kept) {
    struct kept_reply *kept = engine->kept;
    struct slot *slot = slot_find(engine, &kept->merchant, &kept->payment);
    engine->kept = kept->next;
    struct task *task = !slot           ? NULL
                        : kept->attempt ? task_for_attempt(slot, kept->attempt)
                                        : task_for_movement(slot, kept->movement - 1U);
    if (!task) {
      free(kept);
      continue;
    }
    if (task->correlation)
      task_return(task);
    task_send(task, ERRAND_FIRST, kept->correlation);
    kept->next = engine->waiting;
    engine->waiting = kept;
  }
  engine->waiting_ms = engine->now_ms + RETRY_ROUND_MS;
}

static void undo_round(struct engine *engine) {
  struct slot *slot;
  engine->counts.commits_failed++;
  engine->round_error = 0;
  ledger_abandon(engine->ledger);
  engine->card = (struct card_in_hand){0};
  policies_forget(engine);
  effects_undo(engine, dispatch_dropped);
  for (slot = engine->touched; slot; slot = slot->touched_next) {
    slot_unload(slot);
    slot->stale = true;
  }
  put_back_kept(engine);
  gates_undone(engine);
  lessons_undone(engine);
  while ((slot = take_touched(engine)))
    reload(slot);
  awaited_look_at(engine, engine->now_ms + RETRY_ROUND_MS);
  scheduled_look_at(engine, engine->now_ms + RETRY_ROUND_MS);
  effects_release(engine);
}

int engine_commit(struct engine *engine, int64_t now_ms) {
  engine_begin(engine, now_ms);
  int r = engine->round_error;
  if (r == 0)
    r = card_uses_write(engine->ledger, &engine->card);
  if (r == 0)
    r = ledger_commit(engine->ledger);
  if (r < 0)
    undo_round(engine);
  else
    finish_round(engine);
  timers_settle(&engine->timers);
  return r;
}

/* ---- The vault's line ---- */

struct outstanding {
  uint64_t *correlations;
  size_t count;
};

static void collect(void *context, struct map_node *node) {
  struct outstanding *outstanding = context;
  outstanding->correlations[outstanding->count++] = node->hash;
}

static void recalled(struct engine *engine, uint64_t correlation) {
  engine_on_refused(engine, engine->now_ms, correlation);
}

static void lose_outstanding(struct engine *engine) {
  struct outstanding outstanding = {.correlations = calloc(engine->tasks.count + 1, sizeof(uint64_t))};
  if (!outstanding.correlations) {
    engine_fail(engine, -ENOMEM);
    return;
  }
  map_each(&engine->tasks, collect, &outstanding);
  for (size_t i = 0; i < outstanding.count; i++)
    engine_on_lost(engine, engine->now_ms, outstanding.correlations[i]);
  free(outstanding.correlations);
}

void engine_on_vault(struct engine *engine, int64_t now_ms, bool there) {
  engine_begin(engine, now_ms);
  engine->vault_there = there;
  if (there)
    return;
  effects_recall(engine, recalled);
  lose_outstanding(engine);
  intakes_refuse(engine, REQUEST_VAULT_AWAY);
}

void engine_set_bins(struct engine *engine, const struct bin_table *bins) {
  engine->options.bins = bins;
}

void engine_on_policy(struct engine *engine) {
  policies_forget(engine);
}

struct policy_cache *engine_policies(struct engine *engine) {
  return engine->policies;
}

/* ---- Looking ---- */

int engine_payment(struct engine *engine, const struct id *merchant, const struct id *id,
                   const struct payment **ret_payment) {
  struct slot *slot = slot_find(engine, merchant, id);
  if (slot && slot->payment) {
    *ret_payment = slot->payment;
    return 0;
  }
  struct payment *payment;
  int r = payment_load(engine->ledger, merchant, id, &payment);
  if (r != 0)
    return r;
  payment_free(engine->looked_at);
  engine->looked_at = payment;
  *ret_payment = payment;
  return 0;
}

struct engine_counts engine_counts(const struct engine *engine) {
  struct engine_counts counts = engine->counts;
  counts.open = (uint32_t)engine->slots.count;
  counts.waiting = (uint32_t)engine->waiters.count;
  counts.loaded = engine->loaded;
  counts.outstanding = (uint32_t)engine->tasks.count;
  return counts;
}
