/* What PSPs say unasked: early, late, twice, in the wrong order, about what is not theirs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "change.h"
#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 1);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(webhooks, .init = setup, .fini = teardown, .timeout = 60);

/* At whose end the journal must rebuild the payments. */
#define WEBHOOK_TEST(name)                                                                                   \
  static void name(void);                                                                                    \
  Test(webhooks, name) {                                                                                     \
    name();                                                                                                  \
    cr_assert(world_journal_agrees(&world), "the journal does not rebuild the payments");                    \
  }                                                                                                          \
  static void name(void)

enum { PSP_MS = 1000000 /* a time by the PSP's clock */ };

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static const struct attempt *attempt(unsigned number) {
  return &newest()->attempts[number - 1];
}

static const struct movement *movement(unsigned place) {
  return &newest()->movements[place];
}

static const struct dispatch *last_sent(void) {
  return &world.sent[world.sent_count - 1].dispatch;
}

/* At that connector alone. */
static uint64_t pay_at(const char *connector, bool manual) {
  struct payment_request request = world_request(&world);
  request.capture_manual = manual;
  request.connector_count = 1;
  strcpy(request.connectors[0], connector);
  return world_pay(&world, &request);
}

static uint64_t pay(void) {
  struct payment_request request = world_request(&world);
  return world_pay(&world, &request);
}

static void move(enum movement_type type, int64_t amount) {
  struct id payment = world_newest(&world);
  struct movement_request request = world_movement(&world, &payment, type, amount);
  world_move(&world, &request);
}

static enum status tell(const struct dispatch *dispatch, enum operation about, enum answer answer,
                        int64_t at_ms) {
  struct webhook webhook = world_webhook(dispatch, about, answer, at_ms);
  return world_tell(&world, &webhook);
}

/* An answer that came too late for who waited: how the journal names the cause is seen by its first change.
 */
static bool last_entry_names_a_webhook(void) {
  struct journal_entry entry;
  uint64_t next = 1;
  bool names = false;
  while (ledger_entry(world.ledger, next, &entry) == 0) {
    next = entry.sequence + 1;
    names = entry.body[ENTRY_SUBJECT_BYTES] == CHANGE_WEBHOOK && entry.head.actor.text[0] == '\0';
  }
  return names;
}

static uint64_t entries(void) {
  struct journal_entry entry;
  uint64_t count = 0;
  while (ledger_entry(world.ledger, count + 1, &entry) == 0)
    count++;
  return count;
}

/* ---- Open attempts ---- */

WEBHOOK_TEST(an_approval_ends_an_unresolved_attempt) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct webhook webhook = world_webhook(last_sent(), OPERATION_AUTHORIZE, ANSWER_IS_APPROVED, PSP_MS);
  cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_PSP_ID, "psp-9"), 0);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_str_eq(attempt(1)->step.answer.psp_id, "psp-9");
  cr_assert(last_entry_names_a_webhook());
  world_advance(&world, 3600000);
  cr_assert_null(world_outstanding(&world), "it is asked about no longer");
  cr_assert_eq(engine_counts(world.engine).open, 0);
}

WEBHOOK_TEST(an_approval_answers_who_waits) {
  uint64_t ticket = pay();
  cr_assert_null(world_answer(&world, ticket));
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  cr_assert_not_null(world_answer(&world, ticket));
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_DONE);
  cr_assert_not(world_answer(&world, ticket)->open);
}

WEBHOOK_TEST(a_decline_lets_the_next_connector_try) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct webhook webhook = world_webhook(last_sent(), OPERATION_CHARGE, ANSWER_IS_DECLINED, PSP_MS);
  cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_NETWORK_CODE, "91"), 0);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(attempt(1)->step.status, STEP_FAILED);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

WEBHOOK_TEST(what_was_voided_elsewhere_goes_nowhere_else) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_VOIDED, PSP_MS);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  /* The approval, which came first and arrives last, is no surplus. */
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_APPROVED, PSP_MS - 1);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_not(attempt(1)->surplus);
  cr_assert_null(world_outstanding(&world));
}

WEBHOOK_TEST(what_proves_nothing_changes_nothing) {
  static const enum answer answers[] = {ANSWER_IS_RECEIVED, ANSWER_IS_PENDING, ANSWER_IS_ACTION,
                                        ANSWER_IS_REJECTED};
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  uint64_t before = entries();
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    cr_assert_eq(tell(&world.sent[0].dispatch, OPERATION_CHARGE, answers[i], PSP_MS), STATUS_DONE);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_eq(entries(), before);
}

WEBHOOK_TEST(who_is_not_asked_is_told) {
  struct webhook webhook = {.number = 7, .about = OPERATION_CHARGE, .answer = ANSWER_IS_CAPTURED};
  const char *keys[] = {"pay_00000000000000000000000000_1",
                        "mov_00000000000000000000000000_1",
                        "ver_00000000000000000000000000_1",
                        "order-1001",
                        "pay_",
                        ""};
  strcpy(webhook.connector, "alpha");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    strcpy(webhook.key, keys[i]);
    cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE, "%s", keys[i]);
  }
}

WEBHOOK_TEST(only_the_attempt_s_own_connector_is_believed) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct webhook webhook = world_webhook(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  strcpy(webhook.connector, "gamma");
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  strcpy(webhook.connector, "alpha");
  webhook.key[strlen(webhook.key) - 1] = '2'; /* an attempt that there is not */
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

WEBHOOK_TEST(a_second_and_an_older_event_change_nothing) {
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  const struct dispatch *dispatch = last_sent();
  uint64_t before = entries();
  tell(dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  tell(dispatch, OPERATION_CHARGE, ANSWER_IS_APPROVED, PSP_MS);
  tell(dispatch, OPERATION_CHARGE, ANSWER_IS_DECLINED, PSP_MS - 1);
  tell(dispatch, OPERATION_CHARGE, ANSWER_IS_VOIDED, PSP_MS + 1);
  cr_assert_eq(entries(), before);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

/* ---- While something is outstanding ---- */

WEBHOOK_TEST(the_reply_that_agrees_completes_what_the_webhook_said) {
  struct payment_request request = world_request(&world);
  request.store = STORE_OFF_SESSION;
  world_pay(&world, &request);
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_APPROVED, PSP_MS);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_str_empty(attempt(1)->step.answer.network_transaction_id);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_str_eq(attempt(1)->step.answer.network_transaction_id, "ntid-1");
  struct agreement agreement;
  cr_assert_eq(ledger_agreement_get(world.ledger, &world.merchant, &newest()->agreement_opened, &agreement),
               0);
  cr_assert_str_eq(agreement.network_transaction_id, "ntid-1");
  cr_assert_eq(engine_counts(world.engine).open, 0);
  cr_assert_eq(engine_counts(world.engine).outstanding, 0);
}

WEBHOOK_TEST(a_late_decline_does_not_undo_what_the_webhook_said) {
  pay();
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  world_decline(&world, "91");
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_null(world_outstanding(&world));
}

WEBHOOK_TEST(an_answer_that_is_lost_after_the_webhook_is_not_asked_about) {
  pay();
  uint64_t correlation = world_outstanding(&world)->correlation;
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  engine_on_lost(world.engine, world.now_ms, correlation);
  world_round(&world);
  world.sent[0].correlation = 0;
  cr_assert_eq(engine_counts(world.engine).open, 0);
  world_advance(&world, 60000);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

WEBHOOK_TEST(a_question_under_way_when_the_webhook_comes_is_dropped) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  tell(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  world_approve(&world, ANSWER_IS_ABSENT);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(engine_counts(world.engine).open, 0);
}

WEBHOOK_TEST(a_restart_after_the_webhook_asks_nothing) {
  pay();
  tell(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  world_restart(&world);
  world_advance(&world, 60000);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

/* ---- Failing stores ---- */

WEBHOOK_TEST(what_could_not_be_written_down_must_come_again) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct webhook webhook = world_webhook(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  store_memory_fail_commits(world.store, -ENOSPC);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_STORAGE);
  store_memory_fail_commits(world.store, 0);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

WEBHOOK_TEST(nothing_is_taken_before_the_commit) {
  struct effect effect;
  pay();
  struct webhook webhook = world_webhook(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  engine_on_webhook(world.engine, world.now_ms, &webhook);
  cr_assert_not(engine_next_effect(world.engine, &effect));
  cr_assert_eq(engine_commit(world.engine, world.now_ms), 0);
  bool taken = false;
  while (engine_next_effect(world.engine, &effect))
    taken |= effect.type == EFFECT_WEBHOOK_TAKEN && effect.taken.status == STATUS_DONE;
  cr_assert(taken);
}

WEBHOOK_TEST(a_reply_whose_round_failed_is_taken_in_after_a_webhook) {
  pay();
  store_memory_fail_commits(world.store, -ENOSPC);
  world_decline(&world, "91");
  store_memory_fail_commits(world.store, 0);
  tell(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  world_advance(&world, 60000);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_eq(engine_counts(world.engine).open, 0);
}

WEBHOOK_TEST(a_webhook_and_the_reply_in_one_round_that_fails) {
  pay();
  struct webhook webhook = world_webhook(last_sent(), OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
  store_memory_fail_commits(world.store, -ENOSPC);
  engine_on_webhook(world.engine, world.now_ms, &webhook);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(world.taken.status, STATUS_STORAGE);
  cr_assert_eq(newest()->status, PAYMENT_PROCESSING);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_str_eq(attempt(1)->step.answer.psp_id, "psp-1");
  cr_assert_null(world_outstanding(&world));
}

/* ---- A charge that was taken for none ---- */

static void approved_after(void (*fails)(void), enum operation undone_by) {
  fails();
  const struct dispatch first = world.sent[0].dispatch;
  struct webhook webhook = world_webhook(&first, first.operation, ANSWER_IS_APPROVED, PSP_MS);
  cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_PSP_ID, "psp-7"), 0);
  enum payment_status before = newest()->status;
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->status, before);
  cr_assert(attempt(1)->surplus);
  const struct dispatch *undo = last_sent();
  cr_assert_eq(undo->operation, undone_by);
  cr_assert_str_eq(undo->connector, first.connector);
  cr_assert_str_eq(request_fields_get(&undo->fields, REQUEST_PSP_ID), "psp-7");
  cr_assert_eq(undo->amount.minor, 1000);
  cr_assert(movement(0)->own);
  uint64_t count = entries();
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(entries(), count, "it is undone once");
  world_reply(&world, world_outstanding(&world),
              &(struct dispatch_result){.phase = PHASE_REPLY, .answer = ANSWER_IS_APPROVED});
  cr_assert_eq(newest()->movements[0].step.status, STEP_SUCCEEDED);
  cr_assert_eq(newest()->status, before);
}

static void charge_is_declined(void) {
  pay_at("alpha", false);
  world_decline(&world, "43");
  cr_assert_eq(newest()->status, PAYMENT_DECLINED);
}

static void authorization_is_absent(void) {
  pay_at("alpha", true);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 3000);
  while (world_outstanding(&world)) {
    world_approve(&world, ANSWER_IS_ABSENT);
    world_advance(&world, 2000);
  }
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
}

static void another_attempt_charges(void) {
  pay();
  world_decline(&world, "91");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

WEBHOOK_TEST(an_approval_of_what_was_declined_is_refunded) {
  approved_after(charge_is_declined, OPERATION_REFUND);
  cr_assert_eq(newest()->amount_refunded, 0, "what was never shown as captured is not shown as refunded");
}

WEBHOOK_TEST(an_approval_of_what_was_absent_is_voided) {
  approved_after(authorization_is_absent, OPERATION_VOID);
}

WEBHOOK_TEST(an_approval_of_an_earlier_attempt_leaves_the_live_one_alone) {
  approved_after(another_attempt_charges, OPERATION_REFUND);
  cr_assert_eq(newest()->amount_captured, 1000);
  cr_assert_eq(newest()->amount_refundable, 1000);
  move(MOVEMENT_REFUND, 0);
  cr_assert_str_eq(last_sent()->connector, "beta");
  cr_assert_eq(last_sent()->amount.minor, 1000);
}

WEBHOOK_TEST(an_undo_that_fails_is_tried_again) {
  charge_is_declined();
  tell(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_APPROVED, PSP_MS);
  for (int i = 0; i < 3; i++) {
    cr_assert_eq(last_sent()->operation, OPERATION_REFUND);
    world_decline(&world, "05");
    cr_assert_null(world_outstanding(&world));
    world_advance(&world, 10000);
    cr_assert_not_null(world_outstanding(&world));
  }
  world_restart(&world);
  world_advance(&world, 10000);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
}

WEBHOOK_TEST(a_reply_that_approves_what_the_webhook_declined_is_refunded) {
  pay_at("alpha", false);
  struct sent *charge = world_outstanding(&world);
  struct webhook webhook = world_webhook(&charge->dispatch, OPERATION_CHARGE, ANSWER_IS_DECLINED, PSP_MS);
  cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_NETWORK_CODE, "43"), 0);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->status, PAYMENT_DECLINED);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert(attempt(1)->surplus);
  cr_assert_eq(last_sent()->operation, OPERATION_REFUND);
}

/* ---- Too late ---- */

static void approve_too_late(bool late_void) {
  struct payment_request request = world_request(&world);
  request.deadline_ms = 3000;
  request.late_void = late_void;
  world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 400);
  world.now_ms += 5000;
  tell(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, PSP_MS);
}

WEBHOOK_TEST(an_approval_after_the_deadline_is_kept_by_default) {
  approve_too_late(false);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->movement_count, 0);
}

WEBHOOK_TEST(an_approval_after_the_deadline_is_undone_when_asked_for) {
  approve_too_late(true);
  cr_assert_eq(newest()->movement_count, 1);
  cr_assert_eq(last_sent()->operation, OPERATION_REFUND);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 1000);
}

/* ---- Movements ---- */

/* An authorization at that connector, and a capture of all of it under way. */
static void capture_at(const char *connector) {
  pay_at(connector, true);
  world_approve(&world, ANSWER_IS_APPROVED);
  move(MOVEMENT_CAPTURE, 0);
}

WEBHOOK_TEST(a_received_capture_is_ended_by_its_webhook) {
  capture_at("beta");
  const struct dispatch capture = *last_sent();
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_eq(newest()->status, PAYMENT_AUTHORIZED);
  tell(&capture, OPERATION_REFUND, ANSWER_IS_APPROVED, PSP_MS); /* another kind of movement */
  cr_assert_eq(movement(0)->step.status, STEP_PENDING);
  tell(&capture, OPERATION_CAPTURE, ANSWER_IS_CAPTURED, PSP_MS);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->amount_captured, 1000);
  cr_assert_eq(engine_counts(world.engine).open, 0);
}

WEBHOOK_TEST(a_webhook_before_the_reply_ends_it_and_the_reply_completes_it) {
  capture_at("beta");
  tell(last_sent(), OPERATION_CAPTURE, ANSWER_IS_CAPTURED, PSP_MS);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_eq(movement(0)->step.status, STEP_SUCCEEDED);
  cr_assert_str_eq(movement(0)->step.answer.psp_id, "psp-1");
  cr_assert_eq(engine_counts(world.engine).open, 0);
}

/* After CAPTURE comes CAPTURE_FAILED, in whichever order they arrive, and as often as they like. */
static void capture_fails_in_the_end(bool in_order) {
  capture_at("beta");
  const struct dispatch capture = *last_sent();
  world_approve(&world, ANSWER_IS_RECEIVED);
  for (int i = 0; i < 2; i++) {
    tell(&capture, OPERATION_CAPTURE, in_order ? ANSWER_IS_CAPTURED : ANSWER_IS_DECLINED,
         in_order ? PSP_MS : PSP_MS + 1);
    tell(&capture, OPERATION_CAPTURE, in_order ? ANSWER_IS_DECLINED : ANSWER_IS_CAPTURED,
         in_order ? PSP_MS + 1 : PSP_MS);
  }
  cr_assert_eq(movement(0)->step.status, STEP_FAILED);
  cr_assert_eq(newest()->status, PAYMENT_AUTHORIZED);
  cr_assert_eq(newest()->amount_captured, 0);
  cr_assert_eq(newest()->amount_capturable, 1000);
  cr_assert_eq(newest()->amount_refundable, 0);
}

WEBHOOK_TEST(a_capture_that_fails_after_it_was_done) {
  capture_fails_in_the_end(true);
}

WEBHOOK_TEST(a_failure_that_overtakes_what_it_takes_back) {
  capture_fails_in_the_end(false);
}

WEBHOOK_TEST(of_two_at_the_same_time_the_failure_holds) {
  capture_at("beta");
  const struct dispatch capture = *last_sent();
  world_approve(&world, ANSWER_IS_RECEIVED);
  for (int i = 0; i < 2; i++) {
    tell(&capture, OPERATION_CAPTURE, ANSWER_IS_DECLINED, i ? PSP_MS : 0);
    tell(&capture, OPERATION_CAPTURE, ANSWER_IS_CAPTURED, i ? PSP_MS : 0);
    cr_assert_eq(movement(0)->step.status, STEP_FAILED);
  }
}

WEBHOOK_TEST(a_refund_that_fails_after_it_was_done_is_refundable_again) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_REFUND, 400);
  const struct dispatch refund = *last_sent();
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 400);
  tell(&refund, OPERATION_REFUND, ANSWER_IS_DECLINED, PSP_MS);
  cr_assert_eq(newest()->amount_refunded, 0);
  cr_assert_eq(newest()->amount_refundable, 1000);
  tell(&refund, OPERATION_REFUND, ANSWER_IS_REFUNDED, PSP_MS - 1);
  cr_assert_eq(newest()->amount_refunded, 0);
}

WEBHOOK_TEST(a_refund_said_done_after_it_had_failed_counts) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_REFUND, 400);
  const struct dispatch refund = *last_sent();
  world_decline(&world, "05");
  cr_assert_eq(newest()->amount_refundable, 1000);
  tell(&refund, OPERATION_REFUND, ANSWER_IS_REFUNDED, PSP_MS);
  cr_assert_eq(newest()->amount_refunded, 400);
  cr_assert_eq(newest()->amount_refundable, 600);
}

WEBHOOK_TEST(what_the_books_have_no_place_for_is_put_before_a_person) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_REFUND, 700);
  const struct dispatch refund = *last_sent();
  world_decline(&world, "05");
  move(MOVEMENT_REFUND, 700);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(tell(&refund, OPERATION_REFUND, ANSWER_IS_REFUNDED, PSP_MS), STATUS_DONE);
  cr_assert_eq(newest()->amount_refunded, 700);
  cr_assert_neq(movement(0)->step.attention_ms, 0);
  uint64_t count = entries();
  cr_assert_eq(tell(&refund, OPERATION_REFUND, ANSWER_IS_REFUNDED, PSP_MS), STATUS_DONE);
  cr_assert_eq(entries(), count);
}

WEBHOOK_TEST(a_void_said_done_after_a_capture_is_put_before_a_person) {
  pay_at("gamma", true);
  world_approve(&world, ANSWER_IS_APPROVED);
  move(MOVEMENT_VOID, 0);
  const struct dispatch voided = *last_sent();
  world_decline(&world, "05");
  move(MOVEMENT_CAPTURE, 0);
  world_approve(&world, ANSWER_IS_CAPTURED);
  tell(&voided, OPERATION_VOID, ANSWER_IS_VOIDED, PSP_MS);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_neq(movement(0)->step.attention_ms, 0);
}

/* ---- A PSP that does not say which movement ---- */

static struct webhook about_a_refund(const char *amount) {
  struct webhook webhook =
      world_webhook(&world.sent[0].dispatch, OPERATION_REFUND, ANSWER_IS_REFUNDED, PSP_MS);
  if (amount)
    cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_AMOUNT, amount), 0);
  return webhook;
}

static void lost_refund(int64_t amount) {
  move(MOVEMENT_REFUND, amount);
  world_fault(&world, PHASE_SENT_NO_REPLY);
}

WEBHOOK_TEST(the_only_refund_is_the_one_that_is_meant) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  lost_refund(400);
  struct webhook other = about_a_refund("300"), meant = about_a_refund(NULL);
  world_tell(&world, &other);
  cr_assert_eq(movement(0)->step.status, STEP_UNRESOLVED);
  world_tell(&world, &meant);
  cr_assert_eq(movement(0)->step.status, STEP_SUCCEEDED);
  cr_assert_eq(newest()->amount_refunded, 400);
}

WEBHOOK_TEST(of_several_refunds_the_amount_tells) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  lost_refund(400);
  lost_refund(300);
  struct webhook any = about_a_refund(NULL), meant = about_a_refund("300");
  world_tell(&world, &any);
  cr_assert_eq(newest()->amount_refunded, 0);
  world_tell(&world, &meant);
  cr_assert_eq(movement(0)->step.status, STEP_UNRESOLVED);
  cr_assert_eq(movement(1)->step.status, STEP_SUCCEEDED);
}

WEBHOOK_TEST(the_event_of_a_refund_that_is_done_does_not_end_the_next) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_REFUND, 400);
  world_approve(&world, ANSWER_IS_REFUNDED);
  lost_refund(400);
  struct webhook first = about_a_refund("400");
  world_tell(&world, &first);
  cr_assert_eq(movement(1)->step.status, STEP_UNRESOLVED);
}
