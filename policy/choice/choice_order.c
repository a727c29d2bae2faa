#include "choice.h"

#include <assert.h>

static void gather(const struct choice_cells *cells, const struct choice_candidate *candidates,
                   unsigned count, const struct choice_payment *payment, int64_t now_ms,
                   struct choice_snapshot *snapshot) {
  assert(count >= 1 && count <= CHOICE_CANDIDATES_MAX);
  snapshot->count = (uint8_t)count;
  for (unsigned i = 0; i < count; i++) {
    struct choice_estimate estimate = choice_estimate(cells, candidates[i].connector, payment, now_ms);
    snapshot->premises[i] =
        (struct choice_premise){.approved = estimate.approved,
                                .declined = estimate.declined,
                                .seen = choice_seen(cells, candidates[i].connector, now_ms)};
  }
}

static void find_cost(const struct choice_fees *fees, const struct choice_payment *payment,
                      const struct money *amount, const struct choice_exchange *exchange,
                      struct choice_premise *premise) {
  int result = fees == NULL ? CHOICE_NO_TABLE : choice_cost(fees, payment, amount, exchange, &premise->cost);
  premise->cost_known = result == 0;
  premise->gap = result < 0 ? CHOICE_NO_SUM : (uint8_t)result;
}

static void decide(const struct choice_snapshot *snapshot, uint64_t draw, struct choice_order *ret_order) {
  int result = choice_decide(snapshot, draw, ret_order);
  assert(result == 0);
  (void)result;
}

void choice_order_best(const struct choice_cells *cells, const struct choice_candidate *candidates,
                       unsigned count, const struct choice_payment *payment, int64_t now_ms, uint64_t draw,
                       struct choice_snapshot *ret_snapshot, struct choice_order *ret_order) {
  *ret_snapshot = (struct choice_snapshot){.method = CHOICE_METHOD, .kind = CHOICE_BEST};
  gather(cells, candidates, count, payment, now_ms, ret_snapshot);
  decide(ret_snapshot, draw, ret_order);
}

void choice_order_cheapest(const struct choice_cells *cells, const struct choice_candidate *candidates,
                           unsigned count, const struct choice_payment *payment, const struct money *amount,
                           const struct choice_exchange *exchange, uint32_t floor, int64_t now_ms,
                           struct choice_snapshot *ret_snapshot, struct choice_order *ret_order) {
  assert(floor <= CHOICE_MILLION);
  *ret_snapshot = (struct choice_snapshot){.method = CHOICE_METHOD, .kind = CHOICE_CHEAPEST, .floor = floor};
  gather(cells, candidates, count, payment, now_ms, ret_snapshot);
  for (unsigned i = 0; i < count; i++)
    find_cost(candidates[i].fees, payment, amount, exchange, &ret_snapshot->premises[i]);
  decide(ret_snapshot, 0, ret_order);
}
