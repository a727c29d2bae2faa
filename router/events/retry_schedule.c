#include "retry_schedule.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum { MS_PER_S = 1000 };

int retry_schedule_read(const char *text, struct retry_schedule *ret_schedule) {
  struct retry_schedule schedule = {0};
  for (bool more = true; more; text++) {
    char *end;
    errno = 0;
    unsigned long seconds = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || errno != 0 || seconds > RETRY_WAIT_MAX_S ||
        schedule.count == RETRY_WAITS_MAX || (*end != ',' && *end != '\0'))
      return -EINVAL;
    schedule.waits_ms[schedule.count++] = (uint32_t)seconds * MS_PER_S;
    more = *end == ',';
    text = end;
  }
  *ret_schedule = schedule;
  return 0;
}
