/* All routers through the same payments of the same worlds. */
#pragma once

#include "routers.h"
#include "spread.h"
#include <stdint.h>

enum { RACE_PAYMENTS = 100000, RACE_POINTS = 200 };

struct race {
  struct spread oracle;                 /* the approval rate of who knows the true rates */
  struct spread approval[ROUTER_COUNT]; /* what came of it */
  struct spread regret[ROUTER_COUNT];   /* approvals lost against the oracle, expected, per 1,000 payments */
  double curve[ROUTER_COUNT][RACE_POINTS]; /* regret so far, mean of the seeds */
};

/* Runs SEEDS worlds from the seed on. */
void race_run(uint64_t seed, struct race *ret_race);
