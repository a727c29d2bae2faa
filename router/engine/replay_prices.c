#include "replay_prices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct priced_kind {
  struct map_node node;
  struct priced_kind *next;
  unsigned currency;
  char to[CONNECTOR_NAME_CAPACITY];
  struct replay_kind kind;
  struct priced_side before;
  double tries, approvals; /* as they would go, all of them approved */
};

int prices_open(struct replay_prices *prices) {
  *prices = (struct replay_prices){0};
  return map_open(&prices->by_key);
}

void prices_close(struct replay_prices *prices) {
  struct priced_kind *kind, *next;
  for (kind = prices->kinds; kind; kind = next) {
    next = kind->next;
    free(kind);
  }
  map_close(&prices->by_key);
  *prices = (struct replay_prices){0};
}

/* ---- Adding ---- */

/* Its number, or -1 when there are too many. */
static int currency_of(struct replay_prices *prices, const char *currency) {
  unsigned number = 0;
  while (number < prices->currency_count && strcmp(prices->currencies[number], currency) != 0)
    number++;
  if (number == REPLAY_CURRENCIES_MAX)
    return -1;
  if (number == prices->currency_count)
    memcpy(prices->currencies[prices->currency_count++], currency, CURRENCY_CAPACITY);
  return (int)number;
}

static void add_side(struct priced_side *side, const struct replay_price *price) {
  side->payments++;
  side->approved += price->approved;
  side->tries += (double)price->before.each_try;
  side->approvals += price->approved ? (double)price->before.approved : 0;
  side->all += (double)price->before.approved;
}

bool prices_add_stay(struct replay_prices *prices, const struct replay_price *price) {
  int currency = currency_of(prices, price->currency);
  if (currency >= 0)
    add_side(&prices->stay[currency], price);
  return currency >= 0;
}

static uint64_t key_of(unsigned pair, unsigned currency, const struct replay_kind *kind) {
  return (uint64_t)pair << 40 | (uint64_t)currency << 36 | (uint64_t)kind->network << 24 |
         (uint64_t)kind->funding << 16 | (uint64_t)(unsigned char)kind->country[0] << 8 |
         (unsigned char)kind->country[1];
}

_Static_assert(REPLAY_CURRENCIES_MAX <= 16 && REPLAY_PAIRS_MAX <= 1 << 24, "they fit a key");

/* The payments of that key, begun when there are none; NULL when there is no room. */
static struct priced_kind *kind_of_key(struct replay_prices *prices, uint64_t key) {
  struct map_node *node = map_find(&prices->by_key, key);
  if (node)
    return (struct priced_kind *)node;
  struct priced_kind *kind = prices->kind_count < PRICED_KINDS_MAX ? calloc(1, sizeof *kind) : NULL;
  if (!kind)
    return NULL;
  kind->next = prices->kinds;
  prices->kinds = kind;
  prices->kind_count++;
  map_add(&prices->by_key, &kind->node, key);
  return kind;
}

bool prices_add_moved(struct replay_prices *prices, unsigned pair, const char *to,
                      const struct replay_kind *kind, const struct replay_price *price) {
  int currency = currency_of(prices, price->currency);
  struct priced_kind *moved =
      currency < 0 ? NULL : kind_of_key(prices, key_of(pair, (unsigned)currency, kind));
  if (!moved)
    return false;
  moved->currency = (unsigned)currency;
  moved->kind = *kind;
  memcpy(moved->to, to, strlen(to) + 1);
  add_side(&moved->before, price);
  moved->tries += (double)price->after.each_try;
  moved->approvals += (double)price->after.approved;
  return true;
}

/* ---- Costs ---- */

/* Where none was approved, an approval would have cost what it would have on average. */
static struct cost_group group_of_side(const struct priced_side *side) {
  double payments = (double)side->payments, approved = (double)side->approved;
  return (struct cost_group){.payments = payments,
                             .tries = side->tries,
                             .approval = side->approved ? side->approvals / approved : side->all / payments,
                             .rate = share_bounds_of(side->approved, side->payments)};
}

static struct cost_group group_of_moved(const struct priced_kind *moved, struct share_bounds rate) {
  return (struct cost_group){.payments = (double)moved->before.payments,
                             .tries = moved->tries,
                             .approval = moved->approvals / (double)moved->before.payments,
                             .rate = rate};
}

static void join(struct priced_side *sum, const struct priced_side *side) {
  sum->payments += side->payments;
  sum->approved += side->approved;
  sum->tries += side->tries;
  sum->approvals += side->approvals;
  sum->all += side->all;
}

/* Of one currency; groups has room for all kinds and one more. */
static void cost_of(const struct replay_prices *prices, const struct replay_counts *counts, unsigned currency,
                    struct cost_group *groups, struct replay_figures *figures) {
  struct replay_cost *cost = &figures->costs[figures->cost_count];
  struct priced_side before = prices->stay[currency];
  unsigned count = 0;
  if (before.payments > 0)
    groups[count++] = group_of_side(&before);
  for (const struct priced_kind *moved = prices->kinds; moved; moved = moved->next) {
    struct share_bounds rate;
    if (moved->currency != currency || !counts_comparable(counts, moved->to, &moved->kind, &rate))
      continue;
    groups[count++] = group_of_moved(moved, rate);
    join(&before, &moved->before);
  }
  if (before.payments == 0)
    return;
  const struct cost_group in_force = group_of_side(&before);
  *cost = (struct replay_cost){.payments = (uint32_t)before.payments,
                               .before = costs_of_groups(&in_force, 1),
                               .after = costs_of_groups(groups, count)};
  memcpy(cost->currency, prices->currencies[currency], sizeof cost->currency);
  figures->cost_count++;
}

int prices_costs(const struct replay_prices *prices, const struct replay_counts *counts,
                 struct replay_figures *figures) {
  struct cost_group *groups = calloc(prices->kind_count + 1, sizeof *groups);
  if (!groups)
    return -ENOMEM;
  figures->cost_count = 0;
  for (unsigned currency = 0; currency < prices->currency_count; currency++)
    cost_of(prices, counts, currency, groups, figures);
  free(groups);
  return 0;
}
