/* What compiling or checking a policy may cost: memory and steps, and the interval sets made within them.
 * What runs out of either gives up. Steps, not time: a policy that is too intricate is so on every machine.
 * For the files of this room alone. */
#pragma once

#include "intervals.h"
#include "policy_arena.h"
#include <stddef.h>

struct effort {
  struct arena *arena;
  uint64_t left; /* steps: each about one interval, member or word looked at */
  bool spent;    /* something was given up */
  bool starved;  /* for the machine had no memory, not for the arena's limit */
};

/* Takes so many steps off. Returns whether there were as many. */
bool effort_take(struct effort *effort, uint64_t steps);
/* Zeroed memory, or NULL, and then something is given up. */
void *effort_memory(struct effort *effort, size_t size);

/* Each returns NULL when it is given up; else a set that lives as long as the arena does. */
const struct interval_set *effort_set(struct effort *effort, const struct interval *list, unsigned count,
                                      bool absent);
const struct interval_set *effort_unite(struct effort *effort, const struct interval_set *left,
                                        const struct interval_set *right);
const struct interval_set *effort_intersect(struct effort *effort, const struct interval_set *left,
                                            const struct interval_set *right);
/* What is in left and not in right. */
const struct interval_set *effort_subtract(struct effort *effort, const struct interval_set *left,
                                           const struct interval_set *right);
/* All numbers, and absence, but those of the set. */
const struct interval_set *effort_complement(struct effort *effort, const struct interval_set *set);
/* Whether all of part is in whole; false also when it is given up. */
bool effort_within(struct effort *effort, const struct interval_set *part, const struct interval_set *whole);
/* Whether nothing is in both; false also when it is given up. */
bool effort_apart(struct effort *effort, const struct interval_set *left, const struct interval_set *right);
