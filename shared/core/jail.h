/* Confinement of a process: what it may still do once it has started. */
#pragma once

#include "result.h"
#include <stddef.h>

enum jail_role { JAIL_VAULT, JAIL_COLLECT, JAIL_HOOKS, JAIL_EGRESS, JAIL_ROUTER, JAIL_NOTIFY };

/* First thing in main(): not dumpable, no core, no new privileges, a umask of 077, freed memory overwritten
 * (M_PERTURB), standard descriptors open. Returns 0 or a negated errno. */
MUST_USE int jail_begin(void);
/* When everything is open and before any thread is started: Landlock on the given directory (NULL: no file at
 * all; readonly_paths, NULL-terminated, may be NULL; egress and notify may also read what their resolver
 * needs), then the role's seccomp allow-list (jail_calls.c). exec, ptrace, io_uring, executable memory and
 * new sockets end the process; in egress and notify sockets other than TCP's and the resolver's, and
 * executable memory, fail. Anything else not on the list fails with EPERM. A kernel without Landlock or
 * seccomp is refused with -ENOSYS. In a build under sanitizers it does nothing. */
MUST_USE int jail_enter(enum jail_role role, const char *data_directory, const char *const *readonly_paths);
