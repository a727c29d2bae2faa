/* Time, read in one place so that tests and the simulator can set it. */
#pragma once

#include <stdint.h>

/* A source of time. now_ms: milliseconds since the Unix epoch; monotonic_us: microseconds from any fixed
 * point, never backwards. */
struct clock {
  int64_t (*now_ms)(void *context);
  int64_t (*monotonic_us)(void *context);
  void *context;
};

/* The machine's clock (CLOCK_REALTIME, CLOCK_MONOTONIC). */
extern const struct clock system_clock;

/* Time that goes on evenly, whatever is done to the machine's clock meanwhile: what that said once, and what
 * has passed since. For whoever must know how long ago something was. */
struct steady_time {
  int64_t began_ms;      /* since the Unix epoch */
  int64_t began_boot_us; /* by a clock that nobody sets */
};

/* The time now, by the clock that nobody sets. */
int64_t steady_now_ms(const struct steady_time *steady, int64_t boot_us);
/* The machine's, begun when it is first asked; suspension counts (CLOCK_BOOTTIME). */
extern const struct clock steady_clock;

enum { TIMESTAMP_CAPACITY = 25 };

/* unix_ms as RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.000Z. unix_ms: years 1970 to 9999, else
 * the nearest of them. */
void timestamp_format(int64_t unix_ms, char ret_text[TIMESTAMP_CAPACITY]);
/* The reverse, for RFC 3339 with any offset and up to milliseconds (no leap second), years 1970 to 9999 in
 * UTC. Returns 0, or -EINVAL. */
__attribute__((warn_unused_result)) int timestamp_parse(const char *text, int64_t *ret_unix_ms);
