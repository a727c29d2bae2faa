#include "routers.h"
#include "report.h"

#include <math.h>
#include <string.h>

/* Of each router the best of what was tried, on other seeds than those shown: see README.md. */
static const double epsilon = 0.05, ucb_half_life_hours = 6, ucb_width = 0.05;
enum { FLAT_HALF_LIFE_HOURS = 6 };

static const int64_t hour_ms = 3600 * 1000;

const char *router_name(enum router_kind kind) {
  static const char *const names[ROUTER_COUNT] = {
      [ROUTER_LEARNED] = "best of (learned, discounted, cells)",
      [ROUTER_FLAT] = "  the same without cells",
      [ROUTER_UNFADING] = "  the same without forgetting",
      [ROUTER_UCB] = "discounted UCB",
      [ROUTER_EPSILON] = "epsilon-greedy",
      [ROUTER_WINDOW] = "windowed success rate",
      [ROUTER_ROBIN] = "round robin",
      [ROUTER_FIXED] = "fixed order",
      [ROUTER_HINDSIGHT] = "best single connector in hindsight",
  };
  return names[kind];
}

static int64_t half_life(enum router_kind kind) {
  if (kind == ROUTER_UNFADING)
    return CHOICE_HALF_LIFE_MAX_MS;
  return kind == ROUTER_FLAT ? hour_ms * FLAT_HALF_LIFE_HOURS : CHOICE_HALF_LIFE_DEFAULT_MS;
}

void router_begin(struct router *router, enum router_kind kind, unsigned hindsight) {
  memset(router, 0, sizeof *router);
  router->kind = kind;
  router->hindsight = hindsight;
  bool thompson = kind == ROUTER_LEARNED || kind == ROUTER_FLAT || kind == ROUTER_UNFADING;
  if (thompson && choice_cells_new(CHOICE_CELLS_DEFAULT, half_life(kind), &router->cells) != 0)
    give_up("no memory for the cells");
}

void router_end(struct router *router) {
  choice_cells_free(router->cells);
}

/* Without cells every payment looks alike. */
static struct choice_payment seen(const struct router *router, const struct world_payment *payment) {
  return router->kind == ROUTER_FLAT ? (struct choice_payment){0} : payment->facts;
}

static unsigned choose_thompson(const struct router *router, const struct world_payment *payment) {
  struct choice_candidate candidates[WORLD_CONNECTORS] = {0};
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++)
    candidates[i].connector = (uint16_t)(i + 1);
  struct choice_snapshot snapshot;
  struct choice_order order;
  struct choice_payment facts = seen(router, payment);
  choice_order_best(router->cells, candidates, WORLD_CONNECTORS, &facts, payment->at_ms, payment->draw,
                    &snapshot, &order);
  return order.places[0];
}

static unsigned highest(const double values[WORLD_CONNECTORS]) {
  unsigned best = 0;
  for (unsigned i = 1; i < WORLD_CONNECTORS; i++)
    best = values[i] > values[best] ? i : best;
  return best;
}

static void fade(struct router *router, int64_t now_ms) {
  double kept = exp2(-(double)(now_ms - router->at_ms) / (ucb_half_life_hours * (double)hour_ms));
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++) {
    router->tries[i] *= kept;
    router->successes[i] *= kept;
  }
  router->at_ms = now_ms;
}

static unsigned choose_ucb(struct router *router, const struct world_payment *payment) {
  fade(router, payment->at_ms);
  double total = 0, values[WORLD_CONNECTORS];
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++)
    total += router->tries[i];
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++) {
    double tries = fmax(router->tries[i], 1e-9);
    values[i] = router->successes[i] / tries + sqrt(ucb_width * log(fmax(total, 2)) / tries);
  }
  return highest(values);
}

static unsigned choose_window(const struct router *router) {
  double values[WORLD_CONNECTORS];
  for (unsigned i = 0; i < WORLD_CONNECTORS; i++)
    values[i] = ((double)router->windows[i].approved + 1) / ((double)router->windows[i].held + 1);
  return highest(values);
}

unsigned router_choose(struct router *router, const struct world_payment *payment) {
  switch (router->kind) {
  case ROUTER_LEARNED:
  case ROUTER_FLAT:
  case ROUTER_UNFADING:
    return choose_thompson(router, payment);
  case ROUTER_UCB:
    return choose_ucb(router, payment);
  case ROUTER_EPSILON:
    if ((double)(payment->draw >> 32) < epsilon * 4294967296.0)
      return (unsigned)(payment->draw % WORLD_CONNECTORS);
    return choose_window(router);
  case ROUTER_WINDOW:
    return choose_window(router);
  case ROUTER_ROBIN:
    return router->turn++ % WORLD_CONNECTORS;
  case ROUTER_HINDSIGHT:
    return router->hindsight;
  default:
    return 0;
  }
}

static void slide(struct window *seen_last, bool approved) {
  if (seen_last->held == WINDOW)
    seen_last->approved -= seen_last->outcomes[seen_last->next];
  else
    seen_last->held++;
  seen_last->outcomes[seen_last->next] = approved;
  seen_last->approved += approved;
  seen_last->next = (seen_last->next + 1) % WINDOW;
}

void router_learn(struct router *router, const struct world_payment *payment, unsigned connector,
                  bool approved) {
  slide(&router->windows[connector], approved);
  if (router->kind == ROUTER_UCB) {
    router->tries[connector] += 1;
    router->successes[connector] += approved;
  }
  if (router->cells != NULL) {
    struct choice_payment facts = seen(router, payment);
    choice_record(router->cells, connector + 1, &facts, approved, payment->at_ms);
  }
}
