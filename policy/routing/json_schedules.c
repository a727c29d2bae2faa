#include "policy_json.h"
#include <string.h>

const char *const json_schedule_members[] = {"name", "tries", "within_days", "days", "hours", "zone", NULL};

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

static int read_days(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule) {
  struct member_list members = {0};
  int result = json_each(reader, json, "days", json_read_member, &members);
  size_t before = json_enter(reader, "days");
  if (result == 0)
    result = tree_schedule_days(&reader->tree, schedule, (struct place){0}, &members);
  json_leave(reader, before);
  return result;
}

static int read_hour(struct json_reader *reader, const json_t *json, const char *member, uint8_t *ret_hour) {
  int64_t thousandths;
  size_t before = json_enter(reader, member);
  int result = json_read_number(reader, json_object_get(json, member), &thousandths);
  if (result == 0)
    result = tree_schedule_hour(&reader->tree, (struct place){0}, thousandths, ret_hour);
  json_leave(reader, before);
  return result;
}

static int read_hours(struct json_reader *reader, const json_t *json, struct policy_schedule *schedule) {
  static const char *const members[] = {"from", "to", NULL};
  size_t before = json_enter(reader, "hours");
  int result = json_only(reader, json, members);
  if (result == 0)
    result = read_hour(reader, json, members[0], &schedule->hour_from);
  if (result == 0)
    result = read_hour(reader, json, members[1], &schedule->hour_to);
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
