/* Fees that change while the stack runs: on SIGUSR1 `freeport up` hands the file to the router again. */
#pragma once

#include "loop.h"
#include "supervisor.h"

struct fees_reload {
  struct watch watch;
  const char *path; /* borrowed; NULL: none is configured */
  struct loop *loop;
  struct supervisor *supervisor;
};

/* Takes SIGUSR1 from here on. Returns 0 or a negated errno; ended with fees_reload_close(), which allows a
 * zeroed one. */
MUST_USE int fees_reload_open(struct fees_reload *reload, const char *path, struct loop *loop,
                              struct supervisor *supervisor);
void fees_reload_close(struct fees_reload *reload);
