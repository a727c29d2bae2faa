/* What a replay counts, and the rates that come of it. For replay.c and tests. */
#pragma once

#include "replay.h"
#include "replay_costs.h"

struct counts_cell; /* one count */

struct replay_counts {
  size_t used, capacity; /* of cells; capacity is a power of two */
  struct counts_cell *cells;
  unsigned name_count;
  char names[UINT8_MAX][CONNECTOR_NAME_CAPACITY];
  struct {
    uint64_t approved, ended; /* first attempts of payments that stay where they are, by connector */
  } stays[UINT8_MAX];
  struct {
    uint64_t approved, ended; /* and of those that move, as they were, by pair */
  } moved[REPLAY_PAIRS_MAX];
  uint32_t round; /* of putting rates together */
};

/* What of a payment makes it comparable with another. */
struct replay_kind {
  enum network network;
  enum funding funding;
  char country[3];
};

MUST_USE int counts_open(struct replay_counts *counts);
void counts_close(struct replay_counts *counts);
/* A first attempt at that connector that has ended. Returns whether there was room. */
bool counts_add_attempt(struct replay_counts *counts, const char *connector, const struct replay_kind *kind,
                        bool approved);
/* Such an attempt, added before, is of a payment that stays there. Likewise. */
bool counts_add_stay(struct replay_counts *counts, const char *connector, const struct replay_kind *kind,
                     bool approved);
/* A payment of that kind that moves by that pair. Likewise. */
bool counts_add_moved(struct replay_counts *counts, unsigned pair, const char *to,
                      const struct replay_kind *kind);
/* How often comparable payments were approved at that connector. Returns whether anything is known. */
bool counts_comparable(const struct replay_counts *counts, const char *to, const struct replay_kind *kind,
                       struct share_bounds *ret_rate);
/* Wilson's interval (share_bounds_of()), as it is told. */
struct replay_rate replay_rate_of(uint64_t approved, uint64_t ended);
/* Fills in the rates of all pairs and of the whole. Returns 0 or -ENOMEM. */
MUST_USE int counts_rates(struct replay_counts *counts, struct replay_figures *figures);
