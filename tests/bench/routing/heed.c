#include "heed.h"
#include "choice_advice.h"
#include "choice_beta.h"
#include "report.h"
#include "routing_world.h"

static const uint32_t shares[HEED_RULE_COUNT][WORLD_CONNECTORS] = {
    [HEED_SPLIT] = {400000, 300000, 200000, 100000},
    [HEED_FIXED] = {1000000, 0, 0, 0},
};

const char *heed_name(enum heed_rule rule) {
  return rule == HEED_SPLIT ? "split 40, 30, 20, 10 %" : "fixed order";
}

static unsigned in_force(enum heed_rule rule, uint64_t draw) {
  uint32_t at = (uint32_t)(beta_seed(draw, 99) % CHOICE_MILLION);
  unsigned connector = 0;
  while (at >= shares[rule][connector])
    at -= shares[rule][connector++];
  return connector;
}

static unsigned advise(const struct choice_cells *cells, const struct world_payment *payment,
                       struct choice_estimate *ret_estimate) {
  struct choice_candidate candidates[WORLD_CONNECTORS] = {0};
  for (unsigned c = 0; c < WORLD_CONNECTORS; c++)
    candidates[c].connector = (uint16_t)(c + 1);
  struct choice_snapshot snapshot;
  struct choice_order order;
  choice_order_best(cells, candidates, WORLD_CONNECTORS, &payment->facts, payment->at_ms, payment->draw,
                    &snapshot, &order);
  const struct choice_premise *premise = &snapshot.premises[order.places[0]];
  *ret_estimate = (struct choice_estimate){.approved = premise->approved, .declined = premise->declined};
  return order.places[0];
}

/* What the advice would truly have gained for this payment. */
static double step(struct choice_cells *cells, enum heed_rule rule, const struct world_payment *payment,
                   struct choice_advice *advice) {
  struct choice_advised advised;
  unsigned taken = in_force(rule, payment->draw), other = advise(cells, payment, &advised.advised);
  advised.followed = taken == other;
  advised.share = shares[rule][other];
  advised.approved = payment->verdict < payment->rates[taken];
  choice_advice_record(advice, &advised);
  choice_record(cells, taken + 1, &payment->facts, advised.approved, payment->at_ms);
  return payment->rates[other] - payment->rates[taken];
}

static void run_world(uint64_t seed, enum heed_rule rule, struct heed *heed) {
  static struct world world;
  struct choice_cells *cells;
  struct choice_advice advice = {0};
  struct choice_gain gain;
  double truth = 0;
  world_begin(&world, seed, HEED_PAYMENTS);
  if (choice_cells_new(CHOICE_CELLS_DEFAULT, CHOICE_HALF_LIFE_DEFAULT_MS, &cells) != 0)
    give_up("no memory for the cells");
  for (unsigned i = 0; i < HEED_PAYMENTS; i++) {
    struct world_payment payment;
    world_next(&world, &payment);
    truth += step(cells, rule, &payment, &advice) / HEED_PAYMENTS;
  }
  if (choice_advice_gain(&advice, &gain) != 0)
    give_up("no gain");
  heed->truth += truth / HEED_WORLDS;
  heed->claimed += (double)gain.gain / CHOICE_MILLION / HEED_WORLDS;
  heed->width += (double)(gain.high - gain.low) / CHOICE_MILLION / HEED_WORLDS;
  heed->held += gain.low <= truth * CHOICE_MILLION && truth * CHOICE_MILLION <= gain.high;
  choice_cells_free(cells);
}

void heed_run(uint64_t seed, enum heed_rule rule, struct heed *ret_heed) {
  *ret_heed = (struct heed){0};
  for (unsigned i = 0; i < HEED_WORLDS; i++)
    run_world(seed + i, rule, ret_heed);
}
