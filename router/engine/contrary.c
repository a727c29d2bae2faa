/* What a PSP says of a step that has ended already: by a webhook, or by a reply that was outstanding when a
 * webhook ended it. Duplicates and what is older change nothing; README.md says what the rest does. */
#include "engine_parts.h"

#include <string.h>

/* ---- Attempts ---- */

static bool was_undone_elsewhere(const struct attempt *attempt) {
  enum answer answer = attempt->step.answer.answer;
  return answer == ANSWER_IS_VOIDED || answer == ANSWER_IS_REFUNDED;
}

/* A person took for live what the PSP says it declined, or gave back. */
static bool contradicts_a_person(const struct attempt *attempt, const struct found *found) {
  bool gone = found->finding == FINDING_FAILED || found->finding == FINDING_GONE;
  return gone && attempt->step.status == STEP_SUCCEEDED && attempt->step.by_person && !attempt->accepted;
}

/* A charge that was taken for none. It is undone under its own PSP id, whatever became of the payment since.
 */
void attempt_said_again(struct slot *slot, unsigned number, const struct found *found) {
  struct attempt attempt = slot->payment->attempts[number - 1];
  if (contradicts_a_person(&attempt, found))
    attention_to_attempt(slot, number);
  if (found->finding != FINDING_SUCCEEDED || attempt.step.status != STEP_FAILED || attempt.surplus ||
      was_undone_elsewhere(&attempt))
    return;
  attempt.surplus = true;
  (void)complete_answer(&attempt.step.answer, found->result);
  engine_fail(slot->engine, change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_ANSWERED, &attempt));
  slot->undo_ms = slot->engine->now_ms;
  undo_unwanted(slot);
}

/* The agreement was opened before the network's transaction id was known (P8). */
static void complete_agreement(struct slot *slot, const char *network_transaction_id) {
  struct engine *engine = slot->engine;
  const struct payment *payment = slot->payment;
  struct agreement agreement;
  if (payment->agreement_opened.text[0] == '\0' ||
      ledger_agreement_get(engine->ledger, &payment->merchant, &payment->agreement_opened, &agreement) != 0 ||
      agreement.network_transaction_id[0] != '\0')
    return;
  memcpy(agreement.network_transaction_id, network_transaction_id, sizeof agreement.network_transaction_id);
  engine_fail(engine, ledger_agreement_put(engine->ledger, &agreement));
}

static bool agrees(const struct attempt *attempt, const struct found *found) {
  if (found->finding == FINDING_SUCCEEDED)
    return attempt->step.status == STEP_SUCCEEDED;
  return found->finding == FINDING_FAILED && attempt->step.status == STEP_FAILED && found->result &&
         found->result->answer == ANSWER_IS_DECLINED && attempt->step.answer.answer == ANSWER_IS_DECLINED;
}

/* Of a decline that may be why, and the networks count by that (P7). Where the payment went is done. */
static void complete_attempt(struct slot *slot, unsigned number, const struct found *found) {
  struct attempt attempt = slot->payment->attempts[number - 1];
  if (!agrees(&attempt, found) || !complete_answer(&attempt.step.answer, found->result))
    return;
  if (found->finding == FINDING_FAILED)
    attempt.step.class = classify(slot->payment, attempt.sheet, &attempt.step.answer).class;
  engine_fail(slot->engine, change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_ANSWERED, &attempt));
  if (found->finding == FINDING_SUCCEEDED)
    complete_agreement(slot, attempt.step.answer.network_transaction_id);
}

/* ---- Movements ---- */

/* Of two contrary statements the later one holds; of two at the same time, or of no known one, the failure. A
 * movement that failed without the PSP ever having had it is news whenever it is said to be done. */
static bool is_later(const struct movement *movement, const struct found *found) {
  if (found->finding == FINDING_FAILED)
    return found->at_ms == 0 || found->at_ms >= movement->event_ms;
  return movement->event_ms == 0 || found->at_ms > movement->event_ms;
}

static bool is_contrary(const struct movement *movement, const struct found *found) {
  return (found->finding == FINDING_FAILED && movement->step.status == STEP_SUCCEEDED) ||
         (found->finding == FINDING_SUCCEEDED && movement->step.status == STEP_FAILED);
}

/* A failure that does not say when stands against every success: which was later nobody can tell. */
int64_t movement_event_ms(const struct movement *movement, const struct found *found) {
  if (found->at_ms == 0 && found->finding == FINDING_FAILED)
    return INT64_MAX;
  if (found->at_ms > movement->event_ms)
    return found->at_ms;
  return movement->event_ms > 0 ? movement->event_ms : 1;
}

static void turn(struct slot *slot, struct movement *movement, const struct found *found) {
  const struct attempt *attempt = &slot->payment->attempts[movement->attempt - 1];
  bool failed = found->finding == FINDING_FAILED;
  movement->event_ms = movement_event_ms(movement, found);
  movement->step.status = failed ? STEP_FAILED : STEP_SUCCEEDED;
  movement->step.absent = false;
  movement->step.attention_ms = 0;
  movement->step.by_person = false;
  movement->step.class = failed ? class_of(slot->payment, attempt, found->result) : OUTCOME_APPROVED;
  movement->step.ended_ms = slot->engine->now_ms;
  take_answer(&movement->step.answer, found->result);
}

static void record(struct slot *slot, const struct movement *movement) {
  engine_fail(slot->engine,
              change_movement(entry_of(slot), slot->payment, CHANGE_MOVEMENT_ANSWERED, movement));
}

/* The same again, later: what is older than this is out of date now. */
static void agree(struct slot *slot, const struct movement *movement, const struct found *found) {
  bool done = movement->step.status == STEP_SUCCEEDED;
  struct movement later = *movement;
  if (found->finding != (done ? FINDING_SUCCEEDED : FINDING_FAILED) || found->at_ms <= movement->event_ms)
    return;
  later.event_ms = found->at_ms;
  record(slot, &later);
}

/* The books have no place for it any more. Said again, it is nothing new. */
static void put_before_a_person(struct slot *slot, unsigned place, int64_t event_ms) {
  struct movement movement = slot->payment->movements[place];
  movement.event_ms = event_ms;
  movement.step.attention_ms = slot->engine->now_ms;
  engine_fail(slot->engine,
              change_movement(entry_of(slot), slot->payment, CHANGE_MOVEMENT_ATTENTION, &movement));
}

void movement_said_again(struct slot *slot, unsigned place, const struct found *found) {
  struct movement movement = slot->payment->movements[place];
  if (!is_contrary(&movement, found)) {
    agree(slot, &movement, found);
    return;
  }
  if (!is_later(&movement, found))
    return;
  turn(slot, &movement, found);
  if (!payment_allows(slot->payment, &movement)) {
    put_before_a_person(slot, place, movement.event_ms);
    return;
  }
  record(slot, &movement);
  undo_plan(slot);
}

static void complete_movement(struct slot *slot, unsigned place, const struct found *found) {
  struct movement movement = slot->payment->movements[place];
  bool agrees = found->finding == FINDING_SUCCEEDED || found->finding == FINDING_RECEIVED;
  if (agrees && complete_answer(&movement.step.answer, found->result))
    record(slot, &movement);
}

/* ---- Replies ---- */

/* A movement's is older than the webhook that ended it, or agrees with it; against a person it counts. */
void reply_after_end(struct slot *slot, struct task *task, const struct found *found) {
  unsigned attempt = task->attempt, movement = task->movement;
  task_free(task);
  if (movement) {
    if (slot->payment->movements[movement - 1].step.by_person)
      movement_said_again(slot, movement - 1, found);
    complete_movement(slot, movement - 1, found);
    return;
  }
  attempt_said_again(slot, attempt, found);
  complete_attempt(slot, attempt, found);
}
