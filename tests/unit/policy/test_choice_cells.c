#include "chance.h"
#include "choice_beta.h"
#include "choice_table.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <math.h>

static const int64_t half_life = INT64_C(6) * 3600 * 1000, hour_ms = INT64_C(3600) * 1000;
static const struct choice_payment german = {NETWORK_VISA, FUNDING_CREDIT, "DE", 12};
static const struct choice_payment swedish = {NETWORK_VISA, FUNDING_CREDIT, "SE", 12};

static struct choice_cells *new_cells(size_t count, int64_t life_ms) {
  struct choice_cells *cells = NULL;
  cr_assert_eq(choice_cells_new(count, life_ms, &cells), 0);
  return cells;
}

static void record(struct choice_cells *cells, unsigned connector, const struct choice_payment *payment,
                   unsigned approved, unsigned declined, int64_t now_ms) {
  while (approved + declined > 0) { /* alternately, while both are left */
    bool yes = approved >= declined;
    choice_record(cells, connector, payment, yes, now_ms);
    approved -= yes;
    declined -= !yes;
  }
}

static double weight(struct choice_estimate estimate) {
  return ((double)estimate.approved + estimate.declined) / BETA_ONE;
}

static double mean(struct choice_estimate estimate) {
  return (double)estimate.approved / ((double)estimate.approved + estimate.declined);
}

Test(choice_cells, refuses_numbers_out_of_range) {
  struct choice_cells *cells = NULL;
  cr_expect_eq(choice_cells_new(7, half_life, &cells), -EINVAL);
  cr_expect_eq(choice_cells_new(CHOICE_CELLS_MAX + 1, half_life, &cells), -EINVAL);
  cr_expect_eq(choice_cells_new(64, 0, &cells), -EINVAL);
  cr_expect_eq(choice_cells_new(64, CHOICE_HALF_LIFE_MAX_MS + 1, &cells), -EINVAL);
  cr_expect_null(cells);
  choice_cells_free(NULL);
}

Test(choice_cells, knows_nothing_before_the_first_outcome) {
  struct choice_cells *cells = new_cells(64, half_life);
  struct choice_estimate estimate = choice_estimate(cells, 1, &german, 0);
  cr_expect_eq(estimate.approved, BETA_ONE);
  cr_expect_eq(estimate.declined, BETA_ONE);
  cr_expect_eq(choice_cells_held(cells), 0, "asking holds nothing");
  choice_cells_free(cells);
}

Test(choice_cells, counts_each_outcome_once) {
  struct choice_cells *cells = new_cells(64, half_life);
  record(cells, 1, &german, 60, 0, 0);
  struct choice_estimate estimate = choice_estimate(cells, 1, &german, 0);
  cr_expect_float_eq(weight(estimate), 2 + 60, 0.01, "%g", weight(estimate));
  cr_expect_float_eq((double)estimate.declined / BETA_ONE, 1, 0.01);
  cr_expect_eq(choice_cells_held(cells), 8, "one a level");
  choice_cells_free(cells);
}

Test(choice_cells, halves_an_outcome_in_each_half_life) {
  struct choice_cells *cells = new_cells(64, half_life);
  record(cells, 1, &german, 60, 0, 0);
  for (int lives = 1; lives <= 5; lives++) {
    double left = weight(choice_estimate(cells, 1, &german, lives * half_life)) - 2;
    cr_expect_float_eq(left, 60 / exp2(lives), 0.02, "%d: %g", lives, left);
  }
  cr_expect_float_eq(weight(choice_estimate(cells, 1, &german, half_life / 3)) - 2, 60 * exp2(-1.0 / 3),
                     0.02);
  cr_expect_eq(choice_estimate(cells, 1, &german, 60 * half_life).approved, BETA_ONE);
  cr_expect_eq(choice_estimate(cells, 1, &german, INT64_MAX).approved, BETA_ONE);
  choice_cells_free(cells);
}

Test(choice_cells, fades_alike_in_many_small_steps) {
  struct choice_cells *cells = new_cells(64, half_life);
  double expected = 0;
  const int64_t step = 997;
  for (int64_t i = 0; i < 20000; i++) {
    expected = expected * exp2(-(double)step / (double)half_life) + 1;
    choice_record(cells, 1, &german, true, i * step);
  }
  double found = weight(choice_estimate(cells, 1, &german, 19999 * step)) - 2;
  cr_expect_float_eq(found / expected, 1, 1e-4, "%g for %g", found, expected);
  choice_cells_free(cells);
}

Test(choice_cells, takes_a_clock_that_steps_back_as_standing_still) {
  struct choice_cells *cells = new_cells(64, half_life);
  record(cells, 1, &german, 30, 0, INT64_MAX - 1);
  record(cells, 1, &german, 30, 0, INT64_MIN);
  cr_expect_float_eq(weight(choice_estimate(cells, 1, &german, 0)), 62, 0.01);
  choice_cells_free(cells);
  cells = new_cells(64, half_life);
  record(cells, 1, &german, 30, 0, INT64_MIN);
  record(cells, 1, &german, 30, 0, INT64_MAX);
  cr_expect_float_eq(weight(choice_estimate(cells, 1, &german, INT64_MAX)), 32, 0.01);
  choice_cells_free(cells);
}

/* Told after what is newer, it weighs what it would weigh by then; told in order, the tables are the same. */
Test(choice_cells, recalls_what_is_old_for_what_it_weighs_now) {
  struct choice_cells *cells = new_cells(64, half_life), *told = new_cells(64, half_life),
                      *recalled = new_cells(64, half_life), *in_order = new_cells(64, half_life);
  record(cells, 1, &german, 8, 0, 2 * half_life);
  for (unsigned i = 0; i < 32; i++)
    choice_recall(cells, 1, &german, false, 0);
  record(in_order, 1, &german, 0, 32, 0);
  record(in_order, 1, &german, 8, 0, 2 * half_life);
  struct choice_estimate found = choice_estimate(cells, 1, &german, 2 * half_life),
                         wanted = choice_estimate(in_order, 1, &german, 2 * half_life);
  cr_expect_float_eq(weight(found), weight(wanted), 0.01, "%g, not %g", weight(found), weight(wanted));
  cr_expect_float_eq(mean(found), mean(wanted), 0.001, "%g, not %g", mean(found), mean(wanted));
  for (int64_t i = 0; i < 400; i++) {
    const struct choice_payment *payment = i % 3 ? &german : &swedish;
    choice_record(told, 1 + i % 2, payment, i % 5 != 0, i * 100000);
    choice_recall(recalled, 1 + i % 2, payment, i % 5 != 0, i * 100000);
  }
  cr_assert_eq(told->mask, recalled->mask);
  cr_expect_arr_eq(told->buckets, recalled->buckets, (told->mask + 1) * sizeof *told->buckets);
  choice_cells_free(cells);
  choice_cells_free(in_order);
  choice_cells_free(told);
  choice_cells_free(recalled);
}

Test(choice_cells, backs_off_to_the_cell_around) {
  struct choice_cells *cells = new_cells(1024, half_life);
  record(cells, 1, &german, 1800, 200, 0);
  struct choice_estimate around = choice_estimate(cells, 1, &swedish, 0);
  cr_expect_float_eq(mean(around), 0.9, 0.005, "%g", mean(around));
  cr_expect_float_eq(weight(around), 256, 1, "at most PRIOR_MAX: %g", weight(around));
  record(cells, 1, &swedish, 18, 2, 0); /* alike: what is around counts in full */
  cr_expect_float_eq(weight(choice_estimate(cells, 1, &swedish, 0)), 256 + 20, 1);
  choice_cells_free(cells);
}

Test(choice_cells, trusts_a_cell_that_differs_with_little_of_its_own) {
  struct choice_cells *cells = new_cells(1024, half_life);
  record(cells, 1, &german, 1800, 200, 0);
  record(cells, 1, &swedish, 50, 50, 0);
  struct choice_estimate own = choice_estimate(cells, 1, &swedish, 0);
  cr_expect_float_eq(weight(own), 100 + 16, 1, "PRIOR_MIN: %g", weight(own));
  cr_expect_float_eq(mean(own), (50 + 16 * 0.9) / 116, 0.01, "%g", mean(own));
  cr_expect_float_eq(mean(choice_estimate(cells, 1, &german, 0)), 0.9, 0.01, "the other stays");
  choice_cells_free(cells);
}

Test(choice_cells, takes_a_new_connector_for_one_like_the_others_but_not_for_sure) {
  struct choice_cells *cells = new_cells(1024, half_life);
  record(cells, 1, &german, 900, 100, 0);
  struct choice_estimate other = choice_estimate(cells, 2, &german, 0);
  cr_expect_float_eq(mean(other), 0.9, 0.01);
  cr_expect_float_eq(weight(other), 8, 0.01);
  record(cells, 2, &german, 40, 40, 0);
  cr_expect_float_eq(mean(choice_estimate(cells, 2, &german, 0)), (40 + 8 * 0.9) / 88, 0.01);
  choice_cells_free(cells);
}

/* Ten outcomes in every hour of two weeks, ended at an hour of which much is known. */
static struct choice_cells *two_weeks(unsigned by_night, unsigned by_day) {
  struct choice_cells *cells = new_cells(1024, half_life);
  for (int64_t hour = 0; hour < 14 * 24; hour++) {
    struct choice_payment payment = german;
    payment.hour = (uint8_t)(hour % 24);
    unsigned approved = payment.hour < 6 ? by_night : by_day;
    record(cells, 1, &payment, approved, 10 - approved, hour * hour_ms);
  }
  return cells;
}

static double mean_at(const struct choice_cells *cells, uint8_t hour) {
  struct choice_payment payment = german;
  payment.hour = hour;
  return mean(choice_estimate(cells, 1, &payment, 14 * 24 * hour_ms));
}

Test(choice_cells, minds_the_hour_where_it_tells_and_there_alone) {
  struct choice_cells *cells = two_weeks(3, 9);
  cr_expect_lt(mean_at(cells, 3), 0.5, "%g", mean_at(cells, 3));
  cr_expect_gt(mean_at(cells, 15), 0.8, "%g", mean_at(cells, 15));
  choice_cells_free(cells);
  cells = two_weeks(8, 8);
  for (uint8_t hour = 1; hour < 24; hour++)
    cr_expect_float_eq(mean_at(cells, hour), mean_at(cells, 0), 0);
  choice_cells_free(cells);
}

/* 1,000 outcomes in a half-life, 90 % approved. */
static struct choice_cells *usual_cells(void) {
  struct choice_cells *cells = new_cells(1024, half_life);
  for (int64_t i = 0; i < 100; i++)
    record(cells, 1, &german, 9, 1, i * half_life / 100);
  return cells;
}

Test(choice_cells, believes_a_failing_connector_to_fail_for_every_payment) {
  struct choice_cells *cells = usual_cells();
  int64_t now = half_life;
  cr_expect_float_eq(mean(choice_estimate(cells, 1, &german, now)), 0.9, 0.02);
  record(cells, 2, &german, 9, 1, now);
  record(cells, 1, &swedish, 0, 40, now);
  struct choice_estimate failed = choice_estimate(cells, 1, &german, now);
  cr_expect_lt(mean(failed), 0.65, "%g", mean(failed));
  cr_expect_lt(weight(failed), 100, "%g", weight(failed));
  cr_expect_gt(mean(choice_estimate(cells, 2, &german, now)), 0.8, "the other stands");
  double later = mean(choice_estimate(cells, 1, &german, now + half_life / 4));
  cr_expect_gt(later, 0.85, "and it may try again: %g", later);
  choice_cells_free(cells);
}

Test(choice_cells, takes_a_bad_quarter_of_an_hour_for_chance) {
  struct choice_cells *cells = usual_cells();
  record(cells, 1, &swedish, 230, 80, half_life); /* no chance, but not a quarter below */
  cr_expect_float_eq(mean(choice_estimate(cells, 1, &german, half_life)), 0.9, 0.02);
  choice_cells_free(cells);
  cells = usual_cells();
  record(cells, 1, &swedish, 0, 5, 3 * half_life); /* all declined, but too few */
  cr_expect_float_eq(mean(choice_estimate(cells, 1, &german, 3 * half_life)), 0.9, 0.03);
  choice_cells_free(cells);
  cells = usual_cells();
  record(cells, 1, &swedish, 4, 3, 3 * half_life); /* far below, but not by three deviations */
  cr_expect_float_eq(mean(choice_estimate(cells, 1, &german, 3 * half_life)), 0.9, 0.03);
  choice_cells_free(cells);
}

static struct choice_payment any_payment(struct chance *chance) {
  return (struct choice_payment){
      .network = (enum network)chance_below(chance, NETWORK_COUNT),
      .funding = (enum funding)chance_below(chance, 4),
      .country = {(char)('A' + chance_below(chance, 26)), (char)('A' + chance_below(chance, 26))},
      .hour = (uint8_t)chance_below(chance, 24)};
}

Test(choice_cells, holds_no_more_than_its_places_and_allocates_nothing) {
  struct choice_cells *cells = new_cells(64, half_life);
  struct chance chance = chance_of(5, 0, 0);
  size_t before = mallinfo2().uordblks;
  for (int64_t i = 0; i < 20000; i++) {
    struct choice_payment payment = any_payment(&chance);
    choice_record(cells, 1 + (unsigned)chance_below(&chance, 4), &payment, i % 10 != 0, i);
    (void)choice_estimate(cells, 1, &payment, i);
  }
  cr_expect_eq(mallinfo2().uordblks, before);
  cr_expect_eq(choice_cells_held(cells), 64);
  choice_cells_free(cells);
}

Test(choice_cells, gives_up_the_lightest_first) {
  struct choice_cells *cells = new_cells(256, half_life);
  struct chance chance = chance_of(6, 0, 0);
  record(cells, 9, &german, 300, 100, 0);
  double before = mean(choice_estimate(cells, 9, &german, 0));
  for (unsigned i = 0; i < 20000; i++) {
    struct choice_payment payment = any_payment(&chance);
    choice_record(cells, 1 + (unsigned)chance_below(&chance, 1000), &payment, true, 0);
  }
  cr_expect_eq(choice_cells_held(cells), 256);
  cr_expect_float_eq(mean(choice_estimate(cells, 9, &german, 0)), before, 0.02);
  choice_cells_free(cells);
}

Test(choice_cells, stays_within_what_can_be_drawn_with) {
  struct choice_cells *cells = new_cells(64, CHOICE_HALF_LIFE_MAX_MS);
  for (unsigned i = 0; i < (1 << 19) + 5000; i++)
    choice_record(cells, 1, &german, i % 4 != 0, 0);
  struct choice_estimate estimate = choice_estimate(cells, 1, &german, 0);
  cr_expect_leq(estimate.approved, BETA_PARAMETER_MAX);
  cr_expect_float_eq(weight(estimate), 1 << 19, 300, "%g", weight(estimate));
  cr_expect_float_eq(mean(estimate), 0.75, 0.001);
  choice_cells_free(cells);
}
