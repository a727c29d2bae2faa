#include "health.h"

#include <string.h>

enum { FIRST_STEP_US = 250, PER_CENT = 100 };

/* Each step ends a third further than the one before: 250 us to about 18 s. */
static uint32_t step_end(unsigned step) {
  uint64_t end = FIRST_STEP_US;
  while (step-- > 0)
    end += end / 3;
  return end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}

static unsigned step_of(uint32_t latency_us) {
  unsigned step = 0;
  while (step < HEALTH_LATENCY_STEPS - 1 && latency_us > step_end(step))
    step++;
  return step;
}

void health_note(struct health *health, int64_t now_ms, enum health_event event, uint32_t latency_us) {
  int64_t second = now_ms / 1000 + 1;
  struct health_second *at = &health->seconds[second % HEALTH_WINDOW_S];
  if (at->second != second)
    *at = (struct health_second){.second = second};
  at->events[event]++;
  if (latency_us > 0 && at->latencies[step_of(latency_us)] < UINT16_MAX)
    at->latencies[step_of(latency_us)]++;
}

/* The step within which the given share of the answers lies. */
static uint32_t latency_at(const uint32_t steps[HEALTH_LATENCY_STEPS], uint32_t count, unsigned per_cent) {
  uint64_t below = 0;
  for (unsigned i = 0; i < HEALTH_LATENCY_STEPS; i++) {
    below += steps[i];
    if (below * PER_CENT >= (uint64_t)count * per_cent)
      return step_end(i);
  }
  return step_end(HEALTH_LATENCY_STEPS - 1);
}

void health_read(const struct health *health, int64_t now_ms, struct health_figures *ret_figures) {
  uint32_t steps[HEALTH_LATENCY_STEPS] = {0}, answers = 0;
  int64_t newest = now_ms / 1000 + 1;
  memset(ret_figures, 0, sizeof *ret_figures);
  for (unsigned i = 0; i < HEALTH_WINDOW_S; i++) {
    const struct health_second *at = &health->seconds[i];
    if (at->second <= newest - HEALTH_WINDOW_S || at->second > newest)
      continue;
    for (unsigned event = 0; event < HEALTH_EVENT_COUNT; event++) {
      ret_figures->events[event] += at->events[event];
      ret_figures->requests += at->events[event];
    }
    for (unsigned step = 0; step < HEALTH_LATENCY_STEPS; step++) {
      steps[step] += at->latencies[step];
      answers += at->latencies[step];
    }
  }
  if (answers > 0) {
    ret_figures->latency_p50_us = latency_at(steps, answers, 50);
    ret_figures->latency_p99_us = latency_at(steps, answers, 99);
  }
}
