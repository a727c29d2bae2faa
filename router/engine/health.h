/* How a connector has done of late: what this router saw of its first dispatches within a minute.
 *
 * Advice, and each router's own: it lies in memory only and is gone with the process. Only what a PSP is
 * answerable for counts as its fault (no connection, no answer, an answer that says nothing), never an
 * issuer's or a shopper's no. */
#pragma once

#include <stdint.h>

enum { HEALTH_WINDOW_S = 60, HEALTH_LATENCY_STEPS = 40 };

enum health_event { HEALTH_APPROVED, HEALTH_DECLINED, HEALTH_FAULT, HEALTH_OTHER, HEALTH_EVENT_COUNT };

struct health_second {
  int64_t second; /* since 1970, plus one; 0: never used */
  uint32_t events[HEALTH_EVENT_COUNT];
  uint16_t latencies[HEALTH_LATENCY_STEPS];
};

/* Zeroed means nothing seen. */
struct health {
  struct health_second seconds[HEALTH_WINDOW_S];
};

struct health_figures {
  uint32_t events[HEALTH_EVENT_COUNT];
  uint32_t requests;       /* their sum */
  uint32_t latency_p50_us; /* the upper end of its step, each a third further than the last; 0: no answer in
                              the window */
  uint32_t latency_p99_us;
};

/* latency_us: of a whole answer; 0: there was none. */
void health_note(struct health *health, int64_t now_ms, enum health_event event, uint32_t latency_us);
/* Sums up the last minute. */
void health_read(const struct health *health, int64_t now_ms, struct health_figures *ret_figures);
