/* What was learned of the connectors is known again after a restart: from the journal, each outcome once. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "choice_beta.h"
#include "choice_table.h"
#include "engine_parts.h"
#include "rates.h"
#include "world.h"

static struct world world;
static struct rates *rates;

enum { CELLS_BYTES = CHOICE_CELLS_DEFAULT * sizeof(struct choice_cell), RUNS_MAX = 100000 };

static struct choice_cell before[CHOICE_CELLS_DEFAULT];

static void setup(void) {
  world_open(&world, 5);
  world_publish(&world, "otherwise best of alpha, beta, gamma");
}

static void teardown(void) {
  rates_free(rates);
  rates = NULL;
  world_close(&world);
}

TestSuite(recall, .init = setup, .fini = teardown, .timeout = 120);

static const struct choice_cell *table(void) {
  return learned_cells(world.engine->learned)->buckets[0];
}

static void keep_table(void) {
  memcpy(before, table(), CELLS_BYTES);
}

static void recalled(void *context, const struct payment *payment, const struct attempt *attempt,
                     int64_t at_ms) {
  (void)context;
  engine_recall(world.engine, payment, attempt, at_ms);
}

/* Another process on the same ledger, which has read nothing yet. */
static void restart(void) {
  world_restart(&world);
  rates_free(rates);
  cr_assert_eq(rates_new(world.ledger, world.now_ms, &rates), 0);
  rates_on_first_ended(rates, recalled, NULL);
}

static void read_all(void) {
  for (unsigned i = 0; i < RUNS_MAX && rates_due(rates, world.now_ms) >= 0; i++)
    rates_run(rates, world.now_ms += RATES_LAG_MS);
  cr_assert_lt(rates_due(rates, world.now_ms), 0, "it never comes to an end");
}

static void pay(void) {
  struct payment_request request = world_request(&world);
  world.sent_count = world.answer_count = 0;
  (void)world_pay(&world, &request);
}

/* As its number says: approved, declined here alone or everywhere, not sent, lost and found out later, and
 * told by a webhook before the reply comes, in the same millisecond. */
static void answer(unsigned number) {
  struct webhook webhook;
  switch (number % 7) {
  case 0:
    world_decline(&world, "05");
    break;
  case 1:
    world_decline(&world, "14");
    return;
  case 2:
    world_fault(&world, PHASE_NOT_SENT);
    break;
  case 3:
    world_fault(&world, PHASE_SENT_NO_REPLY);
    world_advance(&world, 3000);
    break;
  case 4:
    webhook = world_webhook(&world.sent[0].dispatch, OPERATION_CHARGE, ANSWER_IS_CAPTURED, 1);
    (void)world_tell(&world, &webhook);
    break;
  default:
    break;
  }
  while (world_outstanding(&world))
    world_approve(&world, ANSWER_IS_CAPTURED);
}

static void pay_and_answer(unsigned count) {
  static const enum network networks[] = {NETWORK_VISA, NETWORK_MASTERCARD, NETWORK_AMEX};
  for (unsigned i = 0; i < count; i++) {
    world.network = networks[i % 3];
    pay();
    answer(i);
    if (i % 5 == 0)
      world_advance(&world, 1200000);
  }
}

/* To the byte: every outcome, at its time, in its order, and none twice. */
Test(recall, a_restart_knows_what_was_learned) {
  pay_and_answer(400);
  keep_table();
  cr_assert_gt(choice_cells_held(learned_cells(world.engine->learned)), 20);
  restart();
  cr_expect_eq(choice_cells_held(learned_cells(world.engine->learned)), 0, "nothing is read yet");
  read_all();
  cr_expect_arr_eq(table(), before, CELLS_BYTES);
}

/* What it would decide, with the same draw. */
static struct choice_snapshot decided(void) {
  pay();
  struct id id = world_newest(&world);
  struct choice_snapshot choice = world_payment(&world, &id)->decision.choice;
  answer(1);
  return choice;
}

Test(recall, a_restart_decides_as_before) {
  pay_and_answer(200);
  world.network = NETWORK_VISA;
  keep_table();
  int64_t now_ms = world.now_ms;
  struct choice_snapshot wanted = decided(), found;
  restart();
  read_all();
  world.now_ms = now_ms;
  found = decided();
  cr_assert_eq(wanted.count, 3);
  for (unsigned i = 0; i < 3; i++) {
    cr_expect_float_eq(found.premises[i].approved, wanted.premises[i].approved, BETA_ONE / 64.);
    cr_expect_float_eq(found.premises[i].declined, wanted.premises[i].declined, BETA_ONE / 64.);
  }
}

/* How many outcomes it knows of, as long as they have hardly faded. */
static uint64_t known(void) {
  const struct choice_payment any = {0};
  const struct choice_cell *cell =
      choice_find(learned_cells(world.engine->learned), choice_key(CHOICE_ANY, 1, &any));
  uint64_t sum = cell ? cell->weights.approved + cell->weights.declined : 0;
  return (sum + CHOICE_WEIGHT_ONE / 2) / CHOICE_WEIGHT_ONE;
}

static void approved(unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    pay();
    world_approve(&world, ANSWER_IS_CAPTURED);
  }
}

Test(recall, what_is_paid_while_it_reads_is_learned_at_once_and_once) {
  approved(100);
  cr_assert_eq(known(), 100);
  restart();
  rates_run(rates, world.now_ms);
  uint64_t read = known();
  cr_assert(read > 0 && read < 100, "a slice: %lu", read);
  approved(20);
  cr_expect_eq(known(), read + 20, "at once");
  int64_t now_ms = world.now_ms;
  for (unsigned i = 0; i < 100; i++)
    rates_run(rates, now_ms);
  read_all();
  cr_expect_eq(known(), 120, "%lu", known());
}

/* The reply is taken in again, and teaches once. */
Test(recall, a_round_that_fails_teaches_nothing) {
  pay();
  store_memory_fail_commits(world.store, -ENOSPC);
  world_approve(&world, ANSWER_IS_CAPTURED);
  cr_expect_eq(known(), 0);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  struct id id = world_newest(&world);
  cr_assert_eq(world_payment(&world, &id)->status, PAYMENT_CAPTURED);
  cr_expect_eq(known(), 1);
}

/* A clock that was ahead once does not make all that follows old. */
Test(recall, a_clock_that_was_ahead_is_taken_for_now) {
  int64_t now_ms = world.now_ms;
  world.now_ms += INT64_C(30) * 24 * 3600 * 1000;
  approved(4);
  world.now_ms = now_ms;
  approved(4);
  restart();
  read_all();
  cr_expect_eq(known(), 8, "%lu", known());
}
