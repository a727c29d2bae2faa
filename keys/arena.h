/* The locked arena: the one piece of memory in which keys and security codes lie.
 *
 * memfd_secret(2) where the kernel has it (not readable through /proc/PID/mem or process_vm_readv(2), not
 * even by the kernel's own direct map), else anonymous memory under mlock(2). Either is kept out of cores and
 * checked to be locked: memory that could be swapped is refused. One arena a process; pieces are taken once
 * and live with it. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>

struct arena; /* opaque */

/* A locked, zeroed arena of at least bytes. Returns 0; -ENOMEM, -EPERM or -EAGAIN when it cannot be locked
 * (RLIMIT_MEMLOCK); or another negated errno. The caller ends it with arena_free(). */
MUST_USE int arena_new(size_t bytes, struct arena **ret_arena);
/* Wipes and gives back everything. NULL is allowed. */
void arena_free(struct arena *arena);
/* The next bytes of it, zeroed, aligned to 64. NULL when the arena is used up. */
void *arena_take(struct arena *arena, size_t bytes);
/* Whether it is memfd_secret memory. */
bool arena_is_secret(const struct arena *arena);
