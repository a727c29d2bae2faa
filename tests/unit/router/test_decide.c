/* What a payment's policy makes of it: the facts it sees, the options it sets, the choices it leaves to what
 * was learned; and that all of it can be decided again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "engine_parts.h"
#include "fee_source.h"
#include "payment_parts.h"
#include "replay.h"
#include "reproduce.h"
#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 1);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(decide, .init = setup, .fini = teardown, .timeout = 60);

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

/* To the byte, from the record as the ledger keeps it (P6). */
static void expect_decided_again(void) {
  uint8_t before[DECISION_BYTES_MAX], after[DECISION_BYTES_MAX];
  struct writer first = writer_over(before, sizeof before), second = writer_over(after, sizeof after);
  const struct payment *payment = newest();
  struct decision again = payment->decision;
  struct request_fields inputs;
  struct policy_record record;
  struct policy_error error;
  struct policy *policy;
  cr_assert_eq(ledger_policy_get(world.ledger, &world.merchant, &payment->decision.policy, &record), 0);
  cr_assert_eq(policy_parse(record.text, record.text_length, &policy, &error), 0);
  cr_assert_eq(payment_inputs(payment, &inputs), 0);
  memset(again.candidates, 0, sizeof again.candidates);
  strcpy(again.rule, "nothing");
  again.action = POLICY_DECLINE;
  decide_again(policy, payment, &inputs, &again);
  write_decision(&first, &payment->decision);
  write_decision(&second, &again);
  cr_assert(writer_finish(&first) == 0 && writer_finish(&second) == 0);
  cr_assert_eq(writer_length(&first), writer_length(&second));
  cr_assert_arr_eq(before, after, writer_length(&first));
  policy_free(policy);
}

/* Also as the API does it, whose answer a tampered record changes. */
static void expect_reproduced(void) {
  cr_expect_eq(decision_reproduce(world.ledger, engine_policies(world.engine), newest()), REPRODUCTION_SAME);
}

static const char *first_choice(void) {
  return newest()->decision.candidates[0].connector;
}

static void pay(void) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
}

/* Each connector answers as its letter says: alpha declines, the others approve. */
static void pay_and_answer(void) {
  pay();
  while (world_outstanding(&world)) {
    if (strcmp(world_outstanding(&world)->dispatch.connector, "alpha") == 0)
      world_decline(&world, "05");
    else
      world_approve(&world, ANSWER_IS_CAPTURED);
  }
  world_advance(&world, 1000);
}

Test(decide, best_of_learns_which_one_approves) {
  unsigned alpha = 0;
  world_publish(&world, "otherwise best of alpha, beta");
  for (unsigned i = 0; i < 60; i++) {
    pay_and_answer();
    expect_decided_again();
  }
  for (unsigned i = 0; i < 40; i++) {
    pay_and_answer();
    alpha += strcmp(first_choice(), "alpha") == 0;
  }
  cr_assert_lt(alpha, 8, "it was tried first %u times of 40", alpha);
  cr_assert_eq(newest()->decision.choice.count, 2);
  cr_assert_eq(newest()->decision.action, POLICY_BEST);
}

/* Blended fees: alpha 1 %, beta 3 %; nobody knows gamma's. */
static const struct choice_fees *fees_of(void *context, const char *connector) {
  static struct choice_fees fees[2];
  unsigned at = strcmp(connector, "beta") == 0;
  (void)context;
  if (strcmp(connector, "gamma") == 0)
    return NULL;
  fees[at] = (struct choice_fees){.pricing = CHOICE_BLENDED,
                                  .currency = "EUR",
                                  .country = "NL",
                                  .settlement_count = 1,
                                  .settlements = {"EUR"},
                                  .line_count = 1,
                                  .lines = {{.kind = CHOICE_FEE_BLENDED, .share = at ? 30000 : 10000}}};
  return &fees[at];
}

Test(decide, cheapest_of_takes_the_least_cost_that_approves_enough) {
  static const struct fee_source fees = {.find = fees_of};
  engine_free(world.engine);
  world.options.fees = &fees;
  cr_assert_eq(engine_new(&world.options, &world.engine), 0);
  world_restart(&world);
  world_publish(&world, "otherwise cheapest of gamma, beta, alpha where approval >= 50%");
  pay_and_answer();
  cr_assert_str_eq(newest()->decision.candidates[0].connector, "alpha");
  cr_assert_str_eq(newest()->decision.candidates[1].connector, "beta");
  cr_assert_str_eq(newest()->decision.candidates[2].connector, "gamma");
  expect_decided_again();
  for (unsigned i = 0; i < 40; i++)
    pay_and_answer();
  cr_assert_str_eq(first_choice(), "beta");
  cr_assert_str_eq(newest()->decision.candidates[2].connector, "alpha");
  expect_decided_again();
}

/* Whether alpha, which stands third, is left out of the list that is gated again. */
static bool alpha_is_left_out(const struct decision *decision) {
  struct decision again = *decision;
  for (unsigned i = 0; i < again.candidate_count; i++)
    again.candidates[i].skipped = SKIP_NONE;
  gate_list(&again);
  return again.candidates[2].skipped == SKIP_FLOOR;
}

Test(decide, what_is_below_the_floor_is_left_out_and_not_tried_last) {
  world_publish(&world, "otherwise cheapest of gamma, beta, alpha where approval >= 50%");
  for (unsigned i = 0; i < 2; i++)
    pay_and_answer();
  world_publish(&world, "otherwise route alpha, beta");
  for (unsigned i = 0; i < 40; i++)
    pay_and_answer();
  world_publish(&world, "otherwise cheapest of gamma, beta, alpha where approval >= 50%");
  pay();
  const struct payment *payment = newest();
  cr_assert_str_eq(payment->decision.candidates[2].connector, "alpha");
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_NONE);
  cr_assert_eq(payment->decision.candidates[1].skipped, SKIP_NONE);
  cr_assert_eq(payment->decision.candidates[2].skipped, SKIP_FLOOR);
  expect_decided_again();
  while (world_outstanding(&world))
    world_decline(&world, "05");
  payment = newest();
  cr_assert_eq(payment->status, PAYMENT_DECLINED);
  cr_assert_eq(payment->attempt_count, 2, "alpha was tried after all");
}

Test(decide, the_floor_gives_way_when_nothing_healthy_meets_it) {
  world_publish(&world, "otherwise route alpha, beta");
  for (unsigned i = 0; i < 40; i++)
    pay_and_answer();
  world_publish(&world, "otherwise cheapest of gamma, beta, alpha where approval >= 50%");
  pay();
  struct decision decision = newest()->decision;
  cr_assert(alpha_is_left_out(&decision));
  decision.candidates[0].health = CANDIDATE_OUT;
  cr_assert(alpha_is_left_out(&decision), "another is healthy");
  decision.candidates[1].health = CANDIDATE_UNUSABLE;
  cr_assert_not(alpha_is_left_out(&decision));
  decision = newest()->decision;
  decision.choice.method = CHOICE_METHOD_KEPT;
  cr_assert_not(alpha_is_left_out(&decision), "a decision of before is another by now");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

Test(decide, what_is_below_the_floor_is_used_when_all_are) {
  world_publish(&world, "otherwise route alpha");
  for (unsigned i = 0; i < 40; i++)
    pay_and_answer();
  world_publish(&world, "otherwise cheapest of alpha where approval >= 50%");
  pay();
  cr_assert_eq(newest()->decision.candidates[0].skipped, SKIP_NONE);
  cr_assert_eq(newest()->attempt_count, 1);
  expect_decided_again();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

Test(decide, advice_is_noted_and_decides_nothing) {
  world_publish(&world,
                "rule tip when amount > 1.00 EUR best of gamma, beta as advice otherwise route alpha");
  pay();
  const struct decision *decision = &newest()->decision;
  cr_assert_str_eq(decision->rule, "otherwise");
  cr_assert_eq(decision->candidate_count, 1);
  cr_assert_eq(decision->advice_count, 1);
  cr_assert_eq(decision->advice[0].rule, 0);
  cr_assert(strcmp(decision->advice[0].connector, "gamma") == 0 ||
            strcmp(decision->advice[0].connector, "beta") == 0);
  cr_assert_gt(decision->advice[0].believed.approved, 0);
  expect_decided_again();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* A replay of the policy in force, over all that was paid. */
static struct advice_counts advice_so_far(const char *text) {
  struct replay_options options = {
      .ledger = world.ledger, .merchant = world.merchant, .policies = engine_policies(world.engine)};
  struct policy_error error;
  struct policy *policy;
  struct replay *replay;
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0);
  options.policy = policy;
  cr_assert_eq(replay_new(&options, &replay), 0);
  int r;
  while ((r = replay_step(replay, 50)) == REPLAY_MORE)
    ;
  cr_assert_eq(r, 0);
  struct advice_counts advice = replay_figures(replay)->advice;
  replay_free(replay);
  policy_free(policy);
  return advice;
}

Test(decide, what_advice_would_have_gained_is_told_from_the_payments) {
  static const char text[] = "rule tip when amount > 1.00 EUR best of alpha, beta as advice "
                             "otherwise split alpha 50%, beta 50%";
  struct choice_gain gain;
  world_publish(&world, text);
  for (unsigned i = 0; i < 40; i++)
    pay_and_answer();
  struct advice_counts few = advice_so_far(text);
  cr_assert_eq(few.count, 1);
  cr_assert_eq(choice_advice_gain(&few.rules[0].sums, &gain), CHOICE_ADVICE_TOO_FEW);
  for (unsigned i = 0; i < 260; i++)
    pay_and_answer();
  struct advice_counts advice = advice_so_far(text);
  cr_assert_eq(advice.rules[0].rule, 0);
  cr_assert_eq(advice.rules[0].sums.payments, 300);
  cr_assert_eq(choice_advice_gain(&advice.rules[0].sums, &gain), 0);
  cr_assert(gain.low > 300000 && gain.high < 700000, "about half: %d to %d", gain.low, gain.high);
  cr_assert_eq(advice.rules[0].sums.unseen, 0, "the split takes each of them at times");
  cr_assert_eq(advice_so_far("rule tip when amount > 2.00 EUR best of alpha, beta as advice "
                             "otherwise split alpha 50%, beta 50%")
                   .count,
               0, "another policy's advice says nothing");
}

Test(decide, a_rule_that_declines_sends_nothing) {
  world_publish(&world, "rule risky when risk > 90 decline otherwise route alpha");
  struct payment_request request = world_request(&world);
  request.risk = 91;
  uint64_t ticket = world_pay(&world, &request);
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_DONE);
  cr_assert_eq(newest()->status, PAYMENT_DECLINED);
  cr_assert_str_eq(newest()->decline.reason, "declined_by_policy");
  cr_assert_eq(newest()->decline.retry, OUTCOME_RETRY_NEVER);
  expect_decided_again();
  cr_assert(world_journal_agrees(&world));
}

static const char *sent_field(enum request_field field) {
  const char *value = request_fields_get(&world_outstanding(&world)->dispatch.fields, field);
  return value ? value : "";
}

static void pay_with_three_ds(const char *mode) {
  struct payment_request request = world_request(&world);
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_THREE_DS_MODE, mode), 0);
  world_pay(&world, &request);
}

Test(decide, options_reach_the_psp) {
  world_publish(&world, "otherwise route alpha with three_ds require, exemption low_value");
  pay_with_three_ds("skip");
  cr_assert_str_eq(sent_field(REQUEST_THREE_DS_MODE), "require");
  cr_assert_str_eq(sent_field(REQUEST_THREE_DS_EXEMPTION), "low_value");
  world_approve(&world, ANSWER_IS_CAPTURED);
  pay_with_three_ds("external");
  cr_assert_str_eq(sent_field(REQUEST_THREE_DS_MODE), "external");
  cr_assert_str_eq(sent_field(REQUEST_THREE_DS_EXEMPTION), "");
  world_approve(&world, ANSWER_IS_CAPTURED);
}

Test(decide, the_cascade_is_as_long_as_the_rule_allows) {
  world_publish(&world, "rule one when risk == 1 route alpha, beta, gamma with retry off "
                        "rule two when risk == 2 route alpha, beta, gamma with max_attempts 2 "
                        "otherwise route alpha, beta, gamma");
  for (int16_t risk = 1; risk <= 3; risk++) {
    struct payment_request request = world_request(&world);
    request.risk = risk;
    world_pay(&world, &request);
    while (world_outstanding(&world))
      world_decline(&world, "05");
    cr_expect_eq(newest()->attempt_count, risk);
  }
}

static int zone_offset(const char *zone, int64_t at_ms, int32_t *ret_offset_s) {
  (void)at_ms;
  if (strcmp(zone, "Europe/Vienna") != 0)
    return -ENOENT;
  *ret_offset_s = 7200;
  return 0;
}

Test(decide, the_time_of_day_is_that_of_the_zone) {
  engine_free(world.engine);
  world.options.zone_offset = zone_offset;
  cr_assert_eq(engine_new(&world.options, &world.engine), 0);
  world_restart(&world);
  int64_t hour = (world.now_ms / 3600000 + 2) % 24;
  char text[256];
  snprintf(text, sizeof text,
           "rule nowhere when not hour(\"Mars/Base\") >= 0 and hour(\"Europe/Vienna\") == %d route beta "
           "otherwise route alpha",
           (int)hour);
  world_publish(&world, text);
  pay();
  cr_assert_str_eq(newest()->decision.rule, "nowhere");
  cr_assert_eq(newest()->decision.basis.zone_count, 2);
  expect_decided_again();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

Test(decide, attributes_are_for_the_policy_and_metadata_for_the_psp_too) {
  world_publish(&world, "rule gold when customer.plan == \"gold\" and metadata.shop == \"a\" route beta "
                        "otherwise route alpha");
  struct payment_request request = world_request(&world);
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_METADATA_FIRST, "shop=a"), 0);
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_ATTRIBUTE_FIRST, "plan=gold"), 0);
  world_pay(&world, &request);
  cr_assert_str_eq(newest()->decision.rule, "gold");
  cr_assert_str_eq(sent_field(REQUEST_METADATA_FIRST), "shop=a");
  cr_assert_str_eq(sent_field(REQUEST_ATTRIBUTE_FIRST), "");
  expect_decided_again();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* ---- Recorded decisions, taken again ---- */

static const char splits[] = "rule small when amount < 20.00 EUR and card.attempts(1h) < 100 "
                             "split alpha 50%, beta 50% otherwise route beta, alpha";

static enum reproduction with_decision(const struct decision *decision) {
  struct payment payment = *newest();
  payment.decision = *decision;
  return decision_reproduce(world.ledger, engine_policies(world.engine), &payment);
}

Test(decide, a_tampered_decision_is_seen) {
  world_publish(&world, splits);
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  const struct decision recorded = newest()->decision;
  cr_assert_str_eq(recorded.rule, "small");
  expect_reproduced();
  struct decision tampered = recorded;
  strcpy(tampered.rule, "large");
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "the rule's name");
  tampered = recorded;
  tampered.rule_number = 1;
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "its number");
  tampered = recorded;
  tampered.candidates[0] = recorded.candidates[1];
  tampered.candidates[1] = recorded.candidates[0];
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "the order");
  tampered = recorded;
  tampered.candidate_count = 1;
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "one is missing");
  tampered = recorded;
  tampered.share ^= 1;
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "where the split fell");
  tampered = recorded;
  tampered.basis.attempts[0] = 100;
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "what it was based on");
  tampered = recorded;
  tampered.candidates[1].health = CANDIDATE_DRILL;
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "who was healthy");
  tampered = recorded;
  tampered.policy_hash[0] ^= 1;
  cr_expect_eq(with_decision(&tampered), REPRODUCTION_DIFFERS, "the policy's hash");
}

Test(decide, a_tampered_payment_is_seen) {
  world_publish(&world, splits);
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct payment payment = *newest();
  payment.amount = 2000;
  cr_expect_eq(decision_reproduce(world.ledger, engine_policies(world.engine), &payment),
               REPRODUCTION_DIFFERS);
}

Test(decide, it_comes_out_whatever_is_published_since) {
  world_publish(&world, splits);
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  world_publish(&world, "otherwise decline");
  expect_reproduced();
}

Test(decide, what_cannot_be_tried_is_not_called_wrong) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_expect_eq(decision_reproduce(world.ledger, engine_policies(world.engine), newest()),
               REPRODUCTION_NOT_TRIED, "a list of its own");
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct payment payment = *newest();
  expect_reproduced();
  payment.decision.policy = world.actor; /* there is no such policy */
  cr_expect_eq(decision_reproduce(world.ledger, engine_policies(world.engine), &payment),
               REPRODUCTION_NOT_TRIED, "its policy is gone");
}
