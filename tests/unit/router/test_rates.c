/* Approval rates: what is counted, under what, how sure it is, and when a fall is told. */
#include <criterion/criterion.h>
#include <string.h>

#include "fee_source.h"
#include "rates.h"
#include "world.h"

static struct world world;
static struct rates *rates;

enum { RUNS_MAX = 100000 };

/* The rounds of a host, without those of payments: everything is read, every alert written. */
static void settle(void) {
  for (unsigned i = 0; i < RUNS_MAX; i++) {
    int64_t due = rates_due(rates, world.now_ms);
    if (due < 0 || due > world.now_ms + RATES_LAG_MS)
      return;
    world.now_ms = due > world.now_ms ? due : world.now_ms;
    rates_run(rates, world.now_ms);
    if (rates_wants_commit(rates, world.now_ms))
      cr_assert_eq(rates_put(rates, world.now_ms), 0);
    rates_committed(rates, world.now_ms, world_round(&world) == 0);
  }
  cr_assert_fail("it never comes to an end");
}

static void begin(void) {
  cr_assert_eq(rates_new(world.ledger, world.now_ms, &rates), 0);
}

static void setup(void) {
  world_open(&world, 11);
  begin();
}

static void teardown(void) {
  rates_free(rates);
  world_close(&world);
}

TestSuite(rates, .init = setup, .fini = teardown, .timeout = 120);

static struct rates_query everything(void) {
  return (struct rates_query){.merchant = world.merchant, .limit = RATES_ROWS_MAX};
}

static struct rates_answer ask(const struct rates_query *query) {
  struct rates_answer answer;
  cr_assert_eq(rates_ask(rates, world.now_ms, query, &answer), 0);
  return answer;
}

static void expect_counts(const struct rate_counts *counts, const struct rate_counts *wanted) {
  static const char *const names[COUNT_COUNT] = {
      "attempts", "attempts approved", "unreached", "payments",  "payments approved",
      "cascaded", "declined first",    "retried",   "recovered", "priced",
      "cost"};
  for (unsigned i = 0; i < COUNT_TRIED; i++)
    cr_expect_eq(counts->of[i], wanted->of[i], "%s: %lu, not %lu", names[i], counts->of[i], wanted->of[i]);
}

static void expect_total(const struct rate_counts *wanted) {
  struct rates_query query = everything();
  struct rates_answer answer = ask(&query);
  expect_counts(&answer.total, wanted);
  cr_expect(answer.complete);
  rates_answer_free(&answer);
}

/* A new payment, its dispatch outstanding. */
static void pay(void) {
  struct payment_request request = world_request(&world);
  world.sent_count = world.answer_count = 0;
  (void)world_pay(&world, &request);
}

static void pay_approved(void) {
  pay();
  world_approve(&world, ANSWER_IS_CAPTURED);
}

static void pay_declined(void) {
  pay();
  world_decline(&world, "14");
}

static void pay_unreached(void) {
  pay();
  while (world_outstanding(&world))
    world_decline(&world, "96"); /* a system malfunction */
}

/* ---- What is counted ---- */

/* Each payment once, whether it reached an issuer or not. */
Test(rates, what_was_tried) {
  pay_approved();
  pay_declined();
  pay();
  world_decline(&world, "91");
  world_approve(&world, ANSWER_IS_CAPTURED);
  pay_unreached();
  struct rates_query query = everything();
  query.groups = 1U << DIM_CONNECTOR;
  struct rates_answer answer = ask(&query);
  cr_expect_eq(answer.total.of[COUNT_PAYMENTS], 3);
  cr_expect_eq(answer.total.of[COUNT_TRIED], 4);
  cr_expect_eq(rates_totals(rates)->tried, 4);
  for (unsigned i = 0; i < answer.row_count; i++)
    cr_expect_leq(answer.rows[i].counts.of[COUNT_PAYMENTS_APPROVED], answer.rows[i].counts.of[COUNT_TRIED]);
  rates_answer_free(&answer);
}

Test(rates, an_approval_and_a_decline) {
  pay_approved();
  pay_declined();
  expect_total(&(struct rate_counts){{2, 1, 0, 2, 1, 0, 1, 0, 0}});
}

Test(rates, a_cascade_recovers) {
  pay();
  world_decline(&world, "91"); /* no issuer answered: it goes on and says nothing of the card */
  world_decline(&world, "05");
  cr_assert_not_null(world_outstanding(&world), "05 goes elsewhere");
  world_approve(&world, ANSWER_IS_CAPTURED);
  expect_total(&(struct rate_counts){{2, 1, 1, 1, 1, 1, 1, 1, 1}});
}

Test(rates, what_reached_no_issuer_is_no_payment_of_the_rate) {
  pay();
  world_fault(&world, PHASE_NOT_SENT);
  world_fault(&world, PHASE_NOT_SENT);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_null(world_outstanding(&world));
  expect_total(&(struct rate_counts){{0, 0, 3, 0, 0, 0, 0, 0, 0}});
  struct rates_query query = everything();
  struct rates_answer answer = ask(&query);
  cr_expect_eq(answer.latency_count, 0, "nobody answered");
  rates_answer_free(&answer);
}

Test(rates, what_is_open_is_not_counted_and_then_once) {
  pay();
  expect_total(&(struct rate_counts){0});
  world_fault(&world, PHASE_SENT_NO_REPLY);
  expect_total(&(struct rate_counts){0});
  world_advance(&world, 600);
  world_approve(&world, ANSWER_IS_CAPTURED);
  expect_total(&(struct rate_counts){{1, 1, 0, 1, 1, 0, 0, 0, 0}});
  struct id payment = world_newest(&world);
  struct movement_request movement = world_movement(&world, &payment, MOVEMENT_REFUND, 100);
  (void)world_move(&world, &movement);
  world_approve(&world, ANSWER_IS_APPROVED);
  struct webhook again = world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, 1);
  (void)world_tell(&world, &again);
  expect_total(&(struct rate_counts){{1, 1, 0, 1, 1, 0, 0, 0, 0}});
}

Test(rates, what_is_known_twice_is_counted_once) {
  pay();
  struct webhook webhook = world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, 1);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  uint64_t told = ledger_durable(world.ledger);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_assert_gt(ledger_durable(world.ledger), told, "the reply adds texts, in an entry of its own");
  expect_total(&(struct rate_counts){{1, 1, 0, 1, 1, 0, 0, 0, 0}});
}

static void say_of_the_first_attempt(bool succeeded) {
  struct id payment = world_newest(&world);
  struct movement_request from = world_movement(&world, &payment, MOVEMENT_VOID, 0);
  struct resolution_request request = {.from = from.from, .payment = payment};
  request.resolution.attempt = 1;
  request.resolution.succeeded = succeeded;
  strcpy(request.resolution.evidence, "seen in the console");
  if (succeeded)
    strcpy(request.resolution.psp_id, "psp-5");
  uint64_t ticket = world.next_ticket++;
  engine_resolve(world.engine, world.now_ms, ticket, &request);
  (void)world_round(&world);
  cr_assert_eq(world_answer(&world, ticket)->outcome, REQUEST_DONE);
}

/* Read late, when a person has taken back that it was approved, the entry tells what it told when it was new.
 */
Test(rates, a_payment_is_counted_as_its_entry_left_it) {
  struct payment_request request = world_request(&world);
  world_sheets[1].question = world_sheets[1].movement_question = QUESTION_NONE;
  request.connector_count = 1;
  strcpy(request.connectors[0], "beta");
  (void)world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 3600000);
  say_of_the_first_attempt(true);
  struct webhook webhook = world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_DECLINED, 1);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  say_of_the_first_attempt(false);
  struct id payment = world_newest(&world);
  cr_assert_eq(world_payment(&world, &payment)->attempts[0].step.status, STEP_FAILED);
  expect_total(&(struct rate_counts){{1, 1, 0, 1, 1, 0, 0, 0, 0}});
}

Test(rates, what_is_found_out_later_changes_no_count) {
  static const struct rate_counts declined = {{1, 0, 0, 1, 0, 0, 1, 0, 0}};
  pay_declined();
  expect_total(&declined);
  struct webhook webhook = world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, 1);
  cr_assert_eq(world_tell(&world, &webhook), STATUS_DONE);
  struct id payment = world_newest(&world);
  cr_assert(world_payment(&world, &payment)->attempts[0].surplus);
  expect_total(&declined);
  rates_free(rates);
  begin();
  settle();
  expect_total(&declined);
}

Test(rates, a_start_counts_the_same_from_the_journal) {
  for (unsigned i = 0; i < 200; i++) {
    pay();
    if (i % 3 == 0)
      world_decline(&world, "05");
    if (i % 5 == 0)
      world_decline(&world, "14");
    else
      world_approve(&world, ANSWER_IS_APPROVED);
    if (i % 7 == 0)
      world_advance(&world, 3600000);
  }
  struct rates_query query = everything();
  query.groups = 1U << DIM_CONNECTOR;
  struct rates_answer before = ask(&query);
  cr_assert_eq(before.total.of[COUNT_PAYMENTS], 200);
  rates_free(rates);
  world_restart(&world);
  begin();
  cr_expect_eq(rates_due(rates, world.now_ms), 0, "the past is read at once");
  settle();
  struct rates_answer after = ask(&query);
  cr_assert_eq(after.row_count, before.row_count);
  expect_counts(&after.total, &before.total);
  for (unsigned i = 0; i < after.row_count; i++)
    expect_counts(&after.rows[i].counts, &before.rows[i].counts);
  cr_expect_eq(rates_totals(rates)->payments.approved, 0, "counters count from the start");
  rates_answer_free(&before);
  rates_answer_free(&after);
}

Test(rates, days_are_narrowed_and_forgotten) {
  int64_t day_ms = 24LL * 3600 * 1000, first_ms = world.now_ms;
  pay_approved();
  world_advance(&world, 3 * day_ms);
  pay_declined();
  struct rates_query query = everything();
  query.from_ms = first_ms + day_ms;
  struct rates_answer answer = ask(&query);
  expect_counts(&answer.total, &(struct rate_counts){{1, 0, 0, 1, 0, 0, 1, 0, 0}});
  rates_answer_free(&answer);
  query.from_ms = 0;
  query.to_ms = first_ms + day_ms;
  answer = ask(&query);
  expect_counts(&answer.total, &(struct rate_counts){{1, 1, 0, 1, 1, 0, 0, 0, 0}});
  rates_answer_free(&answer);
  world_advance(&world, 28 * day_ms);
  expect_total(&(struct rate_counts){{1, 0, 0, 1, 0, 0, 1, 0, 0}});
  rates_free(rates);
  begin();
  settle();
  expect_total(&(struct rate_counts){{1, 0, 0, 1, 0, 0, 1, 0, 0}});
}

/* ---- Told apart ---- */

static const char *text_in(const struct rates_row *row, enum rate_dim dim) {
  static char buffer[VALUE_TEXT_CAPACITY];
  return rates_text(rates, &row->key, dim, buffer);
}

Test(rates, every_dimension_arrives) {
  struct payment_request request = world_request(&world);
  request.kind = KIND_UNSCHEDULED;
  request.amount.minor = 9999;
  cr_assert_eq(request_fields_set(&request.fields, REQUEST_ATTRIBUTE_FIRST, "since=2020"), 0);
  cr_assert_eq(
      request_fields_set(&request.fields, (enum request_field)(REQUEST_ATTRIBUTE_FIRST + 1), "plan=gold"), 0);
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  pay_declined();
  pay_declined();
  struct rates_query query = everything();
  query.groups = (1U << DIM_GROUPABLE) - 1;
  struct rates_answer answer = ask(&query);
  cr_assert_eq(answer.row_count, 2);
  static const char *const wanted[2][DIM_GROUPABLE] = {
      {"alpha", "visa", "", "", "10-50", "first", ""},
      {"alpha", "visa", "", "", "50-100", "renewal", "gold"}};
  for (unsigned i = 0; i < 2; i++)
    for (unsigned dim = 0; dim < DIM_GROUPABLE; dim++)
      cr_expect_str_eq(text_in(&answer.rows[i], (enum rate_dim)dim), wanted[i][dim], "row %u, %s", i,
                       rate_dim_name((enum rate_dim)dim));
  rates_answer_free(&answer);
}

Test(rates, filters_narrow) {
  pay_approved();
  pay();
  world_decline(&world, "05");
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct rates_query query = everything();
  query.only_connector = "beta";
  struct rates_answer answer = ask(&query);
  expect_counts(&answer.total, &(struct rate_counts){{1, 1, 0, 1, 1, 1, 1, 1, 1}});
  cr_expect_eq(answer.recovery_count, 0, "alpha declined first");
  cr_assert_eq(answer.latency_count, 1);
  cr_expect_eq(answer.latencies[0].answers, 1);
  rates_answer_free(&answer);
  query.only_connector = "nobody";
  answer = ask(&query);
  cr_expect_eq(answer.total.of[COUNT_ATTEMPTS], 0);
  rates_answer_free(&answer);
  query.only_connector = NULL;
  query.only[DIM_NETWORK] = rate_value_of(DIM_NETWORK, "amex");
  answer = ask(&query);
  cr_expect_eq(answer.total.of[COUNT_ATTEMPTS], 0);
  rates_answer_free(&answer);
  query = everything();
  query.merchant = world.actor;
  answer = ask(&query);
  cr_expect_eq(answer.total.of[COUNT_ATTEMPTS], 0, "another merchant's are not told");
  rates_answer_free(&answer);
}

Test(rates, recovery_is_told_by_the_first_code) {
  for (unsigned i = 0; i < 3; i++) {
    pay();
    world_decline(&world, "05");
    if (i == 0)
      world_approve(&world, ANSWER_IS_CAPTURED);
    else
      world_decline(&world, "14");
  }
  pay_declined();
  struct rates_query query = everything();
  struct rates_answer answer = ask(&query);
  bool network;
  cr_assert_eq(answer.recovery_count, 2);
  cr_expect_str_eq(rates_code(rates, &answer.recoveries[0].key, &network), "05");
  cr_expect(network);
  cr_expect_eq(answer.recoveries[0].counts.of[COUNT_DECLINED_FIRST], 3);
  cr_expect_eq(answer.recoveries[0].counts.of[COUNT_RETRIED], 3);
  cr_expect_eq(answer.recoveries[0].counts.of[COUNT_RECOVERED], 1);
  cr_expect_str_eq(rates_code(rates, &answer.recoveries[1].key, &network), "14");
  cr_expect_eq(answer.recoveries[1].counts.of[COUNT_RETRIED], 0);
  rates_answer_free(&answer);
}

/* What a question takes says nothing of how long a charge does. */
Test(rates, only_a_charges_own_answer_has_a_latency) {
  struct dispatch_result lost = world_result(PHASE_SENT_NO_REPLY, ANSWER_IS_UNKNOWN);
  lost.latency_us = 9000000;
  pay();
  world_reply(&world, world_outstanding(&world), &lost);
  world_advance(&world, 500);
  cr_assert_eq(world_outstanding(&world)->dispatch.operation, OPERATION_STATUS);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct id id = world_newest(&world);
  cr_assert_eq(world_payment(&world, &id)->status, PAYMENT_CAPTURED);
  cr_expect_eq(world_payment(&world, &id)->attempts[0].step.answer.latency_us, 0);
  struct rates_query query = everything();
  struct rates_answer answer = ask(&query);
  cr_expect_eq(answer.total.of[COUNT_ATTEMPTS_APPROVED], 1);
  cr_expect_eq(answer.latency_count, 0);
  rates_answer_free(&answer);
}

Test(rates, latencies_lie_within_their_steps) {
  for (unsigned i = 0; i < 100; i++) {
    pay();
    struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
    result.latency_us = i < 98 ? 2000 : 900000;
    cr_assert_eq(answer_fields_set(&result.fields, ANSWER_NETWORK_CODE, "14"), 0);
    world_reply(&world, world_outstanding(&world), &result);
  }
  struct rates_query query = everything();
  struct rates_answer answer = ask(&query);
  cr_assert_eq(answer.latency_count, 1);
  cr_expect_eq(answer.latencies[0].answers, 100);
  cr_expect(answer.latencies[0].p50_us >= 2000 && answer.latencies[0].p50_us < 2700, "%u",
            answer.latencies[0].p50_us);
  cr_expect(answer.latencies[0].p99_us >= 900000 && answer.latencies[0].p99_us < 1200000, "%u",
            answer.latencies[0].p99_us);
  rates_answer_free(&answer);
}

/* ---- What approvals cost ---- */

enum { CENT = 1000000 };

static bool dearer; /* alpha is, by 1 % */

/* alpha: 1 % and 10 cents, 2 cents a try; beta: 3 % and no fee for tries; nobody knows gamma's. */
static const struct choice_fees *fees_of(void *context, const char *connector) {
  static struct choice_fees alpha = {.pricing = CHOICE_BLENDED,
                                     .currency = "EUR",
                                     .country = "NL",
                                     .settlement_count = 1,
                                     .settlements = {"EUR"},
                                     .line_count = 2,
                                     .lines = {{.kind = CHOICE_FEE_BLENDED, .fixed = 10 * CENT},
                                               {.kind = CHOICE_FEE_TRY, .fixed = 2 * CENT}}};
  static struct choice_fees beta = {.pricing = CHOICE_BLENDED,
                                    .currency = "EUR",
                                    .country = "NL",
                                    .settlement_count = 1,
                                    .settlements = {"EUR"},
                                    .line_count = 1,
                                    .lines = {{.kind = CHOICE_FEE_BLENDED, .share = 30000}}};
  (void)context;
  alpha.lines[0].share = dearer ? 20000 : 10000;
  return strcmp(connector, "alpha") == 0 ? &alpha : strcmp(connector, "beta") == 0 ? &beta : NULL;
}

static const struct fee_source fees = {.find = fees_of};

static void know_fees(void) {
  rates_free(rates);
  world.options.fees = &fees;
  world_restart(&world);
  begin();
}

/* Of one currency: the approved, the priced, and what these cost together, in thousandths of a minor unit. */
static void expect_cost(const struct rates_answer *answer, const struct rate_key *row, const char *currency,
                        uint64_t approved, uint64_t priced, int64_t wanted) {
  unsigned count;
  int64_t together = 0, each = 0;
  const struct rates_row *costs = rates_costs(answer, row, &count);
  for (unsigned i = 0; i < count; i++) {
    if (costs[i].key.dims[DIM_DETAIL] != rate_currency_value(currency))
      continue;
    cr_expect_eq(costs[i].counts.of[COUNT_PAYMENTS_APPROVED], approved);
    cr_expect_eq(costs[i].counts.of[COUNT_PRICED], priced);
    cr_expect_eq(rates_cost(&costs[i], &together, &each), priced > 0);
    cr_expect_eq(together, wanted, "%s: %ld, not %ld", currency, together, wanted);
    cr_expect(priced == 0 || each == wanted / (int64_t)priced);
    return;
  }
  cr_assert_fail("nothing is known in %s", currency);
}

/* Four payments of 10.00: approved by alpha; declined by alpha, then approved by beta; declined by alpha for
 * good; not sent to alpha nor beta, then approved by gamma. */
static void pay_four(void) {
  pay_approved();
  pay();
  world_decline(&world, "05");
  world_approve(&world, ANSWER_IS_CAPTURED);
  pay_declined();
  pay();
  world_fault(&world, PHASE_NOT_SENT);
  world_fault(&world, PHASE_NOT_SENT);
  world_approve(&world, ANSWER_IS_CAPTURED);
}

/* alpha: 20 cents for one approved payment, and three tries of 2 cents; beta: 30 cents for another. */
static void expect_costs_of_four(void) {
  struct rates_query query = everything();
  query.groups = 1U << DIM_CONNECTOR;
  struct rates_answer answer = ask(&query);
  expect_cost(&answer, NULL, "EUR", 3, 2, (20 + 3 * 2 + 30) * 1000);
  cr_assert_eq(answer.row_count, 3);
  for (unsigned i = 0; i < 3; i++) {
    char buffer[VALUE_TEXT_CAPACITY];
    const struct rate_key *key = &answer.rows[i].key;
    const char *name = rates_text(rates, key, DIM_CONNECTOR, buffer);
    if (strcmp(name, "alpha") == 0)
      expect_cost(&answer, key, "EUR", 1, 1, 26000);
    else if (strcmp(name, "beta") == 0)
      expect_cost(&answer, key, "EUR", 1, 1, 30000);
    else
      expect_cost(&answer, key, "EUR", 1, 0, 0);
  }
  rates_answer_free(&answer);
}

Test(rates, approvals_cost_what_their_tries_cost_too) {
  know_fees();
  pay_four();
  expect_costs_of_four();
  settle();
  unsigned series = 0;
  for (unsigned i = 0; i < rates_totals(rates)->costs.capacity; i++)
    series += rates_totals(rates)->costs.cells[i].key.merchant != 0;
  cr_expect_eq(series, 3, "one for each connector");
}

/* By the fees of then: what is read back from the journal is what was counted. */
Test(rates, fees_that_change_change_no_cost_that_was) {
  know_fees();
  pay_four();
  dearer = true;
  rates_free(rates);
  world_restart(&world);
  begin();
  settle();
  expect_costs_of_four();
  pay_approved(); /* 30 cents and a try */
  struct rates_query query = everything();
  struct rates_answer answer = ask(&query);
  expect_cost(&answer, NULL, "EUR", 4, 3, (56 + 32) * 1000);
  rates_answer_free(&answer);
}

Test(rates, costs_are_told_apart_by_currency) {
  static const struct choice_exchange exchange = {.count = 2, .values = {{"EUR", 1000000}, {"USD", 500000}}};
  static const struct fee_source converting = {.find = fees_of, .exchange = &exchange};
  know_fees();
  world.options.fees = &converting;
  rates_free(rates);
  world_restart(&world);
  begin();
  pay_approved();
  struct payment_request request = world_request(&world);
  strcpy(request.amount.currency,
         "USD"); /* beta and alpha settle euros alone, and have no fee for converting */
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_CAPTURED);
  struct rates_query query = everything();
  query.groups = 1U << DIM_NETWORK;
  struct rates_answer answer = ask(&query);
  cr_assert_eq(answer.row_count, 1);
  expect_cost(&answer, NULL, "EUR", 1, 1, 22000);
  expect_cost(&answer, NULL, "USD", 1, 0, 0);
  expect_cost(&answer, &answer.rows[0].key, "EUR", 1, 1, 22000);
  rates_answer_free(&answer);
}

/* A sum that does not fit is not told, and neither is one of several currencies. */
Test(rates_cells, costs_that_are_none) {
  struct rates_row costs = {.counts = {{0}}};
  int64_t together, each;
  costs.counts.of[COUNT_PRICED] = 2;
  costs.counts.of[COUNT_COST] = UINT64_MAX - 1;
  costs.key.dims[DIM_DETAIL] = rate_currency_value("EUR");
  cr_expect(rates_cost(&costs, &together, &each));
  cr_expect_eq(each, (int64_t)(((UINT64_MAX - 1) / 2 + 500) / 1000));
  counts_add(&costs.counts, &(struct rate_counts){.of[COUNT_COST] = 2});
  cr_expect_not(rates_cost(&costs, &together, &each));
  costs.counts.of[COUNT_COST] = 2000;
  cr_expect(rates_cost(&costs, &together, &each));
  costs.key.dims[DIM_DETAIL] = VALUE_OTHER;
  cr_expect_not(rates_cost(&costs, &together, &each));
  char text[CURRENCY_CAPACITY];
  rate_currency_text(rate_currency_value("PLN"), text);
  cr_expect_str_eq(text, "PLN");
  cr_expect_eq(rate_currency_value("eur"), VALUE_NONE);
}

Test(rates, rows_are_sorted_and_bounded) {
  for (unsigned i = 0; i < 3; i++) {
    pay();
    world_decline(&world, "05");
    world_decline(&world, "14");
  }
  pay_declined();
  struct rates_query query = everything();
  query.groups = 1U << DIM_CONNECTOR;
  struct rates_answer answer = ask(&query);
  cr_assert_eq(answer.row_count, 2);
  cr_expect_str_eq(text_in(&answer.rows[0], DIM_CONNECTOR), "alpha");
  cr_expect_not(answer.more);
  rates_answer_free(&answer);
  query.limit = 1;
  answer = ask(&query);
  cr_expect_eq(answer.row_count, 1);
  cr_expect(answer.more);
  rates_answer_free(&answer);
}

/* ---- No room ---- */

Test(rates_cells, sums_stay_whole_when_a_table_is_full) {
  struct cells cells;
  struct rate_counts one = {.of[COUNT_ATTEMPTS] = 1}, sum = {0};
  unsigned exact = 0, others = 0;
  cr_assert_eq(cells_open(&cells, CELLS_MIN, 1U << DIM_CONNECTOR), 0);
  for (unsigned i = 0; i < 5000; i++) {
    struct rate_key key = {.merchant = (uint16_t)(1 + i % RATES_MERCHANTS_MAX)};
    key.dims[DIM_CONNECTOR] = (uint16_t)(VALUE_FIRST + i % 7);
    key.dims[DIM_PLAN] = (uint16_t)(VALUE_FIRST + i);
    cells_add(&cells, &key, &one);
  }
  for (unsigned i = 0; i < cells.capacity; i++) {
    if (cells.cells[i].key.merchant == 0)
      continue;
    counts_add(&sum, &cells.cells[i].counts);
    exact += cells.cells[i].key.dims[DIM_PLAN] >= VALUE_FIRST;
    others += cells.cells[i].key.dims[DIM_PLAN] == VALUE_OTHER;
    cr_expect_eq(cells.cells[i].key.dims[DIM_COUNTRY], VALUE_ANY);
  }
  cr_expect_eq(sum.of[COUNT_ATTEMPTS], 5000);
  cr_expect_eq(exact, CELLS_MIN / 2);
  cr_expect_eq(others, cells.used - exact);
  cr_expect_leq(cells.used, CELLS_MIN / 8 * 7);
  cells_close(&cells);
}

Test(rates_cells, words_beyond_the_last_are_other) {
  static struct names names;
  char text[16];
  for (unsigned i = 0; i < NAMES_MAX; i++) {
    snprintf(text, sizeof text, "plan-%u", i);
    cr_assert_eq(names_number(&names, text), VALUE_FIRST + i);
  }
  cr_expect_eq(names_number(&names, "one more"), VALUE_OTHER);
  cr_expect_eq(names_number(&names, "plan-7"), VALUE_FIRST + 7);
  cr_expect_eq(names_number(&names, ""), VALUE_NONE);
  cr_expect_str_eq(names_text(&names, VALUE_FIRST + 7), "plan-7");
  cr_expect_eq(names_find(&names, "one more"), VALUE_ANY);
}

Test(rates_cells, bands_are_of_whole_units) {
  static const struct {
    int64_t minor;
    const char *currency, *band;
  } cases[] = {{999, "EUR", "0-10"},      {1000, "EUR", "10-50"},   {999, "JPY", "500-1000"},
               {1000, "JPY", "1000+"},    {99999, "KWD", "50-100"}, {INT64_MAX, "EUR", "1000+"},
               {10000, "USD", "100-500"}, {1, "USD", "0-10"}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[VALUE_TEXT_CAPACITY];
    rate_value_text(DIM_AMOUNT_BAND, rate_amount_band(cases[i].minor, cases[i].currency), text);
    cr_expect_str_eq(text, cases[i].band, "%ld %s: %s", cases[i].minor, cases[i].currency, text);
  }
}

Test(rates_cells, values_read_back) {
  static const struct {
    enum rate_dim dim;
    const char *text;
  } cases[] = {{DIM_NETWORK, "visa"}, {DIM_FUNDING, "prepaid"},      {DIM_COUNTRY, "ZZ"},
               {DIM_COUNTRY, "AA"},   {DIM_AMOUNT_BAND, "500-1000"}, {DIM_KIND, "renewal"}};
  static const char *const wrong[] = {"", "de", "DEU", "unknown", "1"};
  char text[VALUE_TEXT_CAPACITY];
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint16_t value = rate_value_of(cases[i].dim, cases[i].text);
    cr_assert_geq(value, VALUE_FIRST);
    rate_value_text(cases[i].dim, value, text);
    cr_expect_str_eq(text, cases[i].text);
  }
  for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
    for (unsigned dim = 0; dim < DIM_GROUPABLE; dim++)
      cr_expect_eq(rate_value_of((enum rate_dim)dim, wrong[i]), VALUE_ANY, "%s", wrong[i]);
}

/* ---- How sure ---- */

/* As Newcombe prints them (Statistics in Medicine 17, 1998, 857-872): 0.2553 to 0.3662, 0.0624 to 0.1605, 0
 * to 0.1611, 0.0061 to 0.1718; here the low ends are rounded down and the high ones up. */
Test(rates_bounds, wilson) {
  static const struct {
    uint64_t approved, total;
    uint32_t rate, low, high;
  } cases[] = {{81, 263, 3080, 2552, 3663}, {15, 148, 1014, 623, 1605}, {0, 20, 0, 0, 1612},
               {1, 29, 345, 61, 1718},      {0, 0, 0, 0, 10000},        {20, 20, 10000, 8388, 10000}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rate_bounds bounds = rate_bounds(cases[i].approved, cases[i].total);
    cr_expect_eq(bounds.rate, cases[i].rate, "%u: %u", i, bounds.rate);
    cr_expect_eq(bounds.low, cases[i].low, "%u: %u", i, bounds.low);
    cr_expect_eq(bounds.high, cases[i].high, "%u: %u", i, bounds.high);
  }
}

Test(rates_bounds, a_fall_needs_its_samples) {
  cr_expect_not(rate_dropped(7, 10, 9000, 10000), "20 points, of ten payments");
  cr_expect(rate_dropped(700, 1000, 9000, 10000));
  cr_expect_not(rate_dropped(700, 1000, 9, 10), "the mean is of ten payments");
  cr_expect_not(rate_dropped(8700, 10000, 90000, 100000), "just three points");
  cr_expect_not(rate_dropped(870000, 1000000, 9000000, 10000000), "and just three of very many");
  cr_expect(rate_dropped(860000, 1000000, 9000000, 10000000));
  cr_expect_not(rate_dropped(990, 1000, 9000, 10000), "it has risen");
  cr_expect(rate_dropped(0, 50, 900, 1000));
  cr_expect_not(rate_dropped(0, 0, 900, 1000));
  cr_expect_not(rate_dropped(0, 50, 0, 0));
}

/* ---- The alert ---- */

/* So many payments, of which every tenth, or the first so many of ten, are declined; over so many hours. */
static void pay_hours(unsigned hours, unsigned each_hour, unsigned declined_of_ten) {
  for (unsigned i = 0; i < hours * each_hour; i++) {
    if (i % 10 < declined_of_ten)
      pay_declined();
    else
      pay_approved();
    if (i % each_hour == each_hour - 1) {
      world_advance(&world, 3600000);
      settle();
    }
  }
}

static unsigned alerts(struct rate_alert *ret_last) {
  struct journal_entry entry;
  unsigned count = 0;
  for (uint64_t at = 1; ledger_entry(world.ledger, at, &entry) == 0; at++) {
    if (entry.type != JOURNAL_RATE_ALERT)
      continue;
    cr_assert_eq(ledger_rate_alert_entry(&entry, ret_last), 0);
    count++;
  }
  return count;
}

Test(rates, a_fall_is_told_once_a_day) {
  struct rate_alert alert;
  pay_hours(24 * 10, 10, 1);
  cr_expect_eq(alerts(&alert), 0, "nothing has fallen");
  pay_hours(1, 100, 5);
  cr_assert_eq(alerts(&alert), 1);
  cr_expect(id_equal(&alert.merchant, &world.merchant));
  cr_expect_eq(alert.window_hours, 2);
  cr_expect_geq(alert.before.total, 2380);
  cr_expect_eq(alert.before.approved * 10, alert.before.total * 9);
  cr_expect_eq(alert.now.approved, 50);
  pay_hours(2, 100, 5);
  cr_expect_eq(alerts(&alert), 1, "once a day");
  rates_free(rates);
  world_restart(&world);
  begin();
  settle();
  pay_hours(1, 100, 5);
  cr_expect_eq(alerts(&alert), 1, "and not again after a start");
  world_advance(&world, 24 * 3600000);
  pay_hours(1, 100, 5);
  cr_expect_eq(alerts(&alert), 2);
}

/* An acquirer that answers with an error of its own to all: no issuer is asked, and the approval rate stays.
 */
Test(rates, a_fall_that_no_issuer_hears_of_is_told) {
  struct rate_alert alert;
  pay_hours(24 * 10, 10, 1);
  for (unsigned i = 0; i < 60; i++)
    pay_unreached();
  world_advance(&world, RATES_LOOK_MS);
  settle();
  cr_assert_eq(alerts(&alert), 1);
  cr_expect_eq(alert.basis, RATE_OF_TRIED);
  cr_expect_eq(alert.window_hours, 2);
  cr_expect(alert.now.approved <= 20 && alert.now.total >= 60, "%lu of %lu", alert.now.approved,
            alert.now.total);
  cr_expect_eq(alert.before.approved * 10, alert.before.total * 9);
}

Test(rates, a_batch_that_fails_is_put_again) {
  struct rate_alert alert;
  pay_hours(24 * 3, 10, 1);
  for (unsigned i = 0; i < 100; i++)
    pay_declined();
  while (!rates_wants_commit(rates, world.now_ms)) {
    world.now_ms += RATES_LAG_MS;
    rates_run(rates, world.now_ms);
    cr_assert_lt(rates_totals(rates)->alerts, 1);
  }
  cr_assert_eq(rates_put(rates, world.now_ms), 0);
  ledger_abandon(world.ledger);
  rates_committed(rates, world.now_ms, false);
  cr_expect_eq(alerts(&alert), 0);
  cr_expect_not(rates_wants_commit(rates, world.now_ms), "not at once");
  world.now_ms = rates_due(rates, world.now_ms);
  settle();
  cr_expect_eq(alerts(&alert), 1);
  cr_expect_eq(rates_totals(rates)->alerts, 1);
}
