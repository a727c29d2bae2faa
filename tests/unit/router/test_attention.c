/* The end of asking: what cannot be found out, or not be undone, is put before a person, once. */
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

TestSuite(attention, .init = setup, .fini = teardown, .timeout = 60);

/* At whose end the journal must rebuild the payments. */
#define ATTENTION_TEST(name)                                                                                 \
  static void name(void);                                                                                    \
  Test(attention, name) {                                                                                    \
    name();                                                                                                  \
    cr_assert(world_journal_agrees(&world), "the journal does not rebuild the payments");                    \
  }                                                                                                          \
  static void name(void)

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static void pay_at(const char *connector, bool manual) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  request.capture_manual = manual;
  strcpy(request.connectors[0], connector);
  world_pay(&world, &request);
}

static void move(enum movement_type type) {
  struct id payment = world_newest(&world);
  struct movement_request request = world_movement(&world, &payment, type, 0);
  world_move(&world, &request);
}

/* Lets time pass while the PSP answers every question with garbage. Returns how many there were. */
static unsigned wait_in_vain(int64_t ms) {
  int64_t end_ms = world.now_ms + ms;
  unsigned asked = 0;
  while (world.now_ms < end_ms) {
    world_advance(&world, world.now_ms + MINUTE_MS < end_ms ? MINUTE_MS : end_ms - world.now_ms);
    for (; world_outstanding(&world); asked++)
      world_fault(&world, PHASE_REPLY);
  }
  return asked;
}

/* How often that change stands first or second in an entry: an attention is an entry of its own, or follows
 * its cause. */
static unsigned changes(enum change_type type) {
  struct journal_entry entry;
  unsigned count = 0;
  for (uint64_t next = 1; ledger_entry(world.ledger, next, &entry) == 0; next = entry.sequence + 1)
    count += entry.type == JOURNAL_PAYMENT && entry.body[ENTRY_SUBJECT_BYTES] == type;
  return count;
}

static void count_found(void *context, const struct payment *payment) {
  (void)payment;
  ++*(unsigned *)context;
}

static unsigned listed_unresolved(void) {
  struct payment_filter filter = {.status = PAYMENT_UNRESOLVED};
  struct id last;
  bool more;
  unsigned count = 0;
  cr_assert_eq(
      payment_list(world.ledger, &world.merchant, &filter, NULL, 100, count_found, &count, &more, &last), 0);
  return count;
}

ATTENTION_TEST(after_a_day_it_is_put_before_a_person_once_and_asked_daily) {
  world_sheets[0].absent_is_proof = false;
  pay_at("alpha", false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  wait_in_vain(DAY_MS - MINUTE_MS);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(changes(CHANGE_ATTEMPT_ATTENTION), 0);
  wait_in_vain(20 * MINUTE_MS);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  unsigned asked = wait_in_vain(10LL * DAY_MS);
  cr_assert(asked >= 9 && asked <= 11, "asked %u times in ten days", asked);
  cr_assert_eq(changes(CHANGE_ATTEMPT_ATTENTION), 1);
  cr_assert_eq(listed_unresolved(), 1);
  world_advance(&world, DAY_MS);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(listed_unresolved(), 0);
}

ATTENTION_TEST(a_restart_keeps_it) {
  pay_at("alpha", false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  wait_in_vain(DAY_MS + 20 * MINUTE_MS);
  world_restart(&world);
  wait_in_vain(3LL * DAY_MS);
  cr_assert_eq(changes(CHANGE_ATTEMPT_ATTENTION), 1);
}

ATTENTION_TEST(what_cannot_be_asked_is_put_before_a_person_when_its_webhook_does_not_come) {
  world_sheets[1].question = QUESTION_NONE;
  pay_at("beta", false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 29 * MINUTE_MS);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0, "a webhook is given its time");
  world_advance(&world, 2 * MINUTE_MS);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_null(world_outstanding(&world));
  /* The webhook that comes after all ends it. */
  struct webhook webhook =
      world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, world.now_ms);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(listed_unresolved(), 0);
}

ATTENTION_TEST(what_may_be_replayed_no_more_is_put_before_a_person) {
  pay_at("beta", false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 500);
  cr_assert(world_outstanding(&world)->dispatch.replay);
  world_refuse(&world, STATUS_EXPIRED);
  world_advance(&world, 40 * MINUTE_MS);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_null(world_outstanding(&world));
}

ATTENTION_TEST(a_vault_that_is_away_is_no_reason_before_the_day_is_over) {
  pay_at("beta", false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  engine_on_vault(world.engine, world.now_ms, false);
  world_round(&world);
  world_advance(&world, HOUR_MS);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  world_advance(&world, DAY_MS);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
}

ATTENTION_TEST(a_refund_too) {
  pay_at("gamma", false);
  world_approve(&world, ANSWER_IS_CAPTURED);
  move(MOVEMENT_REFUND);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(listed_unresolved(), 1, "its payment is captured, and something about it unresolved");
  wait_in_vain(DAY_MS + 20 * MINUTE_MS);
  cr_assert_neq(newest()->movements[0].step.attention_ms, 0);
  wait_in_vain(3LL * DAY_MS);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 1);
  world_advance(&world, DAY_MS);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->movements[0].step.attention_ms, 0);
  cr_assert_eq(listed_unresolved(), 0);
}

ATTENTION_TEST(an_approval_that_cannot_be_undone_is_put_before_a_person) {
  pay_at("gamma", false);
  world_decline(&world, "43");
  struct webhook webhook =
      world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, world.now_ms);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  unsigned tries = 0;
  for (; world_outstanding(&world) && tries < 100; tries++) {
    cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
    world_decline(&world, "05");
    world_advance(&world, HOUR_MS);
  }
  cr_assert_eq(tries, 12);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(newest()->status, PAYMENT_DECLINED);
  cr_assert_eq(listed_unresolved(), 1);
  world_restart(&world);
  world_advance(&world, 3LL * DAY_MS);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(listed_unresolved(), 1);
}

ATTENTION_TEST(an_approval_whose_connector_is_gone_is_put_before_a_person_and_undone_when_it_is_back) {
  struct connector_facts facts[3];
  for (unsigned i = 0; i < 3; i++)
    facts[i] = *engine_connector_at(world.engine, i);
  pay_at("gamma", false);
  world_decline(&world, "43");
  engine_on_connectors(world.engine, world.now_ms, facts, 2);
  struct webhook webhook =
      world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, world.now_ms);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  world_advance(&world, DAY_MS - HOUR_MS);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  world_advance(&world, 2 * HOUR_MS);
  cr_assert_neq(newest()->attempts[0].step.attention_ms, 0);
  engine_on_connectors(world.engine, world.now_ms, facts, 3);
  world_advance(&world, HOUR_MS);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->attempts[0].step.attention_ms, 0);
  cr_assert_eq(listed_unresolved(), 0);
}

ATTENTION_TEST(the_schedule_is_the_sheet_s_where_it_names_one) {
  world_sheets[0].first_question_ms = 3000;
  world_sheets[0].last_question_ms = 4000;
  world_sheets[0].absent_is_proof = false;
  pay_at("alpha", false);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 2999);
  cr_assert_null(world_outstanding(&world));
  world_advance(&world, 1);
  for (int i = 0; i < 5; i++) {
    cr_assert_not_null(world_outstanding(&world));
    world_fault(&world, PHASE_REPLY);
    world_advance(&world, 3999);
    cr_assert_null(world_outstanding(&world));
    world_advance(&world, 1);
  }
}

/* ---- Received, and nothing is heard of it any more ---- */

/* What is captured at that connector is only received; its dispatch. */
static struct dispatch received_capture(const char *connector) {
  pay_at(connector, true);
  world_approve(&world, ANSWER_IS_APPROVED);
  move(MOVEMENT_CAPTURE);
  struct dispatch capture = world_outstanding(&world)->dispatch;
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert(newest()->movements[0].received);
  return capture;
}

static void tell(const struct dispatch *dispatch, enum answer answer) {
  struct webhook webhook = world_webhook(dispatch, dispatch->operation, answer, world.now_ms);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
}

static enum request_outcome a_person_says(bool succeeded) {
  struct movement_request as = world_movement(&world, &newest()->id, MOVEMENT_CAPTURE, 0);
  struct resolution_request request = {.from = as.from,
                                       .payment = newest()->id,
                                       .resolution = {.movement = newest()->movements[0].id,
                                                      .succeeded = succeeded,
                                                      .evidence = "the PSP's console"}};
  uint64_t ticket = world.next_ticket++;
  engine_resolve(world.engine, world.now_ms, ticket, &request);
  (void)world_round(&world);
  return world_answer(&world, ticket)->outcome;
}

static bool is_before_a_person(void) {
  return newest()->movements[0].step.attention_ms != 0;
}

ATTENTION_TEST(a_received_capture_whose_webhook_does_not_come_is_put_before_a_person_after_five_days) {
  struct dispatch capture = received_capture("beta");
  cr_assert_eq(engine_counts(world.engine).open, 0, "nothing is kept in memory of what only a webhook ends");
  cr_assert_eq(world_journal_agrees(&world), true);
  world_advance(&world, 5LL * DAY_MS - MINUTE_MS);
  cr_assert_not(is_before_a_person());
  cr_assert_eq(listed_unresolved(), 0);
  world_advance(&world, 2 * MINUTE_MS);
  cr_assert(is_before_a_person());
  cr_assert_eq(newest()->movements[0].step.status, STEP_PENDING);
  cr_assert_eq(listed_unresolved(), 1);
  world_advance(&world, 20LL * DAY_MS);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 1);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(engine_counts(world.engine).open, 0);
  tell(&capture, ANSWER_IS_CAPTURED);
  cr_assert_not(is_before_a_person());
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(listed_unresolved(), 0);
}

ATTENTION_TEST(a_person_ends_what_was_received_and_never_told_of) {
  (void)received_capture("beta");
  world_advance(&world, 6LL * DAY_MS);
  cr_assert(is_before_a_person());
  cr_assert_eq(a_person_says(true), REQUEST_DONE);
  cr_assert_not(is_before_a_person());
  cr_assert_eq(newest()->amount_captured, 1000);
  cr_assert_eq(listed_unresolved(), 0);
}

ATTENTION_TEST(a_received_capture_that_its_webhook_ended_is_put_before_nobody) {
  struct dispatch capture = received_capture("beta");
  world_advance(&world, DAY_MS);
  tell(&capture, ANSWER_IS_CAPTURED);
  world_advance(&world, 10LL * DAY_MS);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 0);
  cr_assert(engine_due(world.engine) < 0, "nothing is waited for any more");
}

ATTENTION_TEST(a_restart_keeps_what_was_received) {
  (void)received_capture("beta");
  world_advance(&world, 3LL * DAY_MS);
  world_restart(&world);
  world_advance(&world, DAY_MS);
  cr_assert_not(is_before_a_person());
  world_advance(&world, DAY_MS + MINUTE_MS);
  cr_assert(is_before_a_person());
  world_restart(&world);
  world_advance(&world, 3LL * DAY_MS);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 1);
  cr_assert_eq(listed_unresolved(), 1);
}

ATTENTION_TEST(a_disk_that_is_full_when_its_time_comes_puts_it_off) {
  (void)received_capture("beta");
  store_memory_fail_commits(world.store, -ENOSPC);
  world_advance(&world, 5LL * DAY_MS + MINUTE_MS);
  store_memory_fail_commits(world.store, 0);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 0);
  world_advance(&world, MINUTE_MS);
  cr_assert(is_before_a_person());
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 1);
}

ATTENTION_TEST(many_that_were_received_come_each_in_its_time) {
  enum { MANY = 300 };
  for (unsigned i = 0; i < MANY; i++) {
    (void)received_capture("beta");
    world_advance(&world, i % 3 ? 1 : MINUTE_MS); /* three within a moment */
  }
  cr_assert_eq(engine_counts(world.engine).open, 0);
  world_advance(&world, 5LL * DAY_MS - MANY / 3 * MINUTE_MS);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 1, "the first");
  world_advance(&world, 10 * MINUTE_MS);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 31);
  world.now_ms += 7LL * DAY_MS; /* the router is away, and all the others are due when it is back */
  world_restart(&world);
  world_advance(&world, 1);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), MANY);
}

/* Two of one payment, and the later one's webhook comes. */
ATTENTION_TEST(a_received_refund_is_put_before_a_person_by_itself) {
  (void)received_capture("beta");
  world_advance(&world, DAY_MS);
  move(MOVEMENT_REFUND);
  struct dispatch refund = world_outstanding(&world)->dispatch;
  world_approve(&world, ANSWER_IS_RECEIVED);
  world_advance(&world, 4LL * DAY_MS + MINUTE_MS);
  cr_assert(is_before_a_person());
  cr_assert_eq(newest()->movements[1].step.attention_ms, 0);
  world_advance(&world, DAY_MS);
  cr_assert_neq(newest()->movements[1].step.attention_ms, 0);
  tell(&refund, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->movements[1].step.attention_ms, 0);
  cr_assert(is_before_a_person());
  cr_assert_eq(listed_unresolved(), 1);
}

ATTENTION_TEST(a_capture_that_a_replay_showed_to_be_received_waits_for_its_webhook_again) {
  pay_at("beta", true);
  world_approve(&world, ANSWER_IS_APPROVED);
  move(MOVEMENT_CAPTURE);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  wait_in_vain(DAY_MS + 20 * MINUTE_MS);
  cr_assert(is_before_a_person());
  world_advance(&world, DAY_MS);
  world_approve(&world, ANSWER_IS_RECEIVED);
  cr_assert_not(is_before_a_person(), "it is known to be there: no person need look yet");
  world_advance(&world, 2LL * DAY_MS);
  cr_assert_eq(listed_unresolved(), 0);
  world_advance(&world, DAY_MS);
  cr_assert(is_before_a_person(), "five days after its dispatch");
}

ATTENTION_TEST(what_is_answered_received_for_days_is_put_before_a_person) {
  (void)received_capture("alpha");
  for (int64_t end_ms = world.now_ms + 5LL * DAY_MS - MINUTE_MS; world.now_ms < end_ms;) {
    cr_assert_not(is_before_a_person());
    world_advance(&world, MINUTE_MS);
    while (world_outstanding(&world))
      world_approve(&world, ANSWER_IS_RECEIVED);
  }
  for (unsigned i = 0; i < 30; i++) {
    world_advance(&world, MINUTE_MS);
    while (world_outstanding(&world))
      world_approve(&world, ANSWER_IS_RECEIVED);
  }
  cr_assert(is_before_a_person());
  world_advance(&world, DAY_MS);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(listed_unresolved(), 0);
}

/* The row that says since when its webhook is awaited leads to the payment, which is what is believed. */
ATTENTION_TEST(a_damaged_row_of_what_is_awaited_holds_up_nothing) {
  struct view key, value;
  uint8_t row[STORE_KEY_MAX], bytes[64];
  (void)received_capture("beta");
  world_advance(&world, MINUTE_MS);
  (void)received_capture("beta");
  cr_assert_eq(store_next(world.store, LEDGER_AWAITED, NULL, 0, true, &key, &value), 0);
  size_t row_length = key.length, length = value.length;
  memcpy(row, key.bytes, row_length);
  memcpy(bytes, value.bytes, length);
  bytes[length - 1] ^= 1;
  cr_assert_eq(store_put(world.store, LEDGER_AWAITED, row, row_length, bytes, length), 0);
  cr_assert_eq(store_commit(world.store), 0);
  world_advance(&world, 5LL * DAY_MS + 2 * MINUTE_MS);
  cr_assert_eq(engine_counts(world.engine).commits_failed, 0);
  cr_assert_eq(changes(CHANGE_MOVEMENT_ATTENTION), 2);
}

/* Nobody is put before a person too early for it. */
ATTENTION_TEST(a_row_that_says_another_time_than_its_movement_is_put_right) {
  struct id movement;
  int64_t since_ms;
  (void)received_capture("beta");
  cr_assert_eq(ledger_awaited_first(world.ledger, &since_ms, &movement), 0);
  cr_assert_eq(ledger_awaited_set(world.ledger, since_ms, &movement, false), 0);
  cr_assert_eq(ledger_awaited_set(world.ledger, since_ms - DAY_MS, &movement, true), 0);
  (void)world_round(&world);
  world_restart(&world);
  world_advance(&world, 5LL * DAY_MS - MINUTE_MS);
  cr_assert_not(is_before_a_person());
  world_advance(&world, 2 * MINUTE_MS);
  cr_assert(is_before_a_person());
}

ATTENTION_TEST(what_is_no_row_of_what_is_awaited_undoes_no_round) {
  static const uint8_t row[3] = {0};
  (void)received_capture("beta");
  cr_assert_eq(store_put(world.store, LEDGER_AWAITED, row, sizeof row, row, sizeof row), 0);
  cr_assert_eq(store_commit(world.store), 0);
  world_restart(&world);
  world_advance(&world, DAY_MS);
  cr_assert_eq(engine_counts(world.engine).commits_failed, 0);
  cr_assert_eq(store_delete(world.store, LEDGER_AWAITED, row, sizeof row), 0);
  cr_assert_eq(store_commit(world.store), 0);
  world_advance(&world, 4LL * DAY_MS + MINUTE_MS);
  cr_assert(is_before_a_person());
}
