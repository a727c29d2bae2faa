/* Randomness for all of libsodium (ids, nonces, keys) out of a pool in the locked arena.
 *
 * libsodium asks the kernel for every few bytes; a tokenization needs five such draws. The pool asks for two
 * thousand at a time (getrandom(2)) and wipes each byte as it hands it out, so that no later reader finds
 * what was drawn. */
#pragma once

#include "arena.h"

/* Makes the pool the source of randombytes_buf(). Once a process, before sodium_init(), one thread. Returns
 * 0; -ENOMEM when the arena is used up; or another negated errno. The arena must outlive every later draw.
 * When the kernel refuses randomness later on, the process ends. */
MUST_USE int entropy_begin(struct arena *arena);
