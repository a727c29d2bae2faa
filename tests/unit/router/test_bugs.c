/* One test for each bug of the engine that was found by the simulator, and mended. */
#include <criterion/criterion.h>
#include <string.h>

#include "world.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, TIMEOUT_MS = 10 * SECOND, GRACE_MS = SECOND };

static struct world world;
static struct sheet_facts facts_before[3];

static void setup(void) {
  memcpy(facts_before, world_sheets, sizeof facts_before);
  world_open(&world, 1);
}

static void teardown(void) {
  world_close(&world);
  memcpy(world_sheets, facts_before, sizeof facts_before);
}

TestSuite(bugs, .init = setup, .fini = teardown, .timeout = 60);

static const struct payment *pay_at(const char *connector) {
  struct payment_request request = world_request(&world);
  request.connector_count = 2;
  strcpy(request.connectors[0], connector);
  strcpy(request.connectors[1], "gamma");
  (void)world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

/* Replays asked for within ms, each of which loses its answer too. */
static unsigned replays_within(int64_t ms, int64_t *ret_last_ms) {
  unsigned replays = 0;
  for (int64_t end_ms = world.now_ms + ms; world.now_ms < end_ms;) {
    world_advance(&world, 100);
    const struct sent *sent = world_outstanding(&world);
    if (!sent)
      continue;
    cr_assert(sent->dispatch.replay);
    replays++;
    *ret_last_ms = world.now_ms;
    world_fault(&world, PHASE_SENT_NO_REPLY);
  }
  return replays;
}

/* 1: A replay was sent while its answer could come before the PSP forgot the key; its request may arrive
 * later than that, and then charges a second time. */
Test(bugs, b001_a_replay_that_may_arrive_after_the_key_is_forgotten) {
  int64_t started_ms = world.now_ms, last_ms = 0;
  world_sheets[1].key_lifetime_s = 60;
  world_sheets[1].settling_ms = 20 * SECOND;
  (void)pay_at("beta");
  cr_assert_gt(replays_within(5 * MINUTE, &last_ms), 2);
  cr_assert_lt(last_ms + TIMEOUT_MS + GRACE_MS + 20 * SECOND, started_ms + 60 * SECOND);
}

/* 2: The machine's clock went forward while the router was down: its settling time seemed to be over, and
 * absence was taken for proof while the request could still arrive. */
Test(bugs, b002_a_clock_that_went_forward_at_a_restart) {
  const struct payment *payment = pay_at("alpha");
  cr_assert_eq(payment->status, PAYMENT_UNRESOLVED);
  world.now_ms += 30 * SECOND;
  world_restart(&world);
  world_advance(&world, 600);
  struct dispatch_result absent = world_result(PHASE_REPLY, ANSWER_IS_ABSENT);
  world_reply(&world, world_outstanding(&world), &absent);
  cr_assert_eq(newest()->attempt_count, 1, "a second attempt, and the first may still arrive");
  for (unsigned asked = 0; asked < 2; asked++) { /* asked before it has settled anew, and after */
    cr_assert_eq(newest()->attempt_count, 1);
    world_advance(&world, 2 * SECOND);
    world_reply(&world, world_outstanding(&world), &absent);
  }
  cr_assert_eq(newest()->attempt_count, 2);
}

/* 3: The machine's clock went back while the router was down: a key that the PSP had forgotten seemed to be
 * young, and the replay charged a second time. */
Test(bugs, b003_a_clock_that_went_back_at_a_restart) {
  int64_t last_ms;
  world_sheets[1].key_lifetime_s = 2 * 3600;
  (void)pay_at("beta");
  int64_t down_ms = 119 * MINUTE;
  world.now_ms += down_ms - 58 * MINUTE;
  world_restart(&world);
  cr_assert_eq(replays_within(2 * HOUR, &last_ms), 0);
}

/* The same with a clock that is right: an hour before the key is forgotten it is replayed still. */
Test(bugs, b003_a_restart_alone_does_not_end_replays) {
  int64_t last_ms;
  world_sheets[1].key_lifetime_s = 2 * 3600;
  (void)pay_at("beta");
  world.now_ms += 30 * MINUTE;
  world_restart(&world);
  cr_assert_gt(replays_within(20 * MINUTE, &last_ms), 0);
}

/* The same for a person's word: what the PSP's console shows too early is no proof either. */
Test(bugs, b002_a_person_who_looks_too_early_after_a_restart) {
  const struct payment *payment = pay_at("alpha");
  struct resolution_request request = {.from = world_request(&world).from,
                                       .payment = payment->id,
                                       .resolution = {.attempt = 1, .evidence = "the PSP's console"}};
  world.now_ms += 30 * SECOND;
  world_restart(&world);
  uint64_t ticket = world.next_ticket++;
  engine_resolve(world.engine, world.now_ms, ticket, &request);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_NOT_SETTLED);
}

static enum step_status capture_told(int64_t failed_ms, int64_t done_ms) {
  struct payment_request pay = world_request(&world);
  pay.capture_manual = true;
  (void)world_pay(&world, &pay);
  world_approve(&world, ANSWER_IS_APPROVED);
  struct id payment = world_newest(&world);
  struct movement_request capture = world_movement(&world, &payment, MOVEMENT_CAPTURE, 0);
  (void)world_move(&world, &capture);
  struct dispatch sent = world_outstanding(&world)->dispatch;
  world_approve(&world, ANSWER_IS_RECEIVED);
  struct webhook failed = world_webhook(&sent, OPERATION_CAPTURE, ANSWER_IS_DECLINED, failed_ms);
  struct webhook done = world_webhook(&sent, OPERATION_CAPTURE, ANSWER_IS_CAPTURED, done_ms);
  cr_assert_eq(world_tell(&world, &failed), STATUS_DONE);
  cr_assert_eq(world_tell(&world, &done), STATUS_DONE);
  return newest()->movements[0].step.status;
}

/* 4: A webhook that a capture failed did not say when, and the earlier one that it was done came late: it was
 * taken for the later one. */
Test(bugs, b004_a_failure_that_does_not_say_when) {
  cr_assert_eq(capture_told(0, 1000000), STEP_FAILED);
}

Test(bugs, b004_a_failure_that_says_when_stands_until_a_later_success) {
  cr_assert_eq(capture_told(1000000, 1000001), STEP_SUCCEEDED);
}

/* 5: A merchant's own attempt to undo a late approval failed, and that counted as a sign that it is wanted:
 * the engine never tried again, and nobody was told. */
Test(bugs, b005_a_void_of_the_merchants_that_failed) {
  struct payment_request pay = world_request(&world);
  pay.capture_manual = pay.late_void = true;
  pay.connector_count = 1;
  strcpy(pay.connectors[0], "alpha");
  pay.deadline_ms = 1000;
  (void)world_pay(&world, &pay);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 2000);
  world_approve(&world, ANSWER_IS_APPROVED);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_VOID);
  world_decline(&world, "05");
  struct id payment = world_newest(&world);
  struct movement_request undo = world_movement(&world, &payment, MOVEMENT_VOID, 0);
  (void)world_move(&world, &undo);
  world_decline(&world, "05");
  cr_assert_eq(newest()->movement_count, 2);
  world_advance(&world, MINUTE);
  cr_assert_eq(newest()->movement_count, 3);
  world_approve(&world, ANSWER_IS_VOIDED);
  cr_assert_eq(newest()->status, PAYMENT_VOIDED);
}
