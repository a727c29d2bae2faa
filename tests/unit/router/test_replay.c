/* Drafts tried on past payments: what is counted, and what the rates come to. */
#include "replay_counts.h"
#include "world.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Rates ---- */

/* By a table of the interval (Newcombe 1998, doi 10.1002/(SICI)1097-0258, method 3): 81 of 263, 15 of 148, 0
 * of 20, 1 of 29. */
Test(replay, wilsons_interval) {
  static const struct {
    uint64_t approved, ended;
    int32_t rate, low, high;
  } rows[] = {{81, 263, 308, 255, 366},
              {15, 148, 101, 62, 160},
              {0, 20, 0, 0, 161},
              {1, 29, 34, 6, 172},
              {20, 20, 1000, 839, 1000}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct replay_rate rate = replay_rate_of(rows[i].approved, rows[i].ended);
    cr_expect(rate.known);
    cr_expect_eq(rate.sample, rows[i].ended);
    cr_expect(rate.rate == rows[i].rate && rate.low == rows[i].low && rate.high == rows[i].high,
              "%zu: %d, %d to %d", i, rate.rate, rate.low, rate.high);
  }
  cr_expect_not(replay_rate_of(0, 0).known);
}

static struct replay_counts counts;
static struct replay_figures figures;

static void begin(void) {
  cr_assert_eq(counts_open(&counts), 0);
  memset(&figures, 0, sizeof figures);
  figures.pair_count = 2;
}

static void end(void) {
  counts_close(&counts);
}

TestSuite(replay_counts, .init = begin, .fini = end);

static void attempts(const char *connector, struct replay_kind kind, unsigned approved, unsigned ended) {
  for (unsigned i = 0; i < ended; i++)
    cr_assert(counts_add_attempt(&counts, connector, &kind, i < approved));
}

static void moves(unsigned pair, const char *to, struct replay_kind kind, unsigned payments) {
  for (unsigned i = 0; i < payments; i++)
    cr_assert(counts_add_moved(&counts, pair, to, &kind));
}

static const struct replay_kind visa_de = {NETWORK_VISA, FUNDING_CREDIT, "DE"},
                                visa_at = {NETWORK_VISA, FUNDING_CREDIT, "AT"},
                                visa_debit = {NETWORK_VISA, FUNDING_DEBIT, "DE"},
                                master_de = {NETWORK_MASTERCARD, FUNDING_CREDIT, "DE"};

/* Thirty are enough; with fewer, what is next coarser is asked. */
Test(replay_counts, the_finest_level_that_has_enough) {
  attempts("b", visa_de, 30, 30);
  attempts("b", visa_at, 0, 29);
  attempts("b", visa_debit, 40, 40);
  attempts("b", master_de, 0, 50);
  moves(0, "b", visa_de, 7);
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[0].after.rate, 1000);
  cr_expect_eq(figures.pairs[0].after.sample, 30);
  moves(1, "b", visa_at, 1); /* 29 of its own: with the Germans, 59 by credit */
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[1].after.sample, 59);
  cr_expect_eq(figures.pairs[1].after.rate, 508);
}

Test(replay_counts, the_coarsest_when_none_has) {
  attempts("b", visa_de, 1, 2);
  attempts("b", master_de, 0, 3);
  moves(0, "b", (struct replay_kind){NETWORK_AMEX, FUNDING_UNKNOWN, ""}, 1);
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[0].after.sample, 5);
  cr_expect_eq(figures.pairs[0].after.rate, 200);
  cr_expect_eq(figures.without_history, 0);
}

/* Each kind counts by the payments that move; the attempts behind it are counted once. */
Test(replay_counts, a_mean_by_what_moves) {
  attempts("b", visa_de, 40, 40);
  attempts("b", master_de, 0, 40);
  moves(0, "b", visa_de, 3);
  moves(0, "b", master_de, 1);
  moves(1, "c", visa_de, 5);
  counts.moved[0].approved = 1;
  counts.moved[0].ended = 4;
  counts.approved = 6;
  counts.ended = 6;
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[0].after.rate, 750);
  cr_expect_eq(figures.pairs[0].after.sample, 80);
  cr_expect_eq(figures.pairs[0].before.rate, 250);
  cr_expect_eq(figures.before.rate, 700);
  cr_expect_eq(figures.before.sample, 10);
  cr_expect_eq(figures.after.rate, 900, "six that stay and four by the mean: %d", figures.after.rate);
  cr_expect_not(figures.pairs[1].after.known);
  cr_expect_eq(figures.without_history, 5);
}

Test(replay_counts, many_kinds) {
  for (unsigned i = 0; i < 20000; i++) {
    struct replay_kind kind = {(enum network)(1 + i / 2 % 8),
                               FUNDING_CREDIT,
                               {(char)('A' + i / 16 % 26), (char)('A' + i / 416 % 26), 0}};
    cr_assert(counts_add_attempt(&counts, "b", &kind, i % 2));
    cr_assert(counts_add_moved(&counts, i % 2, "b", &kind));
  }
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[0].after.rate, 500);
  cr_expect_eq(figures.pairs[1].after.rate, 500);
}

/* ---- Payments ---- */

static struct world world;

static int vienna(const char *zone, int64_t at_ms, int32_t *ret_offset_s) {
  (void)at_ms;
  if (strcmp(zone, "Europe/Vienna") != 0)
    return -1;
  *ret_offset_s = 3600;
  return 0;
}

static struct replay_figures replayed(const char *text, int64_t from_ms, unsigned turns_of) {
  struct policy *policy;
  struct policy_error error;
  struct replay *replay;
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0, "%s", error.expected);
  const struct replay_options options = {.ledger = world.ledger,
                                         .zone_offset = vienna,
                                         .merchant = world.merchant,
                                         .policy = policy,
                                         .policies = engine_policies(world.engine),
                                         .from_ms = from_ms};
  cr_assert_eq(replay_new(&options, &replay), 0);
  int r;
  unsigned turns = 0;
  while ((r = replay_step(replay, turns_of)) == REPLAY_MORE)
    turns++;
  cr_assert_eq(r, 0);
  struct replay_figures result = *replay_figures(replay);
  cr_expect_eq(turns, result.looked_at / turns_of);
  replay_free(replay);
  policy_free(policy);
  return result;
}

static void pay(bool approved) {
  struct payment_request request = world_request(&world);
  world_pay(&world, &request);
  if (approved)
    world_approve(&world, ANSWER_IS_CAPTURED);
  else
    world_decline(&world, "14");
  world_advance(&world, 1000);
}

Test(replay, payments_are_decided_again) {
  world_open(&world, 3);
  world_publish(&world, "otherwise route alpha with retry off");
  for (unsigned i = 0; i < 7; i++)
    pay(i != 0);
  int64_t since_ms = world.now_ms;
  world_publish(&world, "otherwise route beta, alpha");
  for (unsigned i = 0; i < 4; i++)
    pay(true);
  struct replay_figures all = replayed("otherwise route beta, alpha", 0, 3);
  cr_expect(all.looked_at == 11 && all.compared == 11 && all.first_differs == 7 && all.list_differs == 7);
  cr_assert_eq(all.pair_count, 1);
  cr_expect_str_eq(all.pairs[0].from, "alpha");
  cr_expect_str_eq(all.pairs[0].to, "beta");
  cr_expect_eq(all.pairs[0].before.sample, 7);
  cr_expect_eq(all.pairs[0].before.rate, 857);
  cr_expect_eq(all.pairs[0].after.sample, 4);
  cr_expect_not(all.cut_off);
  struct replay_figures late = replayed("otherwise route beta, alpha", since_ms, 100);
  cr_expect(late.looked_at == 4 && late.list_differs == 0 && late.pair_count == 0);
  cr_expect(late.oldest_ms >= since_ms);
  struct replay_figures declined =
      replayed("rule r when amount == 10.00 EUR decline otherwise route beta", 0, 1);
  cr_expect(declined.pair_count == 2 && declined.without_history == 0);
  cr_expect_str_eq(declined.pairs[0].to, "decline");
  cr_expect_not(declined.pairs[0].after.known);
  world_close(&world);
}

Test(replay, zones_are_computed_and_windows_are_not) {
  world_open(&world, 4);
  world_publish(&world, "otherwise route alpha, beta");
  for (unsigned i = 0; i < 3; i++)
    pay(true);
  struct replay_figures zones = replayed(
      "rule r when hour(\"Europe/Vienna\") in 0..23 route beta, alpha otherwise route alpha, beta", 0, 2);
  cr_expect(zones.first_differs == 3 && zones.without_zones == 0);
  struct replay_figures unknown = replayed(
      "rule r when hour(\"Asia/Tokyo\") in 0..23 route beta, alpha otherwise route alpha, beta", 0, 2);
  cr_expect(unknown.first_differs == 0 && unknown.without_zones == 3);
  struct replay_figures windows =
      replayed("rule r when not card.attempts(24h) > 0 route beta, alpha otherwise route alpha, beta", 0, 2);
  cr_expect(windows.first_differs == 3 && windows.without_windows == 3);
  world_close(&world);
}
