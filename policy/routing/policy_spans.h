/* Sets of whole numbers as spans of them, for the checker: every value that a fact may have is numbered, and
 * what a condition asks of the fact is a set of those numbers. For the files of this room alone. */
#pragma once

#include "policy_arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
  int64_t low, high; /* both included */
};

struct spans {
  unsigned count; /* ascending; no two touch */
  struct span at[];
};

/* Memory and patience of one check: what runs out of either gives up. */
struct effort {
  struct arena *arena;
  uint64_t left; /* steps */
  bool spent;    /* something was given up */
};

/* Takes so many steps off. Returns whether there were as many. */
bool effort_take(struct effort *effort, uint64_t steps);
/* Zeroed memory, or NULL, and then something is given up. */
void *effort_memory(struct effort *effort, size_t size);

/* Each returns NULL when it is given up. */
const struct spans *spans_of(struct effort *effort, const struct span *list, unsigned count);
const struct spans *spans_unite(struct effort *effort, const struct spans *left, const struct spans *right);
const struct spans *spans_intersect(struct effort *effort, const struct spans *left,
                                    const struct spans *right);
/* What is in left and not in right. */
const struct spans *spans_subtract(struct effort *effort, const struct spans *left,
                                   const struct spans *right);
/* Whether all of part is in whole; false also when it is given up. */
bool spans_within(struct effort *effort, const struct spans *part, const struct spans *whole);
/* Whether nothing is in both; false also when it is given up. */
bool spans_apart(struct effort *effort, const struct spans *left, const struct spans *right);
bool spans_hold(const struct spans *spans, int64_t number);
