#include "chance.h"
#include "choice.h"
#include "choice_beta.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { CENT = 1000000 };

static const struct choice_payment payment = {NETWORK_VISA, FUNDING_CREDIT, "DE", 12};
static const struct money ten_euros = {1000, "EUR"};

/* A table that asks one fixed fee, in cents. */
static struct choice_fees flat(int64_t cents) {
  return (struct choice_fees){.pricing = CHOICE_BLENDED,
                              .currency = "EUR",
                              .country = "DE",
                              .settlement_count = 1,
                              .settlements = {"EUR"},
                              .line_count = 1,
                              .lines = {{.kind = CHOICE_FEE_BLENDED, .fixed = cents * CENT}}};
}

static struct choice_premise premise(double approved, double declined, int64_t cents) {
  return (struct choice_premise){.approved = (uint32_t)(approved * BETA_ONE),
                                 .declined = (uint32_t)(declined * BETA_ONE),
                                 .cost_known = cents >= 0,
                                 .cost = {.approved = cents >= 0 ? cents * CENT : 0}};
}

static struct choice_order decide(const struct choice_snapshot *snapshot, uint64_t draw) {
  struct choice_order order;
  cr_assert_eq(choice_decide(snapshot, draw, &order), 0);
  return order;
}

static void expect_places(const struct choice_order *order, const char *places) {
  cr_assert_eq(order->count, strlen(places));
  for (size_t i = 0; i < order->count; i++)
    cr_expect_eq(order->places[i], places[i] - '0', "%zu of %s: %u", i, places, order->places[i]);
}

static void fill(struct choice_cells *cells, unsigned connector, unsigned approved, unsigned declined) {
  while (approved > 0 || declined > 0) {
    bool yes = approved >= declined;
    choice_record(cells, connector, &payment, yes, 0);
    approved -= yes;
    declined -= !yes;
  }
}

Test(choice_best, puts_the_choice_first_and_the_rest_by_their_means) {
  struct choice_cells *cells = NULL;
  cr_assert_eq(choice_cells_new(256, CHOICE_HALF_LIFE_DEFAULT_MS, &cells), 0);
  fill(cells, 11, 500, 500);
  fill(cells, 12, 950, 50);
  fill(cells, 13, 700, 300);
  struct choice_candidate candidates[] = {{11, NULL}, {12, NULL}, {13, NULL}};
  struct choice_snapshot snapshot;
  struct choice_order order;
  choice_order_best(cells, candidates, 3, &payment, 0, 42, &snapshot, &order);
  expect_places(&order, "120");
  cr_expect_eq(order.figures[0].standing, CHOICE_MEETS);
  cr_expect_float_eq((double)order.figures[1].mean, 950000, 10000);
  cr_expect_float_eq((double)order.figures[1].weight, 1008, 10);
  cr_expect_float_eq((double)order.figures[1].sampled, order.figures[1].mean, 20000);
  choice_cells_free(cells);
}

Test(choice_best, chooses_each_as_often_as_it_may_be_the_best) {
  struct choice_snapshot snapshot = {.method = CHOICE_METHOD,
                                     .kind = CHOICE_BEST,
                                     .count = 3,
                                     .premises = {premise(9, 1, -1), premise(9, 1, -1), premise(90, 60, -1)}};
  unsigned chosen[3] = {0};
  for (uint64_t draw = 0; draw < 6000; draw++)
    chosen[decide(&snapshot, draw).places[0]]++;
  cr_expect_float_eq((double)chosen[0], 3000, 160, "%u", chosen[0]);
  cr_expect_float_eq((double)chosen[1], 3000, 160, "%u", chosen[1]);
  cr_expect_lt(chosen[2], 10, "%u", chosen[2]);
}

Test(choice_best, cascades_by_the_list_on_equal_terms) {
  struct choice_snapshot snapshot = {
      .method = CHOICE_METHOD,
      .kind = CHOICE_BEST,
      .count = 4,
      .premises = {premise(5, 5, -1), premise(9000, 1, -1), premise(5, 5, -1), premise(5, 5, -1)}};
  struct choice_order order = decide(&snapshot, 3);
  expect_places(&order, "1023");
}

Test(choice_cheapest, takes_the_least_cost_that_meets_the_floor) {
  struct choice_snapshot snapshot = {
      .method = CHOICE_METHOD,
      .kind = CHOICE_CHEAPEST,
      .floor = 850000,
      .count = 4,
      .premises = {premise(95, 5, 40), premise(84, 16, 10), premise(90, 10, 30), premise(85, 15, 35)}};
  struct choice_order order = decide(&snapshot, 0);
  expect_places(&order, "2301");
  cr_expect_eq(order.figures[1].standing, CHOICE_BELOW_FLOOR);
  cr_expect_eq(order.figures[2].standing, CHOICE_MEETS);
  cr_expect_eq(order.figures[2].cost, 30 * CENT);
  cr_expect_not(order.floor_unmet);
  cr_expect(order.floor_holds);
  snapshot.method = CHOICE_METHOD_KEPT;
  order = decide(&snapshot, 0);
  expect_places(&order, "2301");
  cr_expect_not(order.floor_holds, "it was not left out then");
}

Test(choice_cheapest, counts_the_tries_that_fail) {
  struct choice_snapshot snapshot = {.method = CHOICE_METHOD,
                                     .kind = CHOICE_CHEAPEST,
                                     .count = 2,
                                     .premises = {premise(50, 50, 20), premise(100, 1, 32)}};
  snapshot.premises[0].cost.each_try = 10 * CENT; /* two tries an approval: 40 cents in all */
  struct choice_order order = decide(&snapshot, 0);
  expect_places(&order, "10");
  cr_expect_eq(order.figures[0].cost, 40 * CENT);
}

Test(choice_cheapest, lets_pass_where_too_little_is_known) {
  struct choice_snapshot snapshot = {.method = CHOICE_METHOD,
                                     .kind = CHOICE_CHEAPEST,
                                     .floor = 850000,
                                     .count = 2,
                                     .premises = {premise(95, 5, 40), premise(5, 5, 10)}};
  struct choice_order order = decide(&snapshot, 0);
  expect_places(&order, "10");
  cr_expect_eq(order.figures[1].standing, CHOICE_TOO_FEW);
  snapshot.premises[1] = premise(10, 10, 10);
  order = decide(&snapshot, 0);
  expect_places(&order, "01");
  cr_expect_eq(order.figures[1].standing, CHOICE_BELOW_FLOOR);
}

Test(choice_cheapest, never_calls_an_unknown_cost_the_least) {
  struct choice_snapshot snapshot = {
      .method = CHOICE_METHOD,
      .kind = CHOICE_CHEAPEST,
      .floor = 850000,
      .count = 4,
      .premises = {premise(90, 10, -1), premise(88, 12, 900), premise(99, 1, -1), premise(80, 20, -1)}};
  struct choice_order order = decide(&snapshot, 0);
  expect_places(&order, "1203");
  cr_expect_eq(order.figures[2].standing, CHOICE_COST_UNKNOWN);
  cr_expect_not(order.figures[2].cost_known);
  cr_expect_eq(order.figures[3].standing, CHOICE_BELOW_FLOOR);
}

Test(choice_cheapest, takes_the_highest_rate_when_none_meets_the_floor) {
  struct choice_snapshot snapshot = {
      .method = CHOICE_METHOD,
      .kind = CHOICE_CHEAPEST,
      .floor = 850000,
      .count = 3,
      .premises = {premise(60, 40, 1), premise(80, 20, 90), premise(70, 30, -1)}};
  for (uint64_t draw = 0; draw < 500; draw++) {
    struct choice_order order = decide(&snapshot, draw);
    expect_places(&order, "120");
    cr_expect(order.floor_unmet);
    cr_expect_not(order.floor_holds);
  }
}

Test(choice_cheapest, takes_a_cost_that_cannot_be_counted_for_unknown) {
  struct choice_snapshot snapshot = {.method = CHOICE_METHOD,
                                     .kind = CHOICE_CHEAPEST,
                                     .count = 2,
                                     .premises = {premise(90, 10, 0), premise(90, 10, 5)}};
  snapshot.premises[0].cost = (struct choice_cost){.approved = INT64_MAX, .each_try = INT64_MAX};
  struct choice_order order = decide(&snapshot, 0);
  expect_places(&order, "10");
  cr_expect_eq(order.figures[0].standing, CHOICE_COST_UNKNOWN);
}

Test(choice_cheapest, reads_fee_tables_and_cells) {
  struct choice_cells *cells = NULL;
  cr_assert_eq(choice_cells_new(256, CHOICE_HALF_LIFE_DEFAULT_MS, &cells), 0);
  fill(cells, 1, 900, 100);
  fill(cells, 2, 900, 100);
  fill(cells, 3, 500, 500);
  struct choice_fees dear = flat(30), cheap = flat(20), cheapest = flat(10);
  struct choice_candidate candidates[] = {{1, &dear}, {2, &cheap}, {3, &cheapest}, {2, NULL}};
  struct choice_snapshot snapshot;
  struct choice_order order;
  choice_order_cheapest(cells, candidates, 4, &payment, &ten_euros, NULL, 850000, 0, &snapshot, &order);
  expect_places(&order, "1032");
  cr_expect_eq(order.figures[0].cost, 30 * CENT);
  cr_expect_eq(order.figures[1].cost, 20 * CENT);
  struct money huge = {INT64_MAX, "EUR"};
  cheap.lines[0].share = 10000; /* of the huge amount: too much to count */
  choice_order_cheapest(cells, candidates, 4, &payment, &huge, NULL, 850000, 0, &snapshot, &order);
  cr_expect_not(order.figures[1].cost_known);
  expect_places(&order, "0132");
  choice_cells_free(cells);
}

static struct choice_snapshot any_snapshot(struct chance *chance) {
  struct choice_snapshot snapshot = {.method = CHOICE_METHOD, .kind = CHOICE_BEST};
  snapshot.count = (uint8_t)(1 + chance_below(chance, CHOICE_CANDIDATES_MAX));
  if (chance_percent(chance, 50)) {
    snapshot.kind = CHOICE_CHEAPEST;
    snapshot.floor = (uint32_t)chance_below(chance, CHOICE_MILLION + 1);
  }
  for (unsigned i = 0; i < snapshot.count; i++) {
    snapshot.premises[i].approved =
        BETA_ONE + (uint32_t)(chance_next(chance) >> (40 + chance_below(chance, 20)));
    snapshot.premises[i].declined =
        BETA_ONE + (uint32_t)(chance_next(chance) >> (40 + chance_below(chance, 20)));
    if (snapshot.kind == CHOICE_CHEAPEST && chance_percent(chance, 80)) {
      snapshot.premises[i].cost_known = true;
      snapshot.premises[i].cost.approved = chance_up_to(chance, 100 * CENT);
      snapshot.premises[i].cost.each_try = chance_up_to(chance, 10 * CENT);
    }
  }
  return snapshot;
}

/* As test_choice_beta.c's digest: the same decision from the same numbers, wherever it is made. Another
 * digest is another CHOICE_METHOD. */
Test(choice_replay, decides_the_same_on_every_machine) {
  struct chance chance = chance_of(8, 0, 0);
  uint64_t digest = 0;
  for (unsigned i = 0; i < 3000; i++) {
    struct choice_snapshot snapshot = any_snapshot(&chance);
    struct choice_order order = decide(&snapshot, chance_next(&chance));
    for (unsigned place = 0; place < order.count; place++)
      digest = digest_add(digest, order.places[place] ^ ((uint64_t)order.figures[place].sampled << 8) ^
                                      ((uint64_t)order.figures[place].standing << 40));
  }
  cr_expect_eq(digest, UINT64_C(0x6fc1a740040f63b3), "%llx", (unsigned long long)digest);
}

static struct choice_payment any_payment(struct chance *chance) {
  static const char countries[][3] = {"DE", "FR", "US", ""};
  struct choice_payment any = {.network = (enum network)chance_below(chance, 4),
                               .funding = (enum funding)chance_below(chance, 4),
                               .hour = (uint8_t)chance_below(chance, 24)};
  memcpy(any.country, countries[chance_below(chance, 4)], sizeof any.country);
  return any;
}

Test(choice_replay, needs_the_snapshot_and_the_draw_alone) {
  struct choice_cells *cells = NULL;
  cr_assert_eq(choice_cells_new(256, CHOICE_HALF_LIFE_DEFAULT_MS, &cells), 0);
  struct chance chance = chance_of(9, 0, 0);
  struct choice_fees tables[4] = {flat(10), flat(20), flat(30), flat(40)};
  unsigned others = 0;
  for (int64_t i = 0; i < 3000; i++) {
    struct choice_payment any = any_payment(&chance);
    struct choice_candidate candidates[4];
    for (unsigned c = 0; c < 4; c++)
      candidates[c] =
          (struct choice_candidate){(uint16_t)(c + 1), chance_percent(&chance, 80) ? &tables[c] : NULL};
    struct choice_snapshot snapshot;
    struct choice_order order, again, other;
    uint64_t draw = chance_next(&chance);
    if (i % 2 == 0)
      choice_order_best(cells, candidates, 4, &any, i * 60000, draw, &snapshot, &order);
    else
      choice_order_cheapest(cells, candidates, 4, &any, &ten_euros, NULL, 800000, i * 60000, &snapshot,
                            &order);
    choice_record(cells, order.places[0] + 1, &any, chance_percent(&chance, 80), i * 60000);
    cr_assert_eq(choice_decide(&snapshot, draw, &again), 0);
    cr_assert_arr_eq(again.places, order.places, 4);
    for (unsigned c = 0; c < 4; c++) {
      cr_assert_eq(again.figures[c].standing, order.figures[c].standing);
      cr_assert_eq(again.figures[c].sampled, order.figures[c].sampled);
      cr_assert_eq(again.figures[c].cost, order.figures[c].cost);
    }
    cr_assert_eq(choice_decide(&snapshot, draw + 1, &other), 0);
    others += memcmp(other.places, order.places, 4) != 0;
  }
  cr_expect_gt(others, 100, "another draw decides otherwise now and then: %u", others);
  choice_cells_free(cells);
}

Test(choice_replay, refuses_what_no_decision_leaves_behind) {
  struct choice_snapshot good = {.method = CHOICE_METHOD,
                                 .kind = CHOICE_CHEAPEST,
                                 .floor = 850000,
                                 .count = 1,
                                 .premises = {premise(9, 1, 5)}};
  struct choice_order order = {.count = 77};
#define EXPECT_REFUSED(change)                                                                               \
  do {                                                                                                       \
    struct choice_snapshot bad = good;                                                                       \
    change;                                                                                                  \
    cr_expect_eq(choice_decide(&bad, 0, &order), -EBADMSG, #change);                                         \
  } while (0)
  EXPECT_REFUSED(bad.kind = 0);
  EXPECT_REFUSED(bad.kind = CHOICE_KIND_COUNT);
  EXPECT_REFUSED(bad.count = 0);
  EXPECT_REFUSED(bad.count = CHOICE_CANDIDATES_MAX + 1);
  EXPECT_REFUSED(bad.floor = CHOICE_MILLION + 1);
  EXPECT_REFUSED(bad.premises[0].approved = BETA_PARAMETER_MIN - 1);
  EXPECT_REFUSED(bad.premises[0].approved = BETA_PARAMETER_MAX + 1);
  EXPECT_REFUSED(bad.premises[0].declined = BETA_PARAMETER_MIN - 1);
  EXPECT_REFUSED(bad.premises[0].declined = BETA_PARAMETER_MAX + 1);
  EXPECT_REFUSED(bad.premises[0].cost.approved = -1);
  EXPECT_REFUSED(bad.premises[0].cost.each_try = -1);
  struct choice_snapshot other = good;
  other.method++;
  cr_expect_eq(choice_decide(&other, 0, &order), -ENOTSUP);
  cr_expect_eq(order.count, 77, "untouched");
  cr_expect_eq(choice_decide(&good, 0, &order), 0);
}
