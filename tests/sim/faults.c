#include "faults.h"

#include <errno.h>
#include <string.h>

#include "merchant.h"
#include "trace.h"
#include "universe.h"

enum {
  SECOND = 1000,
  MINUTE = 60 * SECOND,
  POINTS_AHEAD = 16, /* a crash comes at one of so many points from its time on */
  CHANCES = 100,
  AGAIN_SHARE = 40, /* of a hundred faults, where it gets rough again */
  PSPS_FIRST = 4    /* of these, policies name one first */
};

/* How many of a hundred faults are of that kind. */
static const unsigned shares[FAULT_TYPE_COUNT] = {
    [FAULT_CRASH] = 32,   [FAULT_LINE] = 12,  [FAULT_STORE] = 6, [FAULT_SYNC] = 5,    [FAULT_CLOCK] = 7,
    [FAULT_REGISTRY] = 7, [FAULT_POLICY] = 8, [FAULT_SLEEP] = 6, [FAULT_OUTAGE] = 12, [FAULT_DRILL] = 5,
};

static enum fault_type draw_type(struct chance *chance) {
  unsigned roll = (unsigned)chance_below(chance, CHANCES);
  unsigned type = FAULT_CRASH;
  while (roll >= shares[type])
    roll -= shares[type++];
  return (enum fault_type)type;
}

static int64_t draw_length(struct chance *chance) {
  static const int64_t lengths[] = {100, 100, SECOND, SECOND, 15 * SECOND, 15 * SECOND, MINUTE, 10 * MINUTE};
  return 1 + chance_up_to(chance, lengths[chance_below(chance, sizeof lengths / sizeof *lengths)]);
}

/* More of them early, when most is going on. */
static int64_t draw_time(struct chance *chance, int64_t from_ms, int64_t to_ms) {
  int64_t within_ms = 1 + chance_up_to(chance, to_ms - from_ms);
  return from_ms + chance_up_to(chance, within_ms);
}

/* So long that it shows, and while payments begin. */
static void make_outage(struct chance *chance, struct fault *fault, int64_t from_ms) {
  fault->at_ms = from_ms + chance_up_to(chance, 4 * MINUTE);
  fault->lasts_ms = 30 * SECOND + chance_up_to(chance, 3 * MINUTE);
}

void faults_draw(struct universe *universe, int64_t from_ms, int64_t to_ms) {
  struct faults *faults = &universe->faults;
  struct chance *chance = &universe->chance;
  faults->count = universe->genesis.no_faults ? 0 : (uint32_t)chance_below(chance, FAULTS_MAX);
  for (uint32_t i = 0; i < faults->count; i++) {
    struct fault *fault = &faults->all[i];
    fault->type = draw_type(chance);
    fault->at_ms = draw_time(chance, from_ms, to_ms);
    fault->lasts_ms = draw_length(chance);
    fault->detail = chance_next(chance);
    if (universe->again_ms != 0 && chance_percent(chance, AGAIN_SHARE))
      fault->at_ms = universe->again_ms + chance_up_to(chance, ROUGH_AGAIN_MS);
    else if (fault->type == FAULT_OUTAGE || fault->type == FAULT_DRILL)
      make_outage(chance, fault, from_ms);
    if (universe->genesis.faults_left_out >> i & 1)
      continue;
    events_add(&universe->events, fault->at_ms, EVENT_FAULT, i, 0);
  }
}

/* ---- Each of them ---- */

static void lose_line(struct universe *universe, int64_t lasts_ms) {
  if (!universe->up || !universe->line_up)
    return;
  tell(universe, NOBODY, "the vault's line is lost for %lld ms", (long long)lasts_ms);
  flights_cut(universe);
  universe->line_up = false;
  engine_on_vault(universe->engine, router_ms(universe), false);
}

static void find_line(struct universe *universe) {
  if (!universe->up || universe->line_up)
    return;
  tell(universe, NOBODY, "the vault's line is there again");
  universe->line_up = true;
  register_connectors(universe);
  engine_on_vault(universe->engine, router_ms(universe), true);
}

static void jump(struct universe *universe, const struct fault *fault) {
  static const int64_t jumps[] = {SECOND, MINUTE, 30 * MINUTE}; /* so two are less than an hour apart */
  int64_t most_ms = jumps[fault->detail % 3];
  int64_t by_ms = (int64_t)(fault->detail >> 8) % most_ms;
  universe->skew_ms = fault->detail & 128 ? by_ms : -by_ms;
  tell(universe, NOBODY, "the machine's clock is off by %lld ms from here on", (long long)universe->skew_ms);
}

static void register_anew(struct universe *universe, const struct fault *fault) {
  static const enum connector_status statuses[] = {CONNECTOR_ACTIVE, CONNECTOR_DRAINING, CONNECTOR_DISABLED};
  unsigned psp = (unsigned)(fault->detail % PSP_COUNT);
  universe->statuses[psp] = statuses[(fault->detail >> 8) % 3];
  if (fault->detail >> 16 & 1)
    universe->pinned[psp]++;
  tell(universe, NOBODY, "%s is registered anew: status %u, sheet %u", psp_connector(psp),
       universe->statuses[psp], universe->pinned[psp]);
}

/* The vault tells the router, sooner or later. */
static void hear_of_registry(struct universe *universe) {
  if (universe->up && universe->line_up)
    register_connectors(universe);
}

static void fail_psp(struct universe *universe, const struct fault *fault) {
  unsigned psp = (unsigned)(fault->detail % PSPS_FIRST);
  universe->outages[psp] =
      (struct outage){.until_ms = universe->now_ms + fault->lasts_ms, .hangs = fault->detail >> 8 & 1};
  tell(universe, NOBODY, "%s takes nothing in for %lld ms", psp_connector(psp), (long long)fault->lasts_ms);
}

static void drill(struct universe *universe, const struct fault *fault) {
  struct requester from = {.merchant = universe->merchant, .actor = universe->actor};
  const char *connector = psp_connector((unsigned)(fault->detail % PSPS_FIRST));
  struct id id;
  if (!universe->up)
    return;
  tell(universe, NOBODY, "%s is taken out on purpose for %lld ms", connector, (long long)fault->lasts_ms);
  if (engine_drill(universe->engine, router_ms(universe), &from, connector, (uint32_t)fault->lasts_ms, &id) !=
      DRILL_DONE)
    tell(universe, NOBODY, "which is refused");
}

void fault_begins(struct universe *universe, uint32_t number) {
  const struct fault *fault = &universe->faults.all[number];
  switch (fault->type) {
  case FAULT_CRASH:
    if (universe->crash_at <= universe->points)
      universe->crash_at = universe->points + 1 + fault->detail % POINTS_AHEAD;
    universe->down_ms = fault->lasts_ms;
    return;
  case FAULT_LINE:
    lose_line(universe, fault->lasts_ms);
    break;
  case FAULT_STORE:
    tell(universe, NOBODY, "the disk is full for %lld ms", (long long)fault->lasts_ms);
    universe->store_fails++;
    store_memory_fail_commits(universe->store, -ENOSPC);
    break;
  case FAULT_SYNC:
    tell(universe, NOBODY, "a sync fails");
    universe->store_fails++;
    if (universe->up)
      store_memory_fail_sync(universe->store);
    break;
  case FAULT_CLOCK:
    jump(universe, fault);
    return;
  case FAULT_REGISTRY:
    register_anew(universe, fault);
    break;
  case FAULT_POLICY:
    publish_policy(universe, (unsigned)fault->detail);
    return;
  case FAULT_SLEEP:
    tell(universe, NOBODY, "the router sleeps for %lld ms", (long long)fault->lasts_ms);
    universe->asleep_ms = universe->now_ms + fault->lasts_ms;
    return;
  case FAULT_OUTAGE:
    fail_psp(universe, fault);
    return;
  case FAULT_DRILL:
    drill(universe, fault);
    return;
  case FAULT_TYPE_COUNT:
    return;
  }
  events_add(&universe->events, universe->now_ms + fault->lasts_ms, EVENT_RELIEF, number, 0);
}

/* Whoever watches the router starts it again. */
static void start_again(struct universe *universe, const struct fault *fault) {
  universe->store_fails--;
  universe->down_ms = 0;
  if (universe->up)
    crash(universe, (enum fate)(fault->detail % FATE_COUNT));
}

void fault_ends(struct universe *universe, uint32_t number) {
  const struct fault *fault = &universe->faults.all[number];
  if (fault->type == FAULT_LINE)
    find_line(universe);
  if (fault->type == FAULT_REGISTRY)
    hear_of_registry(universe);
  if (fault->type == FAULT_SYNC)
    start_again(universe, fault);
  if (fault->type != FAULT_STORE)
    return;
  tell(universe, NOBODY, "the disk has room again");
  universe->store_fails--;
  store_memory_fail_commits(universe->store, 0);
}
