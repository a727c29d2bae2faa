/* Seeded draws: what a round does is told by its seed, though not how its threads interleave. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct chance {
  uint64_t state;
};

/* A generator for one thread of one round. */
struct chance chance_new(uint64_t seed, unsigned round, unsigned thread);

/* A number from 0 to below - 1; below is at least 1. */
unsigned chance_below(struct chance *chance, unsigned below);

/* True in percent of 100 draws. */
bool chance_is(struct chance *chance, unsigned percent);
