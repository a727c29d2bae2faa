/* A small event loop over epoll: descriptors and timers, one thread, no allocation after it is made. */
#pragma once

#include "clock.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

struct loop; /* opaque */

/* A descriptor that is watched. The owner embeds it and keeps it alive until loop_forget(). */
struct watch {
  void (*ready)(struct watch *watch, uint32_t events); /* events: EPOLLIN, EPOLLOUT, EPOLLHUP, ... */
  int fd;
};

/* A timer. The owner embeds it; zero-initialised means not set. */
struct timer {
  void (*due)(struct timer *timer);
  int64_t at_us;  /* on the clock's monotonic_us */
  uint32_t index; /* the loop's own: place in its heap plus one, 0 when not set */
};

/* A loop on that clock. From here on SIGTERM and SIGINT are blocked and taken by the loop, SIGPIPE is ignored
 * (a supervisor's children inherit both), and as many descriptors may be open as the hard limit allows.
 * Returns 0 or a negated errno; the caller frees it with loop_free(). */
MUST_USE int loop_new(const struct clock *clock, struct loop **ret_loop);
/* Frees it. SIGTERM and SIGINT stay blocked: whoever was told to end, and is told again (by its supervisor,
 * and when that is gone), still ends in its own way. */
void loop_free(struct loop *loop);
/* Starts, or changes, what is watched for: events as epoll_ctl(2) takes them, level-triggered. */
MUST_USE int loop_watch(struct loop *loop, struct watch *watch, uint32_t events);
MUST_USE int loop_change(struct loop *loop, struct watch *watch, uint32_t events);
/* Stops watching, before the descriptor is closed; safe within a callback, also for a watch whose own
 * callback is still to come. */
void loop_forget(struct loop *loop, struct watch *watch);
/* Sets (or sets anew) a timer due in delay_us microseconds; 0 means in the next round.
 * Returns 0, or -ENOMEM when the heap cannot grow. */
MUST_USE int loop_set_timer(struct loop *loop, struct timer *timer, int64_t delay_us);
void loop_clear_timer(struct loop *loop, struct timer *timer);
/* Called at the end of every round, after all callbacks: where a process commits what the round gathered and
 * then sends what depends on it. */
void loop_on_round_end(struct loop *loop, void (*round_end)(void *context), void *context);
/* Runs rounds until loop_stop(), or a SIGTERM or SIGINT (taken by signalfd). Returns 0, or a negated errno.
 */
MUST_USE int loop_run(struct loop *loop);
/* One round, waiting at most timeout_ms (-1: for ever, 0: not at all); for tests. */
MUST_USE int loop_round(struct loop *loop, int timeout_ms);
void loop_stop(struct loop *loop);
