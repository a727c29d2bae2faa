/* One rate of payments that are judged by several groups of attempts. A group's own bounds are Wilson's.
 * Groups that share no attempt err apart: their errors add as squares. One that lies within another errs with
 * it, and so do payments that stay with the attempts of their connector: these errors are taken to add up,
 * which is rather too wide. */
#include "replay_cells.h"

#include <math.h>

struct error {
  double low, high; /* what the true value may be below, and above; as shares times payments, or squared */
};

struct blend {
  struct replay_counts *counts;
  struct counts_cell **used; /* that some payments are judged by */
  size_t used_count;
  double weight, approved; /* of all payments */
  uint64_t sample;
  struct error squares[UINT8_MAX]; /* of each connector */
};

/* ---- Payments that move ---- */

static void take_moved(struct blend *blend, const struct counts_cell *moved) {
  const struct replay_kind kind = counts_key_kind(moved->key);
  struct counts_cell *history = counts_history(blend->counts, moved->to, &kind);
  if (!history)
    return;
  if (history->round != blend->counts->round) {
    history->round = blend->counts->round;
    history->weight = history->low = history->high = 0;
    blend->used[blend->used_count++] = history;
  }
  history->weight += moved->payments;
}

/* The coarsest cell in use that holds what that one does, or NULL. */
static struct counts_cell *root_of(const struct replay_counts *counts, const struct counts_cell *cell) {
  struct counts_cell *root = NULL;
  for (unsigned level = counts_key_level(cell->key); level < LEVELS; level++) {
    struct counts_cell *coarser = counts_place(counts, counts_key_at(cell->key, level));
    if (coarser->key != 0 && coarser->round == counts->round)
      root = coarser;
  }
  return root;
}

static void add_used(struct blend *blend, const struct counts_cell *cell) {
  const struct share_bounds bounds = share_bounds_of(cell->approved, cell->ended);
  struct counts_cell *root = root_of(blend->counts, cell);
  blend->weight += cell->weight;
  blend->approved += cell->weight * bounds.share;
  root->low += cell->weight * (bounds.share - bounds.low);
  root->high += cell->weight * (bounds.high - bounds.share);
}

/* An attempt counts once to the sample, whichever payments it speaks of. */
static void add_root(struct blend *blend, const struct counts_cell *cell) {
  struct error *squares = &blend->squares[counts_key_owner(cell->key)];
  if (root_of(blend->counts, cell) != cell)
    return;
  blend->sample += cell->ended;
  squares->low += cell->low * cell->low;
  squares->high += cell->high * cell->high;
}

/* ---- Payments that stay ---- */

static void add_stays(struct blend *blend, unsigned name) {
  uint64_t ended = blend->counts->stays[name].ended;
  struct error *squares = &blend->squares[name];
  if (ended == 0)
    return;
  const struct share_bounds bounds = share_bounds_of(blend->counts->stays[name].approved, ended);
  double low = sqrt(squares->low) + (double)ended * (bounds.share - bounds.low),
         high = sqrt(squares->high) + (double)ended * (bounds.high - bounds.share);
  *squares = (struct error){low * low, high * high};
  blend->weight += (double)ended;
  blend->approved += (double)blend->counts->stays[name].approved;
}

/* Those that are in no group that is used. */
static uint64_t other_stays(const struct replay_counts *counts) {
  uint64_t sample = 0;
  for (size_t i = 0; i < counts->capacity; i++)
    if (counts->cells[i].stays > 0 && !root_of(counts, &counts->cells[i]))
      sample += counts->cells[i].stays;
  return sample;
}

/* ---- All ---- */

static int32_t thousandths(double share) {
  return (int32_t)lround(1000 * fmin(1, fmax(0, share)));
}

static struct replay_rate rate_of(const struct blend *blend) {
  struct error error = {0};
  if (blend->weight <= 0)
    return (struct replay_rate){0};
  for (unsigned name = 0; name < blend->counts->name_count; name++) {
    error.low += blend->squares[name].low;
    error.high += blend->squares[name].high;
  }
  double share = blend->approved / blend->weight;
  return (struct replay_rate){.known = true,
                              .sample = (uint32_t)blend->sample,
                              .rate = thousandths(share),
                              .low = thousandths(share - sqrt(error.low) / blend->weight),
                              .high = thousandths(share + sqrt(error.high) / blend->weight)};
}

struct replay_rate counts_blend(struct replay_counts *counts, const struct counts_cell *const *moved,
                                size_t count, bool with_stays, struct counts_cell **used) {
  struct blend blend = {.counts = counts, .used = used};
  counts->round++;
  for (size_t i = 0; i < count; i++)
    take_moved(&blend, moved[i]);
  for (size_t i = 0; i < blend.used_count; i++)
    add_used(&blend, used[i]);
  for (size_t i = 0; i < blend.used_count; i++)
    add_root(&blend, used[i]);
  for (unsigned name = 0; with_stays && name < counts->name_count; name++)
    add_stays(&blend, name);
  if (with_stays)
    blend.sample += other_stays(counts);
  return rate_of(&blend);
}
