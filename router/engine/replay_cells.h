/* The cells that a replay counts in, and how they are found. For replay_counts.c and replay_blend.c. */
#pragma once

#include "replay_counts.h"

enum {
  LEVELS = 4, /* network, funding and country; without the country; the network alone; all there is */
  CELL_ATTEMPTS = 1,
  CELL_MOVED = 2
};

/* Of first attempts at a connector, by level; or of payments that move, by pair. */
struct counts_cell {
  uint64_t key;             /* 0: free */
  uint32_t approved, ended; /* CELL_ATTEMPTS */
  uint32_t stays;           /* likewise, at level 0: those of payments that stay where they are */
  uint32_t payments;        /* CELL_MOVED */
  uint8_t to;               /* likewise: the connector's number */
  /* CELL_ATTEMPTS, while rates are put together (replay_blend.c). */
  uint32_t round;   /* the last that used it */
  double weight;    /* payments judged by it */
  double low, high; /* how far those may be off that are judged by it, or by finer ones inside */
};

/* owner: the number of the connector, or of the pair. */
uint64_t counts_key(unsigned type, unsigned owner, const struct replay_kind *kind, unsigned level);
unsigned counts_key_owner(uint64_t key);
unsigned counts_key_level(uint64_t key);
/* What is written in a key of level 0. */
struct replay_kind counts_key_kind(uint64_t key);
/* The key of the coarser cell that holds what that one does. */
uint64_t counts_key_at(uint64_t key, unsigned level);

/* The cell of that key, or a free one when there is none. */
struct counts_cell *counts_place(const struct replay_counts *counts, uint64_t key);
/* Made when it is new; NULL when there is no room. Pointers to others are void then. */
struct counts_cell *counts_cell_of(struct replay_counts *counts, uint64_t key);
/* The finest level of comparable attempts there of which there are enough, or the coarsest. NULL: none at
 * all. to: the connector's number. */
struct counts_cell *counts_history(const struct replay_counts *counts, unsigned to,
                                   const struct replay_kind *kind);

/* ---- replay_blend.c ---- */

/* The rate of payments that move, each by what is comparable where it would go, and of those that stay where
 * with_stays. moved: count cells of CELL_MOVED; those without history are left out. used: room for as many
 * pointers. Source of the bounds: G. Y. Zou and A. Donner, Construction of confidence limits about effect
 * measures, Statistics in Medicine 27 (2008), 1693-1702. */
struct replay_rate counts_blend(struct replay_counts *counts, const struct counts_cell *const *moved,
                                size_t count, bool with_stays, struct counts_cell **used);
