/* What a schedule says. What leaves nothing out, all hours or all days, is as if it was not given. */
#include "policy_builder.h"
#include <string.h>

enum { THOUSAND = 1000, HOURS = POLICY_HOUR_LAST + 1 };

const char policy_expected_day[] = "a day of the month from 1 to 31, the last of any month being 31";

static const uint32_t all_days = UINT32_MAX - 1; /* bits 1 to 31 */

static bool is_whole(int64_t thousandths, int64_t low, int64_t high) {
  return thousandths % THOUSAND == 0 && thousandths >= low * THOUSAND && thousandths <= high * THOUSAND;
}

int tree_schedule_tries(struct tree_builder *builder, struct policy_schedule *schedule, struct place place,
                        int64_t thousandths) {
  if (!is_whole(thousandths, 1, POLICY_LATER_TRIES_MAX))
    return tree_wrong(builder, place, "a number of later tries from 1 to 15");
  schedule->tries = (uint8_t)(thousandths / THOUSAND);
  return 0;
}

int tree_schedule_within(struct tree_builder *builder, struct policy_schedule *schedule, struct place place,
                         int64_t thousandths) {
  if (!is_whole(thousandths, 1, POLICY_LATER_DAYS_MAX))
    return tree_wrong(builder, place, "a number of days from 1 to 30");
  schedule->within_days = (uint8_t)(thousandths / THOUSAND);
  return 0;
}

int tree_schedule_day(struct tree_builder *builder, struct place place, int64_t thousandths,
                      uint8_t *ret_day) {
  if (!is_whole(thousandths, 1, POLICY_DAY_LAST))
    return tree_wrong(builder, place, policy_expected_day);
  *ret_day = (uint8_t)(thousandths / THOUSAND);
  return 0;
}

int tree_schedule_days(struct tree_builder *builder, struct policy_schedule *schedule, struct place place,
                       uint8_t first, uint8_t last) {
  if (first > last)
    return tree_wrong(builder, place, "a day that is not before the first of the range");
  for (unsigned day = first; day <= last; day++)
    schedule->days |= UINT32_C(1) << day;
  return 0;
}

int tree_schedule_hour(struct tree_builder *builder, struct place place, int64_t thousandths,
                       uint8_t *ret_hour) {
  if (!is_whole(thousandths, 0, POLICY_HOUR_LAST))
    return tree_wrong(builder, place, "an hour from 0 to 23");
  *ret_hour = (uint8_t)(thousandths / THOUSAND);
  return 0;
}

int tree_schedule_zone(struct tree_builder *builder, struct policy_schedule *schedule, struct place place,
                       const char *zone, size_t length) {
  const char *copy;
  int result = tree_zone_name(builder, place, zone, length, &copy);
  if (result != 0)
    return result;
  memcpy(schedule->zone, copy, length);
  return 0;
}

int tree_schedule_end(struct tree_builder *builder, struct policy_schedule *schedule, struct place place,
                      bool timed) {
  if (timed && schedule->zone[0] == '\0')
    return tree_wrong(builder, place, "a time zone for the days and hours, as in \"Europe/Berlin\"");
  if (!timed && schedule->zone[0] != '\0')
    return tree_wrong(builder, place, "days or hours before their time zone, as on [1 15] or at 6..9");
  if ((schedule->hour_to + 1) % HOURS == schedule->hour_from) {
    schedule->hour_from = 0;
    schedule->hour_to = POLICY_HOUR_LAST;
  }
  if (schedule->days == all_days)
    schedule->days = 0;
  if (schedule->days == 0 && !policy_schedule_has_hours(schedule))
    memset(schedule->zone, 0, sizeof schedule->zone);
  return 0;
}
