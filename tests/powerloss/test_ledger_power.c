/* Power losses under ledger.mdb, while the engine and the ledger work on it. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "folder.h"
#include "recorded_store.h"
#include "store_lmdb.h"
#include "world.h"

#ifdef FREEPORT_SANITIZED
enum { STATES = 600 };
#else
enum { STATES = 5000 };
#endif
enum { ROUNDS = 400, MAP_BYTES = 64 << 20, PROMISES_MAX = 8192, COMMITS_MAX = 4096, ONE_IN = 32 };

/* What left the engine: the answer to a request, or a dispatch. */
struct promise {
  struct id payment, movement; /* movement: or empty */
  uint8_t attempt;             /* its number, or 0 */
};

static struct world world;
static const char *look_through(struct store *store, size_t commit, const struct moment *moment);

static struct recorded_store subject = {.name = "ledger.mdb",
                                        .tables = ledger_tables,
                                        .table_count = LEDGER_TABLE_COUNT,
                                        .map_bytes = MAP_BYTES,
                                        .look_through = look_through};
static struct promise promises[PROMISES_MAX];
static size_t promise_count;
static char folder[64];

bool __real_engine_next_effect(struct engine *engine, struct effect *ret_effect);
bool __wrap_engine_next_effect(struct engine *engine, struct effect *ret_effect);

/* A key is the payment's id and the attempt's number, or the movement's id and 1. */
static struct promise of_dispatch(const struct dispatch *dispatch) {
  struct promise promise = {.payment = dispatch->payment};
  size_t length = strlen(dispatch->payment.text);
  if (strncmp(dispatch->key, dispatch->payment.text, length) == 0)
    promise.attempt = (uint8_t)strtoul(dispatch->key + length + 1, NULL, 10);
  else
    memcpy(promise.movement.text, dispatch->key, length);
  return promise;
}

/* By --wrap=engine_next_effect: the moment at which something leaves (P1, P3). */
bool __wrap_engine_next_effect(struct engine *engine, struct effect *ret_effect) {
  bool more = __real_engine_next_effect(engine, ret_effect);
  struct promise promise = {0};
  if (more && ret_effect->type == EFFECT_DISPATCH && ret_effect->dispatch->operation != OPERATION_STATUS)
    promise = of_dispatch(ret_effect->dispatch);
  else if (more && ret_effect->type == EFFECT_ANSWER && ret_effect->answer.outcome == REQUEST_DONE)
    promise = (struct promise){ret_effect->answer.payment, ret_effect->answer.movement, 0};
  if (promise.payment.text[0] != '\0' && promise_count < PROMISES_MAX) {
    promises[promise_count++] = promise;
    recorder_mark(EVENT_PROMISE);
  }
  return more;
}

/* ---- What the engine does meanwhile ---- */

static void answer_one(void) {
  static const enum phase phases[] = {PHASE_NOT_SENT, PHASE_SENT_NO_REPLY, PHASE_PARTIAL_REPLY};
  switch (recorded_draw(6)) {
  case 0:
    world_decline(&world, recorded_draw(2) ? "51" : "14");
    break;
  case 1:
    world_fault(&world, phases[recorded_draw(3)]);
    break;
  case 2:
    world_approve(&world, ANSWER_IS_APPROVED);
    break;
  default:
    world_approve(&world, ANSWER_IS_CAPTURED);
  }
}

/* Until nothing is under way; what is unresolved may stay so. */
static void answer_all(void) {
  for (unsigned i = 0; i < 8 && world_outstanding(&world); i++)
    answer_one();
}

static void pay(void) {
  struct payment_request request = world_request(&world);
  request.capture_manual = recorded_draw(3) == 0;
  request.amount.minor = 100 + (int64_t)recorded_draw(100000);
  (void)world_pay(&world, &request);
  answer_all();
}

static void move(void) {
  static const enum movement_type types[] = {MOVEMENT_CAPTURE, MOVEMENT_VOID, MOVEMENT_REFUND};
  struct id payment = world_newest(&world);
  struct movement_request request = world_movement(&world, &payment, types[recorded_draw(3)], 0);
  (void)world_move(&world, &request);
  answer_all();
}

static void pass_time(void) {
  world_advance(&world, (int64_t)recorded_draw(20000));
  answer_all();
}

/* What the host writes besides payments: keys, personal data, agreements. */
static void write_other_tables(void) {
  struct id customer = draw_id(&world.draws, "cus", world.now_ms);
  struct id payment = world_newest(&world);
  struct agreement agreement = {.id = draw_id(&world.draws, "agr", world.now_ms),
                                .merchant = world.merchant,
                                .payment = payment,
                                .token = world.token,
                                .connector = "alpha",
                                .network_transaction_id = "ntid-1",
                                .created_ms = world.now_ms};
  struct api_key key = {.merchant = world.merchant, .created_ms = world.now_ms};
  uint8_t hash[32];
  world.draws.fill(world.draws.context, hash, sizeof hash);
  cr_assert_eq(ledger_personal_put(world.ledger, &world.merchant, &customer, &payment, "Ada", 3), 0);
  cr_assert_eq(ledger_agreement_put(world.ledger, &agreement), 0);
  cr_assert_eq(ledger_api_key_add(world.ledger, hash, &key), 0);
  if (recorded_draw(2))
    cr_assert_eq(ledger_customer_erase(world.ledger, &world.merchant, &customer), 0);
  cr_assert_eq(ledger_idempotency_sweep(world.ledger, world.now_ms, 10), 0);
  cr_assert_eq(world_round(&world), 0);
}

static void publish(void) {
  world_publish(&world,
                recorded_draw(2) ? "otherwise route beta, alpha" : "otherwise route alpha, beta, gamma");
}

static void one_round(void) {
  static void (*const does[])(void) = {pay,    pay, pay, pay, move, move, pass_time, write_other_tables,
                                       publish};
  world.sent_count = world_outstanding(&world) ? world.sent_count : 0;
  world.answer_count = 0;
  if (promise_count == 0)
    pay();
  else
    does[recorded_draw(sizeof does / sizeof *does)]();
}

static void record(unsigned rounds) {
  char path[sizeof folder + 16];
  struct store *store;
  cr_assert_geq(sodium_init(), 0);
  folder_make(folder, sizeof folder);
  snprintf(path, sizeof path, "%s/ledger.mdb", folder);
  recorded_store_begin(&subject);
  cr_assert_eq(store_open_lmdb(path, ledger_tables, MAP_BYTES, &store), 0);
  world_open_over(&world, 1, store);
  for (unsigned i = 0; i < rounds; i++)
    one_round();
  recorded_store_end(&subject);
}

static void forget(void) {
  world_close(&world);
  folder_remove(folder);
  recorded_store_free(&subject);
}

TestSuite(power_ledger, .fini = forget);

/* ---- What must hold after a loss ---- */

static bool holds(struct ledger *ledger, const struct promise *promise) {
  struct payment *payment;
  if (payment_load(ledger, &world.merchant, &promise->payment, &payment) != 0)
    return false;
  bool held = promise->attempt <= payment->attempt_count &&
              (promise->movement.text[0] == '\0' || payment_movement(payment, &promise->movement));
  payment_free(payment);
  return held;
}

/* How many promises, from the first on, hold. */
static size_t count_held(struct ledger *ledger) {
  size_t held = 0;
  while (held < promise_count && holds(ledger, &promises[held]))
    held++;
  return held;
}

/* The journal from 1 on without a gap, and the payments that it makes. */
static const char *check_journal(struct ledger *ledger, struct store *store) {
  struct store *memory;
  struct ledger *rebuilt;
  uint64_t entries;
  const char *wrong = NULL;
  if (store_open_memory(ledger_tables, &memory) < 0)
    return "no memory";
  if (ledger_open(memory, world_ledger_key, &world.draws, &rebuilt) < 0)
    return "no memory";
  if (payments_rebuild(ledger, rebuilt, &entries) < 0)
    wrong = "the journal has a gap or does not read";
  else if (!world_payments_agree(store, memory))
    wrong = "the journal makes other payments than there are";
  ledger_free(rebuilt);
  store_close(memory);
  return wrong;
}

static const char *look_through(struct store *store, size_t commit, const struct moment *moment) {
  static size_t held[COMMITS_MAX]; /* one more than hold; 0: not looked at yet */
  static unsigned count;
  struct ledger *ledger;
  if (ledger_open(store, world_ledger_key, &world.draws, &ledger) < 0)
    return "the ledger does not open";
  const char *wrong = NULL;
  if (++count % ONE_IN == 0)
    wrong = check_journal(ledger, store);
  if (held[commit] == 0)
    held[commit] = 1 + count_held(ledger);
  ledger_free(ledger);
  if (!wrong && held[commit] - 1 < moment->promises)
    wrong = "what left the router is lost";
  return wrong;
}

Test(power_ledger, nothing_acknowledged_is_lost_and_nothing_else_is_there, .timeout = 36000) {
  record(ROUNDS);
  cr_assert_gt(subject.commit_count, 300);
  cr_assert_lt(subject.commit_count, COMMITS_MAX);
  cr_assert_gt(promise_count, 300);
  cr_assert_lt(promise_count, PROMISES_MAX);
  size_t states = trial_states(STATES);
  struct trial_result result = recorded_store_try(&subject, DISK_HONEST, states, "ledger.mdb");
  cr_assert_eq(result.bad, 0, "%s", result.first_bad);
  cr_assert_gt(result.states, 500);
}

/* A check that cannot fail would be none: disks that lie are found out. */
Test(power_ledger, a_disk_that_keeps_meta_pages_back_loses_what_was_acknowledged, .timeout = 600) {
  record(40);
  struct trial_result result =
      recorded_store_try(&subject, DISK_IGNORES_DSYNC, 300, "ledger.mdb, meta pages not synced");
  cr_assert_gt(result.bad, 30);
  cr_assert_not_null(strstr(result.first_bad, "acknowledged"), "%s", result.first_bad);
}

#ifndef FREEPORT_SANITIZED /* LMDB may read anywhere then */
Test(power_ledger, a_disk_that_does_not_sync_before_the_meta_page_damages_the_file, .timeout = 600) {
  record(40);
  struct trial_result result =
      recorded_store_try(&subject, DISK_IGNORES_DATASYNC, 300, "ledger.mdb, pages not synced");
  cr_assert_gt(result.bad, 30);
}

Test(power_ledger, a_disk_that_syncs_nothing_does_both, .timeout = 600) {
  record(40);
  struct trial_result result =
      recorded_store_try(&subject, DISK_IGNORES_SYNCS, 300, "ledger.mdb, nothing synced");
  cr_assert_gt(result.bad, 30);
}
#endif
