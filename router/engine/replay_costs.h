/* What approved payments cost, where each kind of payment is approved at a rate that is known within bounds.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A share and between what it lies: 95% by Wilson's score interval. */
struct share_bounds {
  double share, low, high;
};

/* ended: 1 or more. Source: Wilson (1927), Probable inference, doi 10.1080/01621459.1927.10502953. */
struct share_bounds share_bounds_of(uint64_t approved, uint64_t ended);

/* Payments of one currency that are approved alike. Costs in millionths of a minor unit. */
struct cost_group {
  double payments;
  double tries;    /* of all of them together, approved or not */
  double approval; /* of one when it is approved, on average */
  struct share_bounds rate;
};

/* In thousandths of a minor unit. */
struct replay_cost_figure {
  int64_t value, low, high; /* high: -1 for no bound */
};

struct replay_cost_side {
  bool known;                         /* else none would be approved */
  struct replay_cost_figure each;     /* for each approved payment */
  struct replay_cost_figure together; /* all of it */
};

/* What the payments of all groups cost. The bounds are the least and the most that any rates within their
 * bounds lead to, so rather too wide. */
struct replay_cost_side costs_of_groups(const struct cost_group *groups, unsigned count);
