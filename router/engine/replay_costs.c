#include "replay_costs.h"

#include <math.h>

enum { ROUNDS_MAX = 64, MILLIONTHS = 1000 /* in a thousandth */ };

struct share_bounds share_bounds_of(uint64_t approved, uint64_t ended) {
  static const double z = 1.959964; /* of the normal distribution, 95% within */
  double n = (double)ended, p = (double)approved / n, scale = 1 + z * z / n;
  double centre = (p + z * z / (2 * n)) / scale;
  double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  return (struct share_bounds){.share = p, .low = fmax(0, centre - half), .high = fmin(1, centre + half)};
}

static const double rounding = 1e-9;

/* Which of its rates a group has: the one found, or the one that makes approvals cheap or dear. */
enum tendency { AS_FOUND, CHEAP, DEAR };

/* A group that costs less than the mean makes it less the more of it are approved. One that differs by no
 * more than rounding does not. */
static double rate_of(const struct cost_group *group, enum tendency tendency, double mean) {
  if (tendency == AS_FOUND)
    return group->rate.share;
  bool cheap = group->approval < mean - mean * rounding;
  return cheap == (tendency == CHEAP) ? group->rate.high : group->rate.low;
}

/* Returns the cost of each approved payment, INFINITY for none. *ret_together is what they cost together. */
static double mean_cost(const struct cost_group *groups, unsigned count, enum tendency tendency, double mean,
                        double *ret_together) {
  double together = 0, approved = 0;
  for (unsigned i = 0; i < count; i++) {
    double of_group = rate_of(&groups[i], tendency, mean) * groups[i].payments;
    together += groups[i].tries + of_group * groups[i].approval;
    approved += of_group;
  }
  *ret_together = together;
  return approved > 0 ? together / approved : INFINITY;
}

/* The least or the greatest that the mean can be: by Dinkelbach's method (Management Science 13, 1967), which
 * goes from mean to mean, each with the rates that the one before asks for. */
static double extreme(const struct cost_group *groups, unsigned count, enum tendency tendency, double mean) {
  double unused;
  for (unsigned i = 0; i < ROUNDS_MAX && isfinite(mean); i++) {
    double next = mean_cost(groups, count, tendency, mean, &unused);
    if (tendency == CHEAP ? next >= mean : next <= mean)
      return mean;
    mean = next;
  }
  return mean;
}

/* All approved as rarely, or as often, as may be. */
static double together_at(const struct cost_group *groups, unsigned count, bool often) {
  double sum = 0;
  for (unsigned i = 0; i < count; i++)
    sum += groups[i].tries +
           groups[i].payments * groups[i].approval * (often ? groups[i].rate.high : groups[i].rate.low);
  return sum;
}

/* As thousandths of a minor unit; -1 for what has no bound. */
static int64_t thousandths(double millionths) {
  double value = millionths / MILLIONTHS;
  return value < (double)(INT64_MAX / 2) ? llround(value) : -1;
}

struct replay_cost_side costs_of_groups(const struct cost_group *groups, unsigned count) {
  double together;
  double mean = mean_cost(groups, count, AS_FOUND, 0, &together);
  if (thousandths(mean) < 0 || thousandths(together) < 0)
    return (struct replay_cost_side){0};
  return (struct replay_cost_side){
      .known = true,
      .each = {thousandths(mean), thousandths(extreme(groups, count, CHEAP, mean)),
               thousandths(extreme(groups, count, DEAR, mean))},
      .together = {thousandths(together), thousandths(together_at(groups, count, false)),
                   thousandths(together_at(groups, count, true))}};
}
