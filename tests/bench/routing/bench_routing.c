#include "heed.h"
#include "plot.h"
#include "race.h"
#include "report.h"
#include "thrift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG_USAGE = 64, PACE_PAYMENTS = 20000, PACE_ROUNDS = 5 };

static void print_race(const struct race *race) {
  printf("best of: %d worlds of %d payments in %d days, %d connectors; mean and 95 %% margin\n", SEEDS,
         RACE_PAYMENTS, WORLD_DAYS, WORLD_CONNECTORS);
  printf("%-38s %-17s %-22s %s\n", "", "approved, %", "regret per 1,000", "best of approves more by, points");
  printf("%-38s %6.2f +- %5.2f\n", "oracle (true rates)", 100 * spread_mean(&race->oracle),
         100 * spread_margin(&race->oracle));
  for (enum router_kind kind = 0; kind < ROUTER_COUNT; kind++) {
    struct spread more = spread_difference(&race->approval[ROUTER_LEARNED], &race->approval[kind]);
    printf("%-38s %6.2f +- %5.2f  %8.2f +- %5.2f", router_name(kind),
           100 * spread_mean(&race->approval[kind]), 100 * spread_margin(&race->approval[kind]),
           spread_mean(&race->regret[kind]), spread_margin(&race->regret[kind]));
    if (kind != ROUTER_LEARNED)
      printf("       %5.2f +- %5.2f", 100 * spread_mean(&more), 100 * spread_margin(&more));
    printf("\n");
  }
}

static void print_thrift(const struct thrift *thrift) {
  printf("\ncheapest of: %d worlds of %d payments; invented fees\n", SEEDS, THRIFT_PAYMENTS);
  printf("%-38s %-17s %-26s %s\n", "", "approved, %", "cents an approved payment",
         "below the floor for no need, %");
  for (enum thrift_kind kind = 0; kind < THRIFT_COUNT; kind++)
    printf("%-38s %6.2f +- %5.2f  %12.2f +- %5.2f  %12.2f +- %5.2f\n", thrift_name(kind),
           100 * spread_mean(&thrift->approval[kind]), 100 * spread_margin(&thrift->approval[kind]),
           spread_mean(&thrift->cost[kind]), spread_margin(&thrift->cost[kind]),
           100 * spread_mean(&thrift->below[kind]), 100 * spread_margin(&thrift->below[kind]));
}

static void print_heed(uint64_t seed) {
  printf("\nbest of as advice: %d worlds of %d payments; gains in points of approval\n", HEED_WORLDS,
         HEED_PAYMENTS);
  printf("%-38s %8s %9s %9s  %s\n", "rule in force", "true", "claimed", "width",
         "truth within the 95 % bounds");
  for (enum heed_rule rule = 0; rule < HEED_RULE_COUNT; rule++) {
    struct heed heed;
    heed_run(seed, rule, &heed);
    printf("%-38s %8.2f %9.2f %9.2f  %u of %d\n", heed_name(rule), 100 * heed.truth, 100 * heed.claimed,
           100 * heed.width, heed.held, HEED_WORLDS);
  }
}

/* Seconds for PACE_PAYMENTS decisions on cells that PACE_PAYMENTS payments have filled. */
static double decide_all(const struct world_payment *payments) {
  static struct router router;
  router_begin(&router, ROUTER_LEARNED, 0);
  for (unsigned i = 0; i < PACE_PAYMENTS; i++)
    router_learn(&router, &payments[i], i % WORLD_CONNECTORS, payments[i].verdict < 0.9);
  unsigned taken = 0;
  double begin = seconds_now();
  for (unsigned i = 0; i < PACE_PAYMENTS; i++)
    taken += router_choose(&router, &payments[i]);
  double passed = seconds_now() - begin;
  router_end(&router);
  if (taken == 0)
    give_up("nothing but the first connector was chosen");
  return passed;
}

static void print_pace(uint64_t seed) {
  static struct world world;
  static struct world_payment payments[PACE_PAYMENTS];
  double rounds[PACE_ROUNDS];
  world_begin(&world, seed, PACE_PAYMENTS);
  for (unsigned i = 0; i < PACE_PAYMENTS; i++)
    world_next(&world, &payments[i]);
  for (int round = 0; round < PACE_ROUNDS; round++)
    rounds[round] = decide_all(payments);
  printf("\npace: %.0f decisions/s among %d connectors, one thread, median of %d\n",
         PACE_PAYMENTS / median(rounds, PACE_ROUNDS), WORLD_CONNECTORS, PACE_ROUNDS);
}

static int usage(void) {
  fprintf(stderr, "usage: ./run bench routing [--seed N]\n");
  return WRONG_USAGE;
}

static int read_seed(const char *text, uint64_t *ret_seed) {
  char *end;
  if (text[0] < '0' || text[0] > '9' || strlen(text) > 18)
    return -1;
  *ret_seed = strtoull(text, &end, 10);
  return *end == '\0' ? 0 : -1;
}

int main(int argc, char **argv) {
  uint64_t seed = 1;
  if (argc != 2 && (argc != 4 || strcmp(argv[2], "--seed") != 0 || read_seed(argv[3], &seed) != 0))
    return usage();
  static struct race race;
  static struct thrift thrift;
  race_run(seed, &race);
  print_race(&race);
  plot_race(argv[1], &race);
  thrift_run(seed, &thrift);
  print_thrift(&thrift);
  print_heed(seed);
  print_pace(seed);
  printf("plot: %s\n", argv[1]);
  return 0;
}
