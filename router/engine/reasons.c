/* Why an attempt was declined. A webhook may say that it was, and not why, before the reply comes that does.
 * Then the reply, or a question's answer, is waited for: where the payment goes next depends on it, and what
 * the networks let be tried again (P7). Where nothing says why, the webhook's word stands. */
#include "engine_parts.h"

enum { REASON_ASKS = 4 /* questions in vain, in the schedule's first seconds */ };

static bool says_why(const struct found *found) {
  static const enum answer_field codes[] = {ANSWER_CODE, ANSWER_NETWORK_CODE, ANSWER_ADVICE_CODE};
  for (size_t i = 0; !found->codes_unsigned && i < sizeof codes / sizeof *codes; i++) {
    if (answer_fields_get(&found->result->fields, codes[i]))
      return true;
  }
  return false;
}

/* Or of a sheet that is not known here. After a start no connector is known yet. */
static bool is_gone(const struct engine *engine, const char *name) {
  const struct connector *connector = connector_named(engine, name);
  return engine->connector_count > 0 && (!connector || !connector->sheet);
}

bool reason_may_come(const struct task *task) {
  return task->correlation != 0 ||
         (!is_gone(task->slot->engine, task_attempt(task)->connector) && task_can_be_asked(task));
}

bool reason_awaited(struct slot *slot, struct task *task, const struct found *found) {
  struct attempt attempt = *task_attempt(task);
  if (found->errand != ERRAND_WEBHOOK || found->finding != FINDING_FAILED || says_why(found) ||
      !reason_may_come(task))
    return false;
  if (attempt.told_declined)
    return true;
  take_attempt_answer(slot->payment, &attempt, found);
  attempt.told_declined = true;
  engine_fail(slot->engine, change_attempt(entry_of(slot), slot->payment, CHANGE_ATTEMPT_ANSWERED, &attempt));
  task->asks = 0;
  if (!task->correlation)
    task->due_ms = slot->engine->now_ms;
  return true;
}

enum finding reason_finding(const struct task *task, const struct found *found) {
  switch (found->finding) {
  case FINDING_SUCCEEDED:
  case FINDING_FAILED:
  case FINDING_GONE:
    return found->finding;
  case FINDING_NOTHING:
  case FINDING_DOUBTFUL:
    return task->asks < REASON_ASKS && reason_may_come(task) ? found->finding : FINDING_FAILED;
  default:
    return FINDING_FAILED;
  }
}
