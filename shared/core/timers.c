#include "timers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

int timers_open(struct timers *timers) {
  struct timer **slots = calloc(FIRST_CAPACITY, sizeof(struct timer *));
  if (!slots)
    return -ENOMEM;
  *timers = (struct timers){.slots = slots, .capacity = FIRST_CAPACITY};
  return 0;
}

void timers_close(struct timers *timers) {
  free(timers->slots);
  *timers = (struct timers){0};
}

static void put(struct timers *timers, size_t slot, struct timer *timer) {
  timers->slots[slot] = timer;
  timer->index = (uint32_t)slot + 1;
}

static bool earlier(const struct timers *timers, size_t left, size_t right) {
  return timers->slots[left]->at_us < timers->slots[right]->at_us;
}

static void swap(struct timers *timers, size_t left, size_t right) {
  struct timer *timer = timers->slots[left];
  put(timers, left, timers->slots[right]);
  put(timers, right, timer);
}

static void sift_up(struct timers *timers, size_t slot) {
  while (slot > 0 && earlier(timers, slot, (slot - 1) / 2)) {
    swap(timers, slot, (slot - 1) / 2);
    slot = (slot - 1) / 2;
  }
}

static void sift_down(struct timers *timers, size_t slot) {
  for (;;) {
    size_t least = slot;
    for (size_t child = 2 * slot + 1; child <= 2 * slot + 2 && child < timers->heap; child++) {
      if (earlier(timers, child, least))
        least = child;
    }
    if (least == slot)
      return;
    swap(timers, slot, least);
    slot = least;
  }
}

int timers_add(struct timers *timers, struct timer *timer) {
  if (timers->used == timers->capacity) {
    struct timer **slots = reallocarray(timers->slots, timers->capacity, 2 * sizeof(struct timer *));
    if (!slots)
      return -ENOMEM;
    timers->slots = slots;
    timers->capacity *= 2;
  }
  put(timers, timers->used++, timer);
  return 0;
}

void timers_remove(struct timers *timers, struct timer *timer) {
  if (timer->index == 0)
    return;
  size_t slot = timer->index - 1;
  timer->index = 0;
  if (slot < timers->heap) {
    size_t last = --timers->heap;
    if (slot != last) {
      put(timers, slot, timers->slots[last]);
      sift_up(timers, slot);
      sift_down(timers, slot);
    }
    slot = last;
  }
  size_t end = --timers->used;
  if (slot != end)
    put(timers, slot, timers->slots[end]);
}

void timers_settle(struct timers *timers) {
  while (timers->heap < timers->used)
    sift_up(timers, timers->heap++);
}

struct timer *timers_first(const struct timers *timers) {
  return timers->heap > 0 ? timers->slots[0] : NULL;
}
