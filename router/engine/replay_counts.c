#include "replay_counts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  CELLS_FIRST = 1024,
  CELLS_MAX = 1 << 18,
  LEVELS = 4,  /* network, funding and country; without the country; the network alone; all there is */
  ENOUGH = 30, /* attempts from which on a level is fine enough */
  THOUSANDTHS = 1000,
  CELL_ATTEMPTS = 1,
  CELL_MOVED = 2
};

/* Of first attempts at a connector, by level; or of payments that move, by pair. */
struct counts_cell {
  uint64_t key;             /* 0: free */
  uint32_t approved, ended; /* CELL_ATTEMPTS */
  uint32_t payments;        /* CELL_MOVED */
  uint8_t to;               /* likewise: the connector's number */
  unsigned last_pair;       /* whose sample it was counted to last, and one more; 0: nobody's */
};

/* ---- Cells ---- */

int counts_open(struct replay_counts *counts) {
  *counts = (struct replay_counts){.capacity = CELLS_FIRST};
  counts->cells = calloc(CELLS_FIRST, sizeof *counts->cells);
  return counts->cells ? 0 : -ENOMEM;
}

void counts_close(struct replay_counts *counts) {
  free(counts->cells);
  counts->cells = NULL;
}

static uint64_t key_of(unsigned type, unsigned owner, const struct replay_kind *kind, unsigned level) {
  uint64_t key = (uint64_t)type << 56 | (uint64_t)owner << 40 | (uint64_t)level << 36;
  if (level < 3)
    key |= (uint64_t)kind->network << 24;
  if (level < 2)
    key |= (uint64_t)kind->funding << 16;
  if (level < 1)
    key |= (uint64_t)(unsigned char)kind->country[0] << 8 | (unsigned char)kind->country[1];
  return key;
}

static struct counts_cell *place_of(const struct replay_counts *counts, uint64_t key) {
  size_t at = (size_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & (counts->capacity - 1);
  while (counts->cells[at].key != 0 && counts->cells[at].key != key)
    at = (at + 1) & (counts->capacity - 1);
  return &counts->cells[at];
}

static bool grow(struct replay_counts *counts) {
  struct replay_counts grown = {.capacity = 2 * counts->capacity};
  grown.cells = calloc(grown.capacity, sizeof *grown.cells);
  if (!grown.cells)
    return false;
  for (size_t i = 0; i < counts->capacity; i++)
    if (counts->cells[i].key != 0)
      *place_of(&grown, counts->cells[i].key) = counts->cells[i];
  free(counts->cells);
  counts->cells = grown.cells;
  counts->capacity = grown.capacity;
  return true;
}

/* The cell of that key, made when it is new; NULL when there is no room. */
static struct counts_cell *cell_of(struct replay_counts *counts, uint64_t key) {
  struct counts_cell *cell = place_of(counts, key);
  if (cell->key == key)
    return cell;
  if (2 * counts->used >= counts->capacity) {
    if (counts->capacity >= CELLS_MAX || !grow(counts))
      return NULL;
    cell = place_of(counts, key);
  }
  counts->used++;
  cell->key = key;
  return cell;
}

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
    struct counts_cell *cell = cell_of(counts, key_of(CELL_ATTEMPTS, (unsigned)name, kind, level));
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
  struct counts_cell *cell = name < 0 ? NULL : cell_of(counts, key_of(CELL_MOVED, pair, kind, 0));
  if (!cell)
    return false;
  cell->payments++;
  cell->to = (uint8_t)name;
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

/* A mean of rates, each weighed by payments. */
struct mean {
  uint64_t weight, rate, low, high, sample;
};

static void mean_add(struct mean *mean, uint64_t weight, const struct replay_rate *rate) {
  mean->weight += weight;
  mean->rate += weight * (uint64_t)rate->rate;
  mean->low += weight * (uint64_t)rate->low;
  mean->high += weight * (uint64_t)rate->high;
}

static struct replay_rate mean_rate(const struct mean *mean) {
  if (mean->weight == 0)
    return (struct replay_rate){0};
  uint64_t half = mean->weight / 2;
  return (struct replay_rate){.known = true,
                              .sample = mean->sample > UINT32_MAX ? UINT32_MAX : (uint32_t)mean->sample,
                              .rate = (int32_t)((mean->rate + half) / mean->weight),
                              .low = (int32_t)((mean->low + half) / mean->weight),
                              .high = (int32_t)((mean->high + half) / mean->weight)};
}

/* The finest level of comparable attempts there of which there are enough, or the coarsest. NULL: none at
 * all.
 */
static struct counts_cell *comparable(const struct replay_counts *counts, unsigned to,
                                      const struct replay_kind *kind) {
  struct counts_cell *found = NULL;
  for (unsigned level = 0; level < LEVELS; level++) {
    struct counts_cell *cell = place_of(counts, key_of(CELL_ATTEMPTS, to, kind, level));
    if (cell->key == 0)
      continue;
    found = cell;
    if (cell->ended >= ENOUGH)
      break;
  }
  return found;
}

bool counts_comparable(const struct replay_counts *counts, const char *to, const struct replay_kind *kind,
                       struct share_bounds *ret_rate) {
  unsigned name = 0;
  while (name < counts->name_count && strcmp(counts->names[name], to) != 0)
    name++;
  const struct counts_cell *history = name < counts->name_count ? comparable(counts, name, kind) : NULL;
  if (history)
    *ret_rate = share_bounds_of(history->approved, history->ended);
  return history != NULL;
}

struct sums {
  struct mean pairs[REPLAY_PAIRS_MAX], all;
};

/* An attempt counts once to a pair's sample, however many kinds of payments go by it. */
static void add_moved(struct replay_counts *counts, const struct counts_cell *moved, struct sums *sums,
                      struct replay_figures *figures) {
  unsigned pair = (unsigned)(moved->key >> 40 & 0xffff);
  const struct replay_kind kind = {.network = (enum network)(moved->key >> 24 & 0xff),
                                   .funding = (enum funding)(moved->key >> 16 & 0xff),
                                   .country = {(char)(moved->key >> 8 & 0xff), (char)(moved->key & 0xff)}};
  struct counts_cell *history = comparable(counts, moved->to, &kind);
  if (!history) {
    figures->without_history += moved->payments;
    return;
  }
  struct replay_rate rate = replay_rate_of(history->approved, history->ended);
  mean_add(&sums->pairs[pair], moved->payments, &rate);
  mean_add(&sums->all, moved->payments, &rate);
  if (history->last_pair != pair + 1)
    sums->pairs[pair].sample += history->ended;
  history->last_pair = pair + 1;
}

/* By pair, so that a pair's cells stand together. */
static int by_key(const void *left, const void *right) {
  uint64_t a = (*(const struct counts_cell *const *)left)->key,
           b = (*(const struct counts_cell *const *)right)->key;
  return a < b ? -1 : a > b;
}

/* Adds up all that moves. Returns 0 or -ENOMEM. */
static int sum_moved(struct replay_counts *counts, struct sums *sums, struct replay_figures *figures) {
  size_t count = 0;
  const struct counts_cell **moved = calloc(counts->used + 1, sizeof *moved);
  if (!moved)
    return -ENOMEM;
  for (size_t i = 0; i < counts->capacity; i++)
    if (counts->cells[i].key >> 56 == CELL_MOVED)
      moved[count++] = &counts->cells[i];
  qsort(moved, count, sizeof *moved, by_key);
  for (size_t i = 0; i < count; i++)
    add_moved(counts, moved[i], sums, figures);
  free(moved);
  return 0;
}

int counts_rates(struct replay_counts *counts, struct replay_figures *figures) {
  struct sums sums = {0};
  uint64_t approved = counts->approved, ended = counts->ended;
  struct replay_rate stays = replay_rate_of(approved, ended);
  figures->without_history = 0;
  int r = sum_moved(counts, &sums, figures);
  for (unsigned pair = 0; pair < figures->pair_count; pair++) {
    figures->pairs[pair].before = replay_rate_of(counts->moved[pair].approved, counts->moved[pair].ended);
    figures->pairs[pair].after = mean_rate(&sums.pairs[pair]);
    sums.all.sample += sums.pairs[pair].sample;
    approved += counts->moved[pair].approved;
    ended += counts->moved[pair].ended;
  }
  if (stays.known)
    mean_add(&sums.all, counts->ended, &stays);
  sums.all.sample += counts->ended;
  figures->before = replay_rate_of(approved, ended);
  figures->after = mean_rate(&sums.all);
  return r;
}
