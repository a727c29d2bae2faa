#include "findings.h"

#include <string.h>

/* What stands when a reply says nothing that proves: a dispatch has become doubtful, a question or a webhook
 * has taught nothing. */
static enum finding unproved(const struct evidence *evidence) {
  bool dispatched = evidence->errand == ERRAND_FIRST || evidence->errand == ERRAND_REPLAY;
  return dispatched ? FINDING_DOUBTFUL : FINDING_NOTHING;
}

/* The vault refused to send it. Of a replay and a question that says nothing about the dispatch itself. */
static enum finding find_in_refusal(const struct evidence *evidence) {
  if (evidence->errand == ERRAND_FIRST)
    return FINDING_NOT_SENT;
  if (evidence->errand == ERRAND_STATUS)
    return FINDING_NOTHING;
  switch (evidence->status) {
  case STATUS_EXPIRED:
  case STATUS_DELETED:
  case STATUS_CONFLICT:
  case STATUS_NOT_FOUND:
    return FINDING_REPLAY_OVER;
  default:
    return FINDING_NOTHING;
  }
}

/* A status answer about something else is none. */
static bool is_about_another(const struct evidence *evidence) {
  const char *reference = answer_fields_get(&evidence->result->fields, ANSWER_REFERENCE);
  return evidence->errand == ERRAND_STATUS && reference && strcmp(reference, evidence->key) != 0;
}

static enum finding find_in_decline(const struct evidence *evidence) {
  return evidence->class == OUTCOME_AMBIGUOUS ? unproved(evidence) : FINDING_FAILED;
}

static enum finding find_in_absence(const struct evidence *evidence) {
  return evidence->errand == ERRAND_STATUS && evidence->absence_proves ? FINDING_ABSENT : unproved(evidence);
}

/* A refusal of the dispatch itself is one of it. Refused questions and replays (bad credentials, too many
 * requests, "already captured") say nothing of what the dispatch did, and a webhook may speak of them. */
static enum finding find_in_rejection(const struct evidence *evidence) {
  return evidence->errand == ERRAND_FIRST ? FINDING_FAILED : FINDING_NOTHING;
}

static enum finding find_about_attempt(const struct evidence *evidence) {
  switch (evidence->result->answer) {
  case ANSWER_IS_APPROVED:
  case ANSWER_IS_CAPTURED:
    return FINDING_SUCCEEDED;
  case ANSWER_IS_ACTION: /* a webhook brings no address to act at: the reply or a question does */
    return evidence->errand == ERRAND_WEBHOOK ? FINDING_NOTHING : FINDING_ACTION;
  case ANSWER_IS_DECLINED:
    return find_in_decline(evidence);
  case ANSWER_IS_REJECTED:
    return find_in_rejection(evidence);
  case ANSWER_IS_VOIDED:
  case ANSWER_IS_REFUNDED:
    return FINDING_GONE;
  case ANSWER_IS_ABSENT:
    return find_in_absence(evidence);
  case ANSWER_IS_RECEIVED:
  case ANSWER_IS_PENDING:
  case ANSWER_IS_UNKNOWN:
  case ANSWER_COUNT:
    break;
  }
  return unproved(evidence);
}

/* The answer that says that this movement is done, besides ANSWER_IS_APPROVED. */
static enum answer done_answer(enum movement_type type) {
  static const enum answer answers[MOVEMENT_TYPE_COUNT] = {
      [MOVEMENT_CAPTURE] = ANSWER_IS_CAPTURED,
      [MOVEMENT_VOID] = ANSWER_IS_VOIDED,
      [MOVEMENT_REFUND] = ANSWER_IS_REFUNDED,
  };
  return answers[type];
}

static enum finding find_about_movement(const struct evidence *evidence) {
  enum answer answer = evidence->result->answer;
  if (answer == ANSWER_IS_APPROVED || answer == done_answer(evidence->movement))
    return FINDING_SUCCEEDED;
  switch (answer) {
  case ANSWER_IS_RECEIVED:
  case ANSWER_IS_PENDING:
    return FINDING_RECEIVED;
  case ANSWER_IS_DECLINED:
    return find_in_decline(evidence);
  case ANSWER_IS_REJECTED:
    return find_in_rejection(evidence);
  case ANSWER_IS_ABSENT:
    return find_in_absence(evidence);
  default:
    return unproved(evidence);
  }
}

enum finding find(const struct evidence *evidence) {
  const struct dispatch_result *result = evidence->result;
  bool first = evidence->errand == ERRAND_FIRST;
  if (evidence->status != STATUS_DONE)
    return find_in_refusal(evidence);
  if (result->phase == PHASE_NOT_SENT)
    return first ? FINDING_NOT_SENT : FINDING_NOTHING;
  if (result->phase != PHASE_REPLY)
    return unproved(evidence);
  if (result->transient_error)
    return first ? FINDING_NOT_SENT : FINDING_NOTHING;
  if (is_about_another(evidence))
    return FINDING_NOTHING;
  return evidence->movement ? find_about_movement(evidence) : find_about_attempt(evidence);
}
