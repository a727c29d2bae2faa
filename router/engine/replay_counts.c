#include "replay_counts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay_cells.h"

enum { THOUSANDTHS = 1000 };

/* ---- Adding ---- */

/* Its number among the names met, or -1 when there are too many. */
static int name_of(struct replay_counts *counts, const char *connector) {
  for (unsigned i = 0; i < counts->name_count; i++)
    if (strcmp(counts->names[i], connector) == 0)
      return (int)i;
  if (counts->name_count == UINT8_MAX)
    return -1;
  memcpy(counts->names[counts->name_count], connector, strlen(connector) + 1);
  return (int)counts->name_count++;
}

bool counts_add_attempt(struct replay_counts *counts, const char *connector, const struct replay_kind *kind,
                        bool approved) {
  int name = name_of(counts, connector);
  for (unsigned level = 0; name >= 0 && level < LEVELS; level++) {
    struct counts_cell *cell = counts_cell_of(counts, counts_key(CELL_ATTEMPTS, (unsigned)name, kind, level));
    if (!cell)
      return false;
    cell->ended++;
    cell->approved += approved;
  }
  return name >= 0;
}

bool counts_add_moved(struct replay_counts *counts, unsigned pair, const char *to,
                      const struct replay_kind *kind) {
  int name = name_of(counts, to);
  struct counts_cell *cell = name < 0 ? NULL : counts_cell_of(counts, counts_key(CELL_MOVED, pair, kind, 0));
  if (!cell)
    return false;
  cell->payments++;
  cell->to = (uint8_t)name;
  return true;
}

bool counts_add_stay(struct replay_counts *counts, const char *connector, const struct replay_kind *kind,
                     bool approved) {
  int name = name_of(counts, connector);
  struct counts_cell *cell =
      name < 0 ? NULL : counts_cell_of(counts, counts_key(CELL_ATTEMPTS, (unsigned)name, kind, 0));
  if (!cell)
    return false;
  cell->stays++;
  counts->stays[name].ended++;
  counts->stays[name].approved += approved;
  return true;
}

/* ---- Rates ---- */

static int32_t thousandths(double share) {
  return (int32_t)lround(share * THOUSANDTHS);
}

struct replay_rate replay_rate_of(uint64_t approved, uint64_t ended) {
  if (ended == 0)
    return (struct replay_rate){0};
  struct share_bounds bounds = share_bounds_of(approved, ended);
  return (struct replay_rate){.known = true,
                              .sample = ended > UINT32_MAX ? UINT32_MAX : (uint32_t)ended,
                              .rate = thousandths(bounds.share),
                              .low = thousandths(bounds.low),
                              .high = thousandths(bounds.high)};
}

bool counts_comparable(const struct replay_counts *counts, const char *to, const struct replay_kind *kind,
                       struct share_bounds *ret_rate) {
  unsigned name = 0;
  while (name < counts->name_count && strcmp(counts->names[name], to) != 0)
    name++;
  const struct counts_cell *history = name < counts->name_count ? counts_history(counts, name, kind) : NULL;
  if (history)
    *ret_rate = share_bounds_of(history->approved, history->ended);
  return history != NULL;
}

/* By pair, so that a pair's cells stand together. */
static int by_key(const void *left, const void *right) {
  uint64_t a = (*(const struct counts_cell *const *)left)->key,
           b = (*(const struct counts_cell *const *)right)->key;
  return a < b ? -1 : a > b;
}

/* ret_moved: room for all cells. Returns how many. */
static size_t list_moved(const struct replay_counts *counts, const struct counts_cell **ret_moved) {
  size_t count = 0;
  for (size_t i = 0; i < counts->capacity; i++)
    if (counts->cells[i].key >> 56 == CELL_MOVED)
      ret_moved[count++] = &counts->cells[i];
  qsort(ret_moved, count, sizeof *ret_moved, by_key);
  return count;
}

static uint32_t without_history(const struct replay_counts *counts, const struct counts_cell *const *moved,
                                size_t count) {
  uint32_t payments = 0;
  for (size_t i = 0; i < count; i++) {
    const struct replay_kind kind = counts_key_kind(moved[i]->key);
    payments += counts_history(counts, moved[i]->to, &kind) ? 0 : moved[i]->payments;
  }
  return payments;
}

/* As they were: of each pair, and of all. */
static void rates_before(const struct replay_counts *counts, struct replay_figures *figures) {
  uint64_t approved = 0, ended = 0;
  for (unsigned pair = 0; pair < figures->pair_count; pair++) {
    figures->pairs[pair].before = replay_rate_of(counts->moved[pair].approved, counts->moved[pair].ended);
    approved += counts->moved[pair].approved;
    ended += counts->moved[pair].ended;
  }
  for (unsigned name = 0; name < counts->name_count; name++) {
    approved += counts->stays[name].approved;
    ended += counts->stays[name].ended;
  }
  figures->before = replay_rate_of(approved, ended);
}

int counts_rates(struct replay_counts *counts, struct replay_figures *figures) {
  const struct counts_cell **moved = calloc(counts->used + 1, sizeof *moved);
  struct counts_cell **used = calloc(counts->used + 1, sizeof *used);
  if (!moved || !used) {
    free(moved);
    free(used);
    return -ENOMEM;
  }
  size_t count = list_moved(counts, moved), end = 0;
  for (unsigned pair = 0; pair < figures->pair_count; pair++) {
    size_t begin = end;
    while (end < count && counts_key_owner(moved[end]->key) == pair)
      end++;
    figures->pairs[pair].after = counts_blend(counts, moved + begin, end - begin, false, used);
  }
  figures->after = counts_blend(counts, moved, count, true, used);
  figures->without_history = without_history(counts, moved, count);
  rates_before(counts, figures);
  free(moved);
  free(used);
  return 0;
}
