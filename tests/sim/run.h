/* Runs of many universes, and what is done with one that fails. */
#pragma once

#include "universe.h"

enum { SCENARIOS_A_UNIVERSE = 200 };

struct run {
  uint64_t seed, payments;
  int64_t minutes; /* instead of payments; 0: no */
  bool alone;      /* that one universe, and its story */
  uint64_t universe;
  uint64_t faults_left_out; /* of that one, a bit for each of its faults */
  const char *only;         /* of it, numbers of scenarios with commas between; NULL: all */
};

struct tally {
  uint64_t payments, universes, steps, entries, crashes, later_tries, made, digest, webhooks, words;
  double seconds;
};

/* Runs as many as are wanted. False when one failed: then *ret_failed is that one. */
bool run_universes(struct universe *universe, const struct run *run, struct tally *ret_tally,
                   struct genesis *ret_failed);
/* Looks for the fewest scenarios and faults that a failing universe needs, and prints what happens in it. */
void shrink(struct universe *universe, const struct genesis *failed);
/* Tries every write and every message of some scenarios as the point of a crash, once, and every pair of
 * them; prints the counts. False when something was wrong. */
bool crash_points(struct universe *universe, uint64_t seed, unsigned scenarios);
