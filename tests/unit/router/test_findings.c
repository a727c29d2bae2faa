/* What each reply proves, as a table: the heart of P2. */
#include <criterion/criterion.h>
#include <string.h>

#include "findings.h"

static const char key[] = "pay_00000000000000000000000000_1";

static enum finding found(enum errand errand, enum movement_type movement, enum phase phase,
                          enum answer answer, bool absence_proves) {
  struct dispatch_result result = {.phase = phase, .answer = answer};
  struct evidence evidence = {.errand = errand,
                              .movement = movement,
                              .status = STATUS_DONE,
                              .result = &result,
                              .class = answer == ANSWER_IS_DECLINED ? OUTCOME_HARD : OUTCOME_AMBIGUOUS,
                              .key = key,
                              .absence_proves = absence_proves};
  return find(&evidence);
}

/* Of a whole answer: first dispatch, status question, replay, webhook. */
static const struct {
  enum answer answer;
  enum finding attempt[4], capture[4];
} table[] = {
    {ANSWER_IS_UNKNOWN,
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING},
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING}},
    {ANSWER_IS_APPROVED,
     {FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED},
     {FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED}},
    {ANSWER_IS_CAPTURED,
     {FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED},
     {FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED, FINDING_SUCCEEDED}},
    {ANSWER_IS_RECEIVED,
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING},
     {FINDING_RECEIVED, FINDING_RECEIVED, FINDING_RECEIVED, FINDING_RECEIVED}},
    {ANSWER_IS_PENDING,
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING},
     {FINDING_RECEIVED, FINDING_RECEIVED, FINDING_RECEIVED, FINDING_RECEIVED}},
    {ANSWER_IS_ACTION,
     {FINDING_ACTION, FINDING_ACTION, FINDING_ACTION, FINDING_NOTHING},
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING}},
    {ANSWER_IS_DECLINED,
     {FINDING_FAILED, FINDING_FAILED, FINDING_FAILED, FINDING_FAILED},
     {FINDING_FAILED, FINDING_FAILED, FINDING_FAILED, FINDING_FAILED}},
    {ANSWER_IS_REJECTED,
     {FINDING_FAILED, FINDING_NOTHING, FINDING_NOTHING, FINDING_NOTHING},
     {FINDING_FAILED, FINDING_NOTHING, FINDING_NOTHING, FINDING_NOTHING}},
    {ANSWER_IS_VOIDED,
     {FINDING_GONE, FINDING_GONE, FINDING_GONE, FINDING_GONE},
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING}},
    {ANSWER_IS_REFUNDED,
     {FINDING_GONE, FINDING_GONE, FINDING_GONE, FINDING_GONE},
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING}},
    {ANSWER_IS_ABSENT,
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING},
     {FINDING_DOUBTFUL, FINDING_NOTHING, FINDING_DOUBTFUL, FINDING_NOTHING}},
};

Test(findings, of_whole_answers) {
  cr_assert_eq(sizeof table / sizeof *table, ANSWER_COUNT - 1, "an answer is missing");
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    for (enum errand errand = ERRAND_FIRST; errand <= ERRAND_WEBHOOK; errand++) {
      cr_expect_eq(found(errand, 0, PHASE_REPLY, table[i].answer, false), table[i].attempt[errand - 1],
                   "attempt, answer %d, errand %d", table[i].answer, errand);
      cr_expect_eq(found(errand, MOVEMENT_CAPTURE, PHASE_REPLY, table[i].answer, false),
                   table[i].capture[errand - 1], "capture, answer %d, errand %d", table[i].answer, errand);
    }
  }
}

Test(findings, absence_is_proof_for_a_question_alone) {
  cr_assert_eq(found(ERRAND_STATUS, 0, PHASE_REPLY, ANSWER_IS_ABSENT, true), FINDING_ABSENT);
  cr_assert_eq(found(ERRAND_STATUS, MOVEMENT_REFUND, PHASE_REPLY, ANSWER_IS_ABSENT, true), FINDING_ABSENT);
  cr_assert_eq(found(ERRAND_FIRST, 0, PHASE_REPLY, ANSWER_IS_ABSENT, true), FINDING_DOUBTFUL);
  cr_assert_eq(found(ERRAND_REPLAY, 0, PHASE_REPLY, ANSWER_IS_ABSENT, true), FINDING_DOUBTFUL);
}

Test(findings, each_movement_has_its_own_word_for_done) {
  cr_assert_eq(found(ERRAND_STATUS, MOVEMENT_VOID, PHASE_REPLY, ANSWER_IS_VOIDED, false), FINDING_SUCCEEDED);
  cr_assert_eq(found(ERRAND_STATUS, MOVEMENT_REFUND, PHASE_REPLY, ANSWER_IS_REFUNDED, false),
               FINDING_SUCCEEDED);
  cr_assert_eq(found(ERRAND_STATUS, MOVEMENT_REFUND, PHASE_REPLY, ANSWER_IS_CAPTURED, false),
               FINDING_NOTHING);
  cr_assert_eq(found(ERRAND_STATUS, MOVEMENT_VOID, PHASE_REPLY, ANSWER_IS_CAPTURED, false), FINDING_NOTHING);
}

Test(findings, of_phases) {
  for (enum answer answer = ANSWER_IS_UNKNOWN; answer < ANSWER_COUNT; answer++) {
    cr_assert_eq(found(ERRAND_FIRST, 0, PHASE_NOT_SENT, answer, true), FINDING_NOT_SENT);
    cr_assert_eq(found(ERRAND_STATUS, 0, PHASE_NOT_SENT, answer, true), FINDING_NOTHING);
    cr_assert_eq(found(ERRAND_REPLAY, 0, PHASE_NOT_SENT, answer, true), FINDING_NOTHING);
    for (enum phase phase = PHASE_SENT_NO_REPLY; phase <= PHASE_PARTIAL_REPLY; phase++) {
      cr_assert_eq(found(ERRAND_FIRST, 0, phase, answer, true), FINDING_DOUBTFUL);
      cr_assert_eq(found(ERRAND_STATUS, 0, phase, answer, true), FINDING_NOTHING);
      cr_assert_eq(found(ERRAND_REPLAY, 0, phase, answer, true), FINDING_DOUBTFUL);
    }
  }
}

Test(findings, of_the_vaults_refusals) {
  for (enum status status = STATUS_BUSY; status <= STATUS_NO_CODE; status++) {
    struct evidence evidence = {.errand = ERRAND_FIRST, .status = status, .key = key};
    cr_assert_eq(find(&evidence), FINDING_NOT_SENT);
    evidence.errand = ERRAND_STATUS;
    cr_assert_eq(find(&evidence), FINDING_NOTHING);
    evidence.errand = ERRAND_REPLAY;
    bool over = status == STATUS_EXPIRED || status == STATUS_DELETED || status == STATUS_CONFLICT ||
                status == STATUS_NOT_FOUND;
    cr_assert_eq(find(&evidence), over ? FINDING_REPLAY_OVER : FINDING_NOTHING);
  }
}

Test(findings, a_decline_that_may_have_charged_is_doubtful) {
  struct dispatch_result result = {.phase = PHASE_REPLY, .answer = ANSWER_IS_DECLINED};
  struct evidence evidence = {.errand = ERRAND_FIRST,
                              .status = STATUS_DONE,
                              .result = &result,
                              .class = OUTCOME_AMBIGUOUS,
                              .key = key};
  cr_assert_eq(find(&evidence), FINDING_DOUBTFUL);
  evidence.errand = ERRAND_STATUS;
  cr_assert_eq(find(&evidence), FINDING_NOTHING);
}

Test(findings, a_transient_error_counts_for_the_dispatch_itself_only) {
  struct dispatch_result result = {
      .phase = PHASE_REPLY, .answer = ANSWER_IS_REJECTED, .transient_error = true};
  struct evidence evidence = {.errand = ERRAND_FIRST, .status = STATUS_DONE, .result = &result, .key = key};
  cr_assert_eq(find(&evidence), FINDING_NOT_SENT);
  evidence.errand = ERRAND_REPLAY;
  cr_assert_eq(find(&evidence), FINDING_NOTHING);
}
