#include "run.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "later_tries.h"

enum { SECONDS_A_MINUTE = 60 };

static uint64_t running_seed, running_number;

/* The engine asserts its own bugs: which universe it was must be told all the same. */
static void tell_abort(int signal_number) {
  char text[128];
  int length = snprintf(text, sizeof text, "FAILED: aborted in seed %llu, universe %llu\n",
                        (unsigned long long)running_seed, (unsigned long long)running_number);
  (void)!write(STDERR_FILENO, text, (size_t)length);
  signal(signal_number, SIG_DFL);
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void count(struct tally *tally, const struct universe *universe) {
  tally->universes++;
  tally->payments += universe->genesis.scenarios;
  tally->steps += universe->steps;
  tally->entries += universe->entries;
  tally->crashes += universe->crashes;
  tally->webhooks += universe->webhooks;
  tally->words += universe->words;
  tally->digest = digest_add(tally->digest, universe->digest);
  for (uint32_t i = 0; i < universe->genesis.scenarios; i++) {
    tally->made += universe->scenarios[i].payment != NULL;
    tally->later_tries += later_tries(universe->scenarios[i].payment);
  }
}

static bool goes_on(const struct run *run, const struct tally *tally, double began) {
  if (run->minutes > 0)
    return seconds_now() - began < (double)run->minutes * SECONDS_A_MINUTE;
  return tally->payments < run->payments;
}

/* Leaves out all scenarios but those that are listed. */
static void choose(const char *list, bool left_out[SCENARIOS_MAX]) {
  memset(left_out, list != NULL, SCENARIOS_MAX);
  while (list && *list) {
    char *end;
    unsigned long number = strtoul(list, &end, 10);
    if (number < SCENARIOS_MAX)
      left_out[number] = false;
    list = *end == ',' && end != list ? end + 1 : "";
  }
}

bool run_universes(struct universe *universe, const struct run *run, struct tally *ret_tally,
                   struct genesis *ret_failed) {
  static bool left_out[SCENARIOS_MAX];
  double began = seconds_now();
  struct tally tally = {0};
  bool well = true;
  signal(SIGABRT, tell_abort);
  choose(run->only, left_out);
  for (uint64_t number = run->universe; well && goes_on(run, &tally, began); number++) {
    struct genesis genesis = {.seed = run->seed,
                              .number = number,
                              .scenarios = SCENARIOS_A_UNIVERSE,
                              .left_out = left_out,
                              .faults_left_out = run->faults_left_out,
                              .trace = run->alone};
    running_seed = run->seed;
    running_number = number;
    universe_run(universe, &genesis);
    count(&tally, universe);
    well = !universe->failed;
    *ret_failed = genesis;
    if (run->alone)
      break;
  }
  tally.seconds = seconds_now() - began;
  *ret_tally = tally;
  return well;
}
