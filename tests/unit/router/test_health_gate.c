/* The gate of a connector: bounds, states, windows; and the table of segments. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "health_cells.h"

#define NOW_MS INT64_C(1781524800000)

static struct gate gate;
static struct id merchant, payment;

static void set_up(void) {
  gate = (struct gate){0};
  merchant = id_new("mer", NOW_MS);
  payment = id_new("pay", NOW_MS);
}

TestSuite(gate, .init = set_up);

static bool note_sent(int64_t now_ms, int64_t sent_ms, bool fault) {
  struct gate_answer answer = {
      .sent_ms = sent_ms, .fault = fault, .merchant = &merchant, .payment = &payment};
  return gate_note(&gate, now_ms, &answer);
}

static bool note(int64_t now_ms, bool fault) {
  return note_sent(now_ms, now_ms, fault);
}

static void note_many(int64_t now_ms, unsigned good, unsigned faults) {
  for (unsigned i = 0; i < good; i++)
    note(now_ms, false);
  for (unsigned i = 0; i < faults; i++)
    note(now_ms, true);
}

/* Faults, and a good answer before every three of them, so that no row of them says anything. */
static void note_scattered(int64_t now_ms, unsigned faults) {
  for (unsigned i = 0; i < faults; i++) {
    if (i % 3 == 0)
      note(now_ms, false);
    note(now_ms, true);
  }
}

/* Its own arithmetic rounds down, at times by one more. */
static bool bound_is(uint32_t faults, uint32_t requests, unsigned bound) {
  unsigned found = gate_bound(faults, requests);
  return found == bound || found + 1 == bound;
}

/* Computed with fifty digits from Wilson's formula, and rounded down. */
Test(gate, bounds_are_wilsons) {
  static const struct {
    uint32_t faults, requests;
    uint16_t bound;
  } known[] = {{0, 0, 0},        {0, 20, 0},        {1, 1, 1000},      {1, 20, 46},       {6, 20, 993},
               {7, 20, 1267},    {20, 20, 6896},    {10, 20, 2214},    {25, 150, 948},    {28, 150, 1100},
               {300, 3000, 847}, {351, 3000, 1005}, {352, 3000, 1008}, {3000, 3000, 9970}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    cr_expect(bound_is(known[i].faults, known[i].requests, known[i].bound), "%u of %u: %u", known[i].faults,
              known[i].requests, gate_bound(known[i].faults, known[i].requests));
}

/* More than a million requests are scaled down: a ten-thousandth or two is lost. */
Test(gate, bounds_of_many_are_close) {
  cr_expect_geq(gate_bound(400000, 4000000), 990);
  cr_expect_leq(gate_bound(400000, 4000000), 995);
  cr_expect_geq(gate_bound(UINT32_MAX, UINT32_MAX), 9998);
  cr_expect_eq(gate_bound(1, 4000000), 0);
}

Test(gate, a_bound_is_never_above_the_rate) {
  for (uint32_t n = 1; n < 400; n++) {
    for (uint32_t k = 1; k <= n; k++) {
      uint16_t bound = gate_bound(k, n);
      cr_assert_leq((uint64_t)bound * n, (uint64_t)k * SHARE_WHOLE, "%u of %u", k, n);
      cr_assert_geq(bound, gate_bound(k - 1, n), "%u of %u", k, n);
    }
  }
}

Test(gate, too_few_requests_say_nothing) {
  note_scattered(NOW_MS, 14);
  cr_assert_eq(gate.state, GATE_HEALTHY);
  cr_assert(note(NOW_MS, true));
  cr_assert_eq(gate.state, GATE_OUT);
  cr_assert_eq(gate.figures.requests, GATE_SAMPLES_MIN);
  cr_assert_eq(gate.figures.faults, 15);
  cr_assert_eq(gate.figures.bound, gate_bound(15, GATE_SAMPLES_MIN));
  cr_assert_eq(gate.figures.threshold, 1000);
  cr_assert_eq(gate.figures.window_s, gate_windows_s[0]);
}

Test(gate, where_few_come_faults_in_a_row_say_it) {
  for (int64_t i = 0; i < GATE_ROW - 1; i++)
    cr_assert_not(note(NOW_MS + i * 3600000, true));
  cr_assert_not(note(NOW_MS + 10 * 3600000, false));
  for (int64_t i = 0; i < GATE_ROW - 1; i++)
    cr_assert_not(note(NOW_MS + (20 + i) * 3600000, true));
  cr_assert(note(NOW_MS + 40 * 3600000, true));
  cr_assert_eq(gate.state, GATE_OUT);
  cr_assert_eq(gate.figures.requests, GATE_ROW);
  cr_assert_eq(gate.figures.faults, GATE_ROW);
  cr_assert_eq(gate.figures.bound, gate_bound(GATE_ROW, GATE_ROW));
  cr_assert_eq(gate.figures.window_s, 0);
}

Test(gate, where_many_come_a_row_may_be_chance) {
  note_many(NOW_MS, 120, GATE_ROW);
  cr_assert_eq(gate.state, GATE_HEALTHY);
}

Test(gate, its_limits_can_be_others) {
  gate.limits = (struct gate_limits){.threshold = 5000, .samples = 5};
  for (unsigned i = 0; i < 9; i++)
    cr_assert_not(note(NOW_MS, true)); /* 5000 of 10,000 at most */
  cr_assert(note(NOW_MS, true));
  cr_assert_eq(gate.figures.threshold, 5000);
  gate = (struct gate){.limits = {.samples = 5}};
  note_scattered(NOW_MS, 3);
  cr_assert_eq(gate.state, GATE_HEALTHY);
  cr_assert(note(NOW_MS, true));
  cr_assert_eq(gate.figures.window_s, gate_windows_s[0]);
}

Test(gate, how_it_comes_back_can_be_other) {
  gate.limits = (struct gate_limits){.good = 2, .out_first_ms = 1000, .out_last_ms = 3000};
  for (unsigned i = 0; i < GATE_SAMPLES_MIN; i++)
    note(NOW_MS, true);
  cr_assert_eq(gate_due(&gate), NOW_MS + 1000);
  cr_assert(gate_pass_time(&gate, NOW_MS + 1000));
  cr_assert(note(NOW_MS + 1000, true));
  cr_assert_eq(gate_due(&gate), NOW_MS + 3000);
  cr_assert(gate_pass_time(&gate, NOW_MS + 3000));
  cr_assert(note(NOW_MS + 3000, true));
  cr_assert_eq(gate_due(&gate), NOW_MS + 6000, "no longer than the longest");
  cr_assert(gate_pass_time(&gate, NOW_MS + 6000));
  cr_assert_not(note(NOW_MS + 6000, false));
  cr_assert(note(NOW_MS + 6000, false));
  cr_assert_eq(gate.state, GATE_HEALTHY);
}

/* What operators write, what comes of it, or a part of why not. */
static const struct {
  const char *text;
  struct gate_limits limits;
  const char *reason;
} written[] = {
    {"faults=25", {.threshold = 2500}, NULL},
    {"requests=5,faults=1", {.threshold = 100, .samples = 5}, NULL},
    {"faults=90,requests=5000,good=1000,out=3600,out_most=86400",
     {.threshold = 9000, .samples = 5000, .good = 1000, .out_first_ms = 3600000, .out_last_ms = 86400000},
     NULL},
    {"out=60", {.out_first_ms = 60000}, NULL},
    {"out_most=5", {.out_last_ms = 5000}, NULL},
    {"", {0}, "it is made of"},
    {"faults", {0}, "it is made of"},
    {"fault=10", {0}, "it is made of"},
    {"faults=10,", {0}, "faults is a whole number"},
    {",faults=10", {0}, "it is made of"},
    {"faults=10 ,good=1", {0}, "faults is a whole number"},
    {"faults=", {0}, "faults is a whole number from 1 to 90, given once"},
    {"faults=0", {0}, "faults is a whole number from 1 to 90"},
    {"faults=91", {0}, "faults is a whole number from 1 to 90"},
    {"faults=10%", {0}, "faults is a whole number"},
    {"faults=-1", {0}, "faults is a whole number"},
    {"faults=10,faults=10", {0}, "given once"},
    {"requests=4", {0}, "requests is a whole number from 5 to 5000"},
    {"requests=5001", {0}, "requests is a whole number from 5 to 5000"},
    {"requests=4294967301", {0}, "requests is a whole number"},
    {"good=1001", {0}, "good is a whole number from 1 to 1000"},
    {"out=3601,out_most=7200", {0}, "out is a whole number from 1 to 3600"},
    {"out_most=86401", {0}, "out_most is a whole number from 1 to 86400"},
    {"out=61", {0}, "out (61) is not more than out_most (60)"},
    {"out_most=4", {0}, "out (5) is not more than out_most (4)"},
};

Test(gate, limits_are_read_as_they_are_written) {
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    struct gate_limits limits = {.threshold = 77};
    char reason[HEALTH_REASON_CAPACITY] = "";
    int result = health_limits_read(written[i].text, &limits, reason);
    if (written[i].reason == NULL) {
      cr_expect_eq(result, 0, "%s: %s", written[i].text, reason);
      cr_expect_eq(limits.threshold, written[i].limits.threshold, "%s", written[i].text);
      cr_expect_eq(limits.samples, written[i].limits.samples, "%s", written[i].text);
      cr_expect_eq(limits.good, written[i].limits.good, "%s", written[i].text);
      cr_expect_eq(limits.out_first_ms, written[i].limits.out_first_ms, "%s", written[i].text);
      cr_expect_eq(limits.out_last_ms, written[i].limits.out_last_ms, "%s", written[i].text);
    } else {
      cr_expect_eq(result, -EINVAL, "%s", written[i].text);
      cr_expect_not_null(strstr(reason, written[i].reason), "%s: %s", written[i].text, reason);
      cr_expect_eq(limits.threshold, 77, "%s: untouched", written[i].text);
    }
  }
}

Test(gate, what_is_left_out_is_as_the_constants_say) {
  cr_assert_eq(gate_read(&gate, NOW_MS).threshold, GATE_THRESHOLD);
  char reason[HEALTH_REASON_CAPACITY];
  struct gate_limits limits;
  char text[64];
  snprintf(text, sizeof text, "out=%d", GATE_OUT_LAST_MS / 1000);
  cr_assert_eq(health_limits_read(text, &limits, reason), 0);
  snprintf(text, sizeof text, "out=%d", GATE_OUT_LAST_MS / 1000 + 1);
  cr_assert_eq(health_limits_read(text, &limits, reason), -EINVAL);
  snprintf(text, sizeof text, "out_most=%d", GATE_OUT_FIRST_MS / 1000);
  cr_assert_eq(health_limits_read(text, &limits, reason), 0);
  snprintf(text, sizeof text, "out_most=%d", GATE_OUT_FIRST_MS / 1000 - 1);
  cr_assert_eq(health_limits_read(text, &limits, reason), -EINVAL);
}

Test(gate, a_share_that_may_be_chance_takes_nothing_out) {
  note_many(NOW_MS, 8, 0);
  for (unsigned i = 0; i < 6; i++)
    note_many(NOW_MS, 1, 1);
  cr_assert_eq(gate.state, GATE_HEALTHY); /* 993 of 10,000 */
}

Test(gate, what_happens_seldom_is_seen_in_the_long_window) {
  for (int64_t s = 0; s < 55; s++)
    note_many(NOW_MS + s * 1000, 1, s % 2); /* in ten seconds never twenty */
  cr_assert_eq(gate.state, GATE_OUT);
  cr_assert_eq(gate.figures.window_s, 60);
}

Test(gate, what_begins_is_seen_though_a_minute_was_good) {
  for (int64_t s = 0; s < 60; s++)
    note_many(NOW_MS + s * 1000, 50, 0);
  note_many(NOW_MS + 60000, 0, 50);
  cr_assert_eq(gate.state, GATE_OUT);
  cr_assert_eq(gate.figures.window_s, gate_windows_s[0]);
}

Test(gate, old_faults_do_not_count) {
  note_scattered(NOW_MS, 14);
  note_scattered(NOW_MS + 61000, 14);
  cr_assert_eq(gate.state, GATE_HEALTHY);
}

static void go_out(void) {
  note_many(NOW_MS, 0, GATE_SAMPLES_MIN);
  cr_assert_eq(gate.state, GATE_OUT);
}

static int64_t go_probing(void) {
  go_out();
  cr_assert_eq(gate_due(&gate), NOW_MS + GATE_OUT_FIRST_MS);
  cr_assert_not(gate_pass_time(&gate, NOW_MS + GATE_OUT_FIRST_MS - 1));
  cr_assert(gate_pass_time(&gate, NOW_MS + GATE_OUT_FIRST_MS));
  cr_assert_eq(gate.state, GATE_PROBING);
  cr_assert_eq(gate_due(&gate), -1);
  return NOW_MS + GATE_OUT_FIRST_MS;
}

Test(gate, it_comes_back_by_itself_after_good_answers) {
  int64_t at_ms = go_probing();
  for (unsigned i = 0; i < GATE_GOOD_WANTED - 1; i++)
    cr_assert_not(note(at_ms + i, false));
  cr_assert(note(at_ms + 100, false));
  cr_assert_eq(gate.state, GATE_HEALTHY);
  cr_assert_eq(gate.figures.requests, GATE_GOOD_WANTED);
  cr_assert_eq(gate.figures.faults, 0);
  /* What lay before is forgotten: a single fault does not take it out again. */
  cr_assert_not(note(at_ms + 200, true));
  cr_assert_eq(gate_read(&gate, at_ms + 200).requests, 1);
}

Test(gate, a_fault_while_probing_takes_it_out_for_longer) {
  int64_t at_ms = go_probing();
  uint32_t wait_ms = GATE_OUT_FIRST_MS;
  for (unsigned i = 0; i < 6; i++) {
    note(at_ms, false);
    cr_assert(note(at_ms, true));
    cr_assert_eq(gate.state, GATE_OUT);
    cr_assert_eq(gate.figures.requests, 2);
    cr_assert_eq(gate.figures.faults, 1);
    cr_assert_eq(gate.figures.window_s, 0);
    wait_ms = 2 * wait_ms < GATE_OUT_LAST_MS ? 2 * wait_ms : GATE_OUT_LAST_MS;
    cr_assert_eq(gate_due(&gate), at_ms + wait_ms);
    at_ms += wait_ms;
    cr_assert(gate_pass_time(&gate, at_ms));
  }
  cr_assert_eq(wait_ms, GATE_OUT_LAST_MS);
}

Test(gate, answers_to_earlier_requests_say_nothing_of_now) {
  int64_t at_ms = go_probing();
  cr_assert_not(note_sent(at_ms + 1, at_ms - 1, true));
  cr_assert_eq(gate.state, GATE_PROBING);
  for (unsigned i = 0; i < GATE_GOOD_WANTED; i++)
    cr_assert_not(note_sent(at_ms + 1, at_ms - 1, false));
  cr_assert_eq(gate.state, GATE_PROBING);
}

Test(gate, canaries_go_one_at_a_time_until_one_is_well) {
  int64_t at_ms = go_probing();
  cr_assert(gate_takes_canary(&gate, at_ms));
  cr_assert(gate_wants_canary(&gate, at_ms));
  gate_sent(&gate, at_ms);
  cr_assert_not(gate_takes_canary(&gate, at_ms + 10));
  note(at_ms + 20, false);
  cr_assert(gate_takes_canary(&gate, at_ms + 20));
  cr_assert_not(gate_wants_canary(&gate, at_ms + 20));
  gate_sent(&gate, at_ms + 20);
  cr_assert(gate_takes_canary(&gate, at_ms + 20)); /* two at once after one good answer */
  gate_sent(&gate, at_ms + 20);
  cr_assert_not(gate_takes_canary(&gate, at_ms + 20));
  cr_assert(
      gate_wants_canary(&gate, at_ms + 20 + GATE_CANARY_LOST_MS)); /* their answers do not come any more */
}

Test(gate, no_canary_goes_where_it_is_out_or_healthy) {
  cr_assert_not(gate_takes_canary(&gate, NOW_MS));
  go_out();
  cr_assert_not(gate_takes_canary(&gate, NOW_MS));
  gate_sent(&gate, NOW_MS);
  cr_assert_eq(gate.canaries, 0);
}

Test(gate, the_last_failed_payments_are_remembered) {
  struct id last = payment;
  for (unsigned i = 0; i < 2 * GATE_FAILED_MAX + 3; i++) {
    last = payment = id_new("pay", NOW_MS + i);
    note(NOW_MS, true);
  }
  unsigned newest = (gate.failed_next + GATE_FAILED_MAX - 1U) % GATE_FAILED_MAX;
  cr_assert(id_equal(&gate.failed[newest].payment, &last));
  cr_assert(id_equal(&gate.failed[newest].merchant, &merchant));
}

/* ---- By chance ---- */

static uint64_t state = 1;

static bool happens(unsigned ten_thousandths) {
  state += 0x9e3779b97f4a7c15ULL;
  uint64_t value = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
  return (value ^ value >> 31) % SHARE_WHOLE < ten_thousandths;
}

/* How often a connector with that share of faults is taken out within a day. */
static unsigned times_out(unsigned per_second, unsigned share) {
  unsigned times = 0;
  gate = (struct gate){0};
  for (int64_t s = 0; s < 24 * 3600; s++) {
    for (unsigned i = 0; i < per_second; i++)
      times += note(NOW_MS + s * 1000, happens(share)) && gate.state == GATE_OUT;
    gate_pass_time(&gate, NOW_MS + s * 1000);
  }
  return times;
}

Test(gate, chance_alone_takes_nothing_out, .timeout = 120) {
  static const unsigned rates[] = {1, 5, 50};
  for (unsigned i = 0; i < sizeof rates / sizeof *rates; i++) {
    cr_expect_eq(times_out(rates[i], 100), 0, "1 %% of faults, %u a second", rates[i]);
    cr_expect_eq(times_out(rates[i], 300), 0, "3 %% of faults, %u a second", rates[i]);
    cr_expect_gt(times_out(rates[i], 2000), 0, "20 %% of faults, %u a second", rates[i]);
  }
}

/* ---- Segments ---- */

static struct health_cells cells;

static void open_cells(void) {
  set_up();
  static const struct gate_limits limits = {.threshold = 2000, .samples = 7};
  cr_assert_eq(health_cells_open(&limits, &cells), 0);
}

static void close_cells(void) {
  health_cells_close(&cells);
}

TestSuite(health_cells, .init = open_cells, .fini = close_cells);

static struct health_segment segment(unsigned number) {
  struct health_segment made = {.network = NETWORK_VISA};
  strcpy(made.connector, "alpha");
  made.country[0] = (char)('A' + number / 26 % 26);
  made.country[1] = (char)('A' + number % 26);
  made.network = (enum network)(1 + number / 676);
  return made;
}

Test(health_cells, a_segment_is_found_by_all_of_it) {
  struct health_segment one = segment(0), other = one;
  struct health_cell *cell = health_cell_note(&cells, &one, NOW_MS);
  cr_assert_not_null(cell);
  cr_assert_eq(health_cell_find(&cells, &one), cell);
  cr_assert_eq(cell->gate.limits.samples, 7);
  cr_assert_eq(health_cell_note(&cells, &one, NOW_MS + 1), cell);
  strcpy(other.connector, "beta");
  cr_assert_null(health_cell_find(&cells, &other));
  other = one;
  other.network = NETWORK_AMEX;
  cr_assert_null(health_cell_find(&cells, &other));
  other = one;
  other.country[1]++;
  cr_assert_null(health_cell_find(&cells, &other));
}

Test(health_cells, the_healthy_one_that_is_idle_longest_makes_room) {
  for (unsigned i = 0; i < HEALTH_CELLS_MAX; i++) {
    struct health_segment made = segment(i);
    health_cell_note(&cells, &made, NOW_MS + i);
  }
  struct health_segment first = segment(0), second = segment(1), third = segment(2), late = segment(1000);
  health_cell_find(&cells, &first)->gate.state = GATE_OUT;
  health_cell_note(&cells, &second, NOW_MS + HEALTH_CELLS_MAX);
  cr_assert_not_null(health_cell_note(&cells, &late, NOW_MS + HEALTH_CELLS_MAX));
  cr_assert_not_null(health_cell_find(&cells, &first), "what is out was forgotten");
  cr_assert_not_null(health_cell_find(&cells, &second));
  cr_assert_null(health_cell_find(&cells, &third));
  cr_assert_not_null(health_cell_find(&cells, &late));
}

Test(health_cells, when_none_is_healthy_nothing_new_is_watched) {
  for (unsigned i = 0; i < HEALTH_CELLS_MAX; i++) {
    struct health_segment made = segment(i);
    health_cell_note(&cells, &made, NOW_MS)->gate.state = GATE_OUT;
  }
  struct health_segment late = segment(1000), first = segment(0);
  cr_assert_null(health_cell_note(&cells, &late, NOW_MS));
  cr_assert_not_null(health_cell_find(&cells, &first));
}
