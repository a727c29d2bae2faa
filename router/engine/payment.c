#include "payment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { UNDO_TRIES_MAX = 12 };

/* Payments are read again and again: what has no meaning before it is set need not be cleared. */
struct payment *payment_new(void) {
  struct payment *payment = malloc(sizeof *payment);
  if (payment)
    memset(payment, 0, offsetof(struct payment, attempts));
  return payment;
}

void payment_free(struct payment *payment) {
  if (!payment)
    return;
  free(payment->action_url);
  free(payment->movements);
  free(payment->inputs);
  free(payment);
}

static bool is_unsettled(const struct step *step) {
  return step->status == STEP_PENDING || step->status == STEP_UNRESOLVED;
}

static const struct attempt *last_attempt(const struct payment *payment) {
  return payment->attempt_count > 0 ? &payment->attempts[payment->attempt_count - 1] : NULL;
}

const struct attempt *payment_live_attempt(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment->attempts[i].step.status == STEP_SUCCEEDED)
      return &payment->attempts[i];
  }
  return NULL;
}

const struct attempt *payment_current_attempt(const struct payment *payment) {
  const struct attempt *live = payment_live_attempt(payment);
  return live ? live : last_attempt(payment);
}

const struct movement *payment_movement(const struct payment *payment, const struct id *movement) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (id_equal(&payment->movements[i].id, movement))
      return &payment->movements[i];
  }
  return NULL;
}

const struct candidate *payment_candidates(const struct payment *payment) {
  return payment->round.number > 0 ? payment->round.candidates : payment->decision.candidates;
}

unsigned payment_round_attempts(const struct payment *payment) {
  unsigned count = 0;
  for (unsigned i = 0; i < payment->attempt_count; i++)
    count += payment->attempts[i].round == payment->round.number;
  return count;
}

bool payment_is_open(const struct payment *payment) {
  return payment->status == PAYMENT_PROCESSING || payment->status == PAYMENT_UNRESOLVED;
}

static bool is_unwanted(const struct payment *payment, const struct attempt *attempt) {
  bool live = attempt->step.status == STEP_SUCCEEDED;
  if (attempt->accepted)
    return false;
  return live ? payment->late_void && attempt->step.ended_ms > payment->deadline_ms : attempt->surplus;
}

/* The merchant wanted to be rid of all of it, in vain. */
static bool failed_to_undo(const struct attempt *attempt, const struct movement *movement) {
  return !movement->own && movement->type != MOVEMENT_CAPTURE && movement->step.status == STEP_FAILED &&
         movement->step.amount == attempt->step.amount;
}

/* How often that was tried; -1 when it need not be. */
static int undo_tries(const struct payment *payment, const struct attempt *attempt) {
  int tries = 0;
  if (!is_unwanted(payment, attempt))
    return -1;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->attempt != attempt->number || failed_to_undo(attempt, movement))
      continue;
    /* What the merchant did with it since shows that it is wanted after all. */
    if (!movement->own || movement->step.status != STEP_FAILED)
      return -1;
    tries++;
  }
  return tries;
}

bool payment_undoes(const struct payment *payment, const struct attempt *attempt) {
  int tries = undo_tries(payment, attempt);
  return tries >= 0 && tries < UNDO_TRIES_MAX;
}

bool payment_undo_failed(const struct payment *payment, const struct attempt *attempt) {
  return undo_tries(payment, attempt) >= UNDO_TRIES_MAX;
}

bool payment_wants_undo(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment_undoes(payment, &payment->attempts[i]))
      return true;
  }
  return false;
}

static bool waits_for_a_person(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment->attempts[i].step.attention_ms != 0)
      return true;
  }
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (payment->movements[i].step.attention_ms != 0)
      return true;
  }
  return false;
}

bool payment_is_unresolved(const struct payment *payment) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (payment->movements[i].step.status == STEP_UNRESOLVED)
      return true;
  }
  return payment->status == PAYMENT_UNRESOLVED || waits_for_a_person(payment);
}

bool payment_has_work(const struct payment *payment) {
  const struct attempt *last = last_attempt(payment);
  if ((last && is_unsettled(&last->step)) || waits_for_a_person(payment))
    return true;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (is_unsettled(&movement->step) && !movement->by_webhook)
      return true;
  }
  return payment_wants_undo(payment);
}

static bool is_given_back(const struct payment *payment, const struct attempt *attempt) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->attempt == attempt->number && movement->type != MOVEMENT_CAPTURE &&
        movement->step.status == STEP_SUCCEEDED && movement->step.amount == attempt->step.amount)
      return true;
  }
  return false;
}

bool payment_is_uncharged(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    if (attempt->step.status != STEP_FAILED || (attempt->surplus && !is_given_back(payment, attempt)))
      return false;
  }
  return true;
}

bool movement_is_awaited(const struct movement *movement) {
  return movement->by_webhook && is_unsettled(&movement->step) && movement->step.attention_ms == 0;
}

int payment_inputs(const struct payment *payment, struct request_fields *ret_fields) {
  if (payment->inputs_length == 0) {
    memset(ret_fields, 0, sizeof *ret_fields);
    return 0;
  }
  struct reader reader = reader_over(payment->inputs, payment->inputs_length);
  read_request_fields(&reader, ret_fields);
  return reader_finish(&reader);
}

/* What the movements add up to. */
struct sums {
  int64_t captured, capturing, received; /* received: the part of capturing that the PSP has taken */
  int64_t refunded, refunding;
  int64_t released; /* by a void */
  bool final, voided, voiding;
  bool bad; /* an amount is negative, or a sum leaves int64 */
};

static void add(struct sums *sums, int64_t *sum, int64_t amount) {
  if (amount < 0 || amount_add(*sum, amount, sum) < 0)
    sums->bad = true;
}

static void sum_capture(struct sums *sums, const struct movement *movement) {
  if (movement->step.status == STEP_FAILED)
    return;
  sums->final |= movement->final;
  if (movement->step.status == STEP_SUCCEEDED) {
    add(sums, &sums->captured, movement->step.amount);
    return;
  }
  add(sums, &sums->capturing, movement->step.amount);
  if (movement->received)
    add(sums, &sums->received, movement->step.amount);
}

static void sum_movement(struct sums *sums, const struct movement *movement) {
  bool done = movement->step.status == STEP_SUCCEEDED;
  bool unsettled = is_unsettled(&movement->step);
  switch (movement->type) {
  case MOVEMENT_CAPTURE:
    sum_capture(sums, movement);
    return;
  case MOVEMENT_VOID:
    sums->voided |= done;
    sums->bad |= movement->step.amount < 0;
    if (done && movement->step.amount > sums->released)
      sums->released = movement->step.amount;
    sums->voiding |= unsettled;
    return;
  case MOVEMENT_REFUND:
    if (done)
      add(sums, &sums->refunded, movement->step.amount);
    if (unsettled)
      add(sums, &sums->refunding, movement->step.amount);
    return;
  case MOVEMENT_TYPE_COUNT:
    break;
  }
  sums->bad = true;
}

/* captured <= authorized, with what is under way (P5); what was released was never captured. A refund is held
 * to what is captured when it starts; when a capture that the PSP had received fails after that, the refund
 * is there all the same. */
static bool sums_hold(const struct sums *sums, int64_t authorized) {
  int64_t captured, refunded, moved;
  return !sums->bad && authorized >= 0 && amount_add(sums->captured, sums->capturing, &captured) == 0 &&
         amount_add(sums->refunded, sums->refunding, &refunded) == 0 && captured <= authorized &&
         refunded <= authorized && amount_add(captured, sums->released, &moved) == 0 && moved <= authorized;
}

static int64_t refundable(const struct sums *sums) {
  int64_t left = sums->captured + sums->received - sums->refunded - sums->refunding;
  return left > 0 ? left : 0;
}

/* A later try is planned for what has not ended, by a plan. */
static bool plan_is_coherent(const struct payment *payment) {
  bool planned = payment->decision.later.tries > 0;
  return payment->retry_ms == 0 || (payment->retry_ms > 0 && planned && !payment->concluded);
}

/* Numbers and rounds count up, every step has a status, every movement an attempt. */
static bool is_coherent(const struct payment *payment) {
  if (!plan_is_coherent(payment))
    return false;
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    const struct attempt *attempt = &payment->attempts[i];
    if (attempt->number != i + 1 || attempt->step.status == 0 || attempt->round > payment->round.number ||
        (i > 0 && attempt->round < payment->attempts[i - 1].round))
      return false;
  }
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->attempt < 1 || movement->attempt > payment->attempt_count || movement->step.status == 0)
      return false;
  }
  return true;
}

static enum payment_status status_of_money(const struct sums *sums, int64_t authorized) {
  if (sums->captured == 0)
    return sums->voided ? PAYMENT_VOIDED : PAYMENT_AUTHORIZED;
  bool whole = sums->captured == authorized || ((sums->final || sums->voided) && sums->capturing == 0);
  return whole ? PAYMENT_CAPTURED : PAYMENT_PARTIALLY_CAPTURED;
}

static enum payment_status status_without_money(const struct payment *payment) {
  const struct attempt *last = last_attempt(payment);
  if (payment->concluded)
    return payment->conclusion;
  if (payment->retry_ms != 0)
    return PAYMENT_SCHEDULED;
  if (last && last->step.status == STEP_UNRESOLVED)
    return PAYMENT_UNRESOLVED;
  if (last && last->step.status == STEP_PENDING && last->awaits_action)
    return PAYMENT_REQUIRES_ACTION;
  return PAYMENT_PROCESSING;
}

static int derive_from_money(struct payment *payment, const struct attempt *live) {
  struct sums sums = {0};
  int64_t authorized = live->step.amount;
  if (live->captured)
    add(&sums, &sums.captured, authorized);
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (payment->movements[i].attempt == live->number)
      sum_movement(&sums, &payment->movements[i]);
  }
  if (!sums_hold(&sums, authorized))
    return -EBADMSG;
  bool closed = sums.final || sums.voided || sums.voiding;
  payment->status = status_of_money(&sums, authorized);
  payment->amount_authorized = authorized - sums.released;
  payment->amount_captured = sums.captured;
  payment->amount_capturable = closed ? 0 : authorized - sums.captured - sums.capturing;
  payment->amount_refunded = sums.refunded;
  payment->amount_refundable = refundable(&sums);
  return 0;
}

int payment_derive(struct payment *payment) {
  const struct attempt *live = payment_live_attempt(payment);
  payment->amount_authorized = payment->amount_captured = payment->amount_capturable = 0;
  payment->amount_refunded = payment->amount_refundable = 0;
  if (!is_coherent(payment))
    return -EBADMSG;
  if (live)
    return derive_from_money(payment, live);
  payment->status = status_without_money(payment);
  return 0;
}

bool payment_allows(struct payment *payment, const struct movement *movement) {
  for (unsigned i = 0; i < payment->movement_count; i++) {
    if (!id_equal(&payment->movements[i].id, &movement->id))
      continue;
    struct movement before = payment->movements[i];
    payment->movements[i] = *movement;
    bool holds = payment_derive(payment) == 0;
    payment->movements[i] = before;
    return payment_derive(payment) == 0 && holds;
  }
  return false;
}
