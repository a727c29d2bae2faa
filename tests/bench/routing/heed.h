/* `best of ... as advice`: is the gain that it claims the gain that there is, and do its bounds hold? */
#pragma once

#include <stdint.h>

enum { HEED_WORLDS = 100, HEED_PAYMENTS = 5000 };

/* The rule in force beside which the advice is given. */
enum heed_rule {
  HEED_SPLIT, /* 40 %, 30 %, 20 %, 10 % */
  HEED_FIXED, /* always the first: the advice has nothing to learn the others from */
  HEED_RULE_COUNT
};

struct heed {
  double truth, claimed; /* gain in approval rate, mean of the worlds */
  double width;          /* of the bounds, mean */
  unsigned held;         /* worlds in which the truth lay within the bounds */
};

const char *heed_name(enum heed_rule rule);
/* Runs HEED_WORLDS worlds from the seed on. */
void heed_run(uint64_t seed, enum heed_rule rule, struct heed *ret_heed);
