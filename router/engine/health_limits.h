/* When a connector counts as failing, as an operator writes it. Bounds and defaults stand here alone: for
 * freeport.yaml and for freeport-router. */
#pragma once

#include "result.h"
#include <stdint.h>

/* What takes a connector out and brings it back. 0 anywhere means the default (health_gate.h). */
struct gate_limits {
  uint16_t threshold;    /* this share of the requests may be faults, ten-thousandths */
  uint16_t samples;      /* a window with fewer requests says nothing */
  uint16_t good;         /* good answers in a row, until it is healthy again */
  uint32_t out_first_ms; /* how long it is out before it is probed; doubles ... */
  uint32_t out_last_ms;  /* ... up to this */
};

enum { HEALTH_LIMITS_TEXT_MAX = 128, HEALTH_REASON_CAPACITY = 96 };

/* Reads "faults=10,requests=20,good=10,out=5,out_most=60": each at most once, in any order, what is left out
 * has its default. faults is a percentage, out and out_most are seconds. Returns 0; or -EINVAL with what is
 * wrong in ret_reason, which repeats no part of text. */
MUST_USE int health_limits_read(const char *text, struct gate_limits *ret_limits,
                                char ret_reason[HEALTH_REASON_CAPACITY]);
