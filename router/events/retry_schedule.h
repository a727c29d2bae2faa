/* After which waits a webhook is tried again, as an operator writes them. */
#pragma once

#include "result.h"
#include <stdint.h>

enum { RETRY_WAITS_MAX = 16, RETRY_WAIT_MAX_S = 7 * 24 * 3600 };

struct retry_schedule {
  unsigned count;
  uint32_t waits_ms[RETRY_WAITS_MAX];
};

/* Reads seconds with one comma between, "5,300,1800": one to RETRY_WAITS_MAX numbers of at most
 * RETRY_WAIT_MAX_S. Returns 0, or -EINVAL. */
MUST_USE int retry_schedule_read(const char *text, struct retry_schedule *ret_schedule);
