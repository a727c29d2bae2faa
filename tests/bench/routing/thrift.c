#include "thrift.h"
#include "report.h"
#include "routing_world.h"

#include <math.h>
#include <stdlib.h>

enum { CENT = 1000000 /* as fees count */ };

#define EEA .region_count = 7, .region = {"DE", "FR", "NL", "ES", "IT", "PL", "SE"}

/* Invented, in the forms and orders of size that acquirers publish. */
static const struct choice_fees tables[WORLD_CONNECTORS] = {
    {.pricing = CHOICE_INTERCHANGE_PLUS,
     .currency = "EUR",
     .country = "NL",
     EEA,
     .settlement_count = 1,
     .settlements = {"EUR"},
     .line_count = 10,
     .lines = {{CHOICE_FEE_INTERCHANGE, NETWORK_AMEX, 0, 0, 18000, 0, 0},
               {CHOICE_FEE_INTERCHANGE, 0, 0, CHOICE_INTERNATIONAL, 15000, 0, 0},
               {CHOICE_FEE_INTERCHANGE, 0, FUNDING_CREDIT, 0, 3000, 0, 0},
               {CHOICE_FEE_INTERCHANGE, 0, 0, 0, 2000, 0, 0},
               {CHOICE_FEE_SCHEME, NETWORK_MASTERCARD, 0, CHOICE_INTERNATIONAL, 5500, 2 * CENT, 0},
               {CHOICE_FEE_SCHEME, 0, 0, CHOICE_INTERNATIONAL, 4500, 2 * CENT, 0},
               {CHOICE_FEE_SCHEME, 0, 0, 0, 900, 1 * CENT, 0},
               {CHOICE_FEE_MARKUP, 0, 0, 0, 6000, 0, 5 * CENT},
               {CHOICE_FEE_CROSS_BORDER, 0, 0, CHOICE_INTERNATIONAL, 2000, 0, 0},
               {CHOICE_FEE_TRY, 0, 0, 0, 0, 11 * CENT, 0}}},
    {.pricing = CHOICE_BLENDED,
     .currency = "EUR",
     .country = "FR",
     EEA,
     .settlement_count = 1,
     .settlements = {"EUR"},
     .line_count = 3,
     .lines = {{CHOICE_FEE_BLENDED, NETWORK_AMEX, 0, 0, 29000, 25 * CENT, 0},
               {CHOICE_FEE_BLENDED, 0, 0, CHOICE_INTERNATIONAL, 32500, 25 * CENT, 0},
               {CHOICE_FEE_BLENDED, 0, 0, 0, 15000, 25 * CENT, 0}}},
    {.pricing = CHOICE_BLENDED,
     .currency = "GBP",
     .country = "GB",
     .settlement_count = 1,
     .settlements = {"GBP"},
     .line_count = 5,
     .lines = {{CHOICE_FEE_BLENDED, 0, FUNDING_DEBIT, CHOICE_DOMESTIC, 6000, 8 * CENT, 0},
               {CHOICE_FEE_BLENDED, 0, 0, 0, 11000, 10 * CENT, 0},
               {CHOICE_FEE_CROSS_BORDER, 0, 0, CHOICE_INTERNATIONAL, 2500, 0, 0},
               {CHOICE_FEE_CONVERSION, 0, 0, 0, 4000, 0, 0},
               {CHOICE_FEE_TRY, 0, 0, 0, 0, 3 * CENT, 0}}},
    {.pricing = CHOICE_BLENDED,
     .currency = "EUR",
     .country = "DE",
     EEA,
     .settlement_count = 2,
     .settlements = {"EUR", "USD"},
     .line_count = 3,
     .lines = {{CHOICE_FEE_BLENDED, 0, 0, CHOICE_DOMESTIC, 9500, 12 * CENT, 0},
               {CHOICE_FEE_BLENDED, 0, 0, CHOICE_REGIONAL, 14000, 12 * CENT, 0},
               {CHOICE_FEE_BLENDED, 0, 0, 0, 29000, 12 * CENT, 0}}},
};

static const struct choice_exchange exchange = {.count = 2, .values = {{"EUR", 1000000}, {"GBP", 1170000}}};

struct purse {
  struct choice_cells *cells;
  unsigned approved, below, turn;
  double cost;
};

const char *thrift_name(enum thrift_kind kind) {
  static const char *const names[THRIFT_COUNT] = {
      [THRIFT_CHEAPEST] = "cheapest of, approval >= 85 %",
      [THRIFT_NO_FLOOR] = "cheapest of, without a floor",
      [THRIFT_BEST] = "best of",
      [THRIFT_ROBIN] = "round robin",
      [THRIFT_FIXED] = "fixed order",
      [THRIFT_ORACLE] = "oracle (true rates), the same floor",
  };
  return names[kind];
}

static struct choice_cost cost_at(unsigned connector, const struct world_payment *payment) {
  struct choice_cost cost;
  if (choice_cost(&tables[connector], &payment->facts, &payment->amount, &exchange, &cost) != 0)
    give_up("a payment without a cost");
  return cost;
}

static bool meets(double rate) {
  return rate * CHOICE_MILLION >= THRIFT_FLOOR;
}

static unsigned choose_oracle(const struct world_payment *payment) {
  unsigned best = 0;
  double least = INFINITY;
  for (unsigned c = 0; c < WORLD_CONNECTORS; c++) {
    struct choice_cost cost = cost_at(c, payment);
    double expected = (double)cost.approved + (double)cost.each_try / payment->rates[c];
    if (meets(payment->rates[c]) && expected < least) {
      least = expected;
      best = c;
    }
  }
  for (unsigned c = 0; c < WORLD_CONNECTORS && isinf(least); c++)
    best = payment->rates[c] > payment->rates[best] ? c : best;
  return best;
}

static unsigned choose_learned(const struct purse *purse, enum thrift_kind kind,
                               const struct world_payment *payment) {
  struct choice_candidate candidates[WORLD_CONNECTORS];
  for (unsigned c = 0; c < WORLD_CONNECTORS; c++)
    candidates[c] = (struct choice_candidate){.connector = (uint16_t)(c + 1), .fees = &tables[c]};
  struct choice_snapshot snapshot;
  struct choice_order order;
  if (kind == THRIFT_BEST)
    choice_order_best(purse->cells, candidates, WORLD_CONNECTORS, &payment->facts, payment->at_ms,
                      payment->draw, &snapshot, &order);
  else
    choice_order_cheapest(purse->cells, candidates, WORLD_CONNECTORS, &payment->facts, &payment->amount,
                          &exchange, kind == THRIFT_CHEAPEST ? THRIFT_FLOOR : 0, payment->at_ms, &snapshot,
                          &order);
  return order.places[0];
}

static unsigned choose(struct purse *purse, enum thrift_kind kind, const struct world_payment *payment) {
  switch (kind) {
  case THRIFT_ROBIN:
    return purse->turn++ % WORLD_CONNECTORS;
  case THRIFT_FIXED:
    return 0;
  case THRIFT_ORACLE:
    return choose_oracle(payment);
  default:
    return choose_learned(purse, kind, payment);
  }
}

static void step(struct purse *purse, enum thrift_kind kind, const struct world_payment *payment) {
  unsigned connector = choose(purse, kind, payment);
  bool approved = payment->verdict < payment->rates[connector];
  struct choice_cost cost = cost_at(connector, payment);
  purse->cost += (double)cost.each_try / CENT + (approved ? (double)cost.approved / CENT : 0);
  purse->approved += approved;
  purse->below += meets(world_best(payment)) && !meets(payment->rates[connector]);
  if (purse->cells != NULL)
    choice_record(purse->cells, connector + 1, &payment->facts, approved, payment->at_ms);
}

static void run_world(uint64_t seed, int index, struct thrift *thrift) {
  static struct world world;
  struct purse purses[THRIFT_COUNT] = {0};
  world_begin(&world, seed, THRIFT_PAYMENTS);
  for (enum thrift_kind kind = 0; kind < THRIFT_COUNT; kind++) {
    if (kind <= THRIFT_BEST &&
        choice_cells_new(CHOICE_CELLS_DEFAULT, CHOICE_HALF_LIFE_DEFAULT_MS, &purses[kind].cells) != 0)
      give_up("no memory for the cells");
  }
  for (unsigned i = 0; i < THRIFT_PAYMENTS; i++) {
    struct world_payment payment;
    world_next(&world, &payment);
    for (enum thrift_kind kind = 0; kind < THRIFT_COUNT; kind++)
      step(&purses[kind], kind, &payment);
  }
  for (enum thrift_kind kind = 0; kind < THRIFT_COUNT; kind++) {
    struct purse *purse = &purses[kind];
    thrift->approval[kind].values[index] = (double)purse->approved / THRIFT_PAYMENTS;
    thrift->cost[kind].values[index] = purse->cost / purse->approved;
    thrift->below[kind].values[index] = (double)purse->below / THRIFT_PAYMENTS;
    choice_cells_free(purse->cells);
  }
}

void thrift_run(uint64_t seed, struct thrift *ret_thrift) {
  struct choice_fees_error error;
  for (unsigned c = 0; c < WORLD_CONNECTORS; c++) {
    if (choice_fees_check(&tables[c], &error) != 0)
      give_up("a fee table is wrong");
  }
  *ret_thrift = (struct thrift){0};
  for (int i = 0; i < SEEDS; i++)
    run_world(seed + (uint64_t)i, i, ret_thrift);
}
