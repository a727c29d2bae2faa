/* Declines of which a webhook does not say why: the reply that says it, or a question's answer, is waited
 * for, and decides where the payment goes next and what the networks let be tried again. */
#include <criterion/criterion.h>
#include <string.h>

#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 1);
  world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(reasons, .init = setup, .fini = teardown, .timeout = 60);

/* At whose end the journal must rebuild the payments, and the card's uses. */
#define REASON_TEST(name)                                                                                    \
  static void name(void);                                                                                    \
  Test(reasons, name) {                                                                                      \
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

static uint64_t pay(void) {
  struct payment_request request = world_request(&world);
  return world_pay(&world, &request);
}

/* With the connector that is asked by replay only first, as Adyen is. */
static uint64_t pay_at_beta(void) {
  world_publish(&world, "otherwise route beta, alpha, gamma");
  return pay();
}

static void set(struct webhook *webhook, enum answer_field field, const char *value) {
  cr_assert_eq(answer_fields_set(&webhook->fields, field, value), 0);
}

static struct webhook webhook_of(unsigned sent, enum answer answer) {
  return world_webhook(&world.sent[sent].dispatch, OPERATION_CHARGE, answer, PSP_MS);
}

/* A webhook about the dispatch of that number, which says nothing but that it was declined. */
static void tell_declined(unsigned sent) {
  struct webhook webhook = webhook_of(sent, ANSWER_IS_DECLINED);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
}

/* The same with codes that its signature does not cover. */
static void tell_unsigned(unsigned sent, const char *network_code, const char *advice_code) {
  struct webhook webhook = webhook_of(sent, ANSWER_IS_DECLINED);
  webhook.codes_unsigned = true;
  if (network_code)
    set(&webhook, ANSWER_NETWORK_CODE, network_code);
  if (advice_code)
    set(&webhook, ANSWER_ADVICE_CODE, advice_code);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
}

static void ends_as(const char *reason, enum outcome_retry retry) {
  cr_expect_eq(newest()->status, PAYMENT_DECLINED);
  cr_expect_str_eq(newest()->decline.reason, reason);
  cr_expect_eq(newest()->decline.retry, retry);
  cr_expect_eq(newest()->attempt_count, 1);
}

/* Whoever was tried is registered no longer. */
static void register_another_alone(void) {
  struct connector_facts facts = {.name = "gamma", .sheet = "stripe", .status = CONNECTOR_ACTIVE};
  engine_on_connectors(world.engine, world.now_ms, &facts, 1);
}

/* The same card and amount again. */
static void another_is_refused(void) {
  unsigned sent = world.sent_count;
  pay();
  cr_expect_str_eq(newest()->decline.reason, "retry_budget_exhausted");
  cr_expect_eq(newest()->decline.retry, OUTCOME_RETRY_NEVER);
  cr_expect_eq(world.sent_count, sent, "nothing may be sent");
}

/* ---- While the reply is outstanding ---- */

REASON_TEST(a_decline_waits_for_the_reply_that_says_why) {
  uint64_t ticket = pay();
  tell_declined(0);
  cr_assert_eq(attempt(1)->step.status, STEP_PENDING);
  cr_assert_null(world_answer(&world, ticket));
  world_decline(&world, "41");
  cr_assert_not_null(world_answer(&world, ticket));
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "41");
  cr_expect_eq(attempt(1)->step.class, OUTCOME_HARD);
  cr_expect_not(attempt(1)->told_declined);
  ends_as("lost_card", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

REASON_TEST(a_soft_decline_still_cascades) {
  pay();
  tell_declined(0);
  world_decline(&world, "91");
  cr_assert_eq(newest()->attempt_count, 2);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_expect_eq(newest()->status, PAYMENT_CAPTURED);
}

REASON_TEST(what_was_noted_is_not_noted_twice) {
  pay();
  tell_declined(0);
  uint64_t before = newest()->sequence;
  tell_declined(0);
  cr_expect_eq(newest()->sequence, before);
}

REASON_TEST(a_decline_that_says_why_waits_for_nothing) {
  pay();
  struct webhook webhook = webhook_of(0, ANSWER_IS_DECLINED);
  set(&webhook, ANSWER_CODE, "20051");
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  ends_as("insufficient_funds", OUTCOME_RETRY_LATER);
}

REASON_TEST(an_approval_waits_for_nothing) {
  pay();
  tell_declined(0);
  struct webhook webhook = webhook_of(0, ANSWER_IS_CAPTURED);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  cr_expect_eq(newest()->status, PAYMENT_CAPTURED);
  cr_expect_not(attempt(1)->told_declined);
}

/* It is the PSP's own word, to the dispatch itself, and nothing else was begun meanwhile. */
REASON_TEST(a_reply_that_approves_counts) {
  pay();
  tell_declined(0);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_expect_eq(newest()->status, PAYMENT_CAPTURED);
  cr_expect_not(attempt(1)->surplus);
  cr_assert_null(world_outstanding(&world));
}

REASON_TEST(a_reply_that_it_was_not_sent_leaves_the_decline) {
  pay();
  tell_declined(0);
  world_fault(&world, PHASE_NOT_SENT);
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
  cr_expect_eq(attempt(1)->step.answer.answer, ANSWER_IS_DECLINED);
}

/* The reply to a dispatch that a webhook ended, with a code of the PSP's alone, tells the issuer's. */
REASON_TEST(a_later_reply_completes_the_codes_and_the_card_s_record) {
  pay();
  struct webhook webhook = webhook_of(0, ANSWER_IS_DECLINED);
  set(&webhook, ANSWER_CODE, "20051");
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  world_decline(&world, "41");
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "41");
  cr_expect_eq(attempt(1)->step.class, OUTCOME_HARD);
  another_is_refused();
}

/* ---- When no reply comes ---- */

REASON_TEST(a_question_is_asked_when_the_reply_is_lost) {
  pay();
  tell_declined(0);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  world_advance(&world, 500);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  world_decline(&world, "43");
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "43");
  ends_as("stolen_card", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

REASON_TEST(a_replay_tells_why_where_there_is_no_question) {
  pay_at_beta();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  tell_declined(0);
  cr_assert_eq(newest()->status, PAYMENT_UNRESOLVED);
  world_advance(&world, 0);
  cr_assert(world_outstanding(&world)->dispatch.replay);
  world_decline(&world, "41");
  ends_as("lost_card", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

/* Where nothing says why, the webhook's word stands in the end: nothing was charged. */
REASON_TEST(questions_that_teach_nothing_leave_the_decline) {
  pay();
  tell_declined(0);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  for (unsigned i = 0; i < 10 && newest()->status == PAYMENT_UNRESOLVED; i++) {
    world_advance(&world, 10000);
    world_fault(&world, PHASE_SENT_NO_REPLY);
  }
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
  cr_expect_leq(world.sent_count, 6);
}

REASON_TEST(an_absence_does_not_stand_against_the_decline) {
  pay();
  tell_declined(0);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 5000); /* the question's answer comes after the settling time */
  for (unsigned i = 0; i < 10 && newest()->status == PAYMENT_UNRESOLVED; i++) {
    world_approve(&world, ANSWER_IS_ABSENT);
    world_advance(&world, 5000);
  }
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
}

REASON_TEST(a_connector_that_is_gone_is_not_waited_for) {
  pay();
  tell_declined(0);
  register_another_alone();
  world_round(&world);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
}

REASON_TEST(a_connector_that_goes_meanwhile_is_not_waited_for) {
  pay();
  tell_declined(0);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  register_another_alone();
  world_round(&world);
  world_advance(&world, 2000);
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
}

REASON_TEST(the_word_is_known_after_a_restart) {
  pay();
  tell_declined(0);
  world_restart(&world);
  world_advance(&world, 1000);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  world_decline(&world, "43");
  ends_as("stolen_card", OUTCOME_RETRY_NEVER);
}

REASON_TEST(the_word_is_known_after_a_restart_and_a_question_in_vain) {
  pay_at_beta();
  tell_declined(0);
  world_restart(&world);
  for (unsigned i = 0; i < 10 && newest()->status != PAYMENT_DECLINED; i++) {
    world_advance(&world, 1000);
    if (world_outstanding(&world))
      world_refuse(&world, STATUS_CONFLICT); /* another sheet is pinned: it can never be replayed */
  }
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
}

/* ---- Codes that no signature covers ---- */

REASON_TEST(an_unsigned_code_makes_the_outcome_stricter) {
  pay();
  tell_unsigned(0, "41", NULL);
  cr_assert_eq(attempt(1)->step.status, STEP_PENDING, "the reply is waited for all the same");
  world_fault(&world, PHASE_NOT_SENT);
  ends_as("lost_card", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

REASON_TEST(an_unsigned_code_makes_the_outcome_no_milder) {
  pay();
  tell_unsigned(0, "05", NULL);
  world_fault(&world, PHASE_NOT_SENT);
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "");
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
}

REASON_TEST(an_unsigned_code_tells_why_where_that_changes_nothing) {
  pay();
  tell_unsigned(0, "51", NULL);
  world_fault(&world, PHASE_NOT_SENT);
  ends_as("insufficient_funds", OUTCOME_RETRY_LATER);
}

REASON_TEST(what_the_reply_says_counts_before_an_unsigned_code) {
  pay();
  tell_unsigned(0, "51", NULL);
  world_decline(&world, "91");
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "91");
  cr_expect_eq(newest()->attempt_count, 2);
}

/* The reply finds fault with the request, which a 51 of the issuer's would hide. */
REASON_TEST(an_unsigned_code_hides_nothing_that_the_reply_says) {
  pay();
  tell_unsigned(0, "51", NULL);
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_CODE, "20013"), 0);
  world_reply(&world, world_outstanding(&world), &result);
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "");
  ends_as("invalid_amount", OUTCOME_RETRY_NEVER);
}

REASON_TEST(an_unsigned_advice_to_stop_is_kept_beside_the_reply_s_code) {
  world.network = NETWORK_MASTERCARD;
  pay();
  tell_unsigned(0, NULL, "03");
  world_decline(&world, "05");
  cr_expect_str_eq(attempt(1)->step.answer.advice_code, "03");
  ends_as("do_not_try_again", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

/* ---- Codes in other spellings ---- */

static void decline_with(const char *network_code, const char *advice_code) {
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_NETWORK_CODE, network_code), 0);
  if (advice_code)
    cr_assert_eq(answer_fields_set(&result.fields, ANSWER_ADVICE_CODE, advice_code), 0);
  world_reply(&world, world_outstanding(&world), &result);
}

REASON_TEST(a_code_counts_without_its_leading_zero) {
  pay();
  decline_with("5", NULL);
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "05");
  cr_expect_eq(newest()->attempt_count, 2, "05 goes elsewhere");
  decline_with("4", NULL);
  cr_expect_str_eq(newest()->decline.reason, "pickup_card");
  another_is_refused();
}

REASON_TEST(a_code_counts_in_small_letters) {
  pay();
  decline_with("r1", NULL);
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "R1");
  ends_as("authorization_revoked", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

REASON_TEST(an_advice_counts_without_its_leading_zero) {
  world.network = NETWORK_MASTERCARD;
  pay();
  decline_with("05", "3");
  cr_expect_str_eq(attempt(1)->step.answer.advice_code, "03");
  ends_as("do_not_try_again", OUTCOME_RETRY_NEVER);
  another_is_refused();
}

/* A PSP's own code is its own, and other forms of a network's are left to nobody's guess. */
REASON_TEST(what_is_no_other_spelling_stands_as_it_came) {
  pay();
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_CODE, "5"), 0);
  cr_assert_eq(answer_fields_set(&result.fields, ANSWER_NETWORK_CODE, "005"), 0);
  world_reply(&world, world_outstanding(&world), &result);
  cr_expect_str_eq(attempt(1)->step.answer.code, "5");
  cr_expect_str_eq(attempt(1)->step.answer.network_code, "005");
  ends_as("unknown_decline", OUTCOME_RETRY_LATER);
}
