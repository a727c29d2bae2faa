#include "routing_world.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double hour_ms = 3600.0 * 1000, day_ms = 24 * 3600.0 * 1000;

static const enum network networks[] = {NETWORK_VISA, NETWORK_MASTERCARD, NETWORK_AMEX};
static const unsigned network_shares[] = {55, 35, 10};
static const enum funding fundings[] = {FUNDING_CREDIT, FUNDING_DEBIT, FUNDING_PREPAID};
static const unsigned funding_shares[] = {45, 45, 10};
static const char countries[WORLD_COUNTRIES][3] = {"DE", "FR", "NL", "ES", "IT", "PL",
                                                   "GB", "US", "CH", "SE", "BR", "IN"};
static const unsigned country_shares[] = {26, 18, 12, 9, 8, 7, 6, 5, 3, 3, 2, 1};

enum { NETWORKS = sizeof networks / sizeof networks[0], FUNDINGS = sizeof fundings / sizeof fundings[0] };

static double unit(struct chance *chance) {
  return (double)(chance_next(chance) >> 11) / 9007199254740992.0;
}

static double from_to(struct chance *chance, double low, double high) {
  return low + (high - low) * unit(chance);
}

/* Near enough to normal for a world: twelve uniforms. */
static double bell(struct chance *chance, double deviation) {
  double sum = -6;
  for (int i = 0; i < 12; i++)
    sum += unit(chance);
  return sum * deviation;
}

static unsigned pick(struct chance *chance, const unsigned *shares, unsigned count) {
  unsigned at = (unsigned)chance_below(chance, 100), index = 0;
  while (index + 1 < count && at >= shares[index])
    at -= shares[index++];
  return index;
}

static void begin_connector(struct chance *chance, struct world_connector *connector) {
  connector->base = from_to(chance, 0.86, 0.91);
  connector->slope_amplitude = from_to(chance, 0.005, 0.03);
  connector->slope_days = from_to(chance, 2, 6);
  connector->slope_phase = from_to(chance, 0, 2 * pi);
  connector->hour_amplitude = from_to(chance, 0, 0.03);
  connector->hour_peak = from_to(chance, 0, 24);
  for (unsigned i = 0; i < NETWORKS; i++)
    connector->network[networks[i]] = bell(chance, 0.015);
  for (unsigned i = 0; i < FUNDINGS; i++)
    connector->funding[fundings[i]] = bell(chance, 0.01);
  for (unsigned i = 0; i < WORLD_COUNTRIES; i++)
    connector->country[i] = bell(chance, 0.03);
}

/* Every day and a half or so a connector does better or worse for one network or one country, for a while. */
static void plan_jumps(struct chance *chance, struct world *world, unsigned connector) {
  int64_t at = (int64_t)(from_to(chance, 0, 1.5) * day_ms);
  while (at < WORLD_MS && world->jump_count < WORLD_JUMPS_MAX) {
    bool of_network = chance_percent(chance, 50);
    struct world_event *jump = &world->jumps[world->jump_count++];
    *jump = (struct world_event){.begin_ms = at, .connector = connector, .network = -1, .country = -1};
    if (of_network)
      jump->network = (int)networks[chance_below(chance, NETWORKS)];
    else
      jump->country = (int)chance_below(chance, WORLD_COUNTRIES);
    jump->by = from_to(chance, -0.2, 0.08);
    jump->end_ms = at + (int64_t)(from_to(chance, 0.5, 3) * day_ms);
    at += (int64_t)(from_to(chance, 0.5, 2.5) * day_ms);
  }
}

/* Every three days or so a connector declines most of what it gets, for up to an hour and a half. */
static void plan_outages(struct chance *chance, struct world *world, unsigned connector) {
  int64_t at = (int64_t)(from_to(chance, 0, 5) * day_ms);
  while (at < WORLD_MS && world->outage_count < WORLD_OUTAGES_MAX) {
    int64_t end = at + (int64_t)(from_to(chance, 0.25, 1.5) * hour_ms);
    world->outages[world->outage_count++] = (struct world_event){.begin_ms = at,
                                                                 .end_ms = end,
                                                                 .connector = connector,
                                                                 .network = -1,
                                                                 .country = -1,
                                                                 .by = from_to(chance, 0, 0.4)};
    at += (int64_t)(from_to(chance, 1, 5) * day_ms);
  }
}

void world_begin(struct world *world, uint64_t seed, unsigned payments) {
  memset(world, 0, sizeof *world);
  struct chance chance = chance_of(seed, 1, 0);
  world->payments = chance_of(seed, 2, 0);
  world->walks = chance_of(seed, 3, 0);
  world->step_ms = WORLD_MS / payments;
  for (unsigned i = 0; i < FUNDINGS; i++)
    world->funding[fundings[i]] = bell(&chance, 0.02);
  for (unsigned i = 0; i < WORLD_COUNTRIES; i++)
    world->country[i] = bell(&chance, 0.04);
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++) {
    begin_connector(&chance, &world->connectors[i]);
    plan_jumps(&chance, world, i);
    plan_outages(&chance, world, i);
  }
}

/* Once an hour, each connector's rate for each network takes a step, and leans back a little. */
static void walk(struct world *world) {
  for (; world->walked_ms + (int64_t)hour_ms <= world->now_ms; world->walked_ms += (int64_t)hour_ms) {
    for (unsigned i = 0; i < WORLD_CONNECTORS; i++) {
      for (unsigned n = 0; n < NETWORKS; n++) {
        double *at = &world->connectors[i].walk[networks[n]];
        *at = *at * 0.99 + bell(&world->walks, 0.004);
      }
    }
  }
}

static bool happens(const struct world_event *event, int64_t at_ms, unsigned connector, enum network network,
                    unsigned country) {
  return event->connector == connector && event->begin_ms <= at_ms && at_ms < event->end_ms &&
         (event->network < 0 || event->network == (int)network) &&
         (event->country < 0 || event->country == (int)country);
}

static double rate(const struct world *world, unsigned index, const struct world_payment *payment,
                   unsigned country) {
  const struct world_connector *connector = &world->connectors[index];
  enum network network = payment->facts.network;
  enum funding funding = payment->facts.funding;
  double days = (double)payment->at_ms / day_ms, hour = fmod((double)payment->at_ms / hour_ms, 24);
  double sum = connector->base + world->funding[funding] + world->country[country];
  sum += connector->network[network] + connector->funding[funding] + connector->country[country];
  sum += connector->walk[network];
  sum += connector->slope_amplitude * sin(2 * pi * days / connector->slope_days + connector->slope_phase);
  sum += connector->hour_amplitude * cos(2 * pi * (hour - connector->hour_peak) / 24);
  for (unsigned i = 0; i < world->jump_count; i++) {
    if (happens(&world->jumps[i], payment->at_ms, index, network, country))
      sum += world->jumps[i].by;
  }
  sum = fmin(fmax(sum, 0.02), 0.99);
  for (unsigned i = 0; i < world->outage_count; i++) {
    if (happens(&world->outages[i], payment->at_ms, index, network, country))
      sum *= world->outages[i].by;
  }
  return sum;
}

/* Twice as many by day as by night. */
static void advance(struct world *world) {
  double hour = fmod((double)world->now_ms / hour_ms, 24);
  double pace = 1 + 0.5 * cos(2 * pi * (hour - 15) / 24);
  world->now_ms += (int64_t)(from_to(&world->payments, 0, 2) * (double)world->step_ms / pace);
}

void world_next(struct world *world, struct world_payment *ret_payment) {
  advance(world);
  walk(world);
  struct chance *chance = &world->payments;
  unsigned country = pick(chance, country_shares, WORLD_COUNTRIES);
  struct world_payment payment = {.at_ms = world->now_ms, .amount = {.currency = "EUR"}};
  payment.facts.network = networks[pick(chance, network_shares, NETWORKS)];
  payment.facts.funding = fundings[pick(chance, funding_shares, FUNDINGS)];
  memcpy(payment.facts.country, countries[country], sizeof payment.facts.country);
  payment.facts.hour = (uint8_t)((world->now_ms / (int64_t)hour_ms) % 24);
  payment.amount.minor = (int64_t)exp(from_to(chance, 6.2, 10.1)); /* 5 to 240 euros */
  payment.draw = chance_next(chance);
  payment.verdict = unit(chance);
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++)
    payment.rates[i] = rate(world, i, &payment, country);
  *ret_payment = payment;
}

double world_best(const struct world_payment *payment) {
  double best = 0;
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++)
    best = fmax(best, payment->rates[i]);
  return best;
}
