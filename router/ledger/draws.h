/* Where ids and keys are drawn from: given from outside, so that the simulator replays them. */
#pragma once

#include "ids.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draws {
  void (*fill)(void *context, void *ret_bytes, size_t length); /* never fails */
  void *context;
};

/* The machine's generator (libsodium's randombytes_buf). */
extern const struct draws system_draws;

/* A new id with 48 bits of unix_ms and 80 drawn bits; prefix without the underscore. Drawn again while it
 * holds a run of 12 digits or more. */
struct id draw_id(const struct draws *draws, const char *prefix, int64_t unix_ms);
