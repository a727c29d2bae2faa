/* A person's word on what is unresolved, and what a PSP says against it later. */
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

TestSuite(resolve, .init = setup, .fini = teardown, .timeout = 60);

/* At whose end the journal must rebuild the payments. */
#define RESOLVE_TEST(name)                                                                                   \
  static void name(void);                                                                                    \
  Test(resolve, name) {                                                                                      \
    name();                                                                                                  \
    cr_assert(world_journal_agrees(&world), "the journal does not rebuild the payments");                    \
  }                                                                                                          \
  static void name(void)

enum { HOUR_MS = 60 * 60 * 1000 };

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static struct resolution_request about_attempt(unsigned attempt, bool succeeded) {
  struct id id = world_newest(&world);
  struct movement_request movement = world_movement(&world, &id, MOVEMENT_VOID, 0);
  struct resolution_request request = {.from = movement.from, .payment = id};
  request.resolution.attempt = attempt;
  request.resolution.succeeded = succeeded;
  strcpy(request.resolution.evidence, "seen in the console");
  if (succeeded)
    strcpy(request.resolution.psp_id, "psp-5");
  return request;
}

static struct resolution_request about_movement(unsigned place, bool succeeded) {
  struct resolution_request request = about_attempt(0, succeeded);
  request.resolution.movement = newest()->movements[place].id;
  return request;
}

static const struct request_answer *say(const struct resolution_request *request) {
  uint64_t ticket = world.next_ticket++;
  engine_resolve(world.engine, world.now_ms, ticket, request);
  (void)world_round(&world);
  const struct request_answer *answer = world_answer(&world, ticket);
  cr_assert(answer, "no answer to the ticket");
  return answer;
}

static enum request_outcome resolve_attempt(unsigned attempt, bool succeeded) {
  struct resolution_request request = about_attempt(attempt, succeeded);
  return say(&request)->outcome;
}

static enum request_outcome resolve_movement(unsigned place, bool succeeded) {
  struct resolution_request request = about_movement(place, succeeded);
  return say(&request)->outcome;
}

static void tell(const struct dispatch *dispatch, enum operation about, enum answer answer) {
  struct webhook webhook = world_webhook(dispatch, about, answer, world.now_ms);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
}

/* A payment whose outcome nobody tells. beta cannot be asked here. */
static void lose(bool late_void, uint32_t deadline_ms, enum store_usage store) {
  struct payment_request request = world_request(&world);
  world_sheets[1].question = world_sheets[1].movement_question = QUESTION_NONE;
  request.connector_count = 2;
  strcpy(request.connectors[0], "beta");
  strcpy(request.connectors[1], "gamma");
  request.late_void = late_void;
  request.deadline_ms = deadline_ms;
  request.store = store;
  world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, HOUR_MS);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
}

static void lose_one(void) {
  lose(false, 0, STORE_NONE);
}

/* The last entry of the journal: who caused it, and its first change. */
static struct journal_entry last_entry(void) {
  struct journal_entry entry, last = {0};
  for (uint64_t next = 1; ledger_entry(world.ledger, next, &entry) == 0; next = entry.sequence + 1)
    last = entry;
  return last;
}

RESOLVE_TEST(that_it_succeeded_makes_it_live) {
  lose(false, 0, STORE_OFF_SESSION);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert(newest()->attempts[0].step.by_person);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_neq(newest()->agreement_opened.text[0], '\0', "an agreement is opened as by any approval");
  cr_assert_eq(engine_counts(world.engine).open, 0);
  struct id id = world_newest(&world);
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 0);
  world_move(&world, &refund);
  cr_assert_str_eq(request_fields_get(&world_outstanding(&world)->dispatch.fields, REQUEST_PSP_ID), "psp-5");
}

RESOLVE_TEST(the_journal_names_the_person_and_the_evidence) {
  static const char evidence[] = "seen in the console";
  lose_one();
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  struct journal_entry entry = last_entry();
  cr_assert(id_equal(&entry.head.actor, &world.actor));
  cr_assert_eq(entry.body[ENTRY_SUBJECT_BYTES], CHANGE_RESOLVED);
  cr_assert_not_null(memmem(entry.body, entry.length, evidence, sizeof evidence - 1));
}

RESOLVE_TEST(the_id_that_a_person_found_is_kept_where_no_reply_ever_came) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  request.capture_manual = true;
  strcpy(request.connectors[0], "gamma");
  world_pay(&world, &request);
  world_restart(&world);
  world.now_ms += HOUR_MS;
  cr_assert_eq(newest()->attempts[0].step.answer.phase, 0);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  world_restart(&world);
  cr_assert_str_eq(newest()->attempts[0].step.answer.psp_id, "psp-5");
}

RESOLVE_TEST(that_it_failed_ends_the_payment_after_the_deadline) {
  lose_one();
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_str_eq(newest()->decline.reason, "found_failed");
  cr_assert_null(world_outstanding(&world));
}

RESOLVE_TEST(that_it_failed_lets_the_next_connector_try_before_the_deadline) {
  lose(false, 2 * HOUR_MS, STORE_NONE);
  struct resolution_request request = about_attempt(1, false);
  const struct request_answer *answer = say(&request);
  cr_assert_eq(answer->outcome, REQUEST_DONE);
  cr_assert(answer->open);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "gamma");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

RESOLVE_TEST(what_succeeded_too_late_is_undone_when_asked_for) {
  lose(true, 0, STORE_NONE);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  cr_assert_str_eq(request_fields_get(&world_outstanding(&world)->dispatch.fields, REQUEST_PSP_ID), "psp-5");
}

RESOLVE_TEST(only_what_is_unresolved) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  cr_assert_eq(resolve_attempt(1, false), REQUEST_INVALID_STATE, "its reply is awaited");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(resolve_attempt(1, false), REQUEST_INVALID_STATE);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_INVALID_STATE);
  cr_assert_eq(resolve_attempt(2, true), REQUEST_MOVEMENT_UNKNOWN);
  struct resolution_request nobody_s = about_attempt(1, true);
  nobody_s.from.merchant = draw_id(&world.draws, "mer", world.now_ms);
  cr_assert_eq(say(&nobody_s)->outcome, REQUEST_PAYMENT_UNKNOWN);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

RESOLVE_TEST(not_before_the_settling_time) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct resolution_request nothing_there = about_attempt(1, false);
  const int64_t lost_ms = world.now_ms;
  const struct request_answer *early = say(&nothing_there);
  cr_assert_eq(early->outcome, REQUEST_NOT_SETTLED);
  cr_assert_eq(early->settled_ms, lost_ms + 2000);
  world.now_ms += 1999;
  cr_assert_eq(resolve_attempt(1, false), REQUEST_NOT_SETTLED);
  world.now_ms += 1;
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
}

RESOLVE_TEST(what_is_there_is_proof_at_once) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(resolve_attempt(1, false), REQUEST_NOT_SETTLED);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

RESOLVE_TEST(not_without_the_psp_s_id) {
  lose_one();
  struct resolution_request request = about_attempt(1, true);
  request.resolution.psp_id[0] = '\0';
  cr_assert_eq(say(&request)->outcome, REQUEST_PSP_ID_WANTED);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
}

RESOLVE_TEST(a_repeat_is_the_same_word) {
  lose_one();
  struct resolution_request request = about_attempt(1, false);
  cr_assert_eq(say(&request)->outcome, REQUEST_DONE);
  uint64_t sequence = last_entry().sequence;
  const struct request_answer *again = say(&request);
  cr_assert_eq(again->outcome, REQUEST_DONE);
  cr_assert(again->replayed);
  request.from.body_hash[0] ^= 1;
  cr_assert_eq(say(&request)->outcome, REQUEST_KEY_REUSED);
  cr_assert_eq(last_entry().sequence, sequence);
}

RESOLVE_TEST(what_could_not_be_written_down_was_not_said) {
  lose(false, 2 * HOUR_MS, STORE_NONE);
  struct resolution_request request = about_attempt(1, false);
  store_memory_fail_commits(world.store, -ENOSPC);
  cr_assert_eq(say(&request)->outcome, REQUEST_STORAGE);
  store_memory_fail_commits(world.store, 0);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  cr_assert_eq(say(&request)->outcome, REQUEST_DONE);
  cr_assert_eq(newest()->attempt_count, 2);
}

/* ---- What the PSP says against it ---- */

RESOLVE_TEST(a_charge_that_a_person_took_for_failed_is_undone) {
  lose_one();
  const struct dispatch charge = world.sent[0].dispatch;
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_CAPTURED);
  cr_assert(newest()->attempts[0].surplus);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
}

RESOLVE_TEST(the_answer_to_a_question_that_was_under_way_counts_too) {
  struct payment_request request = world_request(&world);
  request.deadline_ms = 1000;
  world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 2000);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert(newest()->attempts[0].surplus);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  cr_assert_str_eq(request_fields_get(&world_outstanding(&world)->dispatch.fields, REQUEST_PSP_ID), "psp-1");
}

RESOLVE_TEST(a_decline_of_what_a_person_took_for_live_is_put_before_a_person) {
  lose(false, 2 * HOUR_MS, STORE_NONE);
  const struct dispatch charge = world.sent[0].dispatch;
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_DECLINED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(newest()->attempt_count, 1, "what was taken for live goes nowhere else");
}

RESOLVE_TEST(a_person_may_stand_by_it) {
  lose_one();
  const struct dispatch charge = world.sent[0].dispatch;
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_DECLINED);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_DECLINED);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

RESOLVE_TEST(what_the_merchant_moved_cannot_be_said_to_have_been_nothing) {
  lose_one();
  const struct dispatch charge = world.sent[0].dispatch;
  cr_assert_eq(resolve_attempt(1, true), REQUEST_DONE);
  struct id id = world_newest(&world);
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 400);
  world_move(&world, &refund);
  world_approve(&world, ANSWER_IS_REFUNDED);
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_DECLINED);
  cr_assert_eq(resolve_attempt(1, false), REQUEST_INVALID_STATE);
  cr_assert_eq(newest()->amount_refunded, 400);
}

RESOLVE_TEST(what_cannot_be_undone_is_accepted) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  strcpy(request.connectors[0], "gamma");
  world_pay(&world, &request);
  world_decline(&world, "43");
  const struct dispatch charge = world.sent[0].dispatch;
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_CAPTURED);
  while (world_outstanding(&world)) {
    world_decline(&world, "05");
    world_advance(&world, HOUR_MS);
  }
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(resolve_attempt(1, true), REQUEST_INVALID_STATE, "the books have no place for it");
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  tell(&charge, OPERATION_CHARGE, ANSWER_IS_CAPTURED);
  world_advance(&world, HOUR_MS);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
}

RESOLVE_TEST(what_was_accepted_stays_so_when_the_live_charge_is_moved) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  const struct dispatch first = world.sent[0].dispatch;
  world_decline(&world, "91");
  world_approve(&world, ANSWER_IS_CAPTURED);
  tell(&first, OPERATION_CHARGE, ANSWER_IS_CAPTURED);
  while (world_outstanding(&world)) {
    world_decline(&world, "05");
    world_advance(&world, HOUR_MS);
  }
  cr_assert_eq(resolve_attempt(1, false), REQUEST_DONE);
  struct id id = world_newest(&world);
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 400);
  world_move(&world, &refund);
  world_decline(&world, "05");
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
}

/* ---- Movements ---- */

/* A refund of 400 at beta, which cannot be asked about it. */
static void lose_refund(void) {
  struct payment_request request = world_request(&world);
  world_sheets[1].movement_question = QUESTION_NONE;
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct id id = world_newest(&world);
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 400);
  world_move(&world, &refund);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, HOUR_MS);
  cr_assert_neq(newest()->movements[0].step.attention_ms, 0);
}

RESOLVE_TEST(a_refund_that_succeeded_counts) {
  lose_refund();
  struct resolution_request request = about_movement(0, true);
  const struct request_answer *answer = say(&request);
  cr_assert_eq(answer->outcome, REQUEST_DONE);
  cr_assert(id_equal(&answer->movement, &newest()->movements[0].id));
  cr_assert_not(answer->open);
  cr_assert_eq(newest()->amount_refunded, 400);
  cr_assert(say(&request)->replayed);
  cr_assert_eq(engine_counts(world.engine).open, 0);
}

RESOLVE_TEST(a_refund_that_failed_gives_its_amount_back_until_the_psp_says_otherwise) {
  lose_refund();
  const struct dispatch refund = world.sent[1].dispatch;
  cr_assert_eq(resolve_movement(0, false), REQUEST_DONE);
  cr_assert_eq(newest()->amount_refundable, 1000);
  cr_assert(newest()->movements[0].step.by_person);
  cr_assert_eq(resolve_movement(0, true), REQUEST_INVALID_STATE);
  tell(&refund, OPERATION_REFUND, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 400);
  cr_assert_not(newest()->movements[0].step.by_person);
}

RESOLVE_TEST(a_received_capture_whose_webhook_never_comes) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  request.capture_manual = true;
  strcpy(request.connectors[0], "beta");
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  struct id id = world_newest(&world);
  struct movement_request capture = world_movement(&world, &id, MOVEMENT_CAPTURE, 0);
  world_move(&world, &capture);
  cr_assert_eq(resolve_movement(0, true), REQUEST_INVALID_STATE);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_eq(resolve_movement(0, true), REQUEST_DONE);
  cr_assert_eq(newest()->amount_captured, 1000);
}

RESOLVE_TEST(a_received_capture_that_a_person_took_for_failed) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  request.capture_manual = true;
  strcpy(request.connectors[0], "beta");
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  struct id id = world_newest(&world);
  struct movement_request capture = world_movement(&world, &id, MOVEMENT_CAPTURE, 0);
  world_move(&world, &capture);
  const struct dispatch dispatch = world_outstanding(&world)->dispatch;
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_eq(resolve_movement(0, false), REQUEST_DONE);
  struct webhook webhook = world_webhook(&dispatch, OPERATION_CAPTURE, ANSWER_IS_CAPTURED, 0);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->amount_captured, 1000, "the PSP's word counts for more, whenever it was said");
}

RESOLVE_TEST(what_the_books_have_no_place_for_is_confirmed_only) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  strcpy(request.connectors[0], "gamma");
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct id id = world_newest(&world);
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 700);
  world_move(&world, &refund);
  const struct dispatch first = world_outstanding(&world)->dispatch;
  world_decline(&world, "05");
  struct movement_request second = world_movement(&world, &id, MOVEMENT_REFUND, 700);
  world_move(&world, &second);
  world_approve(&world, ANSWER_IS_REFUNDED);
  tell(&first, OPERATION_REFUND, ANSWER_IS_REFUNDED);
  cr_assert_neq(newest()->movements[0].step.attention_ms, 0);
  cr_assert_eq(resolve_movement(0, true), REQUEST_INVALID_STATE);
  cr_assert_eq(resolve_movement(0, false), REQUEST_DONE);
  cr_assert_eq(newest()->movements[0].step.attention_ms, 0);
  tell(&first, OPERATION_REFUND, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->movements[0].step.attention_ms, 0, "said again, it is nothing new");
  cr_assert_eq(newest()->amount_refunded, 700);
}

RESOLVE_TEST(the_answer_to_a_question_about_a_movement_that_was_under_way_counts_too) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct id id = world_newest(&world);
  struct movement_request refund = world_movement(&world, &id, MOVEMENT_REFUND, 400);
  world_move(&world, &refund);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 2000);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  cr_assert_eq(resolve_movement(0, false), REQUEST_DONE);
  cr_assert_eq(newest()->amount_refundable, 1000);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->amount_refunded, 400);
  cr_assert_eq(newest()->amount_refundable, 600);
}
