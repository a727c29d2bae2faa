/* The append-only log of state changes: what was written before a SIGKILL is there after it.
 *
 * A record is u32 length, u32 checksum, bytes. A torn or damaged end is cut off when the log is opened. */
#pragma once

#include "result.h"
#include "sandbox_text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATE_RECORD_MAX = 1 << 20 };

struct state_log {
  int fd;
  uint64_t length, limit; /* bytes */
  struct text waiting;
};

/* Opens path (made with mode 0600) and calls take for every whole record. Returns 0 or a negated errno. */
MUST_USE int state_log_open(struct state_log *log, const char *path, uint64_t limit,
                            void (*take)(void *context, const uint8_t *record, size_t length), void *context);
void state_log_close(struct state_log *log);
void state_log_append(struct state_log *log, const uint8_t *record, size_t length);
/* Writes what waits. Returns 0, or a negated errno: then it waits on. */
MUST_USE int state_log_flush(struct state_log *log);
/* Whether the limit is reached: nothing new may be booked. */
bool state_log_full(const struct state_log *log);
