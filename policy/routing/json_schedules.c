#include "policy_json.h"
#include <string.h>

const char *const json_schedule_members[] = {"name", "tries", "within_days", "days", "hours", "zone", NULL};
static const char *const range_members[] = {"from", "to", NULL};

static int read_number_of(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule,
                          const char *member,
                          int (*take)(struct tree_builder *, struct policy_schedule *, struct place,
                                      int64_t)) {
  int64_t thousandths;
  size_t before = json_enter(reader, member);
  int result = json_read_number(reader, json_object_get(json, member), &thousandths);
  if (result == 0)
    result = take(&reader->tree, schedule, (struct place){0}, thousandths);
  json_leave(reader, before);
  return result;
}

/* A number that take() makes a day or an hour of. */
static int read_small(struct json_reader *reader, const json_t *json,
                      int (*take)(struct tree_builder *, struct place, int64_t, uint8_t *),
                      uint8_t *ret_small) {
  int64_t thousandths;
  int result = json_read_number(reader, json, &thousandths);
  return result != 0 ? result : take(&reader->tree, (struct place){0}, thousandths, ret_small);
}

static int read_small_of(struct json_reader *reader, const json_t *json, const char *member,
                         int (*take)(struct tree_builder *, struct place, int64_t, uint8_t *),
                         uint8_t *ret_small) {
  size_t before = json_enter(reader, member);
  int result = read_small(reader, json_object_get(json, member), take, ret_small);
  json_leave(reader, before);
  return result;
}

/* A day, or {"from", "to"}. */
static int read_day(struct json_reader *reader, const json_t *json, void *context) {
  uint8_t first = 0, last;
  int result;
  if (!json_is_object(json)) {
    result = read_small(reader, json, tree_schedule_day, &first);
    last = first;
  } else {
    result = json_only(reader, json, range_members);
    if (result == 0)
      result = read_small_of(reader, json, range_members[0], tree_schedule_day, &first);
    if (result == 0)
      result = read_small_of(reader, json, range_members[1], tree_schedule_day, &last);
  }
  return result != 0 ? result : tree_schedule_days(&reader->tree, context, (struct place){0}, first, last);
}

static int read_days(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule) {
  size_t before = json_enter(reader, "days");
  int result =
      json_array_size(json_object_get(json, "days")) > 0 ? 0 : json_wrong(reader, policy_expected_day);
  json_leave(reader, before);
  return result != 0 ? result : json_each(reader, json, "days", read_day, schedule);
}

static int read_hours(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule) {
  size_t before = json_enter(reader, "hours");
  int result = json_only(reader, json, range_members);
  if (result == 0)
    result = read_small_of(reader, json, range_members[0], tree_schedule_hour, &schedule->hour_from);
  if (result == 0)
    result = read_small_of(reader, json, range_members[1], tree_schedule_hour, &schedule->hour_to);
  json_leave(reader, before);
  return result;
}

static int read_zone(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule) {
  const char *zone;
  int result = json_text_of(reader, json, "zone", &zone);
  size_t before = json_enter(reader, "zone");
  if (result == 0)
    result = tree_schedule_zone(&reader->tree, schedule, (struct place){0}, zone, strlen(zone));
  json_leave(reader, before);
  return result;
}

int json_read_schedule(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule) {
  const json_t *days = json_object_get(json, "days"), *hours = json_object_get(json, "hours");
  int result = read_number_of(reader, json, schedule, "tries", tree_schedule_tries);
  if (result == 0)
    result = read_number_of(reader, json, schedule, "within_days", tree_schedule_within);
  if (result == 0 && days != NULL)
    result = read_days(reader, json, schedule);
  if (result == 0 && hours != NULL)
    result = read_hours(reader, hours, schedule);
  if (result == 0 && json_object_get(json, "zone") != NULL)
    result = read_zone(reader, json, schedule);
  size_t before = json_enter(reader, "zone");
  if (result == 0)
    result = tree_schedule_end(&reader->tree, schedule, (struct place){0}, days != NULL || hours != NULL);
  json_leave(reader, before);
  return result;
}
