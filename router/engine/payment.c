#include "payment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { UNDO_TRIES_MAX = 12 };

struct payment *payment_new(void) {
  return calloc(1, sizeof(struct payment));
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

bool payment_is_open(const struct payment *payment) {
  return payment->status == PAYMENT_PROCESSING || payment->status == PAYMENT_UNRESOLVED;
}

bool payment_wants_undo(const struct payment *payment) {
  const struct attempt *live = payment_live_attempt(payment);
  unsigned tries = 0;
  if (!payment->late_void || !live || live->step.ended_ms <= payment->deadline_ms)
    return false;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    /* What the merchant did with it since shows that it is wanted after all. */
    if (!movement->own || movement->step.status != STEP_FAILED)
      return false;
    tries++;
  }
  return tries < UNDO_TRIES_MAX;
}

bool payment_has_work(const struct payment *payment) {
  const struct attempt *last = last_attempt(payment);
  if (last && is_unsettled(&last->step))
    return true;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (is_unsettled(&movement->step) && !movement->by_webhook)
      return true;
  }
  return payment_wants_undo(payment);
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
  bool final, voided, voiding;
};

/* No sum leaves int64: none is admitted beyond the payment's amount. */
static void add(int64_t *sum, int64_t amount) {
  int64_t total;
  int r = amount_add(*sum, amount, &total);
  assert(r == 0);
  *sum = total;
}

static void sum_capture(struct sums *sums, const struct movement *movement) {
  if (movement->step.status == STEP_FAILED)
    return;
  sums->final |= movement->final;
  if (movement->step.status == STEP_SUCCEEDED) {
    add(&sums->captured, movement->step.amount);
    return;
  }
  add(&sums->capturing, movement->step.amount);
  if (movement->received)
    add(&sums->received, movement->step.amount);
}

static void sum_movement(struct sums *sums, const struct movement *movement) {
  bool done = movement->step.status == STEP_SUCCEEDED;
  bool unsettled = is_unsettled(&movement->step);
  switch (movement->type) {
  case MOVEMENT_CAPTURE:
    sum_capture(sums, movement);
    break;
  case MOVEMENT_VOID:
    sums->voided |= done;
    sums->voiding |= unsettled;
    break;
  case MOVEMENT_REFUND:
    if (done)
      add(&sums->refunded, movement->step.amount);
    if (unsettled)
      add(&sums->refunding, movement->step.amount);
    break;
  case MOVEMENT_TYPE_COUNT:
    break;
  }
}

static enum payment_status status_of_money(const struct sums *sums, int64_t authorized) {
  if (sums->voided)
    return PAYMENT_VOIDED;
  if (sums->captured == 0)
    return PAYMENT_AUTHORIZED;
  bool whole = sums->captured == authorized || (sums->final && sums->capturing == 0);
  return whole ? PAYMENT_CAPTURED : PAYMENT_PARTIALLY_CAPTURED;
}

static enum payment_status status_without_money(const struct payment *payment) {
  const struct attempt *last = last_attempt(payment);
  if (payment->concluded)
    return payment->conclusion;
  if (last && last->step.status == STEP_UNRESOLVED)
    return PAYMENT_UNRESOLVED;
  if (last && last->step.status == STEP_PENDING && last->awaits_action)
    return PAYMENT_REQUIRES_ACTION;
  return PAYMENT_PROCESSING;
}

void payment_derive(struct payment *payment) {
  const struct attempt *live = payment_live_attempt(payment);
  struct sums sums = {0};
  payment->amount_authorized = payment->amount_captured = payment->amount_capturable = 0;
  payment->amount_refunded = payment->amount_refundable = 0;
  if (!live) {
    payment->status = status_without_money(payment);
    return;
  }
  if (live->captured)
    sums.captured = live->step.amount;
  for (unsigned i = 0; i < payment->movement_count; i++)
    sum_movement(&sums, &payment->movements[i]);
  int64_t authorized = live->step.amount;
  bool closed = sums.final || sums.voided || sums.voiding;
  payment->status = status_of_money(&sums, authorized);
  payment->amount_authorized = sums.voided ? 0 : authorized;
  payment->amount_captured = sums.captured;
  payment->amount_capturable = closed ? 0 : authorized - sums.captured - sums.capturing;
  payment->amount_refunded = sums.refunded;
  payment->amount_refundable = sums.captured + sums.received - sums.refunded - sums.refunding;
  assert(payment->amount_capturable >= 0 && payment->amount_refundable >= 0);
}
