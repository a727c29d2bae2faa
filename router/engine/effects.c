#include "engine_parts.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SPARES_MAX = 256 };

static struct queued_effect *take_spare(struct engine *engine) {
  struct queued_effect *queued = engine->spare;
  if (!queued)
    return calloc(1, sizeof *queued);
  engine->spare = queued->next;
  engine->spares--;
  return queued;
}

/* Room for a dispatch stays with its effect: it is large and always needed again. What was personal in it
 * does not. */
static void give_back(struct engine *engine, struct queued_effect *queued) {
  free(queued->passed_over);
  queued->passed_over = NULL;
  if (queued->effect.dispatch)
    sodium_memzero(queued->dispatch->fields.bytes, queued->dispatch->fields.used);
  if (engine->spares >= SPARES_MAX) {
    free(queued->dispatch);
    free(queued);
    return;
  }
  queued->next = engine->spare;
  engine->spare = queued;
  engine->spares++;
}

static void append(struct effect_queue *queue, struct queued_effect *queued) {
  queued->next = NULL;
  *(queue->last ? &queue->last->next : &queue->first) = queued;
  queue->last = queued;
}

static struct queued_effect *take_first(struct effect_queue *queue) {
  struct queued_effect *queued = queue->first;
  if (queued) {
    queue->first = queued->next;
    if (!queue->first)
      queue->last = NULL;
  }
  return queued;
}

static struct effect *stage(struct engine *engine, enum effect_type type, uint64_t correlation) {
  struct queued_effect *queued = take_spare(engine);
  if (!queued)
    return NULL;
  memset(&queued->effect, 0, sizeof queued->effect);
  queued->effect.type = type;
  queued->effect.correlation = correlation;
  append(&engine->staged, queued);
  return &queued->effect;
}

void stage_describe(struct engine *engine, const struct intake *intake, uint64_t correlation) {
  struct effect *effect = stage(engine, EFFECT_DESCRIBE, correlation);
  if (!effect)
    return;
  effect->describe.merchant = intake->request->from.merchant;
  effect->describe.token = intake->request->token;
}

/* Lost when there is no memory: the lease then dies at its deadline. */
void stage_end_payment(struct slot *slot) {
  struct effect *effect = stage(slot->engine, EFFECT_END_PAYMENT, slot->engine->next_correlation++);
  if (!effect)
    return;
  effect->end.merchant = slot->merchant;
  effect->end.payment = slot->id;
}

/* Without memory the answer says less. */
static const struct passed_over *keep_passed_over(struct queued_effect *queued,
                                                  const struct passed_over *passed_over) {
  queued->passed_over = malloc(sizeof *queued->passed_over);
  if (queued->passed_over)
    *queued->passed_over = *passed_over;
  return queued->passed_over;
}

void stage_answer(struct engine *engine, const struct request_answer *answer) {
  struct effect *effect = stage(engine, EFFECT_ANSWER, 0);
  if (!effect)
    return;
  effect->answer = *answer;
  if (answer->passed_over)
    effect->answer.passed_over = keep_passed_over(engine->staged.last, answer->passed_over);
}

void stage_taken(struct engine *engine, uint64_t number, enum status status) {
  struct effect *effect = stage(engine, EFFECT_WEBHOOK_TAKEN, engine->next_correlation++);
  if (effect)
    effect->taken = (struct webhook_taken){.number = number, .status = status};
}

struct dispatch *stage_dispatch(struct engine *engine, uint64_t correlation) {
  struct queued_effect *queued = take_spare(engine);
  if (!queued)
    return NULL;
  memset(&queued->effect, 0, sizeof queued->effect);
  if (!queued->dispatch)
    queued->dispatch = malloc(sizeof *queued->dispatch);
  if (!queued->dispatch) {
    give_back(engine, queued);
    return NULL;
  }
  memset(queued->dispatch, 0, offsetof(struct dispatch, fields.bytes));
  queued->effect.type = EFFECT_DISPATCH;
  queued->effect.correlation = correlation;
  queued->effect.dispatch = queued->dispatch;
  append(&engine->staged, queued);
  return queued->dispatch;
}

void effects_release(struct engine *engine) {
  struct effect_queue *staged = &engine->staged, *released = &engine->released;
  if (!staged->first)
    return;
  *(released->last ? &released->last->next : &released->first) = staged->first;
  released->last = staged->last;
  *staged = (struct effect_queue){0};
}

void effects_undo(struct engine *engine, void (*dropped)(struct engine *engine, uint64_t correlation)) {
  struct effect_queue all = engine->staged;
  struct queued_effect *queued;
  engine->staged = (struct effect_queue){0};
  while ((queued = take_first(&all))) {
    struct effect *effect = &queued->effect;
    bool keep = effect->type != EFFECT_DISPATCH && effect->type != EFFECT_END_PAYMENT;
    if (effect->type == EFFECT_DISPATCH)
      dropped(engine, effect->correlation);
    if (effect->type == EFFECT_ANSWER && effect->answer.outcome == REQUEST_DONE)
      effect->answer = (struct request_answer){.ticket = effect->answer.ticket, .outcome = REQUEST_STORAGE};
    if (effect->type == EFFECT_WEBHOOK_TAKEN)
      effect->taken.status = STATUS_STORAGE;
    if (keep)
      append(&engine->staged, queued);
    else
      give_back(engine, queued);
  }
}

static void recall_from(struct engine *engine, struct effect_queue *queue,
                        void (*each)(struct engine *engine, uint64_t correlation)) {
  struct effect_queue all = *queue, recalled = {0};
  struct queued_effect *queued;
  *queue = (struct effect_queue){0};
  while ((queued = take_first(&all)))
    append(queued->effect.type == EFFECT_DISPATCH ? &recalled : queue, queued);
  while ((queued = take_first(&recalled))) {
    uint64_t correlation = queued->effect.correlation;
    give_back(engine, queued);
    each(engine, correlation);
  }
}

void effects_recall(struct engine *engine, void (*each)(struct engine *engine, uint64_t correlation)) {
  recall_from(engine, &engine->released, each);
  recall_from(engine, &engine->staged, each);
}

static void free_all(struct queued_effect *queued) {
  while (queued) {
    struct queued_effect *next = queued->next;
    free(queued->dispatch);
    free(queued->passed_over);
    free(queued);
    queued = next;
  }
}

void effects_free(struct engine *engine) {
  free_all(engine->staged.first);
  free_all(engine->released.first);
  free_all(engine->spare);
  free_all(engine->shown);
}

bool engine_next_effect(struct engine *engine, struct effect *ret_effect) {
  if (engine->shown)
    give_back(engine, engine->shown);
  engine->shown = take_first(&engine->released);
  if (!engine->shown)
    return false;
  engine->shown->next = NULL;
  *ret_effect = engine->shown->effect;
  return true;
}
