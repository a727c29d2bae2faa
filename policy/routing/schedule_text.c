#include "policy_tree.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

struct saying {
  char *text;
  size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct saying *saying, const char *format, ...) {
  va_list arguments;
  size_t room = POLICY_SCHEDULE_CAPACITY - saying->length;
  va_start(arguments, format);
  int length = vsnprintf(saying->text + saying->length, room, format, arguments);
  va_end(arguments);
  assert(length >= 0 && (size_t)length < room);
  saying->length += (size_t)length;
}

static void say_days(struct saying *saying, uint32_t days) {
  const char *before = " on [";
  for (unsigned day = 1; day <= POLICY_DAY_LAST; day++) {
    if ((days >> day & 1) == 0)
      continue;
    say(saying, "%s%u", before, day);
    before = " ";
  }
  say(saying, "]");
}

void policy_schedule_text(const struct policy_schedule *schedule, char ret_text[POLICY_SCHEDULE_CAPACITY]) {
  struct saying saying = {.text = ret_text};
  say(&saying, "%u %s within %u %s", schedule->tries, schedule->tries == 1 ? "try" : "tries",
      schedule->within_days, schedule->within_days == 1 ? "day" : "days");
  if (schedule->days != 0)
    say_days(&saying, schedule->days);
  if (policy_schedule_has_hours(schedule))
    say(&saying, " at %u..%u", schedule->hour_from, schedule->hour_to);
  if (schedule->zone[0] != '\0')
    say(&saying, " in \"%s\"", schedule->zone);
}
