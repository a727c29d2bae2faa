#include "race.h"

#include <stdbool.h>
#include <stddef.h>

struct lane {
  struct router router;
  double regret;
  unsigned approved;
};

/* The connector with the highest true rate on average. */
static unsigned best_in_hindsight(uint64_t seed) {
  static struct world world;
  struct world_payment payment;
  double sums[WORLD_CONNECTORS] = {0};
  world_begin(&world, seed, RACE_PAYMENTS);
  for (unsigned i = 0; i < RACE_PAYMENTS; i++) {
    world_next(&world, &payment);
    for (unsigned c = 0; c < WORLD_CONNECTORS; c++)
      sums[c] += payment.rates[c];
  }
  unsigned best = 0;
  for (unsigned c = 1; c < WORLD_CONNECTORS; c++)
    best = sums[c] > sums[best] ? c : best;
  return best;
}

static void step(struct lane *lane, const struct world_payment *payment) {
  unsigned connector = router_choose(&lane->router, payment);
  bool approved = payment->verdict < payment->rates[connector];
  lane->regret += world_best(payment) - payment->rates[connector];
  lane->approved += approved;
  router_learn(&lane->router, payment, connector, approved);
}

static void run_world(uint64_t seed, int index, struct race *race) {
  static struct world world;
  static struct lane lanes[ROUTER_COUNT];
  unsigned hindsight = best_in_hindsight(seed), ideal = 0;
  world_begin(&world, seed, RACE_PAYMENTS);
  for (enum router_kind kind = 0; kind < ROUTER_COUNT; kind++) {
    lanes[kind] = (struct lane){0};
    router_begin(&lanes[kind].router, kind, hindsight);
  }
  for (unsigned i = 0; i < RACE_PAYMENTS; i++) {
    struct world_payment payment;
    world_next(&world, &payment);
    ideal += payment.verdict < world_best(&payment);
    for (enum router_kind kind = 0; kind < ROUTER_COUNT; kind++) {
      step(&lanes[kind], &payment);
      if ((i + 1) % (RACE_PAYMENTS / RACE_POINTS) == 0)
        race->curve[kind][i / (RACE_PAYMENTS / RACE_POINTS)] += lanes[kind].regret / SEEDS;
    }
  }
  race->oracle.values[index] = (double)ideal / RACE_PAYMENTS;
  for (enum router_kind kind = 0; kind < ROUTER_COUNT; kind++) {
    race->approval[kind].values[index] = (double)lanes[kind].approved / RACE_PAYMENTS;
    race->regret[kind].values[index] = lanes[kind].regret * 1000 / RACE_PAYMENTS;
    router_end(&lanes[kind].router);
  }
}

void race_run(uint64_t seed, struct race *ret_race) {
  *ret_race = (struct race){0};
  for (int i = 0; i < SEEDS; i++)
    run_world(seed + (uint64_t)i, i, ret_race);
}
