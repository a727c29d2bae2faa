#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { LINE_CAPACITY = 512, CONNECTOR_NAME_MAX = 32, DIGITS_MAX = 8, WORD_MAX = 16 };

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

/* ---- Lines of several facts ---- */

struct line {
  char text[LINE_CAPACITY];
  int length;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...) {
  va_list arguments;
  int room = LINE_CAPACITY - line->length;
  va_start(arguments, format);
  int length = vsnprintf(line->text + line->length, (size_t)room, format, arguments);
  va_end(arguments);
  if (length > 0)
    line->length += length < room ? length : room - 1;
}

static void add_connector(struct line *line, const char *name, const char *connector) {
  if (connector != NULL && is_connector_name(connector))
    add(line, " %s=%s", name, connector);
}

/* Without a digit it can be neither a card nor a code. */
static void add_word(struct line *line, const char *name, const char *word) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  size_t length = word == NULL ? 0 : strspn(word, letters);
  if (length >= 1 && length <= WORD_MAX && word[length] == '\0')
    add(line, " %s=%s", name, word);
}

static void add_id(struct line *line, const char *name, const struct id *id) {
  if (id != NULL && id->text[0] != '\0')
    add(line, " %s=%.*s", name, ID_CAPACITY - 1, id->text);
}

static void add_hash(struct line *line, const uint8_t *hash) {
  if (hash == NULL)
    return;
  add(line, " hash=");
  for (unsigned i = 0; i < LOG_HASH_SHOWN; i++)
    add(line, "%02x", hash[i]);
}

void log_write_facts(const char *level, const char *event, const struct log_facts *facts) {
  struct line line = {.length = 0};
  char time[TIMESTAMP_CAPACITY];
  timestamp_format(system_clock.now_ms(system_clock.context), time);
  add(&line, "%s %s %s %s", time, program, level, event);
  add_connector(&line, "connector", facts->connector);
  add_connector(&line, "meant", facts->meant);
  add_word(&line, "network", facts->network);
  add_word(&line, "country", facts->country);
  add_id(&line, "id", facts->id);
  add_id(&line, "key", facts->key);
  add_hash(&line, facts->hash);
  for (unsigned i = 0; i < LOG_NUMBERS_MAX && facts->numbers[i].name != NULL; i++)
    add(&line, " %s=%lld", facts->numbers[i].name, (long long)facts->numbers[i].value);
  add(&line, "\n");
  put_line(line.text, line.length);
}
