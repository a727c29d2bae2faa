/* The two halves of jail_enter(). */
#pragma once

#include "jail.h"
#include "jail_calls.h"
#include <stdbool.h>

/* Whether the role looks names up and connects. */
static inline bool jail_reaches_out(enum jail_role role) {
  return 1U << role & REACHING_OUT;
}

/* Restricts this thread, and what it starts, to data_directory (read, write, make and remove files) and to
 * reading readonly_paths; takes away TCP but for the connecting of egress and notify, abstract Unix sockets
 * and signals to others, as far as the kernel knows these. Returns 0; -ENOSYS without Landlock; or another
 * negated errno. */
MUST_USE int jail_landlock(enum jail_role role, const char *data_directory,
                           const char *const *readonly_paths);
/* Loads the role's list of system calls. Returns 0; -ENOSYS without seccomp; or another negated errno. */
MUST_USE int jail_seccomp(enum jail_role role);
