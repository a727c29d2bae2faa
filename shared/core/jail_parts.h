/* The two halves of jail_enter(). */
#pragma once

#include "jail.h"

/* Restricts this thread, and what it starts, to data_directory (read, write, make and remove files) and to
 * reading readonly_paths; takes away TCP but for egress's connect, abstract Unix sockets and signals to
 * others, as far as the kernel knows these. Returns 0; -ENOSYS without Landlock; or another negated errno. */
MUST_USE int jail_landlock(enum jail_role role, const char *data_directory,
                           const char *const *readonly_paths);
/* Loads the role's list of system calls. Returns 0; -ENOSYS without seccomp; or another negated errno. */
MUST_USE int jail_seccomp(enum jail_role role);
