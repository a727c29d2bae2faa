/* The loop's timers: a binary heap by time. What is added waits aside until timers_settle(), so that a timer
 * that is set within a round comes in the next one at the earliest. */
#pragma once

#include "loop.h"
#include <stddef.h>
#include <stdint.h>

struct timers {
  struct timer **slots; /* the heap, then what waits to be settled */
  size_t heap;
  size_t used;
  size_t capacity;
};

/* Returns 0 or -ENOMEM; freed with timers_close(). */
MUST_USE int timers_open(struct timers *timers);
void timers_close(struct timers *timers);
/* Adds a timer that is not in it, by its at_us. Returns 0, or -ENOMEM when the heap cannot grow. */
MUST_USE int timers_add(struct timers *timers, struct timer *timer);
/* Removes a timer; one that is not set stays so. */
void timers_remove(struct timers *timers, struct timer *timer);
/* Takes what was added into the heap. */
void timers_settle(struct timers *timers);
/* The settled timer that is due first, or NULL. */
struct timer *timers_first(const struct timers *timers);
