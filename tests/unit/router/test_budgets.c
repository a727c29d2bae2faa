/* Tries of one card across payments, connectors and restarts (P7). */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "budgets.h"
#include "change.h"
#include "world.h"

static struct world world;

enum { DAY_MS = 24 * 3600 * 1000, MS_PER_S = 1000 };

static void setup(void) {
  world_open(&world, 1);
  world.fingerprint = draw_id(&world.draws, "fpr", world.now_ms);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(budgets, .init = setup, .fini = teardown, .timeout = 60);

/* At whose end the journal must rebuild the tries too. */
#define BUDGET_TEST(name)                                                                                    \
  static void name(void);                                                                                    \
  Test(budgets, name) {                                                                                      \
    name();                                                                                                  \
    cr_assert(world_journal_agrees(&world), "the journal does not rebuild the ledger");                      \
  }                                                                                                          \
  static void name(void)

static const struct payment *pay_amount(int64_t minor) {
  world_advance(&world, 1); /* so that the newest is this one */
  struct payment_request request = world_request(&world);
  request.amount.minor = minor;
  world_pay(&world, &request);
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static const struct payment *pay(void) {
  return pay_amount(1000);
}

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static struct card_uses card_uses(void) {
  struct card_uses uses;
  cr_assert_eq(ledger_card_uses_get(world.ledger, &world.merchant, &world.fingerprint, &uses), 0);
  return uses;
}

static void refused(const struct payment *payment, enum outcome_retry retry) {
  cr_assert_eq(payment->status, PAYMENT_DECLINED);
  cr_assert_str_eq(payment->decline.reason, "retry_budget_exhausted");
  cr_assert_str_eq(payment->decline.category, "network");
  cr_assert_eq(payment->decline.retry, retry);
  cr_assert_null(world_outstanding(&world));
}

BUDGET_TEST(a_try_is_on_record_with_its_dispatch_and_completed_by_its_outcome) {
  struct card_uses uses;
  pay();
  uses = card_uses();
  cr_assert_eq(uses.count, 1);
  cr_assert_eq(uses.uses[0].result, CARD_USE_OPEN);
  cr_assert_eq(uses.uses[0].amount.minor, 1000);
  cr_assert_str_eq(uses.uses[0].amount.currency, "EUR");
  cr_assert_eq(uses.uses[0].at_ms, world.now_ms);
  world_decline(&world, "91"); /* and on to the next */
  uses = card_uses();
  cr_assert_eq(uses.count, 2);
  cr_assert_eq(uses.uses[0].result, CARD_USE_DECLINED);
  cr_assert_eq(uses.uses[0].visa_category, 2);
  cr_assert_eq(uses.uses[1].result, CARD_USE_OPEN);
  world_approve(&world, ANSWER_IS_CAPTURED);
  uses = card_uses();
  cr_assert_eq(uses.count, 2);
  cr_assert_eq(uses.uses[1].result, CARD_USE_APPROVED);
}

BUDGET_TEST(what_was_never_sent_is_no_try) {
  pay();
  world_fault(&world, PHASE_NOT_SENT);
  world_refuse(&world, STATUS_BUSY);
  struct card_uses uses = card_uses();
  cr_assert_eq(uses.count, 1);
  cr_assert_eq(uses.uses[0].attempt, 3);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  uses = card_uses();
  cr_assert_eq(uses.uses[0].result, CARD_USE_OPEN, "of unknown fate is under way");
}

BUDGET_TEST(visa_category_one_is_never_tried_again_at_any_acquirer) {
  pay();
  world_decline(&world, "43");
  world_publish(&world, "otherwise route gamma");
  const struct payment *payment = pay();
  refused(payment, OUTCOME_RETRY_NEVER);
  cr_assert_eq(payment->attempt_count, 0);
  cr_assert_eq(payment->decline.retry_after_s, 0);
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_BUDGET);
  cr_assert_eq(world.sent_count, 1);
  pay_amount(1001);
  cr_assert_not_null(world_outstanding(&world), "another amount is no repeat");
}

BUDGET_TEST(mastercard_stops_at_ten_declines_in_a_day) {
  int64_t again_ms = world.now_ms + 1 + DAY_MS + BUDGET_MARGIN_MS; /* the first leaves the window */
  world.network = NETWORK_MASTERCARD;
  for (unsigned i = 0; i < 3; i++) {
    pay_amount(1000 + i);
    world_decline(&world, "91");
    world_decline(&world, "91");
    world_decline(&world, "91");
  }
  pay_amount(2000);
  world_decline(&world, "91"); /* the tenth, and the cascade ends with it */
  cr_assert_eq(world.sent_count, 10);
  const struct payment *payment = newest();
  refused(payment, OUTCOME_RETRY_LATER);
  cr_assert_eq(payment->attempt_count, 1);
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_NONE);
  cr_assert_eq(payment->decision.candidates[1].skipped, SKIP_BUDGET);
  cr_assert_eq(payment->decline.retry_after_s, (DAY_MS + BUDGET_MARGIN_MS) / MS_PER_S);
  world_advance(&world, again_ms - world.now_ms - 2);
  refused(pay(), OUTCOME_RETRY_LATER);
  cr_assert_eq(world.now_ms, again_ms - 1);
  cr_assert_eq(newest()->decline.retry_after_s, 1);
  pay();
  cr_assert_not_null(world_outstanding(&world));
}

BUDGET_TEST(a_restart_forgets_nothing) {
  pay();
  world_decline(&world, "43");
  world_restart(&world);
  refused(pay(), OUTCOME_RETRY_NEVER);
}

BUDGET_TEST(a_token_made_anew_resets_nothing) {
  pay();
  world_decline(&world, "43");
  world.token = draw_id(&world.draws, "tok", world.now_ms);
  refused(pay(), OUTCOME_RETRY_NEVER);
}

BUDGET_TEST(another_merchants_tries_are_its_own) {
  pay();
  world_decline(&world, "43");
  world.merchant = draw_id(&world.draws, "mer", world.now_ms);
  world_publish(&world, "otherwise route alpha");
  pay();
  cr_assert_not_null(world_outstanding(&world));
}

/* Ten by Mastercard, and none is declined yet: if all are, an eleventh is too many. Returns its ticket. */
static uint64_t crowd(struct payment_request *ret_request) {
  world.network = NETWORK_MASTERCARD;
  for (unsigned i = 0; i < 10; i++)
    pay();
  *ret_request = world_request(&world);
  uint64_t ticket = world_pay(&world, ret_request);
  cr_assert_eq(world.sent_count, 10);
  cr_assert_null(world_answer(&world, ticket));
  return ticket;
}

BUDGET_TEST(what_is_under_way_counts_before_any_is_declined) {
  struct payment_request request;
  uint64_t ticket = crowd(&request), repeated = world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_advance(&world, 0);
  cr_assert_eq(world.sent_count, 11, "its turn has come");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_DONE);
  cr_assert_not(world_answer(&world, ticket)->open);
  cr_assert(id_equal(&world_answer(&world, ticket)->payment, &world_answer(&world, repeated)->payment));
  cr_assert_eq(world_payment(&world, &world_answer(&world, ticket)->payment)->status, PAYMENT_CAPTURED);
}

BUDGET_TEST(each_that_ends_makes_room_for_who_has_waited_longest) {
  struct payment_request request;
  uint64_t first = crowd(&request);
  world_advance(&world, 1);
  request = world_request(&world);
  uint64_t second = world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_advance(&world, 0);
  cr_assert_eq(world.sent_count, 11, "one of the two");
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_not_null(world_answer(&world, first));
  cr_assert_null(world_answer(&world, second));
  world_advance(&world, 0);
  cr_assert_eq(world.sent_count, 12);
}

BUDGET_TEST(a_turn_is_waited_for_five_seconds) {
  struct payment_request request;
  uint64_t ticket = crowd(&request);
  world_advance(&world, 4999);
  cr_assert_null(world_answer(&world, ticket));
  world_advance(&world, 1);
  cr_assert_eq(world.sent_count, 10);
  const struct payment *payment = world_payment(&world, &world_answer(&world, ticket)->payment);
  cr_assert_eq(payment->status, PAYMENT_DECLINED);
  cr_assert_str_eq(payment->decline.reason, "retry_budget_exhausted");
  cr_assert_eq(payment->decline.retry, OUTCOME_RETRY_LATER);
  cr_assert_eq(payment->decline.retry_after_s, 0, "nobody knows when");
}

BUDGET_TEST(what_is_declined_makes_no_room) {
  struct payment_request request;
  uint64_t ticket = crowd(&request);
  for (unsigned i = 0; i < 9; i++)
    world_decline(&world, "05"); /* and no cascade */
  world_advance(&world, 0);
  cr_assert_eq(world.sent_count, 10);
  cr_assert_null(world_answer(&world, ticket), "the last may be approved");
  world_decline(&world, "05");
  world_advance(&world, 0);
  cr_assert_eq(world.sent_count, 10);
  const struct payment *payment = world_payment(&world, &world_answer(&world, ticket)->payment);
  cr_assert_str_eq(payment->decline.reason, "retry_budget_exhausted");
  cr_assert_gt(payment->decline.retry_after_s, 24 * 3600);
}

BUDGET_TEST(who_waits_is_refused_when_the_vault_goes) {
  struct payment_request request;
  uint64_t ticket = crowd(&request);
  engine_on_vault(world.engine, world.now_ms, false);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_VAULT_AWAY);
  engine_on_vault(world.engine, world.now_ms, true);
  ticket = world_pay(&world, &request); /* nothing was created, so its key is free */
  world_restart(&world);
  cr_assert_null(world_answer(&world, ticket), "who waits is gone with the process");
  ticket = world_pay(&world, &request);
  world_advance(&world, 5000);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_DONE);
}

/* Requests in one round: each sees what those before it have begun, though nothing is durable yet. */
BUDGET_TEST(a_round_counts_what_it_has_begun) {
  world.network = NETWORK_MASTERCARD;
  pay();
  world_decline(&world, "51");
  world.describe_by_itself = false;
  for (unsigned i = 0; i < 11; i++) {
    struct payment_request request = world_request(&world);
    world_pay(&world, &request);
  }
  struct token_description description = {.status = TOKEN_ACTIVE, .created_ms = 1};
  strcpy(description.card.bin, "555555");
  description.card.network = NETWORK_MASTERCARD;
  description.card.fingerprint = world.fingerprint;
  for (uint64_t correlation = 1; correlation <= 24; correlation++)
    engine_on_description(world.engine, world.now_ms, correlation, STATUS_DONE, &description);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_eq(world.sent_count, 10);
}

/* Built again in place: nothing that the journal does not say is left. */
BUDGET_TEST(a_rebuild_begins_with_nothing) {
  uint64_t entries;
  pay();
  world_decline(&world, "51");
  struct card_uses uses = card_uses(), strange = uses;
  struct id other = draw_id(&world.draws, "fpr", world.now_ms);
  strange.uses[0].payment++;
  cr_assert_eq(ledger_card_uses_put(world.ledger, &world.merchant, &world.fingerprint, &strange), 0);
  cr_assert_eq(ledger_card_uses_put(world.ledger, &world.merchant, &other, &strange), 0);
  cr_assert_eq(payments_rebuild(world.ledger, world.ledger, &entries), 0);
  struct card_uses again = card_uses();
  cr_assert_eq(again.count, 1);
  cr_assert_eq(again.uses[0].payment, uses.uses[0].payment);
  cr_assert_eq(ledger_card_uses_get(world.ledger, &world.merchant, &other, &again), 0);
  cr_assert_eq(again.count, 0);
}

BUDGET_TEST(a_failed_commit_leaves_no_try) {
  world.describe_by_itself = false;
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  struct token_description description = {.status = TOKEN_ACTIVE, .created_ms = 1};
  description.card.fingerprint = world.fingerprint;
  engine_on_description(world.engine, world.now_ms, world.asked, STATUS_DONE, &description);
  store_memory_fail_commits(world.store, -ENOSPC);
  cr_assert_lt(world_round(&world), 0);
  store_memory_fail_commits(world.store, 0);
  cr_assert_eq(card_uses().count, 0);
  world.describe_by_itself = true;
  pay();
  cr_assert_eq(card_uses().count, 1, "nothing of it is in hand still");
}

BUDGET_TEST(what_a_person_found_failed_may_have_been_a_decline) {
  pay();
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 10 * 60 * MS_PER_S);
  struct resolution_request request = {.payment = world_newest(&world)};
  request.from.merchant = world.merchant;
  strcpy(request.from.idempotency_key, "resolve");
  request.resolution.attempt = 1;
  strcpy(request.resolution.evidence, "looked up");
  engine_resolve(world.engine, world.now_ms, world.next_ticket++, &request);
  cr_assert_eq(world_round(&world), 0);
  struct card_uses uses = card_uses();
  cr_assert_eq(uses.uses[0].result, CARD_USE_DECLINED);
}

BUDGET_TEST(a_policy_may_ask_what_became_of_the_card) {
  world_publish(&world, "rule often when card.attempts(1h) >= 2 decline\n"
                        "rule much when card.spend(24h) >= 20.00 EUR decline\n"
                        "otherwise route alpha, beta");
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->decision.basis.attempts[0], 0);
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_eq(newest()->decision.basis.attempts[0], 1);
  cr_assert_eq(newest()->decision.basis.spend[1], 1000);
  cr_assert_str_eq(pay()->decision.rule, "often");
  world_advance(&world, 2 * 3600 * MS_PER_S);
  const struct payment *payment = pay();
  cr_assert_str_eq(payment->decision.rule, "much");
  cr_assert_eq(payment->decision.basis.spend[1], 2000);
  world_advance(&world, DAY_MS);
  cr_assert_str_eq(pay()->decision.rule, "otherwise");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

BUDGET_TEST(a_route_says_what_the_budget_would) {
  pay();
  world_decline(&world, "43");
  struct payment_request request = world_request(&world);
  struct route_question question = {.request = &request};
  question.card.view.network = NETWORK_VISA;
  question.card.view.fingerprint = world.fingerprint;
  struct payment *payment = payment_new();
  cr_assert_eq(engine_route(world.engine, world.now_ms, &question, payment), REQUEST_DONE);
  for (unsigned i = 0; i < payment->decision.candidate_count; i++)
    cr_assert_eq(payment->decision.candidates[i].skipped, SKIP_BUDGET);
  payment_free(payment);
}
