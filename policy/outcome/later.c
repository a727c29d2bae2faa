#include "later.h"

#include <string.h>

enum {
  MS_PER_S = 1000,
  HOUR_S = 3600,
  DAY_S = 24 * HOUR_S,
  QUARTER_S = 15 * 60, /* zones change at whole ones */
  HOURS = 24,
  DAYS_BEFORE_EPOCH = 719468, /* from the first of March of the year 0, proleptic */
  ERA_DAYS = 146097,          /* of 400 years */
  SCRAMBLE_SHIFT = 32
};

/* ---- The calendar ---- */

/* The day of the month, and whether the next day begins another: after Howard Hinnant's civil_from_days. */
static unsigned day_of_month(int64_t days) {
  int64_t shifted = days + DAYS_BEFORE_EPOCH;
  int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
  unsigned of_era = (unsigned)(shifted - era * ERA_DAYS);
  unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
  unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
  return of_year - (153 * month + 2) / 5 + 1;
}

/* A day that the month lacks is its last. */
static bool is_day(const struct later_plan *plan, int64_t days) {
  unsigned day = day_of_month(days);
  bool last = day_of_month(days + 1) == 1;
  uint32_t mask = last ? ~(((uint32_t)1 << day) - 1) : (uint32_t)1 << day;
  return plan->days == 0 || (plan->days & mask) != 0;
}

static int64_t floor_div(int64_t value, int64_t by) {
  return value / by - (value % by < 0);
}

/* ---- Local time, in seconds ---- */

struct walk {
  const struct later_plan *plan;
  later_zone *zone_offset;
  bool lost; /* the zone is not known */
};

static int64_t offset_at(struct walk *walk, int64_t at_s) {
  int32_t offset_s = 0;
  if (walk->plan->zone[0] == '\0')
    return 0;
  if (!walk->zone_offset || walk->zone_offset(walk->plan->zone, at_s * MS_PER_S, &offset_s) < 0)
    walk->lost = true;
  return offset_s;
}

static unsigned hour_of(int64_t local_s) {
  return (unsigned)(floor_div(local_s, HOUR_S) - floor_div(local_s, DAY_S) * HOURS);
}

/* What is left of the night after midnight is the day's before. */
static bool local_fits(const struct later_plan *plan, int64_t local_s) {
  unsigned hour = hour_of(local_s);
  bool over_midnight = plan->hour_from > plan->hour_to;
  bool in_hours = over_midnight ? hour >= plan->hour_from || hour <= plan->hour_to
                                : hour >= plan->hour_from && hour <= plan->hour_to;
  int64_t day = floor_div(local_s, DAY_S) - (over_midnight && hour <= plan->hour_to);
  return in_hours && is_day(plan, day);
}

/* An hour that a clock leaps over is taken for the one that comes in its place. */
static bool fits(struct walk *walk, int64_t at_s) {
  int64_t offset_s = offset_at(walk, at_s), before_s = offset_at(walk, at_s - HOUR_S);
  return local_fits(walk->plan, at_s + offset_s) ||
         (offset_s > before_s && local_fits(walk->plan, at_s + before_s));
}

/* Seconds to the next local hour at which the hours begin or end, or to midnight. */
static int64_t to_boundary(const struct later_plan *plan, int64_t local_s) {
  const unsigned hours[] = {plan->hour_from, plan->hour_to + 1U};
  int64_t of_day = local_s - floor_div(local_s, DAY_S) * DAY_S, boundary = DAY_S;
  for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
    int64_t at = (int64_t)hours[i] * HOUR_S;
    if (at > of_day && at < boundary)
      boundary = at;
  }
  return boundary - of_day;
}

/* The next moment at which that may change; quarter by quarter where the zone's clocks are put. */
static int64_t next_change(struct walk *walk, int64_t at_s) {
  int64_t offset_s = offset_at(walk, at_s);
  int64_t next_s = at_s + to_boundary(walk->plan, at_s + offset_s);
  if (offset_at(walk, next_s) == offset_s && offset_at(walk, at_s - HOUR_S) == offset_s)
    return next_s;
  return (floor_div(at_s, QUARTER_S) + 1) * QUARTER_S;
}

/* The first moment from at_s on that fits, or end_s. */
static int64_t first_fitting(struct walk *walk, int64_t at_s, int64_t end_s) {
  while (!walk->lost && at_s < end_s && !fits(walk, at_s))
    at_s = next_change(walk, at_s);
  return at_s < end_s ? at_s : end_s;
}

/* How long it fits from there on, up to most_s. */
static int64_t fitting_for(struct walk *walk, int64_t at_s, int64_t most_s) {
  int64_t end_s = at_s;
  while (end_s < at_s + most_s && fits(walk, end_s))
    end_s = next_change(walk, end_s);
  return end_s < at_s + most_s ? end_s - at_s : most_s;
}

/* ---- What is asked ---- */

bool later_is_worth(enum outcome_retry retry, const char *category) {
  if (retry == OUTCOME_RETRY_ELSEWHERE)
    return strcmp(category, "configuration") != 0 && strcmp(category, "request") != 0;
  return retry == OUTCOME_RETRY_LATER && strcmp(category, "authentication") != 0;
}

int64_t later_end_ms(const struct later_plan *plan, int64_t created_ms) {
  return created_ms + (int64_t)plan->within_days * DAY_S * MS_PER_S;
}

bool later_fits(const struct later_plan *plan, later_zone *zone_offset, int64_t created_ms, int64_t at_ms) {
  struct walk walk = {.plan = plan, .zone_offset = zone_offset};
  return at_ms < later_end_ms(plan, created_ms) && fits(&walk, floor_div(at_ms, MS_PER_S)) && !walk.lost;
}

static int64_t greater(int64_t left, int64_t right) {
  return left > right ? left : right;
}

/* Before which no network wants another try. */
static int64_t earliest_ms(const struct later_question *question) {
  int64_t gap_ms = question->advised_s > 0 ? (int64_t)question->advised_s * MS_PER_S : LATER_GAP_MS;
  int64_t earliest = question->now_ms + LATER_PAUSE_MS;
  if (question->answered_ms > 0)
    earliest = greater(earliest, question->answered_ms + gap_ms + LATER_MARGIN_MS);
  return greater(earliest, question->budget_ms);
}

/* Some way into what fits. */
static int64_t spread_over(const struct later_question *question, int64_t room_ms) {
  uint64_t mixed = (question->spread ^ question->spread >> 31) * 0x9e3779b97f4a7c15ULL;
  return room_ms > 0 ? (int64_t)((mixed >> SCRAMBLE_SHIFT) * (uint64_t)room_ms >> 32) : 0;
}

int later_next(const struct later_question *question, int64_t *ret_at_ms) {
  const struct later_plan *plan = question->plan;
  struct walk walk = {.plan = plan, .zone_offset = question->zone_offset};
  int64_t end_ms = later_end_ms(plan, question->created_ms), earliest = earliest_ms(question);
  if (question->tries >= plan->tries || earliest >= end_ms)
    return LATER_NONE;
  int64_t end_s = floor_div(end_ms, MS_PER_S);
  int64_t from_s = first_fitting(&walk, floor_div(earliest - 1, MS_PER_S) + 1, end_s);
  if (walk.lost || from_s >= end_s)
    return LATER_NONE;
  int64_t most_s = (LATER_SPREAD_MS + LATER_TAIL_MS) / MS_PER_S;
  int64_t room_ms = fitting_for(&walk, from_s, most_s < end_s - from_s ? most_s : end_s - from_s) * MS_PER_S;
  *ret_at_ms = from_s * MS_PER_S + spread_over(question, room_ms - LATER_TAIL_MS);
  return 0;
}
