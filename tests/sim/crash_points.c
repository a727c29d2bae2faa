/* Every write and every message of a scenario as the point where the router is killed, and of what comes
 * after that every point again: all pairs. */
#include <assert.h>
#include <stdio.h>

#include "run.h"

/* How long the router stays down, scenario by scenario: at once there again, too late for its timeouts, too
 * late for the payment's deadline. */
static const int64_t downs_ms[] = {0, 15000, 600000};

struct crashing {
  struct universe *universe;
  struct genesis genesis;
  uint64_t once, twice;
};

/* A run is the same up to its crash, so each point that was counted without it is reached with it. */
static bool holds(struct crashing *crashing, uint64_t first, uint64_t second) {
  crashing->genesis.crash_points[0] = first;
  crashing->genesis.crash_points[1] = second;
  universe_run(crashing->universe, &crashing->genesis);
  assert(crashing->universe->failed || crashing->universe->crashes == (first > 0) + (uint64_t)(second > 0));
  return !crashing->universe->failed;
}

/* All of one scenario; the points of its calm course are counted first. */
static bool try_points(struct crashing *crashing) {
  if (!holds(crashing, 0, 0))
    return false;
  uint64_t points = crashing->universe->points;
  for (uint64_t first = 1; first <= points; first++) {
    if (!holds(crashing, first, 0))
      return false;
    crashing->once++;
    uint64_t last = crashing->universe->points;
    for (uint64_t second = first + 1; second <= last; second++) {
      if (!holds(crashing, first, second))
        return false;
      crashing->twice++;
    }
  }
  return true;
}

bool crash_points(struct universe *universe, uint64_t seed, unsigned scenarios) {
  struct crashing crashing = {.universe = universe};
  for (unsigned i = 0; i < scenarios; i++) {
    crashing.genesis = (struct genesis){.seed = seed,
                                        .number = i,
                                        .scenarios = 1,
                                        .no_faults = true,
                                        .down_ms = downs_ms[i % (sizeof downs_ms / sizeof *downs_ms)]};
    if (!try_points(&crashing)) {
      printf("crash points %llu and %llu of scenario %u:\n",
             (unsigned long long)crashing.genesis.crash_points[0],
             (unsigned long long)crashing.genesis.crash_points[1], i);
      shrink(universe, &crashing.genesis);
      return false;
    }
  }
  printf("%u scenarios: %llu crash points tried once, and all %llu pairs in a row; no violation\n", scenarios,
         (unsigned long long)crashing.once, (unsigned long long)crashing.twice);
  return true;
}
