/* Drafts tried on past payments: what is counted, and what the rates come to. */
#include "choice_beta.h"
#include "replay_learner.h"
#include "replay_prices.h"
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

/* Attempts of payments that stay. */
static void stays(const char *connector, struct replay_kind kind, unsigned approved, unsigned ended) {
  attempts(connector, kind, approved, ended);
  for (unsigned i = 0; i < ended; i++)
    cr_assert(counts_add_stay(&counts, connector, &kind, i < approved));
}

static void expect_rate(struct replay_rate found, int32_t rate, int32_t low, int32_t high, uint32_t sample) {
  cr_expect(found.rate == rate && found.low == low && found.high == high && found.sample == sample,
            "%d (%d to %d, of %u)", found.rate, found.low, found.high, found.sample);
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

/* Each kind counts by the payments that move; the attempts behind it are counted once. By hand: 40 of 40 may
 * be 40 / 43.84 = 0.912 as well, and 0 of 40 0.088; so low is 0.75 - 0.75 * 0.088, high 0.75 + 0.25 * 0.088.
 */
Test(replay_counts, a_mean_by_what_moves) {
  attempts("b", visa_de, 40, 40);
  attempts("b", master_de, 0, 40);
  moves(0, "b", visa_de, 3);
  moves(0, "b", master_de, 1);
  moves(1, "c", visa_de, 5);
  counts.moved[0].approved = 1;
  counts.moved[0].ended = 4;
  stays("a", visa_de, 6, 6);
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  expect_rate(figures.pairs[0].after, 750, 684, 772, 80);
  cr_expect_eq(figures.pairs[0].before.rate, 250);
  cr_expect_eq(figures.before.rate, 700);
  cr_expect_eq(figures.before.sample, 10);
  cr_expect_eq(figures.after.rate, 900, "six that stay and four by the mean: %d", figures.after.rate);
  cr_expect_not(figures.pairs[1].after.known);
  cr_expect_eq(figures.without_history, 5);
}

/* A group within another is in the sample once, and errs with it. By hand: 30 of 30 is 0.886 to 1, 30 of 59
 * 0.384 to 0.632 about 0.508; the mean of the shares 0.754, of the lower ends 0.635, of the upper 0.816. */
Test(replay_counts, a_group_within_another) {
  attempts("b", visa_de, 30, 30);
  attempts("b", visa_at, 0, 29);
  moves(0, "b", visa_de, 5);
  moves(0, "b", visa_at, 5);
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  expect_rate(figures.pairs[0].after, 754, 635, 816, 59);
}

/* Groups apart err apart. By hand: 40 of 80 is 0.393 to 0.607, so off by 0.107; two such by the half each
 * 0.107 / sqrt(2) = 0.076. */
Test(replay_counts, groups_apart) {
  attempts("b", visa_de, 40, 80);
  attempts("b", master_de, 40, 80);
  moves(0, "b", visa_de, 7);
  moves(0, "b", master_de, 7);
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  expect_rate(figures.pairs[0].after, 500, 424, 576, 160);
}

/* Whether as history, by several pairs, or as what stays: there are 49 attempts at b and 6 at a. */
Test(replay_counts, no_attempt_is_in_a_sample_twice) {
  stays("b", visa_de, 10, 10);
  attempts("b", visa_de, 20, 30);
  stays("b", master_de, 4, 4);
  attempts("b", master_de, 5, 5);
  stays("a", visa_de, 6, 6);
  moves(0, "b", visa_de, 5);
  moves(1, "b", visa_de, 9);
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[0].after.sample, 40);
  cr_expect_eq(figures.pairs[1].after.sample, 40);
  cr_expect_eq(figures.after.sample, 40 + 4 + 6, "%u", figures.after.sample);
  moves(1, "b", master_de, 1); /* nine of its own, so all there is */
  cr_assert_eq(counts_rates(&counts, &figures), 0);
  cr_expect_eq(figures.pairs[1].after.sample, 49);
  cr_expect_eq(figures.after.sample, 49 + 6, "%u", figures.after.sample);
}

/* ---- Worlds whose truth is known ---- */

static uint64_t world_state;

static double draw_share(void) {
  uint64_t mixed = world_state += 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
  return (double)((mixed ^ mixed >> 31) >> 11) / 9007199254740992.;
}

enum { NETWORKS = 3, FUNDINGS = 2, COUNTRIES = 6, WORLDS = 400, MOST_OF_A_KIND = 300 };

struct truth {
  double approved, payments;
};

static unsigned approved_of(unsigned ended, double rate) {
  unsigned approved = 0;
  for (unsigned i = 0; i < ended; i++)
    approved += draw_share() < rate;
  return approved;
}

/* A few kinds of payments are frequent and most are rare, each with a rate of its own. */
static unsigned draw_count(void) {
  double share = draw_share();
  return (unsigned)(MOST_OF_A_KIND * share * share * share * share);
}

static void draw_kind(struct replay_kind kind, double rate, struct truth *moved, struct truth *all) {
  unsigned payments = draw_count(), stay = draw_count();
  attempts("b", kind, approved_of(payments, rate), payments);
  unsigned moving = draw_count();
  moves(0, "b", kind, moving);
  stays("b", kind, approved_of(stay, rate), stay);
  moved->approved += moving * rate;
  moved->payments += moving;
  all->approved += (moving + stay) * rate;
  all->payments += moving + stay;
}

static void draw_world(struct truth *moved, struct truth *all) {
  double base = .75 + .23 * draw_share(), networks[NETWORKS], fundings[FUNDINGS];
  for (unsigned i = 0; i < NETWORKS; i++)
    networks[i] = .1 * draw_share();
  for (unsigned i = 0; i < FUNDINGS; i++)
    fundings[i] = .1 * draw_share();
  for (unsigned i = 0; i < NETWORKS * FUNDINGS * COUNTRIES; i++) {
    unsigned country = i / (NETWORKS * FUNDINGS);
    struct replay_kind kind = {(enum network)(1 + i % NETWORKS),
                               (enum funding)(1 + i / NETWORKS % FUNDINGS),
                               {(char)('A' + country), 'A', 0}};
    double rate = base - networks[i % NETWORKS] - fundings[i / NETWORKS % FUNDINGS] - .1 * draw_share();
    draw_kind(kind, rate, moved, all);
  }
}

static bool covers(struct replay_rate found, struct truth truth) {
  double rate = 1000 * truth.approved / truth.payments;
  return found.low - .5 <= rate && rate <= found.high + .5;
}

/* And no wider than three times what as many attempts would tell if all payments were alike: the ones that
 * move are other kinds than those that were tried. */
Test(replay_counts, bounds_hold_the_truth) {
  unsigned of_moved = 0, of_all = 0, width = 0, alike = 0;
  for (uint64_t number = 1; number <= WORLDS; number++) {
    world_state = number << 32;
    struct truth moved = {0}, all = {0};
    counts_close(&counts);
    cr_assert_eq(counts_open(&counts), 0);
    draw_world(&moved, &all);
    cr_assert_eq(counts_rates(&counts, &figures), 0);
    of_moved += covers(figures.pairs[0].after, moved);
    of_all += covers(figures.after, all);
    const struct replay_rate found = figures.pairs[0].after,
                             plain = replay_rate_of(found.sample * (uint64_t)found.rate / 1000, found.sample);
    width += (unsigned)(found.high - found.low);
    alike += (unsigned)(plain.high - plain.low);
  }
  cr_log_info("%u and %u of %u; width %u and %u", of_moved, of_all, WORLDS, width / WORLDS, alike / WORLDS);
  cr_expect_geq(of_moved, WORLDS * 93 / 100, "%u", of_moved);
  cr_expect_geq(of_all, WORLDS * 93 / 100, "%u", of_all);
  cr_expect_leq(width, 3 * alike, "%u, not %u", width / WORLDS, alike / WORLDS);
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

/* ---- Costs ---- */

static const struct share_bounds surely = {1, 1, 1};

static struct cost_group group(double payments, double tries, double approval, struct share_bounds rate) {
  return (struct cost_group){payments, tries, approval, rate};
}

static void expect_figure(struct replay_cost_figure figure, int64_t value, int64_t low, int64_t high) {
  cr_expect(figure.value == value && figure.low == low && figure.high == high, "%ld (%ld to %ld)",
            figure.value, figure.low, figure.high);
}

/* Costs in millionths of a minor unit, figures in thousandths. */
Test(replay_costs, what_is_sure_has_no_width) {
  struct cost_group groups[] = {group(10, 10 * 1e6, 20e6, surely), group(10, 0, 41e6, surely)};
  struct replay_cost_side side = costs_of_groups(groups, 2);
  cr_assert(side.known);
  expect_figure(side.each, 31000, 31000, 31000);
  expect_figure(side.together, 620000, 620000, 620000);
}

/* 100 tries of 2 cents and 30 cents for an approval: at 40 % 2 / 0.4 + 30, at 50 % and 80 % likewise. */
Test(replay_costs, tries_that_fail_are_paid_by_those_that_do_not) {
  struct cost_group one = group(100, 200e6, 30e6, (struct share_bounds){.5, .4, .8});
  struct replay_cost_side side = costs_of_groups(&one, 1);
  expect_figure(side.each, 34000, 32500, 35000);
  expect_figure(side.together, 1700000, 1400000, 2600000);
  one.rate.low = 0;
  cr_expect_eq(costs_of_groups(&one, 1).each.high, -1, "it may be that none is approved");
  one.tries = 0;
  expect_figure(costs_of_groups(&one, 1).each, 30000, 30000, 30000);
  one.rate.share = 0;
  cr_expect_not(costs_of_groups(&one, 1).known);
}

/* Every corner of the box that the rates lie in is tried, one by one. */
Test(replay_costs, no_rates_within_their_bounds_lead_beyond) {
  unsigned random = 1;
  for (unsigned trial = 0; trial < 200; trial++) {
    struct cost_group groups[6];
    for (unsigned i = 0; i < 6; i++) {
      double draws[5];
      for (unsigned d = 0; d < 5; d++)
        draws[d] = (double)((random = random * 1103515245 + 12345) >> 16 & 0x7fff) / 32768;
      double low = .1 + .4 * draws[3], high = low + .4 * draws[4];
      groups[i] = group(1 + 99 * draws[0], 5e7 * draws[1], 1e6 + 9e7 * draws[2],
                        (struct share_bounds){(low + high) / 2, low, high});
    }
    double least = INFINITY, most = 0;
    for (unsigned corner = 0; corner < 64; corner++) {
      double cost = 0, approved = 0;
      for (unsigned i = 0; i < 6; i++) {
        double rate = corner >> i & 1 ? groups[i].rate.high : groups[i].rate.low;
        cost += groups[i].tries + rate * groups[i].payments * groups[i].approval;
        approved += rate * groups[i].payments;
      }
      least = fmin(least, cost / approved);
      most = fmax(most, cost / approved);
    }
    struct replay_cost_figure each = costs_of_groups(groups, 6).each;
    cr_expect_float_eq(each.low * 1000., least, 1000, "trial %u: %ld, not %g", trial, each.low, least / 1000);
    cr_expect_float_eq(each.high * 1000., most, 1000, "trial %u: %ld, not %g", trial, each.high, most / 1000);
  }
}

static struct replay_price price_of(const char *currency, bool approved, int64_t before, int64_t after) {
  return (struct replay_price){currency, approved, {before * 1000000, 0}, {after * 1000000, 1000000}};
}

/* Both sides speak of the same payments: what history says nothing of is in neither. */
Test(replay_counts, costs_are_of_payments_known_on_both_sides) {
  struct replay_prices prices;
  cr_assert_eq(prices_open(&prices), 0);
  attempts("b", visa_de, 40, 40);
  for (unsigned i = 0; i < 10; i++) {
    struct replay_price stays = price_of("EUR", i < 8, 20, 20), moves = price_of("EUR", true, 30, 10),
                        unheard = price_of("EUR", true, 90, 1), dollars = price_of("USD", false, 7, 7);
    cr_assert(prices_add_stay(&prices, &stays));
    cr_assert(prices_add_moved(&prices, 0, "b", &visa_de, &moves));
    cr_assert(prices_add_moved(&prices, 1, "c", &visa_de, &unheard));
    cr_assert(prices_add_stay(&prices, &dollars));
  }
  cr_assert_eq(prices_costs(&prices, &counts, &figures), 0);
  cr_assert_eq(figures.cost_count, 2);
  cr_expect_str_eq(figures.costs[0].currency, "EUR");
  cr_expect_eq(figures.costs[0].payments, 20);
  cr_expect_eq(figures.costs[0].before.each.value, (8 * 20 + 10 * 30) * 1000 / 18 + 1, "rounded up");
  cr_expect_eq(figures.costs[0].before.together.value, 460000);
  cr_expect_eq(figures.costs[0].after.together.value, (8 * 20 + 10 * (10 + 1)) * 1000);
  cr_expect_eq(figures.costs[0].after.each.value, 270 * 1000 / 18);
  cr_expect(figures.costs[0].after.each.low <= 15000 && figures.costs[0].after.each.high >= 15000);
  cr_expect_eq(figures.costs[1].payments, 10);
  cr_expect_not(figures.costs[1].before.known);
  prices_close(&prices);
}

/* ---- Learning along the way ---- */

static struct payment *ended_payment(int64_t created_ms, int64_t ended_ms, bool approved) {
  struct payment *payment = payment_new();
  payment->created_ms = created_ms;
  payment->card.network = NETWORK_VISA;
  payment->attempt_count = 1;
  payment->attempts[0] = (struct attempt){.number = 1, .connector = "alpha", .sheet = "stripe"};
  payment->attempts[0].step.status = approved ? STEP_SUCCEEDED : STEP_FAILED;
  payment->attempts[0].step.class = approved ? OUTCOME_APPROVED : OUTCOME_HARD;
  payment->attempts[0].step.ended_ms = ended_ms;
  return payment;
}

static uint32_t approved_at(struct replay_learner *learner, int64_t now_ms) {
  const struct choice_payment traits = {.network = NETWORK_VISA};
  learner_pass_time(learner, now_ms);
  const struct choice_estimate found = choice_estimate(
      learned_cells(learner->learned), learned_number(learner->learned, "alpha"), &traits, now_ms);
  return (found.approved + BETA_ONE / 2) / BETA_ONE;
}

/* In whatever order they are read, and nothing of what does not tell. */
Test(replay, an_outcome_is_known_from_when_it_came) {
  struct replay_learner learner;
  cr_assert_eq(learner_open(&learner), 0);
  for (int64_t i = 0; i < 50; i++) {
    int64_t place = i * 37 % 50;
    struct payment *payment = ended_payment(place, 1000 + 10 * place, true);
    learner_note(&learner, payment);
    payment_free(payment);
    payment = ended_payment(place, 1000 + 10 * place, false);
    learner_note(&learner, payment);
    payment_free(payment);
  }
  cr_expect_eq(approved_at(&learner, 999), 1);
  cr_expect_eq(approved_at(&learner, 1000), 2);
  cr_expect_eq(approved_at(&learner, 1099), 11);
  cr_expect_eq(approved_at(&learner, 1490), 51, "%u", approved_at(&learner, 1490));
  for (unsigned i = 0; i < LEARNER_WAITING_MAX + 5; i++) {
    struct payment *payment = ended_payment(0, 100000 + i, true);
    learner_note(&learner, payment);
    payment_free(payment);
  }
  cr_expect_eq(learner.waiting, LEARNER_WAITING_MAX, "the earliest are learned before their time");
  learner_close(&learner);
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

/* alpha: 3 %; beta: 1 %, and 2 cents a try; nobody knows gamma's. */
static const struct choice_fees *fees_of(void *context, const char *connector) {
  static struct choice_fees tables[2];
  (void)context;
  for (unsigned i = 0; i < 2; i++)
    tables[i] = (struct choice_fees){.pricing = CHOICE_BLENDED,
                                     .currency = "EUR",
                                     .country = "NL",
                                     .settlement_count = 1,
                                     .settlements = {"EUR"},
                                     .line_count = 2,
                                     .lines = {{.kind = CHOICE_FEE_BLENDED, .share = i ? 10000 : 30000},
                                               {.kind = CHOICE_FEE_TRY, .fixed = i ? 2000000 : 0}}};
  return strcmp(connector, "alpha") == 0 ? &tables[0] : strcmp(connector, "beta") == 0 ? &tables[1] : NULL;
}

static const struct fee_source fees = {.find = fees_of};

static struct replay_figures replayed(const char *text, int64_t from_ms, unsigned turns_of) {
  struct policy *policy;
  struct policy_error error;
  struct replay *replay;
  cr_assert_eq(policy_parse(text, strlen(text), &policy, &error), 0, "%s", error.expected);
  const struct replay_options options = {.ledger = world.ledger,
                                         .engine = world.engine,
                                         .fees = &fees,
                                         .zone_offset = vienna,
                                         .merchant = world.merchant,
                                         .policy = policy,
                                         .policies = engine_policies(world.engine),
                                         .from_ms = from_ms};
  cr_assert_eq(replay_new(&options, &replay), 0);
  int r;
  unsigned before = 0;
  while ((r = replay_step(replay, turns_of)) == REPLAY_MORE) {
    cr_expect_leq(replay_figures(replay)->looked_at - before, turns_of);
    before = replay_figures(replay)->looked_at;
  }
  cr_assert_eq(r, 0);
  struct replay_figures result = *replay_figures(replay);
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

/* Eight payments of 10.00 at alpha, of which seven were approved, and four at beta, all of them. */
Test(replay, both_sides_cost_what_their_fees_say) {
  world_open(&world, 6);
  world_publish(&world, "otherwise route alpha with retry off");
  for (unsigned i = 0; i < 8; i++)
    pay(i != 0);
  world_publish(&world, "otherwise route beta with retry off");
  for (unsigned i = 0; i < 4; i++)
    pay(true);
  struct replay_figures found = replayed("otherwise route beta", 0, 100);
  cr_assert_eq(found.cost_count, 1);
  cr_expect_eq(found.costs[0].payments, 12);
  cr_expect_eq(found.costs[0].before.together.value, (7 * 30 + 4 * (10 + 2)) * 1000);
  cr_expect_eq(found.costs[0].before.each.value, 258 * 1000 / 11 + 1, "rounded up from .545...");
  cr_expect_eq(found.costs[0].after.together.value, 12 * 12 * 1000);
  cr_expect_eq(found.costs[0].after.each.value, 12000);
  cr_expect_eq(found.without_fees, 0);
  struct replay_figures unknown = replayed("otherwise route gamma", 0, 100);
  cr_expect_eq(unknown.cost_count, 0);
  cr_expect_eq(unknown.without_fees, 12);
  world_close(&world);
}

/* beta is the cheaper; alpha approves more, which is known once it was seen. */
Test(replay, choices_rest_on_what_was_known_then) {
  world_open(&world, 7);
  world_publish(&world, "otherwise split alpha 50%, beta 50%");
  for (unsigned i = 0; i < 120; i++) {
    struct payment_request request = world_request(&world);
    world_pay(&world, &request);
    while (world_outstanding(&world))
      if (strcmp(world_outstanding(&world)->dispatch.connector, "beta") == 0)
        world_decline(&world, "05");
      else
        world_approve(&world, ANSWER_IS_CAPTURED);
    world_advance(&world, 1000);
  }
  struct replay_figures found = replayed("otherwise cheapest of alpha, beta where approval >= 80%", 0, 100);
  cr_expect(found.learned);
  unsigned to_beta = 0, to_alpha = 0;
  for (unsigned i = 0; i < found.pair_count; i++) {
    to_beta += strcmp(found.pairs[i].to, "beta") == 0 ? found.pairs[i].payments : 0;
    to_alpha += strcmp(found.pairs[i].to, "alpha") == 0 ? found.pairs[i].payments : 0;
  }
  cr_expect(to_beta > 3 && to_beta < 40, "as long as too little was known of it: %u", to_beta);
  cr_expect_gt(to_alpha, 30, "and not from then on: %u", to_alpha);
  int64_t since_ms = world.now_ms;
  for (unsigned i = 0; i < 4; i++)
    pay(true);
  found = replayed("otherwise cheapest of beta, alpha where approval >= 80%", since_ms, 2);
  cr_expect_eq(found.looked_at, 4);
  for (unsigned i = 0; i < found.pair_count; i++)
    cr_expect_str_eq(found.pairs[i].to, "alpha", "what was before these days is known");
  world_close(&world);
}

/* alpha declines all of another merchant's payments. */
static void teach_by_another_merchant(const char *text) {
  struct id merchant = world.merchant;
  world.merchant = draw_id(&world.draws, "mer", world.now_ms);
  world_publish(&world, text);
  for (unsigned i = 0; i < 100; i++) {
    struct payment_request request = world_request(&world);
    world_pay(&world, &request);
    while (world_outstanding(&world))
      if (strcmp(world_outstanding(&world)->dispatch.connector, "alpha") == 0)
        world_decline(&world, "05");
      else
        world_approve(&world, ANSWER_IS_CAPTURED);
  }
  world.merchant = merchant;
}

/* The policy that decided, tried again, decides what it did, whatever is learned along the way. */
Test(replay, a_choice_tried_again_is_the_one_that_was_made) {
  static const char text[] = "otherwise best of alpha, beta, gamma";
  world_open(&world, 8);
  teach_by_another_merchant("otherwise route alpha, beta");
  world_publish(&world, text);
  for (unsigned i = 0; i < 60; i++)
    pay(i % 3 != 0);
  struct replay_figures found = replayed(text, 0, 100);
  cr_expect(found.compared == 60 && found.list_differs == 0, "%u differ", found.list_differs);
  found = replayed("rule r when amount > 1.00 EUR best of alpha, beta, gamma otherwise decline", 0, 100);
  cr_expect_gt(found.list_differs, 0, "another's payments taught nothing here");
  world_close(&world);
}

/* ---- Accounts ---- */

/* Tells the engine of its connectors again, that one changed; change NULL: it is gone. */
static void change_connector(const char *name, void (*change)(struct connector_facts *facts)) {
  struct connector_facts facts[3];
  size_t count = 0;
  for (size_t i = 0; i < engine_connector_count(world.engine); i++) {
    facts[count] = *engine_connector_at(world.engine, i);
    bool changed = strcmp(facts[count].name, name) == 0;
    if (changed && change)
      change(&facts[count]);
    count += !changed || change;
  }
  engine_on_connectors(world.engine, world.now_ms, facts, count);
}

static void in_dollars(struct connector_facts *facts) {
  cr_assert_eq(account_add_currency(&facts->account, "USD"), 0);
}

static void in_all_currencies(struct connector_facts *facts) {
  facts->account.currency_count = 0;
}

static void of_amex(struct connector_facts *facts) {
  facts->account.networks = 1U << NETWORK_AMEX;
}

static void disabled(struct connector_facts *facts) {
  facts->status = CONNECTOR_DISABLED;
}

static void draining(struct connector_facts *facts) {
  facts->status = CONNECTOR_DRAINING;
}

static void without_sheet(struct connector_facts *facts) {
  strcpy(facts->sheet, "unheard_of");
}

/* Whatever keeps it from taking the payment, whether it stood in the list then (beta) or not (gamma). */
Test(replay, a_connector_that_cannot_take_it_is_passed_over) {
  static void (*const reasons[])(struct connector_facts *) = {in_dollars, of_amex,       disabled,
                                                              draining,   without_sheet, NULL};
  static const struct {
    const char *name, *draft;
  } rows[] = {{"beta", "otherwise route beta, alpha"}, {"gamma", "otherwise route gamma, alpha"}};
  for (size_t i = 0; i < 2 * sizeof reasons / sizeof *reasons; i++) {
    world_open(&world, 9);
    world_publish(&world, "otherwise route alpha, beta");
    for (unsigned n = 0; n < 4; n++)
      pay(true);
    struct replay_figures before = replayed(rows[i % 2].draft, 0, 100);
    cr_expect(before.first_differs == 4 && before.unusable == 0);
    cr_expect_eq(before.assumed, i % 2 == 0 ? 0 : 4, "gamma's health is not recorded: %u", before.assumed);
    change_connector(rows[i % 2].name, reasons[i / 2]);
    struct replay_figures after = replayed(rows[i % 2].draft, 0, 100);
    cr_expect(after.first_differs == 0 && after.unusable == 4 && after.assumed == 0, "%zu: %u", i,
              after.first_differs);
    world_close(&world);
  }
}

Test(replay, where_none_can_take_it_it_goes_nowhere) {
  world_open(&world, 10);
  world_publish(&world, "otherwise route alpha, beta");
  for (unsigned i = 0; i < 3; i++)
    pay(true);
  change_connector("beta", in_dollars);
  struct replay_figures found = replayed("otherwise route beta", 0, 100);
  cr_assert(found.first_differs == 3 && found.pair_count == 1);
  cr_expect_str_eq(found.pairs[0].to, "decline");
  cr_expect_not(found.pairs[0].after.known);
  world_close(&world);
}

/* Another policy is tried on the accounts of now; the one that decided, on what is recorded. */
Test(replay, accounts_of_now_decide_for_other_policies) {
  static const char text[] = "otherwise route beta, alpha";
  world_open(&world, 11);
  change_connector("beta", in_dollars);
  world_publish(&world, text);
  for (unsigned i = 0; i < 3; i++)
    pay(true);
  struct replay_figures still = replayed("otherwise route beta, alpha, gamma", 0, 100);
  cr_expect(still.first_differs == 0 && still.list_differs == 3 && still.unusable == 3);
  change_connector("beta", in_all_currencies);
  struct replay_figures found = replayed("otherwise route beta, alpha, gamma", 0, 100);
  cr_expect(found.first_differs == 3 && found.assumed == 3 && found.unusable == 0 && found.own == 0);
  found = replayed(text, 0, 100);
  cr_expect(found.first_differs == 0 && found.list_differs == 0 && found.own == 3 && found.unusable == 0);
  world_close(&world);
}

/* ---- Damage ---- */

/* Whoever wrote it does not know the ledger's key. */
static void spoil_oldest(void) {
  struct view key, value;
  uint8_t key_bytes[STORE_KEY_MAX];
  static uint8_t bytes[STORE_VALUE_MAX];
  cr_assert_eq(store_next(world.store, LEDGER_PAYMENTS, "", 0, false, &key, &value), 0);
  memcpy(key_bytes, key.bytes, key.length);
  memcpy(bytes, value.bytes, value.length);
  bytes[value.length / 2] ^= 1;
  cr_assert_eq(store_put(world.store, LEDGER_PAYMENTS, key_bytes, key.length, bytes, value.length), 0);
}

Test(replay, damaged_records_are_counted_and_stepped_over) {
  world_open(&world, 12);
  world_publish(&world, "otherwise route alpha, beta");
  for (unsigned i = 0; i < 5; i++)
    pay(true);
  struct id newest = world_newest(&world);
  cr_assert_eq(ledger_payment_put(world.ledger, &world.merchant, &newest, "x", 1), 0);
  spoil_oldest();
  struct replay_figures found = replayed("otherwise route beta, alpha", 0, 2);
  cr_expect(found.looked_at == 3 && found.first_differs == 3 && found.damaged == 2, "%u of %u", found.damaged,
            found.looked_at);
  world_close(&world);
}
