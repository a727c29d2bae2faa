/* Payments that nobody waits for are tried again by the policy's schedules: when, how often, and when not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "time_zone.h"
#include "world.h"

static struct world world; /* it begins on a first of January, at midnight UTC */

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS, MINUTE_MS = 60 * 1000 };

static const char any_time[] = "schedule soon = 3 tries within 10 days "
                               "rule renewals when kind != customer route alpha, beta, gamma with later soon "
                               "otherwise route alpha with later soon";
static const char payday[] =
    "schedule payday = 3 tries within 21 days on [5 15] at 6..9 in \"Europe/Berlin\" "
    "rule renewals when kind == recurring route alpha, beta, gamma with later payday otherwise route alpha";

static void setup(void) {
  world_open(&world, 5);
  world.options.zone_offset = time_zone_offset;
  world_restart(&world);
  world_publish(&world, any_time);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(scheduled, .init = setup, .fini = teardown, .timeout = 60);

/* At whose end the journal must rebuild the ledger. */
#define SCHEDULED_TEST(name)                                                                                 \
  static void name(void);                                                                                    \
  Test(scheduled, name) {                                                                                    \
    name();                                                                                                  \
    cr_assert(world_journal_agrees(&world), "the journal does not rebuild the ledger");                      \
  }                                                                                                          \
  static void name(void)

static struct payment_request renewal(void) {
  struct payment_request request = world_request(&world);
  request.kind = KIND_RECURRING;
  return request;
}

static uint64_t pay(void) {
  world_advance(&world, 1); /* so that the newest is this one */
  struct payment_request request = renewal();
  return world_pay(&world, &request);
}

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static void decline(const char *code, const char *advice) {
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_NETWORK_CODE, code), 0);
  if (advice)
    cr_assert_eq(answer_fields_set(&result.fields, ANSWER_ADVICE_CODE, advice), 0);
  world_reply(&world, world_outstanding(&world), &result);
}

/* Of every connector that is tried, until the round is over. */
static void decline_round(const char *code) {
  while (world_outstanding(&world))
    decline(code, NULL);
}

static void is_scheduled(void) {
  const struct payment *payment = newest();
  cr_assert_eq(payment->status, PAYMENT_SCHEDULED, "%s", payment_status_name(payment->status));
  cr_assert_gt(payment->retry_ms, world.now_ms);
  cr_assert_eq(payment->decline.retry, OUTCOME_RETRY_LATER);
  cr_assert_null(world_outstanding(&world));
}

static unsigned rows(void) {
  struct view key, value;
  uint8_t at[STORE_KEY_MAX] = {0};
  size_t length = 0;
  unsigned count = 0;
  while (store_next(world.store, LEDGER_SCHEDULED, at, length, false, &key, &value) == 0) {
    memcpy(at, key.bytes, key.length);
    length = key.length;
    count++;
  }
  return count;
}

static void has_ended(enum payment_status status) {
  cr_assert_eq(newest()->status, status, "%s", payment_status_name(newest()->status));
  cr_assert_eq(newest()->retry_ms, 0);
  cr_assert_eq(rows(), 0);
  unsigned sent = world.sent_count;
  world_advance(&world, 40LL * DAY_MS);
  cr_assert_eq(world.sent_count, sent, "it is tried no more");
}

/* Until the next round has begun. */
static const struct dispatch *next_round(void) {
  unsigned before = world.sent_count;
  is_scheduled();
  world_advance(&world, newest()->retry_ms - world.now_ms - 1);
  cr_assert_eq(world.sent_count, before, "not before its time");
  world_advance(&world, 1);
  cr_assert_eq(world.sent_count, before + 1);
  return &world.sent[before].dispatch;
}

static bool ends_with(const char *text, const char *end) {
  return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static uint64_t void_newest(void) {
  struct id id = world_newest(&world);
  struct movement_request request = world_movement(&world, &id, MOVEMENT_VOID, 0);
  return world_move(&world, &request);
}

static unsigned changes(enum change_type type) {
  struct journal_entry entry;
  unsigned count = 0;
  for (uint64_t next = 1; ledger_entry(world.ledger, next, &entry) == 0; next++) {
    /* Which changes an entry has is told by the payment before and after it; these begin theirs. */
    count += entry.type == JOURNAL_PAYMENT && entry.length > ENTRY_SUBJECT_BYTES &&
             entry.body[ENTRY_SUBJECT_BYTES] == (uint8_t)type;
  }
  return count;
}

/* ---- Its course ---- */

SCHEDULED_TEST(a_declined_renewal_is_answered_as_scheduled) {
  uint64_t ticket = pay();
  cr_assert_eq(newest()->decision.options.later, 0, "in memory as on record");
  decline("51", NULL);
  is_scheduled();
  cr_assert_not(world_answer(&world, ticket)->open);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_DONE);
  const struct payment *payment = newest();
  cr_assert_str_eq(payment->decline.reason, "insufficient_funds");
  cr_assert_geq(payment->retry_ms, world.now_ms + DAY_MS + LATER_MARGIN_MS);
  cr_assert_lt(payment->retry_ms, world.now_ms + DAY_MS + 2 * LATER_MARGIN_MS);
  cr_assert_eq(payment->decision.later.tries, 3);
  cr_assert_eq(payment->decision.options.later, 0);
  cr_assert_eq(rows(), 1);
  cr_assert_eq(engine_counts(world.engine).open, 0, "nothing of it is in memory");
  cr_assert_eq(engine_counts(world.engine).ended[PAYMENT_SCHEDULED], 1);
  cr_assert_eq(world.ended, 1, "the code's lease is over");
  struct payment_filter filter = {.status = PAYMENT_SCHEDULED};
  bool more;
  struct id last;
  cr_assert_eq(payment_list(world.ledger, &world.merchant, &filter, NULL, 0, NULL, NULL, &more, &last), 0);
  cr_assert(more, "it is listed");
}

SCHEDULED_TEST(a_later_try_that_is_approved_ends_it) {
  pay();
  decline("51", NULL);
  const struct dispatch *sent = next_round();
  cr_assert_str_eq(sent->connector, "alpha");
  cr_assert(ends_with(sent->key, "_2"));
  cr_assert_eq(newest()->status, PAYMENT_PROCESSING);
  cr_assert_str_eq(newest()->decline.reason, "");
  cr_assert_eq(rows(), 0);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->amount_captured, 1000);
  cr_assert_str_eq(newest()->decline.reason, "");
  cr_assert_eq(newest()->attempts[0].round, 0);
  cr_assert_eq(newest()->attempts[1].round, 1);
  cr_assert_eq(engine_counts(world.engine).later_rounds, 1);
  has_ended(PAYMENT_CAPTURED);
}

SCHEDULED_TEST(each_round_goes_through_the_list_from_its_beginning) {
  pay();
  decline_round("91");
  cr_assert_eq(newest()->attempt_count, 3, "elsewhere, and all of them");
  cr_assert_str_eq(next_round()->connector, "alpha");
  decline("91", NULL);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  decline("51", NULL);
  cr_assert_eq(newest()->attempt_count, 5);
  is_scheduled();
  cr_assert_str_eq(next_round()->connector, "alpha");
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert(ends_with(world.sent[6].dispatch.key, "_7"));
  has_ended(PAYMENT_CAPTURED);
}

SCHEDULED_TEST(when_no_try_is_left_it_is_declined) {
  pay();
  decline("51", NULL);
  for (unsigned tries = 0; tries < 3; tries++) {
    cr_assert_eq(newest()->round.tries, tries);
    (void)next_round();
    decline("51", NULL);
  }
  cr_assert_eq(newest()->attempt_count, 4);
  cr_assert_str_eq(newest()->decline.reason, "insufficient_funds");
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(when_no_day_is_left_it_is_declined) {
  world_publish(&world, "schedule brief = 9 tries within 3 days otherwise route alpha with later brief");
  pay();
  decline("51", NULL);
  (void)next_round();
  decline("51", NULL);
  (void)next_round();
  decline("51", NULL);
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(the_schedule_says_when) {
  world_publish(&world, payday);
  pay();
  decline("51", NULL);
  is_scheduled();
  int64_t fifth_ms = 1767225600000 + 4LL * DAY_MS + 5LL * HOUR_MS; /* 6:00 in Berlin */
  cr_assert_geq(newest()->retry_ms, fifth_ms);
  cr_assert_lt(newest()->retry_ms, fifth_ms + LATER_SPREAD_MS);
  (void)next_round();
  decline("51", "30"); /* ten days: not on the fifteenth, and then the window is over */
  cr_assert_eq(newest()->status, PAYMENT_SCHEDULED);
  cr_assert_geq(newest()->retry_ms, fifth_ms + 10LL * DAY_MS);
}

SCHEDULED_TEST(advice_is_a_bound) {
  world.network = NETWORK_MASTERCARD;
  pay();
  decline("51", "26");
  is_scheduled();
  cr_assert_eq(newest()->decline.retry_after_s, 2 * 24 * 3600);
  cr_assert_geq(newest()->retry_ms, world.now_ms + 2LL * DAY_MS);
  (void)next_round();
  decline("51", "24");
  is_scheduled();
  cr_assert_geq(newest()->retry_ms, world.now_ms + HOUR_MS);
  cr_assert_lt(newest()->retry_ms, world.now_ms + DAY_MS);
  (void)next_round();
  decline("51", "03");
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(the_later_tries_of_a_morning_are_spread) {
  enum { PAYMENTS = 40 };
  world_publish(&world, payday);
  for (unsigned i = 0; i < PAYMENTS; i++) {
    pay();
    decline("51", NULL);
  }
  cr_assert_eq(rows(), PAYMENTS);
  unsigned together = 0;
  world_advance(&world, 1767225600000 + 4LL * DAY_MS + 5LL * HOUR_MS - world.now_ms - 1);
  cr_assert_eq(world.sent_count, PAYMENTS);
  for (unsigned minute = 0; minute < 60; minute++) {
    unsigned before = world.sent_count;
    world_advance(&world, MINUTE_MS);
    together += world.sent_count - before > 5;
  }
  cr_assert_eq(world.sent_count, 2 * PAYMENTS);
  cr_assert_eq(together, 0);
}

/* ---- When not ---- */

static void not_scheduled(const struct payment_request *request, const char *code) {
  world_advance(&world, 1);
  struct payment_request copy = *request;
  struct payment_request fresh = world_request(&world);
  copy.from = fresh.from;
  world_pay(&world, &copy);
  decline_round(code);
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(what_a_customer_waits_for_is_not_tried_later) {
  struct payment_request request = renewal();
  request.kind = KIND_CUSTOMER;
  not_scheduled(&request, "51");
  request.kind = KIND_MOTO;
  not_scheduled(&request, "51");
}

SCHEDULED_TEST(every_kind_that_the_merchant_begins_is) {
  static const enum payment_kind kinds[] = {KIND_RECURRING, KIND_INSTALLMENT, KIND_UNSCHEDULED,
                                            KIND_RESUBMISSION};
  for (unsigned i = 0; i < 4; i++) {
    struct payment_request request = renewal();
    request.kind = kinds[i];
    world_advance(&world, 1);
    world_pay(&world, &request);
    decline("51", NULL);
    is_scheduled();
  }
}

SCHEDULED_TEST(a_request_without_retries_is_not_tried_later) {
  struct payment_request request = renewal();
  request.retry_none = true;
  not_scheduled(&request, "51");
}

SCHEDULED_TEST(a_rule_without_retries_is_not_tried_later) {
  struct payment_request request = renewal();
  world_publish(&world,
                "schedule soon = 3 tries within 10 days otherwise route alpha with retry off, later soon");
  not_scheduled(&request, "51");
}

SCHEDULED_TEST(a_rule_without_a_schedule_is_not_tried_later) {
  struct payment_request request = renewal();
  world_publish(&world, "schedule soon = 3 tries within 10 days "
                        "rule other when kind == moto route beta with later soon otherwise route alpha");
  not_scheduled(&request, "51");
}

SCHEDULED_TEST(what_the_request_routes_itself_is_not_tried_later) {
  struct payment_request request = renewal();
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  not_scheduled(&request, "51");
}

SCHEDULED_TEST(what_is_declined_for_good_is_not_tried_later) {
  static const char *const codes[] = {"43", "54", "59", "1A", "14", "R1"};
  struct payment_request request = renewal();
  for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
    not_scheduled(&request, codes[i]);
}

SCHEDULED_TEST(a_hard_decline_of_a_later_try_ends_it) {
  pay();
  decline("51", NULL);
  (void)next_round();
  decline("43", NULL);
  cr_assert_str_eq(newest()->decline.reason, "stolen_card");
  cr_assert_eq(newest()->decline.retry, OUTCOME_RETRY_NEVER);
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(a_zone_that_the_machine_lacks_has_no_hours) {
  struct payment_request request = renewal();
  world_publish(&world, payday);
  world.options.zone_offset = NULL;
  world_restart(&world);
  not_scheduled(&request, "51");
}

/* ---- What the networks let be tried ---- */

/* Declines of the same card and amount by payments that are not tried later. */
static void use_up(unsigned count) {
  world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
  world_publish(&world, "otherwise route alpha with max_attempts 1");
  for (unsigned i = 0; i < count; i++) {
    pay();
    decline("51", NULL);
  }
}

SCHEDULED_TEST(what_the_budget_refuses_first_is_tried_when_it_lets_it) {
  world.network = NETWORK_MASTERCARD;
  use_up(10);
  world_publish(&world, any_time);
  uint64_t ticket = pay();
  is_scheduled();
  cr_assert_not(world_answer(&world, ticket)->open);
  cr_assert_eq(newest()->attempt_count, 0);
  cr_assert_str_eq(newest()->decline.reason, "retry_budget_exhausted");
  cr_assert_geq(newest()->retry_ms, world.now_ms + DAY_MS);
  (void)next_round();
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_str_eq(newest()->attempts[0].connector, "alpha");
  world_approve(&world, ANSWER_IS_CAPTURED);
  has_ended(PAYMENT_CAPTURED);
}

SCHEDULED_TEST(a_budget_that_is_used_up_meanwhile_postpones_and_counts_as_no_try) {
  world.network = NETWORK_MASTERCARD;
  world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
  pay();
  struct id scheduled = world_newest(&world);
  decline("51", NULL);
  int64_t due_ms = newest()->retry_ms;
  world_advance(&world, due_ms - world.now_ms - HOUR_MS);
  struct id fingerprint = world.fingerprint;
  use_up(0);
  world.fingerprint = fingerprint;
  for (unsigned i = 0; i < 9; i++) { /* with its own, ten within a day and the margin */
    pay();
    decline("51", NULL);
  }
  unsigned sent = world.sent_count;
  world_advance(&world, due_ms - world.now_ms);
  const struct payment *payment = world_payment(&world, &scheduled);
  cr_assert_eq(world.sent_count, sent, "nothing was sent");
  cr_assert_eq(payment->status, PAYMENT_SCHEDULED);
  cr_assert_eq(payment->round.number, 1);
  cr_assert_eq(payment->round.tries, 0);
  cr_assert_str_eq(payment->decline.reason, "retry_budget_exhausted");
  cr_assert_eq(payment->round.candidates[0].skipped, SKIP_BUDGET);
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_NONE);
  cr_assert_geq(payment->retry_ms, due_ms + HOUR_MS);
  world_advance(&world, payment->retry_ms - world.now_ms);
  cr_assert_eq(world.sent_count, sent + 1);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(world_payment(&world, &scheduled)->status, PAYMENT_CAPTURED);
}

SCHEDULED_TEST(a_budget_that_says_never_ends_it) {
  world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
  pay();
  struct id scheduled = world_newest(&world);
  decline("51", NULL);
  world_publish(&world, "otherwise route beta");
  pay();
  decline("43", NULL); /* the same card and amount: Visa's first category */
  world_advance(&world, 2LL * DAY_MS);
  const struct payment *payment = world_payment(&world, &scheduled);
  cr_assert_eq(payment->status, PAYMENT_DECLINED);
  cr_assert_str_eq(payment->decline.reason, "retry_budget_exhausted");
  cr_assert_eq(payment->decline.retry, OUTCOME_RETRY_NEVER);
  cr_assert_eq(payment->attempt_count, 1);
  cr_assert_eq(rows(), 0);
}

SCHEDULED_TEST(it_stops_at_visas_budget) {
  world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
  world_publish(
      &world, "schedule often = 15 tries within 30 days otherwise route alpha, beta, gamma with later often");
  pay();
  for (unsigned round = 0; newest()->status != PAYMENT_DECLINED; round++) {
    decline_round("91"); /* three a round */
    cr_assert_lt(round, 20);
    if (newest()->status == PAYMENT_SCHEDULED)
      world_advance(&world, newest()->retry_ms - world.now_ms);
  }
  cr_assert_eq(newest()->attempt_count, 16, "a first try and 15 retries");
  cr_assert_eq(world.sent_count, 16);
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(it_ends_with_the_room_for_attempts) {
  world.network = NETWORK_AMEX; /* no limits are known */
  world_publish(
      &world, "schedule often = 15 tries within 30 days otherwise route alpha, beta, gamma with later often");
  pay();
  for (unsigned round = 0; newest()->status != PAYMENT_DECLINED; round++) {
    decline_round("91");
    cr_assert_lt(round, 20);
    if (newest()->status == PAYMENT_SCHEDULED)
      (void)next_round();
  }
  cr_assert_eq(newest()->attempt_count, ATTEMPTS_MAX);
  cr_assert(ends_with(world.sent[15].dispatch.key, "_16"));
  cr_assert_eq(step_recorded(world.ledger, &world.merchant, world.sent[15].dispatch.key), 0);
  has_ended(PAYMENT_DECLINED);
}

/* ---- What a merchant does meanwhile ---- */

SCHEDULED_TEST(a_void_cancels_the_schedule) {
  pay();
  decline("51", NULL);
  struct id id = world_newest(&world);
  struct movement_request request = world_movement(&world, &id, MOVEMENT_VOID, 0);
  uint64_t first = world_move(&world, &request), again = world_move(&world, &request);
  cr_assert_eq(world_answer(&world, first)->outcome, REQUEST_DONE);
  cr_assert_eq(world_answer(&world, first)->movement.text[0], '\0');
  cr_assert(id_equal(&world_answer(&world, first)->payment, &id));
  cr_assert_not(world_answer(&world, first)->open);
  cr_assert_not(world_answer(&world, first)->replayed);
  cr_assert_eq(world_answer(&world, again)->outcome, REQUEST_DONE);
  cr_assert(world_answer(&world, again)->replayed);
  cr_assert_str_eq(newest()->decline.reason, "insufficient_funds");
  cr_assert_eq(newest()->movement_count, 0);
  request.from.body_hash[0] ^= 1;
  cr_assert_eq(world_answer(&world, world_move(&world, &request))->outcome, REQUEST_KEY_REUSED);
  cr_assert_eq(world_answer(&world, void_newest())->outcome, REQUEST_INVALID_STATE);
  cr_assert_eq(world.sent_count, 1, "nothing was sent");
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(cancelled_it_is_what_it_would_have_been) {
  world.network = NETWORK_MASTERCARD;
  pay();
  while (world_outstanding(&world))
    world_fault(&world, PHASE_NOT_SENT);
  is_scheduled();
  cr_assert_eq(world_answer(&world, void_newest())->outcome, REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_FAILED, "no issuer was asked");
  use_up(10);
  world_publish(&world, any_time);
  pay();
  is_scheduled();
  cr_assert_eq(world_answer(&world, void_newest())->outcome, REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_DECLINED, "the networks refused it");
  cr_assert_eq(newest()->attempt_count, 0);
}

SCHEDULED_TEST(a_void_needs_no_vault) {
  pay();
  decline("51", NULL);
  engine_on_vault(world.engine, world.now_ms, false);
  cr_assert_eq(world_answer(&world, void_newest())->outcome, REQUEST_DONE);
  engine_on_vault(world.engine, world.now_ms, true);
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(nothing_else_can_be_done_with_it) {
  pay();
  decline("51", NULL);
  struct id id = world_newest(&world);
  struct movement_request capture = world_movement(&world, &id, MOVEMENT_CAPTURE, 0),
                          refund = world_movement(&world, &id, MOVEMENT_REFUND, 0);
  cr_assert_eq(world_answer(&world, world_move(&world, &capture))->outcome, REQUEST_INVALID_STATE);
  cr_assert_eq(world_answer(&world, world_move(&world, &refund))->outcome, REQUEST_INVALID_STATE);
  (void)next_round();
  cr_assert_eq(world_answer(&world, void_newest())->outcome, REQUEST_INVALID_STATE, "it is under way");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(the_request_again_gets_the_payment_as_it_stands) {
  world_advance(&world, 1);
  struct payment_request request = renewal();
  world_pay(&world, &request);
  decline("51", NULL);
  uint64_t scheduled = world_pay(&world, &request);
  cr_assert(world_answer(&world, scheduled)->replayed);
  cr_assert_not(world_answer(&world, scheduled)->open);
  is_scheduled();
  (void)next_round();
  uint64_t waiting = world_pay(&world, &request);
  cr_assert_null(world_answer(&world, waiting), "it waits for the round's end");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert(world_answer(&world, waiting)->replayed);
  cr_assert_eq(world.sent_count, 2);
}

SCHEDULED_TEST(a_token_that_is_gone_ends_it) {
  static const struct {
    enum status status;
    const char *reason;
  } gone[] = {{STATUS_DELETED, "token_deleted"}, {STATUS_EXPIRED, "token_expired"}};
  for (unsigned i = 0; i < 2; i++) {
    pay();
    decline("51", NULL);
    (void)next_round();
    world_refuse(&world, gone[i].status);
    cr_assert_str_eq(newest()->decline.reason, gone[i].reason);
    cr_assert_eq(newest()->decline.retry, OUTCOME_RETRY_UPDATE_CARD);
    cr_assert_eq(newest()->attempt_count, 2, "no other connector would help");
    has_ended(PAYMENT_DECLINED);
  }
}

/* ---- What is found at its time ---- */

SCHEDULED_TEST(the_list_is_the_one_that_was_decided) {
  pay();
  decline("51", NULL);
  world_publish(&world, "otherwise route gamma");
  cr_assert_str_eq(next_round()->connector, "alpha");
  decline("91", NULL);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(a_restart_keeps_the_plan_whatever_was_published) {
  pay();
  decline("51", NULL);
  world_publish(&world, "otherwise decline");
  int64_t due_ms = newest()->retry_ms;
  world_restart(&world);
  cr_assert_eq(newest()->retry_ms, due_ms);
  (void)next_round();
  decline("51", NULL);
  is_scheduled();
  world_restart(&world);
  (void)next_round();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(who_is_out_then_is_passed_over_then) {
  struct requester from = renewal().from;
  struct id drill;
  pay();
  decline("51", NULL);
  world_advance(&world, newest()->retry_ms - world.now_ms - 1000);
  cr_assert_eq(engine_drill(world.engine, world.now_ms, &from, "alpha", HOUR_MS, &drill), DRILL_DONE);
  cr_assert_str_eq(next_round()->connector, "beta");
  const struct payment *payment = newest();
  cr_assert_eq(payment->round.candidates[0].health, CANDIDATE_DRILL);
  cr_assert_eq(payment->round.candidates[0].skipped, SKIP_DRILL);
  cr_assert_eq(payment->decision.candidates[0].health, CANDIDATE_HEALTHY, "the decision's own stands");
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_NONE);
  cr_assert_eq(payment_candidates(payment), payment->round.candidates);
  decline("51", NULL);
  cr_assert_str_eq(next_round()->connector, "alpha", "and is tried when it is back");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

static void disable(const char *connector) {
  struct connector_facts facts[3];
  for (size_t i = 0; i < 3; i++) {
    facts[i] = *engine_connector_at(world.engine, i);
    if (strcmp(facts[i].name, connector) == 0)
      facts[i].status = CONNECTOR_DISABLED;
  }
  engine_on_connectors(world.engine, world.now_ms, facts, 3);
}

SCHEDULED_TEST(a_disabled_connector_is_passed_over) {
  pay();
  decline("51", NULL);
  disable("alpha");
  cr_assert_str_eq(next_round()->connector, "beta");
  cr_assert_eq(newest()->round.candidates[0].skipped, SKIP_DISABLED);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(where_nobody_can_be_tried_it_is_tried_an_hour_later_and_counts_as_none) {
  pay();
  decline("51", NULL);
  int64_t due_ms = newest()->retry_ms;
  disable("alpha");
  disable("beta");
  disable("gamma");
  world_advance(&world, due_ms - world.now_ms);
  is_scheduled();
  cr_assert_eq(newest()->round.tries, 0);
  cr_assert_eq(newest()->round.number, 1);
  cr_assert_geq(newest()->retry_ms, due_ms + HOUR_MS);
  cr_assert_lt(newest()->retry_ms, due_ms + 3LL * HOUR_MS);
  cr_assert_str_eq(newest()->decline.reason, "insufficient_funds");
  world_restart(&world); /* which registers all three */
  (void)next_round();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(what_was_not_sent_counts_as_no_try) {
  pay();
  decline("51", NULL);
  (void)next_round();
  while (world_outstanding(&world))
    world_fault(&world, PHASE_NOT_SENT);
  is_scheduled();
  cr_assert_eq(newest()->round.tries, 0);
  cr_assert_eq(newest()->attempt_count, 4);
  (void)next_round();
  decline("51", NULL);
  cr_assert_eq(newest()->round.tries, 1);
}

SCHEDULED_TEST(without_a_vault_it_waits) {
  pay();
  decline("51", NULL);
  int64_t due_ms = newest()->retry_ms;
  engine_on_vault(world.engine, world.now_ms, false);
  world_advance(&world, due_ms - world.now_ms + 10 * MINUTE_MS);
  cr_assert_eq(newest()->status, PAYMENT_SCHEDULED);
  cr_assert_eq(world.sent_count, 1);
  engine_on_vault(world.engine, world.now_ms, true);
  world_advance(&world, 1000);
  cr_assert_eq(world.sent_count, 2);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(what_was_slept_through_is_planned_anew_within_the_hours) {
  world_publish(&world, payday);
  pay();
  decline("51", NULL);
  world.now_ms = newest()->retry_ms + 5LL * HOUR_MS; /* about noon */
  world_restart(&world);
  world_advance(&world, 1000);
  is_scheduled();
  cr_assert_eq(newest()->round.number, 0);
  cr_assert_eq(newest()->round.tries, 0);
  int64_t fifteenth_ms = 1767225600000 + 14LL * DAY_MS + 5LL * HOUR_MS;
  cr_assert_geq(newest()->retry_ms, fifteenth_ms);
  cr_assert_lt(newest()->retry_ms, fifteenth_ms + LATER_SPREAD_MS);
  world.now_ms = fifteenth_ms + 30LL * DAY_MS; /* and the window is over */
  world_restart(&world);
  world_advance(&world, 1000);
  cr_assert_str_eq(newest()->decline.reason, "insufficient_funds");
  has_ended(PAYMENT_DECLINED);
}

SCHEDULED_TEST(many_that_are_due_at_once_do_not_crowd_the_line) {
  enum { MANY = 700 };
  for (unsigned i = 0; i < MANY; i++) {
    pay();
    decline("51", NULL);
  }
  world.now_ms += 3LL * DAY_MS;
  world_restart(&world);
  world_advance(&world, 1000);
  unsigned most = world.sent_count;
  cr_assert(most >= 256 && most < 256 + 64 + 100, "%u", most);
  world_advance(&world, 1000);
  cr_assert(world.sent_count > most && world.sent_count <= most + 100, "a few go on: %u", world.sent_count);
  for (unsigned looks = 0; rows() > 0 || world_outstanding(&world); looks++) {
    cr_assert_lt(looks, MANY + 10);
    world_approve(&world, ANSWER_IS_CAPTURED);
    world_advance(&world, 60);
  }
  cr_assert_eq(world.sent_count, MANY);
}

/* ---- P2 ---- */

SCHEDULED_TEST(no_round_follows_one_of_unknown_fate) {
  pay();
  decline("51", NULL);
  (void)next_round();
  unsigned sent = world.sent_count;
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  for (unsigned i = 0; i < 100; i++) {
    world_advance(&world, HOUR_MS);
    while (world_outstanding(&world)) {
      cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
      world_fault(&world, PHASE_SENT_NO_REPLY);
    }
  }
  cr_assert_eq(newest()->attempt_count, 2);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  world_advance(&world, 2LL * DAY_MS);
  cr_assert_gt(world.sent_count, sent);
  struct dispatch_result absent = world_result(PHASE_REPLY, ANSWER_IS_ABSENT);
  world_reply(&world, world_outstanding(&world), &absent);
  is_scheduled();
  cr_assert_eq(newest()->round.tries, 0, "nothing of it came to be");
  cr_assert_str_eq(newest()->decline.reason, "insufficient_funds");
}

SCHEDULED_TEST(a_restart_in_the_middle_of_a_round_tries_nothing_anew) {
  pay();
  decline("51", NULL);
  (void)next_round();
  world_restart(&world);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  world_advance(&world, 30 * MINUTE_MS);
  cr_assert_eq(newest()->attempt_count, 2);
  struct dispatch_result captured = world_result(PHASE_REPLY, ANSWER_IS_CAPTURED);
  world_reply(&world, world_outstanding(&world), &captured);
  has_ended(PAYMENT_CAPTURED);
}

static enum status say_captured(const struct dispatch *dispatch) {
  struct webhook webhook = world_webhook(dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, world.now_ms);
  cr_assert_eq(answer_fields_set(&webhook.fields, ANSWER_PSP_ID, "psp-9"), 0);
  return world_tell(&world, &webhook);
}

SCHEDULED_TEST(a_decline_that_was_none_is_given_back_before_another_round) {
  pay();
  struct dispatch first = world_outstanding(&world)->dispatch;
  decline("51", NULL);
  int64_t due_ms = newest()->retry_ms;
  cr_assert_eq(say_captured(&first), STATUS_DONE);
  cr_assert(newest()->attempts[0].surplus);
  cr_assert_eq(newest()->status, PAYMENT_SCHEDULED);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_REFUND);
  world_approve(&world, ANSWER_IS_RECEIVED);
  world_advance(&world, due_ms - world.now_ms + 1);
  for (unsigned i = 0; i < world.sent_count; i++)
    cr_assert(i == 0 || world.sent[i].dispatch.operation != OPERATION_CHARGE, "not given back yet");
  cr_assert_eq(newest()->attempt_count, 1);
  cr_assert_eq(newest()->status, PAYMENT_DECLINED, "a charge that may be there is not made again");
}

SCHEDULED_TEST(given_back_it_is_tried_again) {
  pay();
  struct dispatch first = world_outstanding(&world)->dispatch;
  decline("51", NULL);
  cr_assert_eq(say_captured(&first), STATUS_DONE);
  world_approve(&world, ANSWER_IS_REFUNDED);
  cr_assert_eq(newest()->status, PAYMENT_SCHEDULED);
  (void)next_round();
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->amount_captured, 1000);
}

SCHEDULED_TEST(what_a_person_found_out_a_person_goes_on_with) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, MINUTE_MS);
  while (world_outstanding(&world))
    world_fault(&world, PHASE_SENT_NO_REPLY);
  struct resolution_request request = {.from = renewal().from, .payment = world_newest(&world)};
  request.resolution = (struct resolution){.attempt = 1, .evidence = "not in the console"};
  engine_resolve(world.engine, world.now_ms, world.next_ticket++, &request);
  cr_assert_eq(world_round(&world), 0);
  world_advance(&world, 11 * MINUTE_MS);
  has_ended(PAYMENT_FAILED);
}

/* ---- What is sent ---- */

SCHEDULED_TEST(a_later_try_sends_the_same_but_names_no_code) {
  struct payment_request request = renewal();
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_REFERENCE, "order-7"), 0);
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_CUSTOMER_NAME, "Ada Lovelace"), 0);
  request.security_code = draw_id(&world.draws, "cvc", world.now_ms);
  world_pay(&world, &request);
  cr_assert_neq(world.sent[0].dispatch.security_code.text[0], '\0');
  decline("51", NULL);
  const struct dispatch *later = next_round();
  cr_assert_eq(later->security_code.text[0], '\0');
  cr_assert_eq(later->amount.minor, world.sent[0].dispatch.amount.minor);
  cr_assert(id_equal(&later->token, &world.sent[0].dispatch.token));
  static const enum request_field same[] = {REQUEST_REFERENCE, REQUEST_CUSTOMER_NAME, REQUEST_KIND};
  for (unsigned i = 0; i < sizeof same / sizeof *same; i++)
    cr_assert_str_eq(request_fields_get(&later->fields, same[i]),
                     request_fields_get(&world.sent[0].dispatch.fields, same[i]));
  cr_assert_leq(later->timeout_ms, 10000);
  cr_assert_gt(later->timeout_ms, 5000, "the round has a deadline of its own");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(a_later_try_names_the_agreements_first_transaction) {
  struct payment_request opening = world_request(&world);
  opening.store = STORE_OFF_SESSION;
  world_pay(&world, &opening);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct payment_request request = renewal();
  request.agreement = newest()->agreement_opened;
  world_advance(&world, 1);
  world_pay(&world, &request);
  decline("51", NULL);
  const struct dispatch *later = next_round();
  cr_assert_str_eq(request_fields_get(&later->fields, REQUEST_PREVIOUS_NTID), "ntid-1");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(an_approval_after_the_rounds_deadline_is_unwanted) {
  struct payment_request request = renewal();
  request.late_void = true;
  request.deadline_ms = 5000;
  world_pay(&world, &request);
  decline("51", NULL);
  (void)next_round();
  world_advance(&world, 4000);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED, "in time, by the round's own deadline");
  cr_assert_eq(newest()->movement_count, 0);
}

/* ---- Disks ---- */

SCHEDULED_TEST(a_plan_that_cannot_be_written_is_made_when_it_can) {
  uint64_t ticket = pay();
  store_memory_fail_commits(world.store, -ENOSPC);
  decline("51", NULL);
  cr_assert_eq(rows(), 0);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  is_scheduled();
  cr_assert_eq(rows(), 1);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_STORAGE, "and asks again");
}

SCHEDULED_TEST(a_round_that_cannot_be_written_does_not_begin) {
  pay();
  decline("51", NULL);
  store_memory_fail_commits(world.store, -ENOSPC);
  world_advance(&world, newest()->retry_ms - world.now_ms + MINUTE_MS);
  cr_assert_eq(world.sent_count, 1, "nothing left");
  cr_assert_eq(newest()->status, PAYMENT_SCHEDULED);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, MINUTE_MS);
  cr_assert_eq(world.sent_count, 2);
  cr_assert_eq(newest()->round.number, 1);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(rows(), 0);
}

SCHEDULED_TEST(a_cancellation_that_cannot_be_written_is_none) {
  pay();
  decline("51", NULL);
  store_memory_fail_commits(world.store, -ENOSPC);
  cr_assert_eq(world_answer(&world, void_newest())->outcome, REQUEST_STORAGE);
  store_memory_fail_commits(world.store, 0);
  is_scheduled();
  cr_assert_eq(rows(), 1);
  (void)next_round();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(a_damaged_row_holds_up_nothing) {
  struct id nobody = draw_id(&world.draws, "pay", world.now_ms);
  static const uint8_t rubbish[] = {0, 0, 0, 0, 0, 0, 0, 1, 7};
  pay();
  decline("51", NULL);
  cr_assert_eq(ledger_scheduled_set(world.ledger, 5, &world.merchant, &nobody, true), 0);
  struct id id = world_newest(&world);
  cr_assert_eq(ledger_scheduled_set(world.ledger, 6, &world.merchant, &id, true), 0);
  cr_assert_eq(engine_commit(world.engine, world.now_ms), 0);
  world_restart(&world);
  world_advance(&world, 1000);
  is_scheduled();
  cr_assert_eq(rows(), 1, "nobody's goes, and so does one of another time");
  cr_assert_eq(store_put(world.store, LEDGER_SCHEDULED, rubbish, sizeof rubbish, rubbish, sizeof rubbish), 0);
  cr_assert_eq(store_commit(world.store), 0);
  world_restart(&world);
  world_advance(&world, MINUTE_MS);
  cr_assert_eq(engine_counts(world.engine).commits_failed, 0);
  cr_assert_eq(store_delete(world.store, LEDGER_SCHEDULED, rubbish, sizeof rubbish), 0);
  cr_assert_eq(store_commit(world.store), 0);
  (void)next_round();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* Of the first card in the table nobody knows any more how often it was tried. */
static void damage_a_card(void) {
  uint8_t bytes[64], rubbish[] = {1, 2, 3};
  struct view key, value;
  cr_assert_eq(store_next(world.store, LEDGER_CARD_USES, "", 0, false, &key, &value), 0);
  cr_assert_leq(key.length, sizeof bytes);
  size_t length = key.length;
  memcpy(bytes, key.bytes, length);
  cr_assert_eq(store_put(world.store, LEDGER_CARD_USES, bytes, length, rubbish, sizeof rubbish), 0);
  cr_assert_eq(store_commit(world.store), 0);
}

Test(scheduled, a_damaged_record_of_a_card_ends_its_schedule_and_holds_up_no_other) {
  struct id ids[2];
  for (unsigned i = 0; i < 2; i++) {
    world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
    pay();
    decline("51", NULL);
    ids[i] = world_newest(&world);
  }
  damage_a_card();
  world_restart(&world);
  unsigned sent = world.sent_count;
  for (unsigned hour = 0; hour < 30 * 24 && world.sent_count == sent; hour++)
    world_advance(&world, HOUR_MS);
  cr_assert_eq(world.sent_count, sent + 1, "the other's card is known");
  world_advance(&world, 24LL * HOUR_MS);
  unsigned declined = 0;
  for (unsigned i = 0; i < 2; i++)
    declined += world_payment(&world, &ids[i])->status == PAYMENT_DECLINED;
  cr_expect_eq(declined, 1);
  cr_expect_eq(engine_counts(world.engine).commits_failed, 0);
}

SCHEDULED_TEST(a_row_that_is_lost_is_there_again_with_the_rebuilt_ledger) {
  uint64_t entries;
  pay();
  decline("51", NULL);
  struct id id = world_newest(&world);
  cr_assert_eq(ledger_scheduled_set(world.ledger, newest()->retry_ms, &world.merchant, &id, false), 0);
  cr_assert_eq(ledger_scheduled_set(world.ledger, 7, &world.merchant, &id, true), 0);
  cr_assert_eq(ledger_commit(world.ledger), 0);
  cr_assert_eq(payments_rebuild(world.ledger, world.ledger, &entries), 0);
  cr_assert_eq(rows(), 1);
  world_restart(&world);
  (void)next_round();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

SCHEDULED_TEST(the_journal_says_each_plan_and_each_round) {
  pay();
  decline("51", NULL);
  (void)next_round();
  decline("51", NULL);
  cr_assert_eq(changes(CHANGE_ROUND), 1);
  cr_assert_eq(changes(CHANGE_SCHEDULED), 0, "it stands behind the answer that it follows");
  void_newest();
  cr_assert_eq(changes(CHANGE_CONCLUDED), 1);
}
