/* The course of a payment from one connector to the next. */
#include "engine_parts.h"
#include "fee_source.h"

#include <errno.h>
#include <string.h>

enum { MS_PER_S = 1000 };

/* ---- Starting ---- */

/* Those that are not passed over are tried in their order, each once in a round: the place of the first that
 * was not yet. */
static unsigned next_place(const struct payment *payment) {
  const struct candidate *candidates = payment_candidates(payment);
  unsigned place = 0, begun = payment_round_attempts(payment);
  for (unsigned tried = 0; place < payment->decision.candidate_count; place++) {
    if (candidates[place].skipped == SKIP_NONE && tried++ == begun)
      break;
  }
  return place;
}

static uint32_t timeout_of(const struct engine *engine, const struct payment *payment) {
  int64_t left = payment->deadline_ms - engine->now_ms;
  if (left < DISPATCH_MIN_MS)
    return DISPATCH_MIN_MS;
  return left < engine->options.attempt_ms ? (uint32_t)left : engine->options.attempt_ms;
}

static struct attempt new_attempt(const struct engine *engine, const struct payment *payment,
                                  const struct connector_facts *facts) {
  struct attempt attempt = {.number = (uint8_t)(payment->attempt_count + 1),
                            .round = payment->round.number,
                            .operation = payment->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE};
  memcpy(attempt.connector, facts->name, sizeof attempt.connector);
  memcpy(attempt.sheet, facts->sheet, sizeof attempt.sheet);
  memcpy(attempt.merchant_account, facts->merchant_account, sizeof attempt.merchant_account);
  memcpy(attempt.step.sheet_hash, facts->sheet_hash, sizeof attempt.step.sheet_hash);
  attempt.cost_known = fee_source_cost(engine->options.fees, payment, facts->name, &attempt.cost);
  attempt.step.status = STEP_PENDING;
  attempt.step.amount = payment->amount;
  attempt.step.started_ms = attempt.step.dispatched_ms = engine->now_ms;
  attempt.step.timeout_ms = timeout_of(engine, payment);
  /* Until its answer says otherwise: the vault adds a code when one is leased. */
  attempt.step.security_code_sent = true;
  return attempt;
}

static void start(struct slot *slot, const struct connector_facts *facts) {
  struct engine *engine = slot->engine;
  struct attempt attempt = new_attempt(engine, slot->payment, facts);
  int r = change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_STARTED, &attempt);
  struct task *task = r == 0 ? task_for_attempt(slot, attempt.number) : NULL;
  if (task)
    r = dispatch_attempt(slot, task, ERRAND_FIRST);
  gates_sent(engine, slot->payment, facts->name);
  engine_fail(engine, r);
}

/* ---- Ending ---- */

static void count_end(struct slot *slot) {
  slot->engine->counts.ended[slot->payment->status]++;
}

/* The vault's reasons to send it nowhere stand in the attempt's code, where a PSP's would: none was spoken
 * to. The customer gives what was lacking. */
static bool lacked_something(const struct attempt *attempt, struct outcome *ret_outcome) {
  static const struct outcome lacks[] = {
      {.retry = OUTCOME_RETRY_UPDATE_CARD, .reason = "security_code_not_found", .category = "request"},
      {.retry = OUTCOME_RETRY_UPDATE_CARD, .reason = "token_deleted", .category = "card"},
      {.retry = OUTCOME_RETRY_UPDATE_CARD, .reason = "token_expired", .category = "card"},
  };
  for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
    if (attempt->step.class == OUTCOME_NOT_SENT && strcmp(attempt->step.answer.code, lacks[i].reason) == 0) {
      *ret_outcome = lacks[i];
      return true;
    }
  }
  return false;
}

static bool lacked_token(const struct attempt *attempt) {
  struct outcome lack;
  return lacked_something(attempt, &lack) && strcmp(lack.category, "card") == 0;
}

/* What the merchant is told: that there is no card any more, else of the last one that was answered, else of
 * the last. */
static const struct attempt *telling_attempt(const struct payment *payment) {
  const struct attempt *current = payment_current_attempt(payment);
  if (current && lacked_token(current))
    return current;
  for (unsigned i = payment->attempt_count; i > 0; i--) {
    if (payment->attempts[i - 1].step.class != OUTCOME_NOT_SENT)
      return &payment->attempts[i - 1];
  }
  return current;
}

static bool was_declined(const struct payment *payment) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (payment->attempts[i].step.answer.answer == ANSWER_IS_DECLINED)
      return true;
  }
  return false;
}

static bool was_undone_elsewhere(const struct attempt *attempt) {
  enum answer answer = attempt->step.answer.answer;
  return answer == ANSWER_IS_VOIDED || answer == ANSWER_IS_REFUNDED;
}

static struct decline decline_of(const struct payment *payment, const struct attempt *attempt) {
  struct decline decline = {.retry = OUTCOME_RETRY_NEVER};
  struct outcome outcome = classify(payment, attempt->sheet, &attempt->step.answer);
  if (attempt->step.class == OUTCOME_NOT_SENT)
    outcome = (struct outcome){.retry = OUTCOME_RETRY_LATER, .reason = "not_sent", .category = "technical"};
  (void)lacked_something(attempt, &outcome);
  if (was_undone_elsewhere(attempt))
    outcome =
        (struct outcome){.retry = OUTCOME_RETRY_NEVER, .reason = "voided_elsewhere", .category = "technical"};
  if (attempt->step.by_person)
    outcome =
        (struct outcome){.retry = OUTCOME_RETRY_LATER, .reason = "found_failed", .category = "technical"};
  decline.retry = outcome.retry;
  decline.retry_after_s = outcome.retry_after_s;
  strncpy(decline.reason, outcome.reason, sizeof decline.reason - 1);
  strncpy(decline.category, outcome.category, sizeof decline.category - 1);
  return decline;
}

/* Nothing was tried: the policy said no, or there was nobody to try. */
static struct decline untried(const struct payment *payment) {
  if (payment->decision.action == POLICY_DECLINE)
    return (struct decline){
        .reason = "declined_by_policy", .category = "policy", .retry = OUTCOME_RETRY_NEVER};
  return (struct decline){.reason = "no_connector", .category = "technical", .retry = OUTCOME_RETRY_LATER};
}

/* The networks have had enough of the card. */
static struct decline exhausted(const struct engine *engine, const struct budget *budget) {
  struct decline decline = {
      .reason = "retry_budget_exhausted", .category = "network", .retry = budget->retry};
  if (budget->again_ms > engine->now_ms)
    decline.retry_after_s = (uint32_t)((budget->again_ms - engine->now_ms + MS_PER_S - 1) / MS_PER_S);
  return decline;
}

static struct decline decline_for(const struct slot *slot, const struct budget *budget) {
  const struct attempt *telling = telling_attempt(slot->payment);
  if (!budget->allowed)
    return exhausted(slot->engine, budget);
  return telling ? decline_of(slot->payment, telling) : untried(slot->payment);
}

static void end_as(struct slot *slot, enum payment_status conclusion, const struct decline *decline) {
  engine_fail(slot->engine, change_concluded(entry_of(slot), slot->payment, conclusion, decline));
  count_end(slot);
}

static void conclude(struct slot *slot, const struct budget *budget) {
  const struct payment *payment = slot->payment;
  struct decline decline = decline_for(slot, budget);
  bool declined = was_declined(payment) || payment->decision.action == POLICY_DECLINE || !budget->allowed;
  stage_end_payment(slot);
  if (schedule_round(slot, &decline, budget))
    count_end(slot);
  else
    end_as(slot, declined ? PAYMENT_DECLINED : PAYMENT_FAILED, &decline);
}

/* Refused by the networks' limits it is declined, also when nothing was sent. */
void schedule_end(struct slot *slot) {
  const struct decline decline = slot->payment->decline;
  bool declined = was_declined(slot->payment) || strcmp(decline.category, "network") == 0;
  end_as(slot, declined ? PAYMENT_DECLINED : PAYMENT_FAILED, &decline);
}

static unsigned attempts_allowed(const struct slot *slot) {
  unsigned by_policy = slot->payment->decision.options.max_attempts;
  unsigned allowed = slot->engine->options.attempts_max;
  return by_policy != 0 && by_policy < allowed ? by_policy : allowed;
}

/* With less it would end as one of unknown fate, and hold up the payment that it was to save. */
static bool has_time_for_another(const struct engine *engine, const struct payment *payment) {
  int64_t useful_ms =
      engine->options.attempt_ms < ANOTHER_MIN_MS ? engine->options.attempt_ms : ANOTHER_MIN_MS;
  return payment->deadline_ms - engine->now_ms >= useful_ms;
}

static bool may_try_again(const struct slot *slot, bool may_go_on) {
  const struct payment *payment = slot->payment;
  const struct engine *engine = slot->engine;
  unsigned begun = payment_round_attempts(payment);
  if (payment->attempt_count == ATTEMPTS_MAX)
    return false;
  return begun == 0 || (may_go_on && !payment->retry_none && begun < attempts_allowed(slot) &&
                        has_time_for_another(engine, payment));
}

/* What cannot be found out is not tried. */
static struct budget budget_of(struct slot *slot) {
  struct budget budget = {.retry = OUTCOME_RETRY_LATER};
  struct engine *engine = slot->engine;
  engine_fail(engine, payment_budget(engine->ledger, &engine->card, slot->payment, engine->now_ms, &budget));
  return budget;
}

/* Whatever the connector, the networks' word on the card is the same: it is asked for once. */
static enum skip_reason skip_of(struct slot *slot, const struct connector *connector,
                                enum operation operation, struct budget *budget) {
  enum skip_reason reason = connector_skip(connector, slot->payment, operation);
  if (reason != SKIP_NONE)
    return reason;
  if (budget->allowed)
    *budget = budget_of(slot);
  return budget->allowed ? SKIP_NONE : SKIP_BUDGET;
}

void attempt_next(struct slot *slot, bool may_go_on) {
  struct engine *engine = slot->engine;
  struct budget budget = {.allowed = true};
  struct payment *payment = slot->payment;
  enum operation operation = payment->capture_manual ? OPERATION_AUTHORIZE : OPERATION_CHARGE;
  unsigned place = next_place(payment);
  for (; may_try_again(slot, may_go_on) && place < payment->decision.candidate_count; place++) {
    const struct candidate *candidate = &payment_candidates(payment)[place];
    if (candidate->skipped != SKIP_NONE)
      continue;
    const struct connector *connector = connector_named(engine, candidate->connector);
    enum skip_reason reason = skip_of(slot, connector, operation, &budget);
    if (reason == SKIP_NONE) {
      start(slot, &connector->facts);
      return;
    }
    engine_fail(engine, change_skipped(entry_of(slot), payment, place, reason));
  }
  conclude(slot, &budget);
}

/* ---- What was found out ---- */

static void record(struct slot *slot, enum change_type type, const struct attempt *attempt) {
  engine_fail(slot->engine, change_attempt(entry_of(slot), slot->payment, type, attempt));
}

/* The customer need not act any more. */
static void end_action(struct slot *slot, struct attempt *attempt) {
  if (!attempt->awaits_action)
    return;
  attempt->awaits_action = false;
  engine_fail(slot->engine,
              change_action(entry_of(slot), slot->payment, NULL, slot->payment->action_expires_ms));
}

static void open_agreement(struct slot *slot, const struct attempt *attempt) {
  struct engine *engine = slot->engine;
  const struct payment *payment = slot->payment;
  bool customer_initiated = payment->kind == KIND_CUSTOMER || payment->kind == KIND_MOTO;
  if (payment->store != STORE_OFF_SESSION || !customer_initiated || payment->agreement.text[0] != '\0' ||
      payment_undoes(payment, attempt))
    return;
  struct agreement agreement = {.id = draw_id(&engine->options.draws, "agr", engine->now_ms),
                                .merchant = payment->merchant,
                                .payment = payment->id,
                                .token = payment->token,
                                .created_ms = engine->now_ms};
  memcpy(agreement.connector, attempt->connector, sizeof agreement.connector);
  memcpy(agreement.network_transaction_id, attempt->step.answer.network_transaction_id,
         sizeof agreement.network_transaction_id);
  int r = ledger_agreement_put(engine->ledger, &agreement);
  if (r == 0)
    r = change_agreement(entry_of(slot), slot->payment, &agreement.id);
  engine_fail(engine, r);
}

static void succeed(struct slot *slot, struct attempt *attempt) {
  end_action(slot, attempt);
  attempt->told_declined = false;
  attempt->step.status = STEP_SUCCEEDED;
  attempt->step.class = OUTCOME_APPROVED;
  attempt->step.attention_ms = 0;
  attempt->step.ended_ms = slot->engine->now_ms;
  attempt->captured = attempt->operation == OPERATION_CHARGE;
  record(slot, CHANGE_ATTEMPT_ANSWERED, attempt);
  lesson_note(slot->engine, slot->payment, attempt);
  open_agreement(slot, attempt);
  stage_end_payment(slot);
  count_end(slot);
  if (payment_undoes(slot->payment, attempt)) {
    slot->undo_ms = slot->engine->now_ms;
    undo_unwanted(slot);
  }
}

static void fail(struct slot *slot, struct attempt *attempt, enum outcome_class class, bool may_go_on) {
  end_action(slot, attempt);
  attempt->told_declined = false;
  attempt->step.status = STEP_FAILED;
  attempt->step.class = class;
  attempt->step.attention_ms = 0;
  attempt->step.ended_ms = slot->engine->now_ms;
  record(slot, CHANGE_ATTEMPT_ANSWERED, attempt);
  lesson_note(slot->engine, slot->payment, attempt);
  attempt_next(slot, may_go_on);
}

static void await_action(struct slot *slot, struct task *task, struct attempt *attempt,
                         const struct dispatch_result *result) {
  struct engine *engine = slot->engine;
  const char *url = answer_fields_get(&result->fields, ANSWER_ACTION_URL);
  int64_t expires_ms = slot->payment->action_expires_ms;
  bool expired = expires_ms != 0 && expires_ms <= engine->now_ms;
  if (attempt->awaits_action || expired) {
    task_ask_later(task);
    return;
  }
  attempt->awaits_action = true;
  attempt->step.status = STEP_PENDING;
  attempt->step.class = OUTCOME_AUTH_REQUIRED;
  record(slot, CHANGE_ATTEMPT_ANSWERED, attempt);
  engine_fail(engine, change_action(entry_of(slot), slot->payment, url ? url : slot->payment->action_url,
                                    engine->now_ms + engine->options.action_ms));
  task->asks = 0;
  task->due_ms = engine->now_ms + ACTION_QUESTION_MS;
}

/* From here on its fate must be found out. */
static void doubt(struct slot *slot, struct task *task, struct attempt *attempt, enum change_type type,
                  int64_t quiet_ms) {
  end_action(slot, attempt);
  attempt->step.status = STEP_UNRESOLVED;
  attempt->step.class = OUTCOME_AMBIGUOUS;
  attempt->step.quiet_ms = quiet_ms;
  record(slot, type, attempt);
  task->asks = 0;
  task_ask_later(task);
}

/* A replay that proved nothing leaves things as they were. */
static void taught_nothing(struct slot *slot, struct task *task, struct attempt *attempt,
                           const struct found *found) {
  if (found->finding == FINDING_DOUBTFUL && found->errand == ERRAND_FIRST) {
    doubt(slot, task, attempt, CHANGE_ATTEMPT_ANSWERED, slot->engine->now_ms);
    return;
  }
  if (found->finding == FINDING_REPLAY_OVER) {
    attempt->step = slot->payment->attempts[attempt->number - 1].step;
    attempt->step.replay_over = true;
    record(slot, CHANGE_ATTEMPT_ANSWERED, attempt);
  }
  task_ask_later(task);
}

/* Nothing but a reply to the dispatch itself or to its replay says how it went; a question's own phase and
 * code are taken only when they prove something. */
static void take_result(const struct payment *payment, struct attempt *attempt, const struct found *found) {
  enum finding finding = found->finding;
  if (found->errand == ERRAND_FIRST && found->result) {
    take_attempt_answer(payment, attempt, found);
    attempt->step.security_code_sent = found->result->security_code_sent;
  } else if (found->errand == ERRAND_FIRST) {
    attempt->step.answer.phase = PHASE_NOT_SENT;
    if (found->lacks)
      strncpy(attempt->step.answer.code, found->lacks, sizeof attempt->step.answer.code - 1);
  } else if (finding == FINDING_SUCCEEDED || finding == FINDING_FAILED || finding == FINDING_GONE ||
             finding == FINDING_ACTION)
    take_attempt_answer(payment, attempt, found);
}

/* As the webhook said. */
static void take_told(struct attempt *attempt) {
  attempt->step.answer.phase = PHASE_REPLY;
  attempt->step.answer.answer = ANSWER_IS_DECLINED;
}

/* What it comes to, in the light of what a webhook has said. */
static enum finding weigh(const struct task *task, struct attempt *attempt, const struct found *found) {
  if (!attempt->told_declined)
    return found->finding;
  enum finding finding = reason_finding(task, found);
  if (finding == FINDING_FAILED && found->finding != FINDING_FAILED)
    take_told(attempt);
  return finding;
}

void attempt_found(struct slot *slot, struct task *task, const struct found *found) {
  struct attempt attempt = slot->payment->attempts[task->attempt - 1];
  if (reason_awaited(slot, task, found))
    return;
  take_result(slot->payment, &attempt, found);
  enum finding finding = weigh(task, &attempt, found);
  struct outcome outcome = classify(slot->payment, attempt.sheet, &attempt.step.answer);
  switch (finding) {
  case FINDING_ACTION:
    await_action(slot, task, &attempt, found->result);
    return;
  case FINDING_SUCCEEDED:
    task_over(task);
    succeed(slot, &attempt);
    return;
  case FINDING_FAILED:
    task_over(task);
    fail(slot, &attempt, outcome.class, outcome.may_go_elsewhere);
    return;
  case FINDING_GONE:
    task_over(task);
    fail(slot, &attempt, OUTCOME_HARD, false);
    return;
  case FINDING_NOT_SENT:
    task_over(task);
    fail(slot, &attempt, OUTCOME_NOT_SENT, !found->lacks);
    return;
  case FINDING_ABSENT:
    task_over(task);
    attempt.step.absent = true;
    fail(slot, &attempt, OUTCOME_NOT_SENT, true);
    return;
  case FINDING_NOTHING:
  case FINDING_DOUBTFUL:
  case FINDING_RECEIVED:
  case FINDING_REPLAY_OVER:
  case FINDING_COUNT:
    break;
  }
  taught_nothing(slot, task, &attempt, found);
}

void attempt_declined_as_told(struct slot *slot, struct task *task) {
  struct attempt attempt = slot->payment->attempts[task->attempt - 1];
  take_told(&attempt);
  struct outcome outcome = classify(slot->payment, attempt.sheet, &attempt.step.answer);
  task_over(task);
  fail(slot, &attempt, outcome.class, outcome.may_go_elsewhere);
}

/* It may have been handed over only just now, and then has its whole timeout to leave in. */
void attempt_lost(struct slot *slot, struct task *task) {
  struct attempt attempt = slot->payment->attempts[task->attempt - 1];
  if (attempt.told_declined && !reason_may_come(task)) {
    attempt_declined_as_told(slot, task);
    return;
  }
  doubt(slot, task, &attempt, CHANGE_ATTEMPT_LOST,
        slot->engine->now_ms + attempt.step.timeout_ms + DISPATCH_GRACE_MS);
}

/* Taken for what was live, it goes nowhere else; else it is as if it had been shown absent. */
void attempt_resolved(struct slot *slot, unsigned number, const struct resolution *resolution) {
  struct attempt attempt = slot->payment->attempts[number - 1];
  bool was_open = attempt.step.status == STEP_UNRESOLVED;
  struct task *task = was_open ? task_for_attempt(slot, number) : NULL;
  if (task)
    task_over(task);
  attempt.step.by_person = true;
  if (resolution->psp_id[0] != '\0')
    memcpy(attempt.step.answer.psp_id, resolution->psp_id, sizeof attempt.step.answer.psp_id);
  if (resolution->succeeded)
    succeed(slot, &attempt);
  else
    fail(slot, &attempt, OUTCOME_NOT_SENT, was_open);
}
