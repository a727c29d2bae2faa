/* What a replay's payments cost, as they went and as a draft would have them go: only of those whose cost is
 * known on both sides, so that both sides speak of the same payments. For replay.c and tests. */
#pragma once

#include "map.h"
#include "replay_counts.h"

enum { PRICED_KINDS_MAX = 1 << 16 };

/* As they went. Costs in millionths of a minor unit. */
struct priced_side {
  uint64_t payments, approved;
  double tries, approvals; /* the latter of the approved */
  double all;              /* and what it would be of all */
};

struct priced_kind; /* payments that move alike */

struct replay_prices {
  unsigned currency_count;
  char currencies[REPLAY_CURRENCIES_MAX][CURRENCY_CAPACITY];
  struct priced_side stay[REPLAY_CURRENCIES_MAX];
  unsigned kind_count;
  struct map by_key;
  struct priced_kind *kinds;
};

/* Of one payment whose first attempt has ended. */
struct replay_price {
  const char *currency;
  bool approved;
  struct choice_cost before, after; /* at the connector that it was tried at first, and where it would be */
};

MUST_USE int prices_open(struct replay_prices *prices);
/* Allows a zeroed one. */
void prices_close(struct replay_prices *prices);
/* A payment that stays where it is; or one of that kind that moves by that pair, to that connector. Each
 * returns whether there was room. */
bool prices_add_stay(struct replay_prices *prices, const struct replay_price *price);
bool prices_add_moved(struct replay_prices *prices, unsigned pair, const char *to,
                      const struct replay_kind *kind, const struct replay_price *price);
/* Fills in the costs of both sides, of the payments whose fate where they would go is known from others.
 * Returns 0 or -ENOMEM. */
MUST_USE int prices_costs(const struct replay_prices *prices, const struct replay_counts *counts,
                          struct replay_figures *figures);
