/* Payments that are tried again later. Nothing of them is kept in memory: they stand in the ledger by when
 * the next round is due, and one timer waits for the first. */
#include "engine_parts.h"

#include <errno.h>
#include <string.h>

enum {
  MS_PER_S = 1000,
  ROUNDS_PER_LOOK = 64,
  CROWDED = 256,         /* dispatches under way: beyond these a look begins few rounds ... */
  ROUNDS_IF_CROWDED = 4, /* ... but some, or a busy day would let the hours of a schedule pass */
  CROWDED_MS = 50        /* until it is looked again then */
};

_Static_assert(LATER_MARGIN_MS >= CLOCK_ERROR_MS, "a clock that is off brings no try before its time");
_Static_assert((int)LATER_TRIES_MAX + 1 <= (int)ATTEMPTS_MAX, "a schedule's tries have room");

/* ---- The table, and its timer ---- */

static struct engine *engine_of_timer(struct timer *timer) {
  return (struct engine *)(void *)((char *)timer - offsetof(struct engine, scheduled));
}

void scheduled_look_at(struct engine *engine, int64_t at_ms) {
  if (at_ms >= engine->scheduled_ms)
    return;
  int r = engine_set_timer(engine, &engine->scheduled, at_ms);
  engine->scheduled_ms = r == 0 ? at_ms : INT64_MAX;
  engine_fail(engine, r);
}

static int set_row(struct engine *engine, const struct payment *payment, int64_t at_ms, bool scheduled) {
  return ledger_scheduled_set(engine->ledger, at_ms, &payment->merchant, &payment->id, scheduled);
}

int scheduled_follow(struct slot *slot) {
  const struct payment *payment = slot->payment;
  int64_t before_ms = slot->retry_ms, now_ms = payment->retry_ms;
  int r = 0;
  if (before_ms == now_ms)
    return 0;
  slot->retry_ms = now_ms;
  if (before_ms != 0)
    r = set_row(slot->engine, payment, before_ms, false);
  if (r == 0 && now_ms != 0)
    r = set_row(slot->engine, payment, now_ms, true);
  if (now_ms != 0)
    scheduled_look_at(slot->engine, now_ms);
  return r;
}

/* ---- When ---- */

/* The last that an issuer, or its PSP, had a word about; or NULL. */
static const struct attempt *answered_last(const struct payment *payment) {
  for (unsigned i = payment->attempt_count; i > 0; i--) {
    if (payment->attempts[i - 1].step.class != OUTCOME_NOT_SENT)
      return &payment->attempts[i - 1];
  }
  return NULL;
}

static bool round_sent(const struct payment *payment) {
  const struct attempt *answered = answered_last(payment);
  return answered && answered->round == payment->round.number;
}

/* Tries made, the round that ends counted when something of it was sent. */
static unsigned tries_of(const struct payment *payment) {
  return payment->round.tries + (unsigned)(payment->round.number > 0 && round_sent(payment));
}

/* Returns 0 or LATER_NONE. */
static int next_time(const struct slot *slot, unsigned tries, int64_t not_before_ms, int64_t *ret_at_ms) {
  const struct payment *payment = slot->payment;
  const struct engine *engine = slot->engine;
  const struct attempt *answered = answered_last(payment);
  struct later_question question = {.plan = &payment->decision.later,
                                    .zone_offset = engine->options.zone_offset,
                                    .created_ms = payment->created_ms,
                                    .now_ms = engine->now_ms,
                                    .tries = tries,
                                    .budget_ms = not_before_ms,
                                    .spread = payment_short(&payment->id)};
  if (answered) {
    question.answered_ms = answered->step.ended_ms;
    question.advised_s = classify(payment, answered->sheet, &answered->step.answer).retry_after_s;
  }
  return later_next(&question, ret_at_ms);
}

/* ---- Whether ---- */

/* What a person had to find out a person goes on with. */
static bool was_by_person(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment->attempts[i].step.by_person)
      return true;
  }
  return false;
}

static bool may_be_tried_later(const struct payment *payment, const struct decline *decline) {
  return payment->decision.later.tries > 0 && !payment->retry_none && !payment->concluded &&
         policy_kind_is_tried_later(payment_kind_name(payment->kind)) &&
         payment->attempt_count < ATTEMPTS_MAX && payment->round.number < UINT16_MAX &&
         payment_is_uncharged(payment) && !was_by_person(payment) &&
         later_is_worth(decline->retry, decline->category);
}

/* The merchant is not to try elsewhere, nor now, what is tried here, later. */
static void plan(struct slot *slot, int64_t at_ms, unsigned tries, const struct decline *decline) {
  struct decline told = *decline;
  told.retry = OUTCOME_RETRY_LATER;
  engine_fail(slot->engine, change_scheduled(entry_of(slot), slot->payment, at_ms, tries, &told));
}

bool schedule_round(struct slot *slot, const struct decline *decline, const struct budget *budget) {
  unsigned tries = tries_of(slot->payment);
  int64_t at_ms;
  if (!may_be_tried_later(slot->payment, decline) ||
      next_time(slot, tries, budget->again_ms, &at_ms) == LATER_NONE)
    return false;
  plan(slot, at_ms, tries, decline);
  return true;
}

/* ---- What is due ---- */

/* Its moment has passed, or it cannot begin yet: another, or none. */
static void plan_again(struct slot *slot) {
  const struct payment *payment = slot->payment;
  const struct decline decline = payment->decline;
  int64_t at_ms;
  if (may_be_tried_later(payment, &decline) && next_time(slot, payment->round.tries, 0, &at_ms) == 0)
    plan(slot, at_ms, payment->round.tries, &decline);
  else
    schedule_end(slot);
}

static int64_t time_to_try(const struct payment *payment) {
  int64_t began_ms = payment->round.number > 0 ? payment->round.started_ms : payment->created_ms;
  return payment->deadline_ms - began_ms;
}

/* The list that was decided, as its connectors do now. */
static void look_at_list(const struct slot *slot, struct decision *decision) {
  const struct payment *payment = slot->payment;
  enum operation operation = payment->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
  *decision = payment->decision;
  for (unsigned i = 0; i < decision->candidate_count; i++) {
    struct candidate *candidate = &decision->candidates[i];
    candidate->skipped = SKIP_NONE;
    candidate->canary = false;
    candidate->health = gates_look(slot->engine, payment, candidate->connector, operation);
  }
  gate_list(decision);
}

static void begin_round(struct slot *slot) {
  struct engine *engine = slot->engine;
  struct decision found;
  look_at_list(slot, &found);
  engine_fail(engine, change_round(entry_of(slot), slot->payment, engine->now_ms,
                                   engine->now_ms + time_to_try(slot->payment), found.candidates));
  engine->counts.later_rounds++;
  attempt_next(slot, true);
}

/* Whether the tries of its card can be read. */
static bool knows_card(struct engine *engine, const struct payment *payment) {
  struct budget budget;
  int r = payment_budget(engine->ledger, &engine->card, payment, engine->now_ms, &budget);
  engine_fail(engine, r == -EBADMSG ? 0 : r);
  return r != -EBADMSG;
}

/* Of a card whose record is damaged nobody knows whether it may be tried: that ends the schedule, and the
 * merchant is told, rather than that each look fails by it. */
static void take_due(struct slot *slot) {
  const struct payment *payment = slot->payment;
  struct engine *engine = slot->engine;
  if (!knows_card(engine, payment))
    schedule_end(slot);
  else if (payment_is_uncharged(payment) && later_fits(&payment->decision.later, engine->options.zone_offset,
                                                       payment->created_ms, engine->now_ms))
    begin_round(slot);
  else
    plan_again(slot);
}

/* The payment says what is so: a row that says otherwise goes, and one with its time takes its place. */
static int put_right(struct engine *engine, int64_t at_ms, const struct payment *payment) {
  int r = set_row(engine, payment, at_ms, false);
  if (r == 0 && payment->retry_ms != 0) {
    r = set_row(engine, payment, payment->retry_ms, true);
    scheduled_look_at(engine, payment->retry_ms);
  }
  return r;
}

/* A damaged record is left to people, and keeps no other payment waiting: its row goes. */
static int take_row(struct engine *engine, int64_t at_ms, const struct id *merchant,
                    const struct id *payment) {
  struct slot *slot;
  int r = slot_open(engine, merchant, payment, &slot);
  if (r == LEDGER_ABSENT || r == -EBADMSG)
    return ledger_scheduled_set(engine->ledger, at_ms, merchant, payment, false);
  if (r < 0)
    return r;
  if (slot->payment->status == PAYMENT_SCHEDULED && slot->payment->retry_ms == at_ms)
    take_due(slot);
  else
    r = put_right(engine, at_ms, slot->payment);
  answer_waiters(slot);
  entry_end(engine);
  slot_schedule(slot);
  return r;
}

/* Without a vault, or before connectors are known, nothing can be tried. */
static bool can_try(const struct engine *engine) {
  return engine->vault_there && engine->connector_count > 0;
}

/* Returns when to look again; INT64_MAX when nothing is scheduled. What is no row at all is left to people,
 * and undoes nobody's round. */
static int64_t look(struct engine *engine) {
  struct id merchant, payment;
  int64_t at_ms;
  for (unsigned i = 0; i < ROUNDS_PER_LOOK; i++) {
    int r = ledger_scheduled_first(engine->ledger, &at_ms, &merchant, &payment);
    if (r == LEDGER_ABSENT)
      return INT64_MAX;
    if (r == 0 && at_ms > engine->now_ms)
      return at_ms;
    if (r == 0 && !can_try(engine))
      return engine->now_ms + NO_VAULT_MS;
    if (r == 0 && engine->tasks.count >= CROWDED && i >= ROUNDS_IF_CROWDED)
      return engine->now_ms + CROWDED_MS;
    if (r == 0)
      r = take_row(engine, at_ms, &merchant, &payment);
    if (r < 0)
      engine_fail(engine, r == -EBADMSG ? 0 : r);
    if (r < 0 || engine->round_error)
      return engine->now_ms + NO_VAULT_MS;
  }
  return engine->now_ms;
}

static void scheduled_ring(struct timer *timer) {
  struct engine *engine = engine_of_timer(timer);
  engine->scheduled_ms = INT64_MAX;
  scheduled_look_at(engine, look(engine));
}

void scheduled_open(struct engine *engine) {
  engine->scheduled.due = scheduled_ring;
  engine->scheduled_ms = INT64_MAX;
}
