#include "log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { LINE_CAPACITY = 512, CONNECTOR_NAME_MAX = 32, DIGITS_MAX = 8 };

static const char *program = "freeport";

void log_open(const char *name) {
  program = name;
}

/* a-z first, then a-z 0-9 _, and no more digits than a card may be shown with. */
static bool is_connector_name(const char *name) {
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), digits = 0;
  for (size_t i = 0; i < length; i++)
    digits += name[i] >= '0' && name[i] <= '9';
  return length >= 1 && length <= CONNECTOR_NAME_MAX && name[length] == '\0' && name[0] >= 'a' &&
         digits <= DIGITS_MAX;
}

/* A log that cannot be written must not stop a payment. */
static void put_line(char line[LINE_CAPACITY], int length) {
  if (length < 0)
    return;
  size_t size = length < LINE_CAPACITY ? (size_t)length : LINE_CAPACITY - 1;
  line[size - 1] = '\n';
  ssize_t written = write(STDERR_FILENO, line, size);
  (void)written;
}

void log_write_about(const char *level, const char *event, const char *connector, const char *name,
                     int64_t value) {
  char line[LINE_CAPACITY];
  char time[TIMESTAMP_CAPACITY];
  bool named = connector != NULL && is_connector_name(connector);
  timestamp_format(system_clock.now_ms(system_clock.context), time);
  put_line(line, snprintf(line, sizeof line, "%s %s %s %s%s%s %s=%lld\n", time, program, level, event,
                          named ? " connector=" : "", named ? connector : "", name, (long long)value));
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
  put_line(line, length);
}
