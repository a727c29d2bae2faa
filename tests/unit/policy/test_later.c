/* When a declined payment is tried again by itself. Zones are those of the machine, as in the router. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "later.h"
#include "time_zone.h"

#define HOUR 3600000LL
#define DAY (24 * HOUR)

static struct later_plan plan;
static struct later_question question;

/* The moment of that local time in UTC; "2026-03-01 06:00". */
static int64_t utc(const char *text) {
  struct tm parts = {0};
  char *end = strptime(text, "%Y-%m-%d %H:%M", &parts);
  cr_assert(end && *end == '\0', "%s", text);
  return (int64_t)timegm(&parts) * 1000;
}

/* Any time, three tries within thirty days; the payment was declined as soon as it was made. */
static void setup(void) {
  plan = (struct later_plan){.tries = 3, .within_days = 30, .hour_to = 23};
  question = (struct later_question){.plan = &plan, .zone_offset = time_zone_offset};
  question.created_ms = question.now_ms = question.answered_ms = utc("2026-01-10 12:00");
}

TestSuite(later, .init = setup);

static void zone(const char *name) {
  strcpy(plan.zone, name);
}

static void hours(unsigned from, unsigned to) {
  plan.hour_from = (uint8_t)from;
  plan.hour_to = (uint8_t)to;
}

static void declined(const char *when) {
  question.created_ms = question.now_ms = question.answered_ms = utc(when);
}

static int64_t next(void) {
  int64_t at_ms = -1;
  cr_assert_eq(later_next(&question, &at_ms), 0);
  cr_assert(later_fits(&plan, question.zone_offset, question.created_ms, at_ms));
  cr_assert_gt(at_ms, question.now_ms);
  return at_ms;
}

static void none(void) {
  int64_t at_ms = 77;
  cr_assert_eq(later_next(&question, &at_ms), LATER_NONE);
  cr_assert_eq(at_ms, 77, "untouched");
}

/* Whether a try is due within the hour's spread from then on. */
static void from(const char *when) {
  int64_t at_ms = next();
  cr_assert_geq(at_ms, utc(when), "%s: %lld s early", when, (long long)(utc(when) - at_ms) / 1000);
  cr_assert_lt(at_ms, utc(when) + LATER_SPREAD_MS, "%s: %lld s late", when,
               (long long)(at_ms - utc(when)) / 1000);
}

/* ---- How long at least ---- */

Test(later, without_advice_it_is_a_day) {
  from("2026-01-11 13:00"); /* and an hour, by which clocks may differ */
}

Test(later, mastercards_advice_says_how_long) {
  static const struct {
    const char *code, *from;
  } advice[] = {{"24", "2026-01-10 14:00"}, {"25", "2026-01-11 13:00"}, {"26", "2026-01-12 13:00"},
                {"27", "2026-01-14 13:00"}, {"28", "2026-01-16 13:00"}, {"29", "2026-01-18 13:00"},
                {"30", "2026-01-20 13:00"}, {"02", "2026-01-13 13:00"}};
  for (size_t i = 0; i < sizeof advice / sizeof *advice; i++) {
    struct outcome outcome = outcome_classify("stripe", ANSWER_IS_DECLINED, PHASE_REPLY, "card_declined",
                                              "51", advice[i].code, NETWORK_MASTERCARD);
    cr_assert(later_is_worth(outcome.retry, outcome.category), "%s", advice[i].code);
    question.advised_s = outcome.retry_after_s;
    from(advice[i].from);
  }
}

Test(later, what_is_hard_or_for_the_customer_is_not_tried) {
  static const char *const never[] = {"41", "43", "54", "14", "04", "R0", "59", "1A", "12"};
  for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
    struct outcome outcome = outcome_classify("stripe", ANSWER_IS_DECLINED, PHASE_REPLY, "card_declined",
                                              never[i], NULL, NETWORK_VISA);
    cr_expect_not(later_is_worth(outcome.retry, outcome.category), "%s", never[i]);
  }
  struct outcome stopped = outcome_classify("stripe", ANSWER_IS_DECLINED, PHASE_REPLY, "card_declined", "51",
                                            "03", NETWORK_MASTERCARD);
  cr_expect_not(later_is_worth(stopped.retry, stopped.category));
}

Test(later, what_all_acquirers_refused_may_pass_and_settings_do_not) {
  cr_expect(later_is_worth(OUTCOME_RETRY_ELSEWHERE, "issuer"));
  cr_expect(later_is_worth(OUTCOME_RETRY_ELSEWHERE, "technical"));
  cr_expect_not(later_is_worth(OUTCOME_RETRY_ELSEWHERE, "configuration"));
  cr_expect_not(later_is_worth(OUTCOME_RETRY_ELSEWHERE, "request"));
  cr_expect(later_is_worth(OUTCOME_RETRY_LATER, "configuration"), "an account that is not active yet");
  cr_expect_not(later_is_worth(OUTCOME_RETRY_NEVER, "issuer"));
  cr_expect_not(later_is_worth(OUTCOME_RETRY_UPDATE_CARD, "card"));
}

Test(later, the_networks_limits_are_a_bound_too) {
  question.budget_ms = utc("2026-01-15 09:30");
  from("2026-01-15 09:30");
  question.budget_ms = utc("2026-02-10 00:00"); /* after the window */
  none();
}

Test(later, where_nobody_was_asked_an_hour_is_enough) {
  question.answered_ms = 0;
  from("2026-01-10 13:00");
  question.answered_ms = question.now_ms - 3 * DAY; /* asked days ago, and now nothing left */
  from("2026-01-10 13:00");
}

/* ---- How often, and how long ---- */

Test(later, tries_are_counted) {
  question.tries = 2;
  (void)next();
  question.tries = 3;
  none();
  plan.tries = 0;
  question.tries = 0;
  none();
}

Test(later, nothing_begins_after_the_window) {
  plan.within_days = 2;
  (void)next();
  question.now_ms = question.answered_ms = question.created_ms + DAY - LATER_MARGIN_MS;
  none();
  question.now_ms -= 1000;
  question.answered_ms -= 1000;
  cr_assert_lt(next(), later_end_ms(&plan, question.created_ms));
  cr_assert_eq(later_end_ms(&plan, question.created_ms), utc("2026-01-12 12:00"));
  cr_assert(later_fits(&plan, NULL, question.created_ms, utc("2026-01-12 12:00") - 1));
  cr_assert_not(later_fits(&plan, NULL, question.created_ms, utc("2026-01-12 12:00")));
}

Test(later, a_day_that_comes_too_late_is_none) {
  plan.days = 1U << 28;
  plan.within_days = 18;
  declined("2026-01-10 12:00");
  from("2026-01-28 00:00");
  plan.within_days = 17;
  none();
}

/* ---- Days and hours ---- */

Test(later, the_hours_of_the_zone) {
  hours(6, 9);
  from("2026-01-12 06:00");
  zone("Europe/Berlin");
  from("2026-01-12 05:00");
  zone("America/New_York");
  declined("2026-01-10 08:00");
  from("2026-01-11 11:00");
  zone("Asia/Kolkata"); /* half an hour off */
  from("2026-01-12 00:30");
}

Test(later, within_the_hours_it_is_at_once) {
  hours(6, 14);
  from("2026-01-11 13:00");
  hours(6, 12);
  from("2026-01-12 06:00");
}

Test(later, the_last_minutes_of_the_hours_are_left_free) {
  hours(6, 6);
  for (uint64_t i = 0; i < 1000; i++) {
    question.spread = i * 0x9e3779b97f4a7c15ULL;
    int64_t at_ms = next();
    cr_assert_geq(at_ms, utc("2026-01-12 06:00"));
    cr_assert_lt(at_ms, utc("2026-01-12 06:55"));
  }
}

Test(later, days_of_the_month) {
  plan.days = 1U << 1 | 1U << 15 | 1U << 28;
  hours(6, 9);
  zone("Europe/Berlin");
  from("2026-01-15 05:00");
  declined("2026-01-15 05:30");
  from("2026-01-28 05:00");
  declined("2026-01-28 05:30");
  from("2026-02-01 05:00");
  declined("2026-06-16 05:30");
  from("2026-06-28 04:00"); /* summer time */
}

Test(later, a_day_that_the_month_lacks_is_its_last) {
  plan.days = 1U << 31;
  declined("2026-01-31 12:00");
  from("2026-02-28 00:00");
  declined("2028-02-10 12:00"); /* a leap year */
  from("2028-02-29 00:00");
  declined("2026-04-10 12:00");
  from("2026-04-30 00:00");
  declined("2026-12-10 12:00");
  from("2026-12-31 00:00");
  plan.days = 1U << 30 | 1U << 29;
  declined("2026-02-10 12:00");
  from("2026-02-28 00:00");
  declined("2026-03-01 12:00");
  from("2026-03-29 00:00");
  plan.days = 1U << 28;
  declined("2026-02-26 12:00");
  from("2026-02-28 00:00");
  declined("2028-02-27 12:00");
  from("2028-02-28 13:00");
}

Test(later, over_midnight_the_night_is_the_days_on_which_it_begins) {
  hours(22, 2);
  plan.days = 1U << 15;
  from("2026-01-15 22:00");
  declined("2026-01-14 23:30");
  from("2026-01-16 00:30");     /* the night goes on */
  declined("2026-01-15 02:30"); /* a day later that night is over, and the next comes too late */
  none();
}

Test(later, the_first_hours_of_a_month_are_of_the_night_before) {
  hours(23, 1);
  plan.days = 1U << 31;
  declined("2026-01-30 23:00");
  from("2026-02-01 00:00");
}

/* ---- Clocks that are put ---- */

/* Berlin, 29 March 2026: 2:00 becomes 3:00 at 1:00 UTC. */
Test(later, an_hour_that_does_not_exist_is_the_one_in_its_place) {
  zone("Europe/Berlin");
  hours(2, 2);
  plan.days = 1U << 29;
  declined("2026-03-20 12:00");
  for (uint64_t i = 0; i < 200; i++) {
    question.spread = i * 0x9e3779b97f4a7c15ULL;
    from("2026-03-29 01:00");
    cr_assert_lt(next(), utc("2026-03-29 01:55"), "the last minutes are left free");
  }
  hours(2, 4);
  from("2026-03-29 01:00");
  hours(3, 3);
  from("2026-03-29 01:00");
  hours(1, 1);
  from("2026-03-29 00:00");
  hours(4, 4);
  from("2026-03-29 02:00");
}

/* 25 October 2026: 3:00 becomes 2:00 at 1:00 UTC. */
Test(later, of_an_hour_that_exists_twice_the_first_is_taken) {
  zone("Europe/Berlin");
  hours(2, 2);
  plan.days = 1U << 25;
  declined("2026-10-10 12:00");
  from("2026-10-25 00:00");
  question.budget_ms = utc("2026-10-25 00:58"); /* and both fit */
  int64_t at_ms = next();
  cr_assert_geq(at_ms, utc("2026-10-25 00:58"));
  cr_assert_lt(at_ms, utc("2026-10-25 01:58"));
  question.budget_ms = utc("2026-10-25 01:10");
  cr_assert_lt(next(), utc("2026-10-25 02:00"));
  question.budget_ms = utc("2026-10-25 02:00");
  none();
}

/* Lord Howe's clocks are put by half an hour: 4 October 2026, 2:00 becomes 2:30 at 15:30 UTC. */
Test(later, half_an_hour_is_leapt_over) {
  zone("Australia/Lord_Howe");
  hours(2, 2);
  plan.days = 1U << 4;
  declined("2026-09-20 12:00");
  from("2026-10-03 15:30");
  cr_assert(later_fits(&plan, time_zone_offset, question.created_ms, utc("2026-10-03 15:59")));
  hours(1, 1);
  from("2026-10-03 14:30");
}

Test(later, a_zone_that_is_not_known_has_no_hours) {
  hours(6, 9);
  zone("Europe/Nowhere");
  none();
  cr_assert_not(later_fits(&plan, time_zone_offset, question.created_ms, question.now_ms));
  zone("Europe/Berlin");
  question.zone_offset = NULL;
  none();
}

/* ---- Spread ---- */

Test(later, payments_of_a_morning_do_not_leave_together) {
  enum { PAYMENTS = 6000, MINUTES = 60 };
  unsigned minutes[MINUTES] = {0};
  hours(6, 9);
  for (uint64_t i = 0; i < PAYMENTS; i++) {
    question.spread = i; /* also of numbers that are near each other */
    int64_t at_ms = next() - utc("2026-01-12 06:00");
    cr_assert(at_ms >= 0 && at_ms < LATER_SPREAD_MS);
    minutes[at_ms / 60000]++;
  }
  for (unsigned i = 0; i < MINUTES; i++)
    cr_expect(minutes[i] > 60 && minutes[i] < 140, "minute %u: %u", i, minutes[i]);
}

Test(later, the_same_payment_gets_the_same_time) {
  question.spread = 0x123456789abcdefULL;
  int64_t first = next();
  cr_assert_eq(next(), first);
  question.spread = ~0ULL;
  cr_assert_neq(next(), first);
}

/* ---- Against the plain way: minute by minute ---- */

static uint64_t state;

static uint64_t draw(uint64_t below) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (state >> 33) % below;
}

static bool fits_plainly(int64_t at_ms) {
  int32_t offset_s = 0;
  cr_assert_eq(time_zone_offset(plan.zone, at_ms, &offset_s), 0);
  struct tm parts;
  time_t local = (time_t)(at_ms / 1000 + offset_s);
  gmtime_r(&local, &parts);
  int hour = parts.tm_hour;
  bool wraps = plan.hour_from > plan.hour_to;
  if (wraps ? hour < plan.hour_from && hour > plan.hour_to : hour < plan.hour_from || hour > plan.hour_to)
    return false;
  if (wraps && hour <= plan.hour_to) {
    local -= 86400;
    gmtime_r(&local, &parts);
  }
  int today = parts.tm_mday;
  time_t tomorrow = local + 86400;
  gmtime_r(&tomorrow, &parts);
  for (int day = today; day <= (parts.tm_mday == 1 ? 31 : today); day++) {
    if (plan.days & 1U << day)
      return true;
  }
  return plan.days == 0;
}

Test(later, it_agrees_with_looking_at_every_minute, .timeout = 60) {
  static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Asia/Kathmandu",
                                      "UTC",           "Pacific/Auckland", "America/Sao_Paulo"};
  for (unsigned round = 0; round < 400; round++) {
    state = round;
    zone(zones[draw(6)]);
    hours((unsigned)draw(24), (unsigned)draw(24));
    if (plan.hour_from == 2 && plan.hour_to == 2)
      continue; /* what a leap takes away has tests of its own */
    plan.days = draw(3) == 0 ? 0 : (uint32_t)draw(1ULL << 31) & (uint32_t)draw(1ULL << 31) & ~1U;
    plan.within_days = (uint8_t)(1 + draw(30));
    question.created_ms = utc("2026-02-20 00:00") + (int64_t)draw(300 * 24 * 60) * 60000;
    question.now_ms = question.answered_ms = question.created_ms;
    question.spread = draw(1ULL << 31) << 32 | draw(1ULL << 31);
    int64_t end_ms = later_end_ms(&plan, question.created_ms);
    int64_t first_ms = question.now_ms + DAY + LATER_MARGIN_MS;
    while (first_ms < end_ms && !fits_plainly(first_ms))
      first_ms += 60000;
    int64_t at_ms;
    int r = later_next(&question, &at_ms);
    cr_assert_eq(r, first_ms < end_ms ? 0 : LATER_NONE, "round %u", round);
    if (r == 0) {
      cr_assert(at_ms >= first_ms && at_ms < first_ms + LATER_SPREAD_MS, "round %u", round);
      cr_assert(fits_plainly(at_ms) && at_ms < end_ms, "round %u", round);
    }
  }
}
