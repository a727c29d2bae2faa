/* What PSPs say unasked. A webhook names an attempt or a movement by its key, and nothing else that is
 * believed: whose it is stands in the ledger, and it counts only when the step's own connector signed it. */
#include "engine_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a key names. */
struct subject {
  struct id merchant, payment;
  struct id movement; /* or empty and then */
  unsigned attempt;   /* its number */
};

/* ---- Whose it is ---- */

/* LEDGER_ABSENT when it is nobody's. */
static int find_subject(struct engine *engine, const char *key, struct subject *subject) {
  unsigned number;
  if (step_key_split(key, "pay", &subject->payment, &subject->attempt))
    return ledger_payment_owner(engine->ledger, &subject->payment, &subject->merchant);
  if (step_key_split(key, "mov", &subject->movement, &number) && number == 1)
    return ledger_movement_get(engine->ledger, &subject->movement, &subject->merchant, &subject->payment);
  return LEDGER_ABSENT;
}

/* ---- What it proves ---- */

static struct dispatch_result result_of(const struct webhook *webhook, const struct step *step) {
  struct dispatch_result result = {.phase = PHASE_REPLY,
                                   .answer = webhook->answer,
                                   .http_status = step->answer.http_status,
                                   .scrubbed = step->answer.scrubbed};
  result.fields = webhook->fields;
  return result;
}

static enum finding find_out(const struct slot *slot, const struct attempt *attempt, enum movement_type type,
                             const struct dispatch_result *result) {
  struct evidence evidence = {.errand = ERRAND_WEBHOOK,
                              .movement = type,
                              .status = STATUS_DONE,
                              .result = result,
                              .class = class_of(slot->payment, attempt, result)};
  return find(&evidence);
}

static bool is_open(const struct step *step) {
  return step->status == STEP_PENDING || step->status == STEP_UNRESOLVED;
}

static void take_attempt(struct slot *slot, unsigned number, const struct webhook *webhook) {
  const struct attempt *attempt = &slot->payment->attempts[number - 1];
  struct dispatch_result result = result_of(webhook, &attempt->step);
  struct found found = {.errand = ERRAND_WEBHOOK,
                        .finding = find_out(slot, attempt, 0, &result),
                        .result = &result,
                        .at_ms = webhook->at_ms,
                        .codes_unsigned = webhook->codes_unsigned};
  if (found.finding == FINDING_NOTHING)
    return;
  if (!is_open(&attempt->step)) {
    attempt_said_again(slot, number, &found);
    return;
  }
  struct task *task = task_for_attempt(slot, number);
  if (task)
    attempt_found(slot, task, &found);
}

static void take_movement(struct slot *slot, unsigned place, const struct webhook *webhook) {
  const struct movement *movement = &slot->payment->movements[place];
  const struct attempt *attempt = &slot->payment->attempts[movement->attempt - 1];
  struct dispatch_result result = result_of(webhook, &movement->step);
  struct found found = {.errand = ERRAND_WEBHOOK,
                        .finding = find_out(slot, attempt, movement->type, &result),
                        .result = &result,
                        .at_ms = webhook->at_ms};
  /* While its reply is awaited that says so, too. */
  bool known = found.finding == FINDING_RECEIVED && movement->step.status == STEP_PENDING;
  if (found.finding == FINDING_NOTHING || known)
    return;
  if (!is_open(&movement->step)) {
    movement_said_again(slot, place, &found);
    return;
  }
  struct task *task = task_for_movement(slot, place);
  if (task)
    movement_found(slot, task, &found);
}

/* ---- What it is about ---- */

static bool has_amount(const struct movement *movement, const char *amount) {
  return !amount || strtoll(amount, NULL, 10) == movement->step.amount;
}

/* The PSP did not say which movement. Only when there is one that it can mean, ended ones included, is it
 * about that; the index, or -1. */
static int the_only_one(const struct payment *payment, unsigned attempt, const struct webhook *webhook) {
  const char *amount = answer_fields_get(&webhook->fields, ANSWER_AMOUNT);
  int found = -1;
  for (unsigned i = 0; i < payment->movement_count; i++) {
    const struct movement *movement = &payment->movements[i];
    if (movement->attempt != attempt || movement_operation(movement->type) != webhook->about ||
        !has_amount(movement, amount))
      continue;
    if (found >= 0)
      return -1;
    found = (int)i;
  }
  return found >= 0 && is_open(&payment->movements[found].step) ? found : -1;
}

static void take_about_movement(struct slot *slot, const struct subject *subject,
                                const struct webhook *webhook) {
  const struct payment *payment = slot->payment;
  int place = movement_place(payment, &subject->movement);
  if (place < 0)
    return;
  const struct movement *movement = &payment->movements[place];
  if (movement_operation(movement->type) == webhook->about &&
      strcmp(payment->attempts[movement->attempt - 1].connector, webhook->connector) == 0)
    take_movement(slot, (unsigned)place, webhook);
}

static void take_about_attempt(struct slot *slot, const struct subject *subject,
                               const struct webhook *webhook) {
  const struct payment *payment = slot->payment;
  if (subject->attempt > payment->attempt_count ||
      strcmp(payment->attempts[subject->attempt - 1].connector, webhook->connector) != 0)
    return;
  if (webhook->about == OPERATION_AUTHORIZE || webhook->about == OPERATION_CHARGE) {
    take_attempt(slot, subject->attempt, webhook);
    return;
  }
  int place = the_only_one(payment, subject->attempt, webhook);
  if (place >= 0)
    take_movement(slot, (unsigned)place, webhook);
}

/* ---- Taking in ---- */

static void take_in(struct slot *slot, const struct subject *subject, const struct webhook *webhook) {
  struct engine *engine = slot->engine;
  entry_webhook(engine, webhook);
  if (subject->movement.text[0] != '\0')
    take_about_movement(slot, subject, webhook);
  else
    take_about_attempt(slot, subject, webhook);
  answer_waiters(slot);
  entry_end(engine);
  slot_schedule(slot);
}

void engine_on_webhook(struct engine *engine, int64_t now_ms, const struct webhook *webhook) {
  struct subject subject = {0};
  struct slot *slot;
  engine_begin(engine, now_ms);
  int r = find_subject(engine, webhook->key, &subject);
  if (r == 0)
    r = slot_open(engine, &subject.merchant, &subject.payment, &slot);
  if (r == 0)
    take_in(slot, &subject, webhook);
  stage_taken(engine, webhook->number, r < 0 ? STATUS_STORAGE : STATUS_DONE);
}
