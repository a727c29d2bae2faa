/* Ways of choosing a connector, to be compared: Freeport's, and others. */
#pragma once

#include "choice.h"
#include "routing_world.h"

enum router_kind {
  ROUTER_LEARNED,   /* best of: discounted Thompson sampling over cells that back off */
  ROUTER_FLAT,      /* the same, one cell a connector */
  ROUTER_UNFADING,  /* the same over cells, forgetting nothing */
  ROUTER_UCB,       /* discounted UCB (Garivier and Moulines 2011), one arm a connector */
  ROUTER_EPSILON,   /* the highest rate of a window, and now and then any */
  ROUTER_WINDOW,    /* the highest rate of a window */
  ROUTER_ROBIN,     /* each in turn */
  ROUTER_FIXED,     /* the first, always */
  ROUTER_HINDSIGHT, /* the one connector that turned out best overall, always */
  ROUTER_COUNT
};

enum { WINDOW = 200 /* outcomes */ };

/* The last outcomes of one connector. */
struct window {
  bool outcomes[WINDOW];
  unsigned next, held, approved;
};

struct router {
  enum router_kind kind;
  struct choice_cells *cells;
  struct window windows[WORLD_CONNECTORS];
  double tries[WORLD_CONNECTORS], successes[WORLD_CONNECTORS]; /* discounted */
  int64_t at_ms;
  unsigned turn, hindsight;
};

/* What a router is called in the table. */
const char *router_name(enum router_kind kind);
/* hindsight: for ROUTER_HINDSIGHT. The caller ends it with router_end(). */
void router_begin(struct router *router, enum router_kind kind, unsigned hindsight);
void router_end(struct router *router);
/* The connector (0 to WORLD_CONNECTORS - 1) for a payment. */
unsigned router_choose(struct router *router, const struct world_payment *payment);
void router_learn(struct router *router, const struct world_payment *payment, unsigned connector,
                  bool approved);
