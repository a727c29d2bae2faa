/* From a universe that fails to the least of it that still does. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

enum { RUNS_MAX = 2000 };

struct shrinking {
  struct universe *universe;
  struct genesis genesis;
  bool left_out[SCENARIOS_MAX];
  const char *kind; /* what it fails in: another failure is another matter */
  unsigned runs;
};

static bool still_fails(struct shrinking *shrinking) {
  if (shrinking->runs++ >= RUNS_MAX)
    return false;
  shrinking->genesis.left_out = shrinking->left_out;
  universe_run(shrinking->universe, &shrinking->genesis);
  return shrinking->universe->failed && shrinking->universe->failure_kind == shrinking->kind;
}

/* Leaves out `count` scenarios from `first` on, if it fails without them. */
static void leave_out(struct shrinking *shrinking, uint32_t first, uint32_t count) {
  bool before[SCENARIOS_MAX];
  bool any = false;
  memcpy(before, shrinking->left_out, sizeof before);
  for (uint32_t i = first; i < first + count && i < shrinking->genesis.scenarios; i++) {
    any |= !shrinking->left_out[i];
    shrinking->left_out[i] = true;
  }
  if (any && !still_fails(shrinking))
    memcpy(shrinking->left_out, before, sizeof before);
}

static void keep_alone(struct shrinking *shrinking, uint32_t scenario) {
  bool before[SCENARIOS_MAX];
  if (scenario == NOBODY)
    return;
  memcpy(before, shrinking->left_out, sizeof before);
  memset(shrinking->left_out, true, sizeof shrinking->left_out);
  shrinking->left_out[scenario] = false;
  if (!still_fails(shrinking))
    memcpy(shrinking->left_out, before, sizeof before);
}

static void leave_out_faults(struct shrinking *shrinking) {
  for (uint32_t i = 0; i < FAULTS_MAX; i++) {
    uint64_t before = shrinking->genesis.faults_left_out;
    shrinking->genesis.faults_left_out |= 1ULL << i;
    if (!still_fails(shrinking))
      shrinking->genesis.faults_left_out = before;
  }
}

static void print_command(const struct shrinking *shrinking) {
  const struct genesis *genesis = &shrinking->genesis;
  const char *comma = "";
  if (genesis->crash_points[0] > 0) {
    printf("again: ./run sim --crash-points --seed %llu\n", (unsigned long long)genesis->seed);
    return;
  }
  printf("again: ./run sim --seed %llu --universe %llu --only ", (unsigned long long)genesis->seed,
         (unsigned long long)genesis->number);
  for (uint32_t i = 0; i < genesis->scenarios; i++) {
    if (shrinking->left_out[i])
      continue;
    printf("%s%u", comma, i);
    comma = ",";
  }
  printf(" --spare %llu\n", (unsigned long long)genesis->faults_left_out);
}

static unsigned left_over(const struct shrinking *shrinking) {
  unsigned left = 0;
  for (uint32_t i = 0; i < shrinking->genesis.scenarios; i++)
    left += !shrinking->left_out[i];
  return left;
}

/* One after another, faults and then scenarios that were needed for a fault's sake. Returns whether there is
 * less: then others may be needed no longer. */
static bool leave_out_more(struct shrinking *shrinking) {
  uint64_t faults = shrinking->genesis.faults_left_out;
  unsigned before = left_over(shrinking);
  leave_out_faults(shrinking);
  for (uint32_t i = 0; i < shrinking->genesis.scenarios && left_over(shrinking) > 1; i++)
    leave_out(shrinking, i, 1);
  return shrinking->genesis.faults_left_out != faults || left_over(shrinking) != before;
}

void shrink(struct universe *universe, const struct genesis *failed) {
  struct shrinking shrinking = {.universe = universe, .genesis = *failed, .kind = universe->failure_kind};
  uint32_t scenario = universe->failed_scenario;
  if (failed->left_out)
    memcpy(shrinking.left_out, failed->left_out, sizeof shrinking.left_out);
  printf("FAILED: seed %llu, universe %llu, step %llu: %s\n", (unsigned long long)failed->seed,
         (unsigned long long)failed->number, (unsigned long long)universe->steps, universe->failure);
  keep_alone(&shrinking, scenario);
  for (uint32_t part = failed->scenarios / 2; part > 0 && left_over(&shrinking) > 1; part /= 2) {
    for (uint32_t first = 0; first < failed->scenarios; first += part)
      leave_out(&shrinking, first, part);
  }
  while (leave_out_more(&shrinking))
    ;
  shrinking.genesis.trace = true;
  shrinking.runs = 0;
  printf("the shortest that fails: %u of %u payments; their story, in seconds\n", left_over(&shrinking),
         failed->scenarios);
  bool fails = still_fails(&shrinking);
  assert(fails);
  printf("FAILED at step %llu: %s\n", (unsigned long long)universe->steps, universe->failure);
  print_command(&shrinking);
}
