/* The engine's course through every answer and fault, one at a time. */
#include <criterion/criterion.h>
#include <string.h>

#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 1);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(engine, .init = setup, .fini = teardown, .timeout = 60);

/* A test at whose end the journal must rebuild the payments (a failure in fini would be printed and not
 * counted). */
#define ENGINE_TEST(name)                                                                                    \
  static void name(void);                                                                                    \
  Test(engine, name) {                                                                                       \
    name();                                                                                                  \
    cr_assert(world_journal_agrees(&world), "the journal does not rebuild the payments");                    \
  }                                                                                                          \
  static void name(void)

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static uint64_t pay(void) {
  struct payment_request request = world_request(&world);
  return world_pay(&world, &request);
}

static uint64_t authorize(void) {
  struct payment_request request = world_request(&world);
  request.capture_manual = true;
  uint64_t ticket = world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  return ticket;
}

static uint64_t move(enum movement_type type, int64_t amount) {
  struct id payment = world_newest(&world);
  struct movement_request request = world_movement(&world, &payment, type, amount);
  return world_move(&world, &request);
}

static enum request_outcome outcome(uint64_t ticket) {
  const struct request_answer *answer = world_answer(&world, ticket);
  cr_assert(answer, "no answer to the ticket");
  return answer->outcome;
}

ENGINE_TEST(charges_at_the_first_connector) {
  uint64_t ticket = pay();
  struct sent *sent = world_outstanding(&world);
  cr_assert_eq(world.sent_count, 1);
  cr_assert_str_eq(sent->dispatch.connector, "alpha");
  cr_assert_eq(sent->dispatch.operation, OPERATION_CHARGE);
  cr_assert_eq(sent->dispatch.amount.minor, 1000);
  cr_assert_str_eq(sent->dispatch.amount.currency, "EUR");
  cr_assert(id_equal(&sent->dispatch.token, &world.token));
  cr_assert_str_eq(request_fields_get(&sent->dispatch.fields, REQUEST_KIND), "customer");
  cr_assert_null(world_answer(&world, ticket));
  world_approve(&world, ANSWER_IS_CAPTURED);
  const struct payment *payment = newest();
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_not(world_answer(&world, ticket)->open);
  cr_assert_eq(payment->status, PAYMENT_CAPTURED);
  cr_assert_eq(payment->amount_captured, 1000);
  cr_assert_eq(payment->amount_refundable, 1000);
  cr_assert_eq(payment->attempt_count, 1);
  cr_assert_str_eq(payment->attempts[0].step.answer.psp_id, "psp-1");
  cr_assert_str_eq(payment->attempts[0].step.answer.network_transaction_id, "ntid-1");
  cr_assert_str_eq(payment->card.last4, "4242");
  cr_assert_str_eq(payment->decision.rule, "otherwise");
  cr_assert_eq(payment->decision.candidate_count, 3);
  cr_assert_neq(payment->decision.draw, 0);
  cr_assert_eq(world.ended, 1);
}

ENGINE_TEST(nothing_leaves_before_the_commit) {
  struct payment_request request = world_request(&world);
  struct effect effect;
  engine_pay(world.engine, world.now_ms, 1, &request);
  cr_assert_not(engine_next_effect(world.engine, &effect));
  cr_assert_eq(engine_due(world.engine), 0);
}

ENGINE_TEST(the_key_of_a_step_names_payment_and_attempt) {
  pay();
  char key[STEP_KEY_CAPACITY];
  struct id id = world_newest(&world);
  snprintf(key, sizeof key, "%s_1", id.text);
  cr_assert_str_eq(world.sent[0].dispatch.key, key);
  world_fault(&world, PHASE_NOT_SENT);
  snprintf(key, sizeof key, "%s_2", id.text);
  cr_assert_str_eq(world.sent[1].dispatch.key, key);
}

ENGINE_TEST(the_ledger_knows_the_steps_that_left_and_no_other) {
  struct id id, other = id_new("mer", 1), nobodys = id_new("pay", 1);
  char key[STEP_KEY_CAPACITY];
  pay();
  world_fault(&world, PHASE_NOT_SENT);
  world_approve(&world, ANSWER_IS_CAPTURED);
  id = world_newest(&world);
  for (unsigned number = 1; number <= 3; number++) {
    step_key(&id, number, key);
    cr_assert_eq(step_recorded(world.ledger, &world.merchant, key), number <= 2 ? 0 : LEDGER_ABSENT, "%u",
                 number);
    cr_assert_eq(step_recorded(world.ledger, &other, key), LEDGER_ABSENT, "another merchant's");
  }
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 100);
  world_move(&world, &refund);
  step_key(&world_payment(&world, &id)->movements[0].id, 1, key);
  cr_assert_eq(step_recorded(world.ledger, &world.merchant, key), 0);
  cr_assert_eq(step_recorded(world.ledger, &other, key), LEDGER_ABSENT);
  step_key(&nobodys, 1, key);
  cr_assert_eq(step_recorded(world.ledger, &world.merchant, key), LEDGER_ABSENT);
  cr_assert_eq(step_recorded(world.ledger, &world.merchant, "ver_01J9ZC8XK4T5V6W7X8Y9Z0ABCD_1"),
               LEDGER_ABSENT);
}

ENGINE_TEST(cascades_when_nothing_was_sent) {
  uint64_t ticket = pay();
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  cr_assert_null(world_answer(&world, ticket));
  world_approve(&world, ANSWER_IS_CAPTURED);
  const struct payment *payment = newest();
  cr_assert_eq(payment->status, PAYMENT_CAPTURED);
  cr_assert_eq(payment->attempts[0].step.class, OUTCOME_NOT_SENT);
  cr_assert_eq(payment->attempts[0].step.status, STEP_FAILED);
  cr_assert_str_eq(payment_live_attempt(payment)->connector, "beta");
}

ENGINE_TEST(every_refusal_of_the_vault_is_not_sent) {
  static const enum status refusals[] = {STATUS_BUSY, STATUS_UNAVAILABLE, STATUS_STORAGE, STATUS_SEALED,
                                         STATUS_CONFLICT};
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    pay();
    world_refuse(&world, refusals[i]);
    cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
    world_approve(&world, ANSWER_IS_CAPTURED);
  }
}

ENGINE_TEST(cascades_on_a_soft_decline_only) {
  pay();
  world_decline(&world, "91"); /* issuer unavailable: another acquirer may get through */
  if (world_outstanding(&world))
    world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  uint64_t ticket = pay();
  world_decline(&world, "43"); /* stolen card */
  cr_assert_null(world_outstanding(&world));
  const struct payment *payment = newest();
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(payment->status, PAYMENT_DECLINED);
  cr_assert_eq(payment->decline.retry, OUTCOME_RETRY_NEVER);
  cr_assert(payment->decline.reason[0] != '\0');
}

ENGINE_TEST(fails_when_the_list_is_through) {
  uint64_t ticket = pay();
  for (int i = 0; i < 3; i++)
    world_fault(&world, PHASE_NOT_SENT);
  const struct payment *payment = newest();
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(payment->status, PAYMENT_FAILED);
  cr_assert_eq(payment->attempt_count, 3);
  cr_assert_str_eq(payment->decline.reason, "not_sent");
  cr_assert_eq(world.ended, 1);
}

ENGINE_TEST(retry_none_switches_the_cascade_off) {
  struct payment_request request = world_request(&world);
  request.retry_none = true;
  world_pay(&world, &request);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
}

ENGINE_TEST(no_new_attempt_after_the_deadline) {
  struct payment_request request = world_request(&world);
  request.deadline_ms = 3000;
  world_pay(&world, &request);
  cr_assert_eq(world_outstanding(&world)->dispatch.timeout_ms, 3000);
  world_advance(&world, 3000);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
}

enum { ANOTHER_MS = 2000 /* that another attempt is to have */ };

/* Two seconds are left, or a millisecond less. */
static void cascade_with(int64_t left_ms) {
  struct payment_request request = world_request(&world);
  request.deadline_ms = 5000;
  world_pay(&world, &request);
  world_advance(&world, 5000 - left_ms);
  world_decline(&world, "91");
}

ENGINE_TEST(another_attempt_begins_with_time_to_end) {
  cascade_with(ANOTHER_MS);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  cr_assert_eq(world_outstanding(&world)->dispatch.timeout_ms, ANOTHER_MS);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* It would end as one of unknown fate. The merchant is told what the first one was. */
ENGINE_TEST(no_other_attempt_begins_with_too_little_time_to_end) {
  cascade_with(ANOTHER_MS - 1);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_DECLINED);
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_str_eq(newest()->decline.reason, "issuer_unavailable");
  cr_assert_eq(newest()->decline.retry, OUTCOME_RETRY_ELSEWHERE);
}

/* The first has what there is. */
ENGINE_TEST(a_short_deadline_is_for_one_attempt) {
  struct payment_request request = world_request(&world);
  request.deadline_ms = 1000;
  world_pay(&world, &request);
  cr_assert_eq(world_outstanding(&world)->dispatch.timeout_ms, 1000);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_eq(newest()->attempt_count, 1);
}

ENGINE_TEST(the_request_may_name_the_connectors) {
  struct payment_request request = world_request(&world);
  request.connector_count = 3;
  strcpy(request.connectors[0], "gamma");
  strcpy(request.connectors[1], "gamma");
  strcpy(request.connectors[2], "alpha");
  world_pay(&world, &request);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "gamma");
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
  cr_assert_str_eq(newest()->decision.rule, "request");
  world_approve(&world, ANSWER_IS_CAPTURED);
  strcpy(request.connectors[1], "omega");
  request.from.idempotency_key[0] = 'x';
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_CONNECTOR_UNKNOWN);
}

static void register_with_status(enum connector_status first, enum connector_status second) {
  struct connector_facts facts[3];
  for (unsigned i = 0; i < 3; i++)
    facts[i] = *engine_connector_at(world.engine, i);
  facts[0].status = first;
  facts[1].status = second;
  engine_on_connectors(world.engine, world.now_ms, facts, 3);
}

ENGINE_TEST(passes_over_what_cannot_and_says_why) {
  register_with_status(CONNECTOR_DISABLED, CONNECTOR_DRAINING);
  pay();
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "gamma");
  const struct payment *payment = newest();
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_DISABLED);
  cr_assert_eq(payment->decision.candidates[1].skipped, SKIP_DRAINING);
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_sheets[2].operations[OPERATION_CHARGE] = false;
  cr_assert_eq(outcome(pay()), REQUEST_NO_CONNECTOR);
}

ENGINE_TEST(no_policy_is_said) {
  struct payment_request request = world_request(&world);
  request.from.merchant = draw_id(&world.draws, "mer", world.now_ms);
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_NO_POLICY);
}

ENGINE_TEST(a_lost_answer_is_asked_about_and_never_sent_again) {
  uint64_t ticket = pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_null(world_answer(&world, ticket));
  world_advance(&world, 499);
  cr_assert_null(world_outstanding(&world));
  world_advance(&world, 1);
  struct sent *question = world_outstanding(&world);
  cr_assert_eq(question->dispatch.operation, OPERATION_STATUS);
  cr_assert_eq(question->dispatch.asked_about, OPERATION_CHARGE);
  cr_assert_str_eq(question->dispatch.key, world.sent[0].dispatch.key);
  cr_assert(request_fields_get(&question->dispatch.fields, REQUEST_STARTED_AT));
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_not(world_answer(&world, ticket)->open);
}

ENGINE_TEST(a_late_answer_is_given_after_ten_seconds) {
  uint64_t ticket = pay();
  world_advance(&world, 9999);
  cr_assert_null(world_answer(&world, ticket));
  world_advance(&world, 1);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert(world_answer(&world, ticket)->open);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

ENGINE_TEST(absence_proves_only_after_the_settling_time) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  world_advance(&world, 1499);
  if (world_outstanding(&world))
    world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_eq(newest()->attempt_count, 1);
  world_advance(&world, 1);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->attempt_count, 2);
  cr_assert(newest()->attempts[0].step.absent);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
}

ENGINE_TEST(absence_asked_before_and_answered_after_the_settling_time_proves_nothing) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  world.now_ms += 5000;
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

ENGINE_TEST(what_is_no_proof_leaves_it_unresolved) {
  static const enum answer answers[] = {ANSWER_IS_UNKNOWN, ANSWER_IS_PENDING, ANSWER_IS_REJECTED,
                                        ANSWER_IS_RECEIVED};
  pay();
  world_fault(&world, PHASE_PARTIAL_REPLY);
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    world_advance(&world, 20000);
    world_approve(&world, answers[i]);
    cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  }
  world_advance(&world, 20000);
  world_refuse(&world, STATUS_BUSY);
  world_advance(&world, 60000);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

ENGINE_TEST(an_answer_about_another_reference_proves_nothing) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_CAPTURED);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_REFERENCE, "somebody-else"), 0);
  world_reply(&world, world_outstanding(&world), &result);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

static void pay_at_beta(bool late_void) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  request.late_void = late_void;
  strcpy(request.connectors[0], "beta");
  request.security_code = draw_id(&world.draws, "cvc", world.now_ms);
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_REFERENCE, "order-1"), 0);
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_CUSTOMER_NAME, "Ada Lovelace"), 0);
  world_pay(&world, &request);
}

static bool same_bytes(const struct dispatch *left, const struct dispatch *right) {
  static uint8_t left_bytes[MESSAGE_MAX], right_bytes[MESSAGE_MAX];
  struct writer l = writer_over(left_bytes, sizeof left_bytes),
                r = writer_over(right_bytes, sizeof right_bytes);
  write_dispatch(&l, left);
  write_dispatch(&r, right);
  return writer_length(&l) == writer_length(&r) && memcmp(left_bytes, right_bytes, writer_length(&l)) == 0;
}

ENGINE_TEST(a_replay_is_the_same_dispatch_to_the_byte_also_after_a_crash) {
  pay_at_beta(false);
  struct dispatch first = world.sent[0].dispatch;
  cr_assert_str_eq(request_fields_get(&first.fields, REQUEST_CUSTOMER_NAME), "Ada Lovelace");
  world_restart(&world);
  world_advance(&world, 500);
  struct dispatch again = world_outstanding(&world)->dispatch;
  cr_assert(again.replay);
  cr_assert(again.security_code_sent);
  cr_assert_not(first.replay);
  again.replay = again.security_code_sent = false;
  cr_assert(same_bytes(&first, &again));
  cr_assert_eq(newest()->attempts[0].step.replays, 1);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

ENGINE_TEST(a_replay_says_whether_a_code_was_sent) {
  pay_at_beta(false);
  struct dispatch_result result = world_result(PHASE_SENT_NO_REPLY, ANSWER_IS_UNKNOWN);
  result.security_code_sent = false;
  world_reply(&world, world_outstanding(&world), &result);
  world_advance(&world, 500);
  cr_assert(world_outstanding(&world)->dispatch.replay);
  cr_assert_not(world_outstanding(&world)->dispatch.security_code_sent);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

ENGINE_TEST(a_replay_whose_code_is_gone_is_over) {
  pay_at_beta(false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  world_refuse(&world, STATUS_EXPIRED);
  cr_assert(newest()->attempts[0].step.replay_over);
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

ENGINE_TEST(no_replay_once_the_customer_was_erased) {
  pay_at_beta(false);
  struct id customer = newest()->customer;
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(ledger_customer_erase(world.ledger, &world.merchant, &customer), 0);
  world_advance(&world, 600000);
  cr_assert_null(world_outstanding(&world));
  cr_assert(newest()->attempts[0].step.replay_over);
}

ENGINE_TEST(no_replay_by_another_sheet_or_account) {
  pay_at_beta(false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct connector_facts facts = *engine_connector(world.engine, "beta");
  facts.sheet_hash[0] ^= 1;
  engine_on_connectors(world.engine, world.now_ms, &facts, 1);
  world_advance(&world, 600000);
  facts.sheet_hash[0] ^= 1;
  facts.merchant_account[0] = 'X';
  engine_on_connectors(world.engine, world.now_ms, &facts, 1);
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
}

ENGINE_TEST(no_replay_when_the_key_may_be_forgotten) {
  world_sheets[1].key_lifetime_s = 60;
  pay_at_beta(false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 40000);
  while (world_outstanding(&world)) {
    world_fault(&world, PHASE_SENT_NO_REPLY);
    world_advance(&world, 5000);
  }
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
  world_sheets[1].key_lifetime_s = 7 * 86400;
}

ENGINE_TEST(no_replay_of_what_the_merchant_no_longer_wants) {
  pay_at_beta(true);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world.now_ms += 60000;
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

ENGINE_TEST(an_approval_after_the_deadline_is_kept_by_default) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 100000);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_null(world_outstanding(&world));
}

static void approve_late(bool manual) {
  struct payment_request request = world_request(&world);
  request.late_void = true;
  request.capture_manual = manual;
  world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 100000);
  world_approve(&world, manual ? ANSWER_IS_APPROVED : ANSWER_IS_CAPTURED);
}

ENGINE_TEST(an_approval_after_the_deadline_is_voided_when_asked_for) {
  approve_late(true);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_VOID);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_null(world_outstanding(&world));
  world_restart(&world);
  world_advance(&world, 10000);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_VOID);
  world_approve(&world, ANSWER_IS_VOIDED);
  cr_assert_eq(newest()->status, PAYMENT_VOIDED);
  cr_assert_eq(newest()->amount_authorized, 0);
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
}

ENGINE_TEST(a_charge_after_the_deadline_is_refunded_when_asked_for) {
  approve_late(false);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  cr_assert_eq(world_outstanding(&world)->dispatch.amount.minor, 1000);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 1000);
}

ENGINE_TEST(the_customer_acts) {
  uint64_t ticket = pay();
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_ACTION);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_ACTION_URL, "https://psp.example/3ds"), 0);
  world_reply(&world, world_outstanding(&world), &result);
  cr_assert_eq(newest()->status, PAYMENT_REQUIRES_ACTION);
  cr_assert_str_eq(newest()->action_url, "https://psp.example/3ds");
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_not(world_answer(&world, ticket)->open);
  world_restart(&world);
  cr_assert_eq(newest()->status, PAYMENT_REQUIRES_ACTION);
  world_advance(&world, 10000);
  world_approve(&world, ANSWER_IS_ACTION);
  cr_assert_eq(newest()->status, PAYMENT_REQUIRES_ACTION);
  world_advance(&world, 60000);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_null(newest()->action_url);
}

ENGINE_TEST(a_customer_who_does_not_act_leaves_doubt) {
  pay();
  world_approve(&world, ANSWER_IS_ACTION);
  for (int i = 0; i < 100; i++) {
    world_advance(&world, 30000);
    if (world_outstanding(&world))
      world_approve(&world, ANSWER_IS_ACTION);
  }
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_eq(newest()->attempt_count, 1);
  world_advance(&world, 900000);
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
}

ENGINE_TEST(a_transient_error_of_the_psp_is_not_sent) {
  pay();
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_REJECTED);
  result.transient_error = true;
  world_reply(&world, world_outstanding(&world), &result);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
}

ENGINE_TEST(a_rejected_request_goes_nowhere) {
  pay();
  world_approve(&world, ANSWER_IS_REJECTED);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_eq(newest()->attempts[0].step.class, OUTCOME_CONFIG_ERROR);
}

ENGINE_TEST(what_was_voided_elsewhere_is_not_repeated) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  world_approve(&world, ANSWER_IS_VOIDED);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_str_eq(newest()->decline.reason, "voided_elsewhere");
}

/* ---- The vault's line ---- */

ENGINE_TEST(a_lost_line_leaves_doubt) {
  uint64_t ticket = pay();
  engine_on_vault(world.engine, world.now_ms, false);
  cr_assert_eq(world_round(&world), 0);
  world.sent[0].correlation = 0;
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_eq(outcome(pay()), REQUEST_VAULT_AWAY);
  world_advance(&world, 5000);
  cr_assert_null(world_outstanding(&world));
  engine_on_vault(world.engine, world.now_ms, true);
  world_advance(&world, 1000);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  /* The dispatch may have left until its timeout: settling counts from there. */
  for (int i = 0; i < 70; i++) {
    cr_assert_eq(newest()->attempt_count, 1);
    if (world_outstanding(&world))
      world_approve(&world, ANSWER_IS_ABSENT);
    world_advance(&world, 100);
  }
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->attempt_count, 2);
  cr_assert(world_answer(&world, ticket)->open);
}

ENGINE_TEST(what_was_not_handed_over_is_not_sent) {
  pay();
  uint64_t correlation = world.sent[0].correlation;
  world.sent[0].correlation = 0;
  engine_on_refused(world.engine, world.now_ms, correlation);
  cr_assert_eq(engine_due(world.engine), 0);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
}

ENGINE_TEST(one_lost_reply_leaves_doubt) {
  pay();
  uint64_t correlation = world.sent[0].correlation;
  world.sent[0].correlation = 0;
  engine_on_lost(world.engine, world.now_ms, correlation);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

ENGINE_TEST(what_has_not_left_when_the_line_goes_is_not_sent) {
  struct payment_request request = world_request(&world);
  world.describe_by_itself = false;
  engine_pay(world.engine, world.now_ms, 1, &request);
  cr_assert_eq(world_round(&world), 0);
  struct token_description description = {.status = TOKEN_ACTIVE};
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_DONE, &description);
  engine_on_vault(world.engine, world.now_ms, false);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(newest()->attempts[0].step.class, OUTCOME_NOT_SENT);
}

ENGINE_TEST(a_token_that_cannot_be_used_creates_nothing) {
  world.token_status = TOKEN_DELETED;
  cr_assert_eq(outcome(pay()), REQUEST_TOKEN_DELETED);
  world.token_status = TOKEN_EXPIRED;
  cr_assert_eq(outcome(pay()), REQUEST_TOKEN_EXPIRED);
  world.describe_by_itself = false;
  uint64_t ticket = pay();
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_NOT_FOUND, NULL);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(outcome(ticket), REQUEST_TOKEN_UNKNOWN);
  ticket = pay();
  world_advance(&world, 10000);
  cr_assert_eq(outcome(ticket), REQUEST_VAULT_AWAY);
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_DONE, NULL);
  cr_assert_eq(engine_counts(world.engine).created, 0);
}

/* ---- Idempotency (P3) ---- */

ENGINE_TEST(the_same_request_gets_the_same_payment) {
  struct payment_request request = world_request(&world);
  uint64_t first = world_pay(&world, &request);
  uint64_t second = world_pay(&world, &request);
  cr_assert_null(world_answer(&world, second), "it waits along");
  world_approve(&world, ANSWER_IS_CAPTURED);
  uint64_t third = world_pay(&world, &request);
  world_restart(&world);
  uint64_t fourth = world_pay(&world, &request);
  const struct request_answer *answer = world_answer(&world, first);
  uint64_t others[] = {second, third, fourth};
  for (int i = 0; i < 3; i++) {
    cr_assert_eq(outcome(others[i]), REQUEST_DONE);
    cr_assert(id_equal(&answer->payment, &world_answer(&world, others[i])->payment));
    cr_assert(world_answer(&world, others[i])->replayed);
  }
  cr_assert_not(answer->replayed);
  cr_assert_eq(world.described, 1);
  request.from.body_hash[0] ^= 1;
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_KEY_REUSED);
}

ENGINE_TEST(a_key_is_known_while_its_token_is_described) {
  struct payment_request request = world_request(&world);
  world.describe_by_itself = false;
  uint64_t first = world_pay(&world, &request);
  uint64_t second = world_pay(&world, &request);
  request.from.body_hash[0] ^= 1;
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_KEY_REUSED);
  cr_assert_eq(world.described, 1);
  struct token_description description = {.status = TOKEN_ACTIVE};
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_DONE, &description);
  cr_assert_eq(world_round(&world), 0);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert(id_equal(&world_answer(&world, first)->payment, &world_answer(&world, second)->payment));
  cr_assert_eq(engine_counts(world.engine).created, 1);
}

ENGINE_TEST(a_refusal_is_not_kept) {
  struct payment_request request = world_request(&world);
  world.token_status = TOKEN_DELETED;
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_TOKEN_DELETED);
  world.token_status = TOKEN_ACTIVE;
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

ENGINE_TEST(a_key_is_forgotten_after_thirty_days) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_advance(&world, IDEMPOTENCY_LIFETIME_MS - 1);
  cr_assert(world_answer(&world, world_pay(&world, &request))->replayed);
  world_advance(&world, 1);
  world_pay(&world, &request);
  cr_assert(world_outstanding(&world));
}

static unsigned count_keys(void) {
  struct view key, value;
  uint8_t at[STORE_KEY_MAX] = {0};
  size_t length = 1;
  unsigned count = 0;
  for (; store_next(world.store, LEDGER_IDEMPOTENCY, at, length, count == 0, &key, &value) == 0; count++) {
    memcpy(at, key.bytes, key.length);
    length = key.length;
  }
  return count;
}

ENGINE_TEST(old_keys_are_swept_as_new_ones_come) {
  for (int i = 0; i < 80; i++) {
    pay();
    world_approve(&world, ANSWER_IS_CAPTURED);
    if (i == 39)
      world.now_ms += IDEMPOTENCY_LIFETIME_MS;
  }
  cr_assert_leq(count_keys(), 60);
}

ENGINE_TEST(a_client_that_left_is_not_answered) {
  uint64_t ticket = pay();
  engine_forget(world.engine, ticket);
  engine_forget(world.engine, 4711);
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_advance(&world, 20000);
  cr_assert_null(world_answer(&world, ticket));
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

/* ---- Movements ---- */

ENGINE_TEST(captures_refunds_and_their_sums) {
  authorize();
  cr_assert_eq(newest()->status, PAYMENT_AUTHORIZED);
  cr_assert_eq(newest()->amount_capturable, 1000);
  cr_assert_eq(outcome(move(MOVEMENT_REFUND, 100)), REQUEST_INVALID_STATE);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 1001)), REQUEST_AMOUNT_TOO_LARGE);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, -1)), REQUEST_AMOUNT_INVALID);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, INT64_MAX)), REQUEST_AMOUNT_TOO_LARGE);
  struct id id = world_newest(&world);
  struct movement_request request = world_movement(&world, &id, MOVEMENT_CAPTURE, 0);
  request.amount_given = true;
  cr_assert_eq(outcome(world_move(&world, &request)), REQUEST_AMOUNT_INVALID);
  request = world_movement(&world, &id, MOVEMENT_CAPTURE, 400);
  request.final = false;
  uint64_t ticket = world_move(&world, &request);
  cr_assert_str_eq(request_fields_get(&world_outstanding(&world)->dispatch.fields, REQUEST_PSP_ID), "psp-1");
  cr_assert_eq(newest()->amount_capturable, 600, "what is pending counts");
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 601)), REQUEST_AMOUNT_TOO_LARGE);
  cr_assert_eq(outcome(move(MOVEMENT_VOID, 0)), REQUEST_INVALID_STATE);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_PARTIALLY_CAPTURED);
  move(MOVEMENT_CAPTURE, 100);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->amount_captured, 500);
  cr_assert_eq(newest()->amount_capturable, 0);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 1)), REQUEST_INVALID_STATE);
  move(MOVEMENT_REFUND, 300);
  cr_assert_eq(newest()->amount_refundable, 200);
  cr_assert_eq(outcome(move(MOVEMENT_REFUND, 201)), REQUEST_AMOUNT_TOO_LARGE);
  world_approve(&world, ANSWER_IS_REFUNDED);
  move(MOVEMENT_REFUND, 0);
  cr_assert_eq(world_outstanding(&world)->dispatch.amount.minor, 200);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 500);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(outcome(move(MOVEMENT_REFUND, 0)), REQUEST_AMOUNT_TOO_LARGE);
}

ENGINE_TEST(voids) {
  authorize();
  uint64_t ticket = move(MOVEMENT_VOID, 0);
  cr_assert_eq(outcome(move(MOVEMENT_VOID, 0)), REQUEST_INVALID_STATE);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 0)), REQUEST_INVALID_STATE);
  world_approve(&world, ANSWER_IS_VOIDED);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_VOIDED);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 0)), REQUEST_INVALID_STATE);
}

static uint64_t capture_a_part(int64_t amount) {
  struct id id = world_newest(&world);
  struct movement_request request = world_movement(&world, &id, MOVEMENT_CAPTURE, amount);
  request.final = false;
  return world_move(&world, &request);
}

ENGINE_TEST(a_capture_says_whether_it_is_the_last) {
  authorize();
  capture_a_part(400);
  cr_assert_str_eq(request_fields_get(&world_outstanding(&world)->dispatch.fields, REQUEST_FINAL), "false");
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_CAPTURE, 100);
  cr_assert_str_eq(request_fields_get(&world_outstanding(&world)->dispatch.fields, REQUEST_FINAL), "true");
}

ENGINE_TEST(where_one_capture_closes_the_authorization_none_is_a_part) {
  world_sheets[0].several_captures = false;
  authorize();
  unsigned sent = world.sent_count;
  cr_assert_eq(outcome(capture_a_part(400)), REQUEST_FINAL_ONLY);
  cr_assert_eq(world.sent_count, sent);
  cr_assert_eq(newest()->amount_capturable, 1000);
  move(MOVEMENT_CAPTURE, 400);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->amount_capturable, 0);
}

ENGINE_TEST(a_void_releases_what_is_left) {
  authorize();
  capture_a_part(400);
  world_approve(&world, ANSWER_IS_CAPTURED);
  uint64_t ticket = move(MOVEMENT_VOID, 0);
  cr_assert_eq(world_outstanding(&world)->dispatch.amount.minor, 600);
  cr_assert_eq(newest()->amount_capturable, 0, "while it is under way");
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 1)), REQUEST_INVALID_STATE);
  world_approve(&world, ANSWER_IS_VOIDED);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->amount_authorized, 400);
  cr_assert_eq(newest()->amount_captured, 400);
  cr_assert_eq(newest()->amount_capturable, 0);
  cr_assert_eq(newest()->amount_refundable, 400);
  cr_assert_eq(outcome(move(MOVEMENT_VOID, 0)), REQUEST_INVALID_STATE);
}

ENGINE_TEST(what_cannot_be_released_is_not_voided) {
  world_sheets[0].voids_rest = false;
  authorize();
  capture_a_part(400);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(outcome(move(MOVEMENT_VOID, 0)), REQUEST_REST_NOT_VOIDED);
  cr_assert_eq(newest()->status, PAYMENT_PARTIALLY_CAPTURED);
}

ENGINE_TEST(a_failed_movement_gives_its_amount_back) {
  authorize();
  uint64_t ticket = move(MOVEMENT_CAPTURE, 0);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(newest()->movements[0].step.status, STEP_FAILED);
  cr_assert_eq(newest()->amount_capturable, 1000);
  cr_assert_eq(newest()->status, PAYMENT_AUTHORIZED);
}

ENGINE_TEST(a_movement_repeated_with_its_key_is_the_same_movement) {
  authorize();
  struct id id = world_newest(&world);
  struct movement_request request = world_movement(&world, &id, MOVEMENT_CAPTURE, 300);
  uint64_t first = world_move(&world, &request);
  uint64_t second = world_move(&world, &request);
  cr_assert_null(world_answer(&world, second));
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_restart(&world);
  uint64_t third = world_move(&world, &request);
  cr_assert(id_equal(&world_answer(&world, first)->movement, &world_answer(&world, second)->movement));
  cr_assert(id_equal(&world_answer(&world, first)->movement, &world_answer(&world, third)->movement));
  cr_assert(world_answer(&world, third)->replayed);
  cr_assert_eq(newest()->movement_count, 1);
  request.from.body_hash[0] ^= 1;
  cr_assert_eq(outcome(world_move(&world, &request)), REQUEST_KEY_REUSED);
}

ENGINE_TEST(a_lost_refund_is_asked_about_and_never_sent_again) {
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  uint64_t ticket = move(MOVEMENT_REFUND, 600);
  char key[STEP_KEY_CAPACITY];
  strcpy(key, world_outstanding(&world)->dispatch.key);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(newest()->movements[0].step.status, STEP_UNRESOLVED);
  cr_assert_eq(newest()->amount_refundable, 400, "what is unresolved counts");
  world_restart(&world);
  world_advance(&world, 1000);
  struct sent *question = world_outstanding(&world);
  cr_assert_eq(question->dispatch.operation, OPERATION_STATUS);
  cr_assert_eq(question->dispatch.asked_about, OPERATION_REFUND);
  cr_assert_str_eq(question->dispatch.key, key);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 600);
  cr_assert_eq(newest()->movement_count, 1);
  (void)ticket;
}

ENGINE_TEST(a_received_capture_settles_when_asked) {
  authorize();
  uint64_t ticket = move(MOVEMENT_CAPTURE, 0);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert(world_answer(&world, ticket)->open);
  cr_assert_eq(newest()->status, PAYMENT_AUTHORIZED);
  cr_assert_eq(newest()->amount_capturable, 0);
  cr_assert_eq(newest()->amount_refundable, 1000);
  world_restart(&world);
  world_advance(&world, 1000);
  cr_assert_eq(world_outstanding(&world)->dispatch.asked_about, OPERATION_CAPTURE);
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert(newest()->movements[0].received, "what was received is not absent");
  world_advance(&world, 10000);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

ENGINE_TEST(a_received_capture_that_fails_leaves_its_refund) {
  authorize();
  move(MOVEMENT_CAPTURE, 600);
  world_approve(&world, ANSWER_IS_RECEIVED);
  move(MOVEMENT_REFUND, 500);
  world_approve(&world, ANSWER_IS_RECEIVED);
  world_advance(&world, 1000);
  for (struct sent *sent = world_outstanding(&world); sent; sent = world_outstanding(&world)) {
    if (sent->dispatch.asked_about == OPERATION_CAPTURE)
      world_decline(&world, "05");
    else
      world_approve(&world, ANSWER_IS_RECEIVED);
  }
  cr_assert_eq(newest()->movements[0].step.status, STEP_FAILED);
  cr_assert_eq(newest()->status, PAYMENT_AUTHORIZED);
  cr_assert_eq(newest()->amount_refundable, 0);
  cr_assert_eq(newest()->amount_capturable, 1000);
  cr_assert_eq(outcome(move(MOVEMENT_REFUND, 1)), REQUEST_INVALID_STATE);
  cr_assert_eq(engine_counts(world.engine).commits_failed, 0);
}

ENGINE_TEST(a_question_whose_round_failed_is_asked_again) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world.describe_by_itself = false;
  pay();
  world.now_ms += 500;
  struct token_description description = {.status = TOKEN_ACTIVE};
  store_memory_fail_commits(world.store, -28);
  engine_on_time(world.engine, world.now_ms);
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_DONE, &description);
  cr_assert_lt(world_round(&world), 0);
  store_memory_fail_commits(world.store, 0);
  cr_assert_eq(world.sent_count, 1);
  world_advance(&world, 5000);
  cr_assert_eq(world.sent_count, 2);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
}

ENGINE_TEST(what_a_webhook_will_end_is_left_alone_and_can_be_refunded) {
  struct payment_request request = world_request(&world);
  request.capture_manual = true;
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  move(MOVEMENT_CAPTURE, 700);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert(newest()->movements[0].by_webhook);
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(engine_counts(world.engine).open, 0);
  cr_assert_eq(outcome(move(MOVEMENT_REFUND, 701)), REQUEST_AMOUNT_TOO_LARGE);
  uint64_t ticket = move(MOVEMENT_REFUND, 200);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  cr_assert_eq(newest()->amount_refundable, 500);
}

ENGINE_TEST(a_lost_movement_is_replayed_where_that_is_the_question) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_REFUND, 200);
  struct dispatch first = world_outstanding(&world)->dispatch;
  world_fault(&world, PHASE_PARTIAL_REPLY);
  world_advance(&world, 500);
  struct dispatch again = world_outstanding(&world)->dispatch;
  cr_assert(again.replay);
  again.replay = false;
  cr_assert(same_bytes(&first, &again));
  world_approve(&world, ANSWER_IS_REJECTED);
  cr_assert_eq(newest()->movements[0].step.status, STEP_UNRESOLVED);
  world_advance(&world, 60000);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert(newest()->movements[0].received);
}

ENGINE_TEST(movements_need_a_payment_of_ones_own) {
  authorize();
  struct id id = world_newest(&world);
  struct movement_request request = world_movement(&world, &id, MOVEMENT_CAPTURE, 0);
  request.from.merchant = draw_id(&world.draws, "mer", world.now_ms);
  cr_assert_eq(outcome(world_move(&world, &request)), REQUEST_PAYMENT_UNKNOWN);
  request = world_movement(&world, &id, MOVEMENT_CAPTURE, 0);
  strcpy(request.payment.text, "nonsense");
  cr_assert_eq(outcome(world_move(&world, &request)), REQUEST_PAYMENT_UNKNOWN);
}

ENGINE_TEST(movements_are_bounded) {
  struct payment_request pays = world_request(&world);
  pays.amount.minor = 100000;
  world_pay(&world, &pays);
  world_approve(&world, ANSWER_IS_CAPTURED);
  enum request_outcome last = REQUEST_DONE;
  unsigned count = 0;
  for (; last == REQUEST_DONE && count < 200; count++) {
    uint64_t ticket = move(MOVEMENT_REFUND, 1);
    if (world_outstanding(&world))
      world_approve(&world, ANSWER_IS_REFUNDED);
    last = outcome(ticket);
  }
  cr_assert_eq(last, REQUEST_TOO_MANY_MOVEMENTS);
  cr_assert_gt(count, 50);
}

ENGINE_TEST(the_connector_must_be_there_for_movements) {
  authorize();
  engine_on_connectors(world.engine, world.now_ms, NULL, 0);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 0)), REQUEST_CONNECTOR_AWAY);
  engine_on_vault(world.engine, world.now_ms, false);
  cr_assert_eq(outcome(move(MOVEMENT_CAPTURE, 0)), REQUEST_VAULT_AWAY);
}

/* ---- Failing stores ---- */

ENGINE_TEST(a_payment_whose_commit_fails_never_was) {
  struct payment_request request = world_request(&world);
  world.describe_by_itself = false;
  uint64_t ticket = world_pay(&world, &request);
  struct token_description description = {.status = TOKEN_ACTIVE};
  store_memory_fail_commits(world.store, -28);
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_DONE, &description);
  cr_assert_lt(world_round(&world), 0);
  cr_assert_eq(outcome(ticket), REQUEST_STORAGE);
  cr_assert_eq(world.sent_count, 0);
  cr_assert_eq(engine_counts(world.engine).open, 0);
  store_memory_fail_commits(world.store, 0);
  world.describe_by_itself = true;
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

ENGINE_TEST(a_result_that_could_not_be_written_down_is_not_lost) {
  uint64_t ticket = pay();
  store_memory_fail_commits(world.store, -28);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(outcome(ticket), REQUEST_STORAGE, "what is not durable is not told (P3)");
  world_advance(&world, 3000);
  cr_assert_eq(newest()->status, PAYMENT_PROCESSING);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(world.sent_count, 1, "nothing had to be asked");
}

ENGINE_TEST(a_cascade_that_could_not_be_written_down_does_not_leave) {
  pay();
  store_memory_fail_commits(world.store, -28);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_eq(world.sent_count, 1);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  cr_assert_eq(world.sent_count, 2);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
}

ENGINE_TEST(a_movement_whose_commit_fails_never_was) {
  authorize();
  store_memory_fail_commits(world.store, -28);
  uint64_t ticket = move(MOVEMENT_CAPTURE, 0);
  cr_assert_eq(outcome(ticket), REQUEST_STORAGE);
  cr_assert_eq(world.sent_count, 1);
  store_memory_fail_commits(world.store, 0);
  cr_assert_eq(newest()->movement_count, 0);
  cr_assert_eq(newest()->amount_capturable, 1000);
}

/* ---- Personal data, agreements ---- */

ENGINE_TEST(personal_data_stay_out_of_the_journal) {
  pay_at_beta(false);
  struct journal_entry entry;
  for (uint64_t next = 1; ledger_entry(world.ledger, next, &entry) == 0; next = entry.sequence + 1)
    cr_assert_null(memmem(entry.body, entry.length, "Lovelace", 8));
  struct view bytes;
  struct id id = world_newest(&world);
  cr_assert_eq(ledger_payment_get(world.ledger, &world.merchant, &id, &bytes), 0);
  cr_assert_null(memmem(bytes.bytes, bytes.length, "Lovelace", 8));
  cr_assert_not_null(memmem(bytes.bytes, bytes.length, "order-1", 7));
  cr_assert(newest()->customer.text[0] != '\0');
}

ENGINE_TEST(an_agreement_carries_the_network_transaction_id) {
  struct payment_request request = world_request(&world);
  request.store = STORE_OFF_SESSION;
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct id agreement = newest()->agreement_opened;
  cr_assert(agreement.text[0] != '\0');
  request = world_request(&world);
  request.kind = KIND_RECURRING;
  request.agreement = agreement;
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  world_pay(&world, &request);
  const struct dispatch *dispatch = &world_outstanding(&world)->dispatch;
  cr_assert_str_eq(request_fields_get(&dispatch->fields, REQUEST_PREVIOUS_NTID), "ntid-1");
  cr_assert_str_eq(request_fields_get(&dispatch->fields, REQUEST_KIND), "recurring");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->agreement_opened.text[0], '\0');
  request = world_request(&world);
  request.agreement = draw_id(&world.draws, "agr", world.now_ms);
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_AGREEMENT_UNKNOWN);
  request = world_request(&world);
  request.customer = draw_id(&world.draws, "cus", world.now_ms);
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_CUSTOMER_UNKNOWN);
}

ENGINE_TEST(the_audit_head_is_kept) {
  pay();
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_CAPTURED);
  result.head.sequence = 42;
  result.head.hash[0] = 9;
  world_reply(&world, world_outstanding(&world), &result);
  world_restart(&world);
  cr_assert_eq(ledger_head(world.ledger).sequence, 42);
  cr_assert_eq(ledger_head(world.ledger).hash[0], 9);
}

ENGINE_TEST(one_damaged_record_holds_up_no_other_payment) {
  struct view key, value;
  uint8_t row[STORE_KEY_MAX], good[4096];
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(store_last(world.store, LEDGER_PAYMENTS, NULL, 0, &key, &value), 0);
  size_t row_length = key.length, length = value.length;
  memcpy(row, key.bytes, row_length);
  memcpy(good, value.bytes, length);
  cr_assert_eq(store_put(world.store, LEDGER_PAYMENTS, row, row_length, good, length - 1), 0);
  cr_assert_eq(store_commit(world.store), 0);
  world_restart(&world);
  world_advance(&world, 60000);
  world.now_ms++;
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(store_put(world.store, LEDGER_PAYMENTS, row, row_length, good, length), 0);
  cr_assert_eq(store_commit(world.store), 0);
}

ENGINE_TEST(a_missing_entry_of_the_journal_is_noticed) {
  struct view key, value;
  uint8_t row[STORE_KEY_MAX], entry[4096];
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(store_next(world.store, LEDGER_JOURNAL, "\0\0\0\0\0\0\0\2", 8, true, &key, &value), 0);
  size_t row_length = key.length, length = value.length;
  memcpy(row, key.bytes, row_length);
  memcpy(entry, value.bytes, length);
  cr_assert_eq(store_delete(world.store, LEDGER_JOURNAL, row, row_length), 0);
  cr_assert_not(world_journal_agrees(&world));
  cr_assert_eq(store_put(world.store, LEDGER_JOURNAL, row, row_length, entry, length), 0);
}

static void register_accounts(const struct account_facts *first, const struct account_facts *second) {
  struct connector_facts facts[3];
  for (unsigned i = 0; i < 3; i++)
    facts[i] = *engine_connector_at(world.engine, i);
  facts[0].account = *first;
  facts[1].account = *second;
  engine_on_connectors(world.engine, world.now_ms, facts, 3);
}

ENGINE_TEST(passes_over_accounts_that_take_neither_currency_nor_network) {
  struct account_facts dollars = {0}, amex = {.networks = 1 << NETWORK_AMEX}, fits = {.networks = ~0U};
  cr_assert_eq(account_add_currency(&dollars, "USD"), 0);
  cr_assert_eq(account_add_currency(&fits, "EUR"), 0);
  register_accounts(&dollars, &amex);
  pay();
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "gamma");
  cr_assert_eq(newest()->decision.candidates[0].skipped, SKIP_CURRENCY);
  cr_assert_eq(newest()->decision.candidates[1].skipped, SKIP_NETWORK);
  world_approve(&world, ANSWER_IS_CAPTURED);
  register_accounts(&fits, &amex);
  pay();
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* What was charged there can be given back there. */
ENGINE_TEST(gives_back_where_the_account_takes_the_currency_no_more) {
  struct account_facts all = {0}, dollars = {0};
  cr_assert_eq(account_add_currency(&dollars, "USD"), 0);
  register_accounts(&all, &all);
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  register_accounts(&dollars, &dollars);
  move(MOVEMENT_REFUND, 0);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  world_approve(&world, ANSWER_IS_APPROVED);
}

/* ---- Lists, routes, counts ---- */

struct found {
  unsigned count;
  struct id ids[16];
};

static void note(void *context, const struct payment *payment) {
  struct found *found = context;
  found->ids[found->count++] = payment->id;
}

ENGINE_TEST(lists_newest_first_by_page_and_filter) {
  struct payment_request request;
  struct found found = {0};
  struct payment_filter filter = {0};
  struct id last;
  bool more;
  for (int i = 0; i < 5; i++) {
    world.now_ms++;
    request = world_request(&world);
    cr_assert_eq(request_fields_set(&request.fields, REQUEST_REFERENCE, i % 2 ? "odd" : "even"), 0);
    cr_assert_eq(
        request_fields_set(&request.fields, REQUEST_METADATA_FIRST, i == 3 ? "cart=three" : "cart=x"), 0);
    world_pay(&world, &request);
    world_approve(&world, ANSWER_IS_CAPTURED);
  }
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, NULL, 2, note, &found, &more, &last), 0);
  cr_assert(more && found.count == 2);
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, &last, 9, note, &found, &more, &last), 0);
  cr_assert(!more && found.count == 5);
  cr_assert_gt(strcmp(found.ids[1].text, found.ids[2].text), 0);
  filter.reference = "odd";
  found.count = 0;
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, NULL, 9, note, &found, &more, &last), 0);
  cr_assert_eq(found.count, 2);
  filter = (struct payment_filter){.metadata_key = "cart", .metadata_value = "three", .connector = "alpha"};
  found.count = 0;
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, NULL, 9, note, &found, &more, &last), 0);
  cr_assert_eq(found.count, 1);
  filter = (struct payment_filter){.status = PAYMENT_DECLINED};
  found.count = 0;
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, NULL, 9, note, &found, &more, &last), 0);
  cr_assert_eq(found.count, 0);
}

ENGINE_TEST(says_what_would_be_decided) {
  static struct payment_request request;
  struct route_question question = {.request = &request};
  request = (struct payment_request){
      .from.merchant = world.merchant, .amount = {.minor = 5, .currency = "EUR"}, .risk = -1};
  const struct decision *decision;
  struct payment *payment = payment_new();
  register_with_status(CONNECTOR_DISABLED, CONNECTOR_ACTIVE);
  cr_assert_eq(engine_route(world.engine, world.now_ms, &question, payment), REQUEST_DONE);
  decision = &payment->decision;
  cr_assert_eq(decision->candidate_count, 3);
  cr_assert_eq(decision->candidates[0].skipped, SKIP_DISABLED);
  payment_free(payment);
  payment = payment_new();
  static const char gamma[] = "otherwise route gamma";
  struct policy_error error;
  struct policy *policy;
  cr_assert_eq(policy_parse(gamma, strlen(gamma), &policy, &error), 0);
  question.policy = policy;
  cr_assert_eq(engine_route(world.engine, world.now_ms, &question, payment), REQUEST_DONE);
  policy_free(policy);
  cr_assert_str_eq(payment->decision.candidates[0].connector, "gamma");
  payment_free(payment);
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

ENGINE_TEST(memory_is_bounded_while_much_is_open) {
  world_close(&world);
  world_open(&world, 2);
  engine_free(world.engine);
  world.options.loaded_max = 4;
  cr_assert_eq(engine_new(&world.options, &world.engine), 0);
  world_restart(&world);
  for (int i = 0; i < 40; i++) {
    pay();
    world_fault(&world, PHASE_SENT_NO_REPLY);
  }
  cr_assert_eq(engine_counts(world.engine).open, 40);
  world_advance(&world, 20000);
  while (world_outstanding(&world))
    world_fault(&world, PHASE_SENT_NO_REPLY); /* asked, and none the wiser */
  cr_assert_eq(engine_counts(world.engine).open, 40);
  cr_assert_leq(engine_counts(world.engine).loaded, 4);
  world_advance(&world, 20000);
  while (world_outstanding(&world))
    world_approve(&world, ANSWER_IS_CAPTURED);
  world_advance(&world, 20000);
  while (world_outstanding(&world))
    world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(engine_counts(world.engine).open, 0);
  cr_assert_eq(engine_counts(world.engine).loaded, 0);
}

ENGINE_TEST(too_many_requests_are_refused) {
  world_close(&world);
  world_open(&world, 3);
  world.options.requests_max = 2;
  world_restart(&world);
  pay();
  pay();
  cr_assert_eq(outcome(pay()), REQUEST_BUSY);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

ENGINE_TEST(an_approval_in_time_is_not_undone) {
  struct payment_request request = world_request(&world);
  request.late_void = true;
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

ENGINE_TEST(the_security_code_goes_with_every_attempt) {
  struct payment_request request = world_request(&world);
  request.security_code = draw_id(&world.draws, "cvc", world.now_ms);
  world_pay(&world, &request);
  cr_assert_str_eq(world.sent[0].dispatch.security_code.text, request.security_code.text);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_str_eq(world.sent[1].dispatch.security_code.text, request.security_code.text);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* No other connector could be sent it either. */
ENGINE_TEST(a_code_that_the_vault_does_not_have_is_typed_again) {
  uint64_t ticket = pay();
  world_refuse(&world, STATUS_NO_CODE);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(outcome(ticket), REQUEST_DONE);
  const struct payment *payment = newest();
  cr_assert_eq(payment->status, PAYMENT_FAILED);
  cr_assert_eq(payment->attempt_count, 1);
  cr_assert_eq(payment->attempts[0].step.class, OUTCOME_NOT_SENT);
  cr_assert_str_eq(payment->attempts[0].step.answer.code, "security_code_not_found");
  cr_assert_str_eq(payment->decline.reason, "security_code_not_found");
  cr_assert_str_eq(payment->decline.category, "request");
  cr_assert_eq(payment->decline.retry, OUTCOME_RETRY_UPDATE_CARD);
}

ENGINE_TEST(a_code_lost_between_two_attempts_leaves_what_the_issuer_said) {
  pay();
  world_decline(&world, "91");
  world_refuse(&world, STATUS_NO_CODE);
  cr_assert_null(world_outstanding(&world));
  const struct payment *payment = newest();
  cr_assert_eq(payment->status, PAYMENT_DECLINED);
  cr_assert_eq(payment->attempt_count, 2);
  cr_assert_str_neq(payment->decline.reason, "security_code_not_found");
}

ENGINE_TEST(nothing_is_no_amount) {
  struct payment_request request = world_request(&world);
  request.amount.minor = 0;
  cr_assert_eq(outcome(world_pay(&world, &request)), REQUEST_AMOUNT_INVALID);
  cr_assert_eq(world.described, 0);
}

ENGINE_TEST(a_line_that_goes_takes_what_asks_for_its_token_along) {
  world.describe_by_itself = false;
  uint64_t ticket = pay();
  cr_assert_null(world_answer(&world, ticket));
  engine_on_vault(world.engine, world.now_ms, false);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(outcome(ticket), REQUEST_VAULT_AWAY);
  cr_assert_eq(engine_counts(world.engine).created, 0);
}

ENGINE_TEST(an_attempt_has_as_long_as_the_vault_takes) {
  struct payment_request request = world_request(&world);
  request.deadline_ms = 50;
  world_pay(&world, &request);
  cr_assert_eq(world_outstanding(&world)->dispatch.timeout_ms, 100);
  world_approve(&world, ANSWER_IS_CAPTURED);
}
