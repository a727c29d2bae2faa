/* Logging that cannot print input.
 *
 * A line is the program's name, a level, an event from the program's own text and named integers. There is no
 * way to hand it a string that came from outside: the event and the names are string literals (a macro makes
 * the compiler see to it) and the values are integers or ids of our own making. The name of a connector,
 * which an operator chose, is looked at once more, and left out when it could be anything else. */
#pragma once

#include "ids.h"
#include <stdint.h>

/* Names the program in every later line; name is a literal. Lines go to standard error, one write each. */
void log_open(const char *name);

/* connector: NULL for none. */
void log_write_about(const char *level, const char *event, const char *connector, const char *name,
                     int64_t value);
void log_write(const char *level, const char *event, const char *name, int64_t value, const struct id *id);

/* One of a line's numbers; the name is a literal. */
struct log_number {
  const char *name;
  int64_t value;
};

enum { LOG_NUMBERS_MAX = 6, LOG_HASH_SHOWN = 8 /* bytes */ };

/* What a line says besides its event: what is NULL or empty is left out. */
struct log_facts {
  const char *connector, *meant; /* names of connectors, looked at as above */
  const char *network, *country; /* left out when there is anything but letters in them */
  const struct id *id, *key;
  const uint8_t *hash;                        /* its first LOG_HASH_SHOWN bytes are shown */
  struct log_number numbers[LOG_NUMBERS_MAX]; /* up to the first without a name */
};

void log_write_facts(const char *level, const char *event, const struct log_facts *facts);

#define LOG_NUMBER(name, value)                                                                              \
  { "" name "", (int64_t)(value) }
#define log_info_facts(event, facts) log_write_facts("info", "" event "", (facts))
#define log_warn_facts(event, facts) log_write_facts("warn", "" event "", (facts))

/* "" literal "" fails to compile for anything but a string literal. */
#define log_info(event) log_write("info", "" event "", "", 0, NULL)
#define log_info_number(event, name, value) log_write("info", "" event "", "" name "", (value), NULL)
#define log_warn(event) log_write("warn", "" event "", "", 0, NULL)
#define log_warn_number(event, name, value) log_write("warn", "" event "", "" name "", (value), NULL)
#define log_warn_about(event, connector, name, value)                                                        \
  log_write_about("warn", "" event "", (connector), "" name "", (value))
#define log_warn_id(event, id) log_write("warn", "" event "", "", 0, (id))
/* error: a negated errno value. */
#define log_error(event, error) log_write("error", "" event "", "error", (error), NULL)
