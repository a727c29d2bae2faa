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
