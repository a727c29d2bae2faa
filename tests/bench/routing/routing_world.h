/* A world to route payments in: connectors whose approval rates differ by network, funding, country and hour,
 * drift, jump and break, all from a seed. It knows the true rates, which no router does. */
#pragma once

#include "chance.h"
#include "choice.h"

enum {
  WORLD_CONNECTORS = 4,
  WORLD_DAYS = 14,
  WORLD_COUNTRIES = 12,
  WORLD_FUNDINGS = 4, /* as enum funding */
  WORLD_JUMPS_MAX = 64,
  WORLD_OUTAGES_MAX = 64
};

#define WORLD_MS ((int64_t)WORLD_DAYS * 24 * 3600 * 1000)

/* From begin to end, a change for some of a connector's payments. */
struct world_event {
  int64_t begin_ms, end_ms;
  unsigned connector;
  int network, country; /* an index; -1: all */
  double by;            /* a jump: added to the rate; an outage: what the rate is multiplied with */
};

struct world_connector {
  double base, slope_amplitude, slope_days, slope_phase, hour_amplitude, hour_peak;
  double network[NETWORK_COUNT], funding[WORLD_FUNDINGS], country[WORLD_COUNTRIES];
  double walk[NETWORK_COUNT]; /* as of now */
};

struct world {
  struct chance payments, walks;
  struct world_connector connectors[WORLD_CONNECTORS];
  double funding[WORLD_FUNDINGS], country[WORLD_COUNTRIES]; /* what issuers do alike at every connector */
  unsigned jump_count, outage_count;
  struct world_event jumps[WORLD_JUMPS_MAX], outages[WORLD_OUTAGES_MAX];
  int64_t now_ms, walked_ms, step_ms;
};

/* One payment and everything true about it. */
struct world_payment {
  int64_t at_ms;
  struct choice_payment facts;
  struct money amount;
  uint64_t draw;  /* for the router's own chance */
  double verdict; /* 0 to 1: it is approved by a connector whose rate is higher, the same for every router */
  double rates[WORLD_CONNECTORS];
};

/* A world of its own for each seed, in which so many payments come in WORLD_DAYS days. */
void world_begin(struct world *world, uint64_t seed, unsigned payments);
/* The next payment. */
void world_next(struct world *world, struct world_payment *ret_payment);
/* The highest of the payment's true rates. */
double world_best(const struct world_payment *payment);
