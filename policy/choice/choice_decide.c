#include "choice.h"
#include "choice_beta.h"

#include <assert.h>
#include <errno.h>

/* Rates are drawn as if so many times the outcomes had been seen: half the deviation, so less is spent on
 * finding out. Source: posterior reshaping, Chapelle and Li, "An Empirical Evaluation of Thompson Sampling"
 * (2011); what it saves is in tests/bench/routing/README.md. */
enum { SHARPENED = 4 };

static bool passes(enum choice_standing standing) {
  return standing == CHOICE_MEETS || standing == CHOICE_TOO_FEW;
}

/* Groups of the cascade: what passes, then what costs nobody knows how much, then what is below the floor. */
static unsigned group(enum choice_standing standing) {
  if (passes(standing))
    return 0;
  return standing == CHOICE_COST_UNKNOWN ? 1 : 2;
}

/* Whether a stands before b; on equal terms the rule's list decides. */
static bool stands_before(enum choice_kind kind, const struct choice_figures *a,
                          const struct choice_figures *b) {
  if (group(a->standing) != group(b->standing))
    return group(a->standing) < group(b->standing);
  if (kind == CHOICE_CHEAPEST && group(a->standing) == 0)
    return a->cost < b->cost;
  return a->mean > b->mean;
}

static void sort_places(enum choice_kind kind, struct choice_order *order) {
  for (unsigned i = 0; i < order->count; i++) {
    unsigned at = i;
    for (; at > 0 && stands_before(kind, &order->figures[i], &order->figures[order->places[at - 1]]); at--)
      order->places[at] = order->places[at - 1];
    order->places[at] = (uint8_t)i;
  }
}

static void put_first(struct choice_order *order, uint8_t index) {
  unsigned at = 0;
  while (order->places[at] != index)
    at++;
  for (; at > 0; at--)
    order->places[at] = order->places[at - 1];
  order->places[0] = index;
}

static uint32_t mean_of(const struct choice_premise *premise) {
  uint64_t sum = (uint64_t)premise->approved + premise->declined;
  uint32_t mean = (uint32_t)((uint64_t)premise->approved * CHOICE_MILLION / sum);
  return mean > 0 ? mean : 1;
}

static struct choice_figures figures_of(const struct choice_premise *premise) {
  uint64_t sum = (uint64_t)premise->approved + premise->declined;
  return (struct choice_figures){
      .standing = CHOICE_MEETS, .mean = mean_of(premise), .weight = (uint32_t)(sum >> BETA_PLACES)};
}

/* In millionths. Parameters too large to be sharpened are drawn with as they are. */
static uint32_t drawn_rate(const struct choice_premise *premise, uint64_t seed) {
  uint32_t larger = premise->approved > premise->declined ? premise->approved : premise->declined;
  uint32_t times = larger <= BETA_PARAMETER_MAX / SHARPENED ? SHARPENED : 1;
  uint64_t rate = beta_variate(premise->approved * times, premise->declined * times, seed);
  return (uint32_t)((rate * CHOICE_MILLION) >> 32);
}

static void decide_best(const struct choice_snapshot *snapshot, uint64_t draw, struct choice_order *order) {
  uint8_t best = 0;
  for (uint8_t i = 0; i < snapshot->count; i++) {
    order->figures[i].sampled = drawn_rate(&snapshot->premises[i], beta_seed(draw, i));
    if (order->figures[i].sampled > order->figures[best].sampled)
      best = i;
  }
  sort_places(CHOICE_BEST, order);
  put_first(order, best);
}

static enum choice_standing standing_of(const struct choice_figures *figures, uint32_t floor) {
  bool few = floor > 0 && figures->weight < CHOICE_FLOOR_OUTCOMES;
  if (!few && figures->mean < floor)
    return CHOICE_BELOW_FLOOR;
  if (!figures->cost_known)
    return CHOICE_COST_UNKNOWN;
  return few ? CHOICE_TOO_FEW : CHOICE_MEETS;
}

static void decide_cheapest(const struct choice_snapshot *snapshot, struct choice_order *order) {
  order->floor_unmet = true;
  for (uint8_t i = 0; i < snapshot->count; i++) {
    struct choice_figures *figures = &order->figures[i];
    figures->cost_known =
        snapshot->premises[i].cost_known &&
        choice_cost_per_approval(&snapshot->premises[i].cost, figures->mean, &figures->cost) == 0;
    figures->standing = standing_of(figures, snapshot->floor);
    if (figures->standing != CHOICE_BELOW_FLOOR)
      order->floor_unmet = false;
  }
  order->floor_holds = snapshot->method != CHOICE_METHOD_KEPT && !order->floor_unmet;
  sort_places(CHOICE_CHEAPEST, order);
}

static bool premise_holds(const struct choice_premise *premise) {
  return premise->approved >= BETA_PARAMETER_MIN && premise->approved <= BETA_PARAMETER_MAX &&
         premise->declined >= BETA_PARAMETER_MIN && premise->declined <= BETA_PARAMETER_MAX &&
         premise->cost.approved >= 0 && premise->cost.each_try >= 0;
}

static bool snapshot_holds(const struct choice_snapshot *snapshot) {
  if (snapshot->kind < CHOICE_BEST || snapshot->kind >= CHOICE_KIND_COUNT)
    return false;
  if (snapshot->count < 1 || snapshot->count > CHOICE_CANDIDATES_MAX || snapshot->floor > CHOICE_MILLION)
    return false;
  for (uint8_t i = 0; i < snapshot->count; i++) {
    if (!premise_holds(&snapshot->premises[i]))
      return false;
  }
  return true;
}

int choice_decide(const struct choice_snapshot *snapshot, uint64_t draw, struct choice_order *ret_order) {
  if (snapshot->method != CHOICE_METHOD && snapshot->method != CHOICE_METHOD_KEPT)
    return -ENOTSUP;
  if (!snapshot_holds(snapshot))
    return -EBADMSG;
  *ret_order = (struct choice_order){.count = snapshot->count};
  for (uint8_t i = 0; i < snapshot->count; i++)
    ret_order->figures[i] = figures_of(&snapshot->premises[i]);
  if (snapshot->kind == CHOICE_BEST)
    decide_best(snapshot, draw, ret_order);
  else
    decide_cheapest(snapshot, ret_order);
  return 0;
}
