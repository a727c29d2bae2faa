/* Health in the engine: who is left out and who is let through, what is told of it, drills. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_parts.h"
#include "payment_parts.h"
#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 1);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(gates, .init = setup, .fini = teardown, .timeout = 120);

static struct payment_request request_for(const char *connector) {
  struct payment_request request = world_request(&world);
  request.connector_count = 1;
  strcpy(request.connectors[0], connector);
  return request;
}

/* One payment at that connector alone, answered so. */
static void answer_at(const char *connector, const struct dispatch_result *result) {
  world_advance(&world, 1); /* so that the newest payment is this one */
  struct payment_request request = request_for(connector);
  world_pay(&world, &request);
  struct sent *sent = world_outstanding(&world);
  cr_assert_str_eq(sent->dispatch.connector, connector);
  world_reply(&world, sent, result);
}

static void fail_at(const char *connector, unsigned times) {
  struct dispatch_result result = world_result(PHASE_NOT_SENT, ANSWER_IS_UNKNOWN);
  while (times-- > 0)
    answer_at(connector, &result);
}

static void succeed_at(const char *connector, unsigned times) {
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_CAPTURED);
  while (times-- > 0)
    answer_at(connector, &result);
}

static enum gate_state state_of(const char *connector) {
  return engine_connector_gate(world.engine, connector)->state;
}

static const struct payment *newest(void) {
  struct id id = world_newest(&world);
  return world_payment(&world, &id);
}

static const struct payment *pay(void) {
  world_advance(&world, 1);
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  return newest();
}

static void approve(void) {
  world_approve(&world, ANSWER_IS_CAPTURED);
}

static void check_list(const struct payment *payment, enum skip_reason alpha, enum skip_reason beta,
                       enum skip_reason gamma) {
  cr_assert_eq(payment->decision.candidate_count, 3);
  cr_assert_eq(payment->decision.candidates[0].skipped, alpha, "alpha");
  cr_assert_eq(payment->decision.candidates[1].skipped, beta, "beta");
  cr_assert_eq(payment->decision.candidates[2].skipped, gamma, "gamma");
}

/* ---- Left out ---- */

Test(gates, one_that_fails_is_left_out) {
  fail_at("alpha", GATE_SAMPLES_MIN);
  cr_assert_eq(state_of("alpha"), GATE_OUT);
  cr_assert_eq(state_of("beta"), GATE_HEALTHY);
  const struct payment *payment = pay();
  check_list(payment, SKIP_UNHEALTHY, SKIP_NONE, SKIP_NONE);
  cr_assert_eq(payment->decision.candidates[0].health, CANDIDATE_OUT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  approve();
  cr_assert(world_journal_agrees(&world));
}

Test(gates, what_no_psp_is_answerable_for_does_not_count) {
  struct dispatch_result declined = world_result(PHASE_REPLY, ANSWER_IS_DECLINED);
  struct dispatch_result refused = world_result(PHASE_REPLY, ANSWER_IS_UNKNOWN);
  struct dispatch_result not_begun = world_result(PHASE_NOT_SENT, ANSWER_IS_UNKNOWN);
  refused.http_status = 401;
  not_begun.http_status = 429;
  for (unsigned i = 0; i < GATE_SAMPLES_MIN; i++) {
    answer_at("alpha", &declined);
    answer_at("beta", &refused);
    answer_at("gamma", &not_begun);
  }
  cr_assert_eq(state_of("alpha"), GATE_HEALTHY);
  cr_assert_eq(state_of("beta"), GATE_HEALTHY);
  cr_assert_eq(state_of("gamma"), GATE_HEALTHY);
}

Test(gates, what_a_psp_is_answerable_for_counts) {
  static const struct {
    enum phase phase;
    enum answer answer;
    uint16_t http_status;
  } faults[] = {{PHASE_NOT_SENT, ANSWER_IS_UNKNOWN, 0},      {PHASE_SENT_NO_REPLY, ANSWER_IS_UNKNOWN, 0},
                {PHASE_PARTIAL_REPLY, ANSWER_IS_UNKNOWN, 0}, {PHASE_PARTIAL_REPLY, ANSWER_IS_UNKNOWN, 403},
                {PHASE_REPLY, ANSWER_IS_UNKNOWN, 200},       {PHASE_REPLY, ANSWER_IS_UNKNOWN, 503},
                {PHASE_REPLY, ANSWER_IS_DECLINED, 500},      {PHASE_NOT_SENT, ANSWER_IS_UNKNOWN, 502}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    teardown();
    setup();
    struct dispatch_result result = world_result(faults[i].phase, faults[i].answer);
    result.http_status = faults[i].http_status;
    for (unsigned j = 0; j < GATE_SAMPLES_MIN; j++)
      answer_at("alpha", &result);
    cr_assert_eq(state_of("alpha"), GATE_OUT, "fault %zu", i);
  }
}

/* ---- Whose patience was too short ---- */

/* One payment at alpha that its merchant gives deadline_ms (0: the usual), of which nothing is heard for
 * wait_ms. */
static void wait_in_vain(uint32_t deadline_ms, int64_t wait_ms) {
  world_advance(&world, 1);
  struct payment_request request = request_for("alpha");
  request.deadline_ms = deadline_ms;
  world_pay(&world, &request);
  struct dispatch_result result = world_result(PHASE_SENT_NO_REPLY, ANSWER_IS_UNKNOWN);
  struct sent *sent = world_outstanding(&world);
  world_advance(&world, wait_ms);
  world_reply(&world, sent, &result);
  world.sent_count = 0; /* the questions are not answered */
}

Test(gates, a_merchants_short_deadline_is_no_fault_of_the_psps) {
  struct health_figures figures;
  for (unsigned i = 0; i < 2U * GATE_SAMPLES_MIN; i++)
    wait_in_vain(1000, 1000);
  cr_assert_eq(state_of("alpha"), GATE_HEALTHY);
  cr_assert_eq(gate_read(engine_connector_gate(world.engine, "alpha"), world.now_ms).requests, 0,
               "it is no good answer either");
  engine_connector_health(world.engine, "alpha", world.now_ms, &figures);
  cr_assert_gt(figures.events[HEALTH_OTHER], 0);
  cr_assert_eq(figures.events[HEALTH_FAULT], 0);
}

Test(gates, a_psp_that_does_not_answer_in_time_is_at_fault) {
  for (unsigned i = 0; i < 2U * GATE_SAMPLES_MIN && state_of("alpha") == GATE_HEALTHY; i++)
    wait_in_vain(FAULT_TIMEOUT_MS, FAULT_TIMEOUT_MS);
  /* Of one a second or less the longest window holds too few: the share is what counts. */
  struct gate_figures figures = gate_read(engine_connector_gate(world.engine, "alpha"), world.now_ms);
  cr_assert_gt(figures.requests, 0);
  cr_assert_eq(figures.faults, figures.requests);
}

Test(gates, a_connection_that_breaks_at_once_is_a_fault_whatever_the_deadline) {
  for (unsigned i = 0; i < GATE_SAMPLES_MIN; i++)
    wait_in_vain(1000, 0);
  cr_assert_eq(state_of("alpha"), GATE_OUT);
}

Test(gates, the_vaults_refusals_are_nobodys_fault) {
  for (unsigned i = 0; i < GATE_SAMPLES_MIN; i++) {
    struct payment_request request = request_for("alpha");
    world_pay(&world, &request);
    world_refuse(&world, STATUS_BUSY);
  }
  cr_assert_eq(state_of("alpha"), GATE_HEALTHY);
}

Test(gates, in_the_middle_of_a_list_it_is_stepped_over) {
  fail_at("beta", GATE_SAMPLES_MIN);
  check_list(pay(), SKIP_NONE, SKIP_UNHEALTHY, SKIP_NONE);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "gamma");
  world_fault(&world, PHASE_NOT_SENT);
  /* Dropped is dropped: it does not come last either. */
  cr_assert_null(world_outstanding(&world));
  cr_assert_eq(newest()->status, PAYMENT_FAILED);
  cr_assert_eq(newest()->attempt_count, 2);
  cr_assert(world_journal_agrees(&world));
}

Test(gates, when_all_are_unhealthy_the_list_stands) {
  fail_at("alpha", GATE_SAMPLES_MIN);
  fail_at("beta", GATE_SAMPLES_MIN);
  fail_at("gamma", GATE_SAMPLES_MIN);
  const struct payment *payment = pay();
  check_list(payment, SKIP_NONE, SKIP_NONE, SKIP_NONE);
  for (unsigned i = 0; i < 3; i++)
    cr_assert_eq(payment->decision.candidates[i].health, CANDIDATE_OUT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
}

Test(gates, one_that_cannot_be_tried_does_not_keep_the_others_out) {
  world_publish(&world, "otherwise route alpha, nowhere");
  fail_at("alpha", GATE_SAMPLES_MIN);
  const struct payment *payment = pay();
  cr_assert_eq(payment->decision.candidates[0].skipped, SKIP_NONE);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
}

Test(gates, after_one_that_is_not_there_it_is_stepped_over_too) {
  world_publish(&world, "otherwise route nowhere, alpha, beta");
  fail_at("alpha", GATE_SAMPLES_MIN);
  check_list(pay(), SKIP_UNKNOWN, SKIP_UNHEALTHY, SKIP_NONE);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
}

/* ---- Back again ---- */

Test(gates, it_is_probed_and_comes_back_by_itself) {
  unsigned tries = 0, canaries = 0;
  fail_at("alpha", GATE_SAMPLES_MIN);
  world_advance(&world, GATE_OUT_FIRST_MS);
  cr_assert_eq(state_of("alpha"), GATE_PROBING);
  for (; state_of("alpha") != GATE_HEALTHY; tries++) {
    cr_assert_lt(tries, 2000U, "it never comes back");
    world_advance(&world, 20);
    const struct payment *payment = pay();
    bool there = strcmp(world_outstanding(&world)->dispatch.connector, "alpha") == 0;
    cr_assert_eq(payment->decision.candidates[0].canary, there);
    cr_assert_eq(payment->decision.candidates[0].skipped, there ? SKIP_NONE : SKIP_UNHEALTHY);
    canaries += there;
    approve();
    world.sent_count = world.answer_count = 0;
  }
  cr_assert_eq(canaries, GATE_GOOD_WANTED);
  cr_assert_gt(tries, 5U * GATE_GOOD_WANTED, "not a share, but (nearly) all went there");
  cr_assert(world_journal_agrees(&world));
}

Test(gates, a_canary_that_fails_goes_on_at_the_others) {
  fail_at("alpha", GATE_SAMPLES_MIN);
  world_advance(&world, GATE_OUT_FIRST_MS);
  cr_assert(pay()->decision.candidates[0].canary);
  world_fault(&world, PHASE_NOT_SENT);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
  approve();
  cr_assert_eq(newest()->status, PAYMENT_CAPTURED);
  cr_assert_eq(state_of("alpha"), GATE_OUT);
  check_list(pay(), SKIP_UNHEALTHY, SKIP_NONE, SKIP_NONE);
}

Test(gates, one_canary_at_a_time_at_first) {
  fail_at("alpha", GATE_SAMPLES_MIN);
  world_advance(&world, GATE_OUT_FIRST_MS);
  cr_assert(pay()->decision.candidates[0].canary);
  for (unsigned i = 0; i < 100; i++)
    cr_assert_not(pay()->decision.candidates[0].canary);
}

/* ---- Decided again (P6) ---- */

static bool decides_the_same(const struct payment *payment) {
  static uint8_t before[DECISION_BYTES_MAX], after[DECISION_BYTES_MAX];
  struct writer first = writer_over(before, sizeof before), second = writer_over(after, sizeof after);
  struct decision again = payment->decision;
  struct request_fields inputs;
  struct policy_error error;
  struct policy *policy;
  static const char text[] = "otherwise route alpha, beta, gamma";
  cr_assert_eq(policy_parse(text, sizeof text - 1, &policy, &error), 0);
  cr_assert_eq(payment_inputs(payment, &inputs), 0);
  for (unsigned i = 0; i < again.candidate_count; i++) /* what is worked out, not recorded */
    again.candidates[i].canary = false, again.candidates[i].skipped = SKIP_NONE;
  decide_again(policy, payment, &inputs, &again);
  policy_free(policy);
  write_decision(&first, &payment->decision);
  write_decision(&second, &again);
  return writer_length(&first) == writer_length(&second) && memcmp(before, after, writer_length(&first)) == 0;
}

Test(gates, the_same_record_decides_the_same) {
  unsigned canaries = 0, skips = 0;
  fail_at("alpha", GATE_SAMPLES_MIN);
  cr_assert(decides_the_same(pay()));
  approve();
  world_advance(&world, GATE_OUT_FIRST_MS);
  for (unsigned i = 0; i < 200 && state_of("alpha") == GATE_PROBING; i++) {
    const struct payment *payment = pay();
    canaries += payment->decision.candidates[0].canary;
    skips += payment->decision.candidates[0].skipped == SKIP_UNHEALTHY;
    cr_assert(decides_the_same(payment));
    approve();
  }
  cr_assert_gt(canaries, 1);
  cr_assert_gt(skips, 1);
}

/* ---- What is told ---- */

/* The merchant's entries about connectors, in order. */
static unsigned entries_of(const struct id *merchant, struct connector_entry *ret_entries, unsigned limit) {
  struct journal_entry entry;
  unsigned count = 0;
  for (uint64_t at = 1; ledger_entry(world.ledger, at, &entry) == 0; at++) {
    struct connector_entry read;
    if (entry.type != JOURNAL_CONNECTOR)
      continue;
    cr_assert_eq(connector_entry_read(&entry, &read), 0);
    if (id_equal(&read.merchant, merchant) && count < limit)
      ret_entries[count++] = read;
  }
  return count;
}

Test(gates, each_change_is_told_with_its_figures) {
  static struct connector_entry entries[8];
  succeed_at("alpha", 5);
  fail_at("alpha", GATE_SAMPLES_MIN);
  struct id failed = world_newest(&world);
  cr_assert_eq(entries_of(&world.merchant, entries, 8), 1);
  cr_assert_eq(entries[0].change, CONNECTOR_WENT_OUT);
  cr_assert_str_eq(entries[0].connector, "alpha");
  cr_assert_str_eq(entries[0].country, "");
  /* Too few for a window: it was out after so many faults in a row. */
  cr_assert_eq(entries[0].figures.requests, GATE_ROW);
  cr_assert_eq(entries[0].figures.faults, GATE_ROW);
  cr_assert_eq(entries[0].figures.bound, gate_bound(GATE_ROW, GATE_ROW));
  cr_assert_eq(entries[0].figures.threshold, GATE_THRESHOLD);
  cr_assert_eq(entries[0].figures.window_s, 0);
  cr_assert_eq(entries[0].payment_count, GATE_ROW);
  cr_assert_not(id_equal(&entries[0].payments[0], &failed));
  world_advance(&world, GATE_OUT_FIRST_MS);
  succeed_at("alpha", GATE_GOOD_WANTED);
  cr_assert_eq(entries_of(&world.merchant, entries, 8), 3);
  cr_assert_eq(entries[1].change, CONNECTOR_PROBED);
  cr_assert_eq(entries[2].change, CONNECTOR_CAME_BACK);
  cr_assert_eq(entries[2].figures.requests, GATE_GOOD_WANTED);
  cr_assert_eq(entries[2].payment_count, 0);
}

Test(gates, a_window_is_told_with_its_figures) {
  static struct connector_entry entries[2];
  unsigned faults = 0;
  succeed_at("alpha", GATE_SAMPLES_MIN);
  for (; state_of("alpha") == GATE_HEALTHY && faults < GATE_SAMPLES_MIN; faults++)
    fail_at("alpha", 1);
  cr_assert_eq(entries_of(&world.merchant, entries, 2), 1);
  cr_assert_gt(faults, GATE_ROW);
  cr_assert_eq(entries[0].figures.requests, GATE_SAMPLES_MIN + faults);
  cr_assert_eq(entries[0].figures.faults, faults);
  cr_assert_eq(entries[0].figures.bound, gate_bound(faults, GATE_SAMPLES_MIN + faults));
  cr_assert_eq(entries[0].figures.window_s, 3);
  cr_assert_eq(entries[0].payment_count, faults);
}

Test(gates, each_merchant_is_told_of_its_own_payments) {
  static const uint8_t hashes[2][32] = {{2}, {3}};
  static struct connector_entry entries[2];
  struct api_key key = {.merchant = draw_id(&world.draws, "mer", world.now_ms)};
  struct api_key revoked = {.merchant = draw_id(&world.draws, "mer", world.now_ms), .revoked = true};
  cr_assert_eq(ledger_api_key_add(world.ledger, hashes[0], &key), 0);
  cr_assert_eq(ledger_api_key_add(world.ledger, hashes[1], &revoked), 0);
  fail_at("alpha", GATE_SAMPLES_MIN);
  cr_assert_eq(entries_of(&world.merchant, entries, 2), 1);
  cr_assert_eq(entries[0].payment_count, GATE_ROW);
  cr_assert_eq(entries_of(&key.merchant, entries, 2), 1);
  cr_assert_eq(entries[0].payment_count, 0);
  cr_assert_eq(entries[0].figures.requests, GATE_ROW);
  cr_assert_eq(entries_of(&revoked.merchant, entries, 2), 0);
}

Test(gates, a_failed_commit_loses_no_change_and_counts_no_answer_twice) {
  static struct connector_entry entries[4];
  fail_at("alpha", GATE_ROW - 1);
  struct payment_request request = request_for("alpha");
  world_pay(&world, &request);
  struct dispatch_result result = world_result(PHASE_NOT_SENT, ANSWER_IS_UNKNOWN);
  store_memory_fail_commits(world.store, -28);
  world_reply(&world, world_outstanding(&world), &result);
  cr_assert_eq(state_of("alpha"), GATE_OUT);
  world_advance(&world, 1000);
  cr_assert_eq(entries_of(&world.merchant, entries, 4), 0);
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  cr_assert_eq(entries_of(&world.merchant, entries, 4), 1);
  cr_assert_eq(entries[0].change, CONNECTOR_WENT_OUT);
  struct gate_figures figures = gate_read(engine_connector_gate(world.engine, "alpha"), world.now_ms);
  cr_assert_eq(figures.requests, GATE_ROW);
  cr_assert(world_journal_agrees(&world));
}

/* ---- Segments ---- */

Test(gates, one_country_is_left_out_by_itself) {
  static const char csv[] = "bin,brand,country\n424242,visa,DE\n";
  char path[] = "/tmp/freeport-gates-XXXXXX";
  struct bin_table *table;
  uint64_t line = 0;
  uint32_t count;
  close(mkstemp(path));
  FILE *file = fmemopen((void *)(uintptr_t)csv, sizeof csv - 1, "r");
  cr_assert_eq(bin_table_compile(file, path, &line, &count), 0, "line %u", (unsigned)line);
  fclose(file);
  cr_assert_eq(bin_table_open(path, &table), 0);
  unlink(path);
  succeed_at("alpha", 400); /* of nobody knows where */
  engine_set_bins(world.engine, table);
  fail_at("alpha", GATE_SAMPLES_MIN);
  cr_assert_eq(state_of("alpha"), GATE_HEALTHY);
  unsigned place;
  const struct health_cell *cell = engine_connector_segment(world.engine, "alpha", 0, &place);
  cr_assert_not_null(cell);
  cr_assert_str_eq(cell->segment.country, "DE");
  cr_assert_eq(cell->segment.network, NETWORK_VISA);
  check_list(pay(), SKIP_UNHEALTHY, SKIP_NONE, SKIP_NONE);
  approve();
  engine_set_bins(world.engine, NULL);
  check_list(pay(), SKIP_NONE, SKIP_NONE, SKIP_NONE);
  approve();
  bin_table_close(table);
}

/* ---- Drills ---- */

static enum drill_outcome drill(const char *connector, uint32_t ms, struct id *ret_drill) {
  struct requester from = {.merchant = world.merchant, .actor = world.actor};
  from.request = draw_id(&world.draws, "req", world.now_ms);
  enum drill_outcome outcome = engine_drill(world.engine, world.now_ms, &from, connector, ms, ret_drill);
  cr_assert_eq(world_round(&world), 0);
  return outcome;
}

Test(gates, a_drill_keeps_a_connector_out_and_reports) {
  static struct connector_entry entries[4];
  struct id id;
  cr_assert_eq(drill("alpha", 60000, &id), DRILL_DONE);
  for (unsigned i = 0; i < 7; i++) {
    world_advance(&world, 1000);
    check_list(pay(), SKIP_DRILL, SKIP_NONE, SKIP_NONE);
    cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "beta");
    if (i < 3)
      approve();
    else
      world_decline(&world, "54");
  }
  struct payment_request request = request_for("beta"); /* would not have gone there */
  world_pay(&world, &request);
  approve();
  world_advance(&world, 60000);
  check_list(pay(), SKIP_NONE, SKIP_NONE, SKIP_NONE);
  approve();
  cr_assert_eq(entries_of(&world.merchant, entries, 4), 2);
  cr_assert_eq(entries[0].change, CONNECTOR_DRILL_BEGAN);
  cr_assert_eq(entries[1].change, CONNECTOR_DRILL_ENDED);
  cr_assert(id_equal(&entries[1].drill.id, &id));
  cr_assert_eq(entries[1].drill.ended_ms, entries[1].drill.started_ms + 60000);
  cr_assert_eq(entries[1].report.payments, 7);
  cr_assert_eq(entries[1].report.count, 1);
  cr_assert_str_eq(entries[1].report.instead[0].connector, "beta");
  cr_assert_eq(entries[1].report.instead[0].payments[PAYMENT_CAPTURED], 3);
  cr_assert_eq(entries[1].report.instead[0].payments[PAYMENT_DECLINED], 4);
  cr_assert(world_journal_agrees(&world));
}

Test(gates, a_drill_of_all_there_is_changes_nothing) {
  struct id id;
  cr_assert_eq(drill("alpha", 60000, &id), DRILL_DONE);
  struct payment_request request = request_for("alpha");
  world_pay(&world, &request);
  cr_assert_str_eq(world_outstanding(&world)->dispatch.connector, "alpha");
  cr_assert_eq(newest()->decision.candidates[0].health, CANDIDATE_DRILL);
  approve();
}

Test(gates, a_drill_outlives_a_restart_and_ends_in_time) {
  static struct connector_entry entries[4];
  struct drill read;
  struct id id;
  cr_assert_eq(drill("alpha", 60000, &id), DRILL_DONE);
  world_restart(&world);
  world_advance(&world, 1000);
  check_list(pay(), SKIP_DRILL, SKIP_NONE, SKIP_NONE);
  approve();
  world_restart(&world);
  world.now_ms += 100000; /* it ends while the process is down */
  world_advance(&world, 1000);
  check_list(pay(), SKIP_NONE, SKIP_NONE, SKIP_NONE);
  approve();
  cr_assert_eq(engine_drill_get(world.engine, &id, &read), 0);
  cr_assert_neq(read.ended_ms, 0);
  cr_assert_eq(entries_of(&world.merchant, entries, 4), 2);
  cr_assert_eq(entries[1].report.payments, 1);
}

Test(gates, a_drill_is_refused_where_it_makes_no_sense) {
  struct requester from = {.merchant = world.merchant, .actor = world.actor};
  struct drill read;
  struct id id, other;
  from.request = draw_id(&world.draws, "req", world.now_ms);
  cr_assert_eq(drill("nowhere", 1000, &id), DRILL_CONNECTOR_UNKNOWN);
  cr_assert_eq(engine_drill_end(world.engine, world.now_ms, &from, "alpha"), DRILL_NOT_UNDER_WAY);
  cr_assert_eq(engine_drill_latest(world.engine, "alpha", &read), LEDGER_ABSENT);
  cr_assert_eq(drill("alpha", 60000, &id), DRILL_DONE);
  cr_assert_eq(drill("alpha", 60000, &other), DRILL_UNDER_WAY);
  cr_assert_eq(engine_drill_end(world.engine, world.now_ms + 5, &from, "alpha"), DRILL_DONE);
  cr_assert_eq(world_round(&world), 0);
  cr_assert_not(engine_drill_runs(world.engine, "alpha"));
  cr_assert_eq(engine_drill_latest(world.engine, "alpha", &read), 0);
  cr_assert(id_equal(&read.id, &id));
  cr_assert_eq(read.ended_ms, world.now_ms + 5);
}

Test(gates, a_drill_that_could_not_be_written_does_not_run) {
  struct requester from = {.merchant = world.merchant, .actor = world.actor};
  struct id id;
  from.request = draw_id(&world.draws, "req", world.now_ms);
  store_memory_fail_commits(world.store, -28);
  cr_assert_eq(engine_drill(world.engine, world.now_ms, &from, "alpha", 60000, &id), DRILL_DONE);
  cr_assert_lt(world_round(&world), 0);
  store_memory_fail_commits(world.store, 0);
  cr_assert_not(engine_drill_runs(world.engine, "alpha"));
  check_list(pay(), SKIP_NONE, SKIP_NONE, SKIP_NONE);
}

Test(gates, a_drill_that_cannot_be_ended_now_is_ended_later) {
  static struct connector_entry entries[4];
  struct id id;
  unsigned rounds = 0;
  cr_assert_eq(drill("alpha", 1000, &id), DRILL_DONE);
  world.now_ms += 1000;
  store_memory_fail_commits(world.store, -28);
  for (int64_t end_ms = world.now_ms + 1000; world.now_ms < end_ms; rounds++) {
    int64_t due_ms = engine_due(world.engine);
    cr_assert_geq(due_ms, 0);
    world.now_ms = due_ms > world.now_ms ? due_ms : world.now_ms;
    engine_on_time(world.engine, world.now_ms);
    cr_assert_lt(world_round(&world), 0);
    cr_assert_lt(rounds, 10U, "it is tried without a pause");
  }
  store_memory_fail_commits(world.store, 0);
  world_advance(&world, 1000);
  cr_assert_not(engine_drill_runs(world.engine, "alpha"));
  cr_assert_eq(entries_of(&world.merchant, entries, 4), 2);
}

/* ---- How long it takes: fifty payments a second, in simulated time ---- */

enum { STEP_MS = 20, PER_SECOND = 50, GOOD_S = 90, LATENCY_MS = 200, HANG_MS = 10000, LIMIT_MS = 5000 };

struct under_way {
  uint64_t correlation;
  int64_t due_ms;
  enum operation operation;
  bool bad;
};

static struct traffic {
  struct under_way under_way[4096];
  unsigned count, taken; /* of sent dispatches looked at */
  unsigned bad_share;    /* ten-thousandths of what alpha gets */
  bool hangs;
  int64_t first_bad_ms; /* when the first failing answer came */
  unsigned began[2];    /* of this second: at alpha, elsewhere */
} traffic;

static bool turns_bad(void) {
  uint64_t draw;
  world.draws.fill(world.draws.context, &draw, sizeof draw);
  return draw % SHARE_WHOLE < traffic.bad_share;
}

static void take_up(void) {
  for (; traffic.taken < world.sent_count; traffic.taken++) {
    const struct sent *sent = &world.sent[traffic.taken];
    bool alpha = strcmp(sent->dispatch.connector, "alpha") == 0;
    bool bad = alpha && sent->dispatch.operation != OPERATION_STATUS && turns_bad();
    cr_assert_lt(traffic.count, sizeof traffic.under_way / sizeof *traffic.under_way);
    traffic.under_way[traffic.count++] =
        (struct under_way){.correlation = sent->correlation,
                           .due_ms = world.now_ms + (bad && traffic.hangs ? HANG_MS : LATENCY_MS),
                           .operation = sent->dispatch.operation,
                           .bad = bad};
  }
  world.sent_count = traffic.taken = world.answer_count = 0;
}

static void answer(const struct under_way *one) {
  struct dispatch_result result = world_result(PHASE_REPLY, ANSWER_IS_CAPTURED);
  if (one->operation == OPERATION_STATUS)
    result.answer = ANSWER_IS_ABSENT;
  if (one->bad) {
    result = world_result(traffic.hangs ? PHASE_SENT_NO_REPLY : PHASE_REPLY, ANSWER_IS_UNKNOWN);
    result.http_status = traffic.hangs ? 0 : 500;
    if (traffic.first_bad_ms == 0)
      traffic.first_bad_ms = world.now_ms;
  }
  engine_on_result(world.engine, world.now_ms, one->correlation, STATUS_DONE, &result);
  (void)world_round(&world);
}

static void pass(void) {
  unsigned kept = 0;
  world_advance(&world, STEP_MS);
  take_up();
  for (unsigned i = 0; i < traffic.count; i++) {
    struct under_way one = traffic.under_way[i];
    if (one.due_ms <= world.now_ms)
      answer(&one);
    else
      traffic.under_way[kept++] = one;
  }
  traffic.count = kept;
  take_up();
  const struct payment *payment = pay();
  traffic.began[strcmp(payment->attempts[0].connector, "alpha") != 0]++;
  take_up();
}

/* How long after the first failing answer a whole second began of which less than a tenth went to alpha. */
static int64_t time_to_reroute(unsigned bad_share, bool hangs) {
  traffic = (struct traffic){0};
  for (unsigned i = 0; i < GOOD_S * PER_SECOND; i++)
    pass();
  cr_assert_eq(state_of("alpha"), GATE_HEALTHY);
  traffic.bad_share = bad_share;
  traffic.hangs = hangs;
  for (unsigned second = 0; second < 60; second++) {
    int64_t began_ms = world.now_ms;
    memset(traffic.began, 0, sizeof traffic.began);
    for (unsigned i = 0; i < PER_SECOND; i++)
      pass();
    if (traffic.first_bad_ms != 0 && 10 * traffic.began[0] < PER_SECOND)
      return began_ms - traffic.first_bad_ms;
  }
  return INT64_MAX;
}

static void check_time(const char *what, unsigned bad_share, bool hangs) {
  int64_t ms = time_to_reroute(bad_share, hangs);
  printf("%s fail: rerouted %lld ms after the first failing answer\n", what, (long long)ms);
  cr_assert_leq(ms, LIMIT_MS, "%s: %lld ms", what, (long long)ms);
}

Test(gates, all_fail_and_traffic_goes_elsewhere_within_five_seconds) {
  check_time("all", SHARE_WHOLE, false);
}

Test(gates, half_fail_and_traffic_goes_elsewhere_within_five_seconds) {
  check_time("half", SHARE_WHOLE / 2, false);
}

Test(gates, all_hang_and_traffic_goes_elsewhere_within_five_seconds) {
  check_time("all (hanging)", SHARE_WHOLE, true);
}

Test(gates, half_hang_and_traffic_goes_elsewhere_within_five_seconds) {
  check_time("half (hanging)", SHARE_WHOLE / 2, true);
}
