#include "log.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

enum { LINE_CAPACITY = 512 };

static const char *program = "freeport";

void log_open(const char *name) {
  program = name;
}

void log_write(const char *level, const char *event, const char *name, int64_t value, const struct id *id) {
  char line[LINE_CAPACITY];
  char time[TIMESTAMP_CAPACITY];
  timestamp_format(system_clock.now_ms(system_clock.context), time);
  int length;
  if (id)
    length = snprintf(line, sizeof line, "%s %s %s %s id=%.*s\n", time, program, level, event,
                      ID_CAPACITY - 1, id->text);
  else if (*name)
    length = snprintf(line, sizeof line, "%s %s %s %s %s=%lld\n", time, program, level, event, name,
                      (long long)value);
  else
    length = snprintf(line, sizeof line, "%s %s %s %s\n", time, program, level, event);
  if (length < 0)
    return;
  size_t size = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
  line[size - 1] = '\n';
  /* A log that cannot be written must not stop a payment. */
  ssize_t written = write(STDERR_FILENO, line, size);
  (void)written;
}
