#include "cells.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct rate_key) == (1 + DIM_COUNT) * sizeof(uint16_t), "compared as bytes");

int cells_open(struct cells *cells, unsigned capacity, unsigned kept) {
  assert(capacity >= CELLS_MIN && (capacity & (capacity - 1)) == 0);
  struct cell *places = calloc(capacity, sizeof *places);
  if (!places)
    return -ENOMEM;
  *cells = (struct cells){.cells = places, .capacity = capacity, .kept = kept};
  return 0;
}

void cells_close(struct cells *cells) {
  free(cells->cells);
  *cells = (struct cells){0};
}

void cells_clear(struct cells *cells) {
  memset(cells->cells, 0, cells->capacity * sizeof *cells->cells);
  cells->used = 0;
}

void counts_add(struct rate_counts *sum, const struct rate_counts *counts) {
  for (unsigned i = 0; i < COUNT_COUNT; i++)
    if (__builtin_add_overflow(sum->of[i], counts->of[i], &sum->of[i]))
      sum->of[i] = UINT64_MAX;
}

static uint64_t hash_of(const struct rate_key *key) {
  uint64_t hash = key->merchant;
  for (unsigned i = 0; i < DIM_COUNT; i++)
    hash = (hash ^ key->dims[i]) * 0x9e3779b97f4a7c15ULL;
  return hash ^ hash >> 32;
}

/* Where key stands, or the free place where it would. An eighth is always free, so this ends. */
static struct cell *place_of(const struct cells *cells, const struct rate_key *key) {
  unsigned mask = cells->capacity - 1;
  unsigned at = (unsigned)hash_of(key) & mask;
  while (cells->cells[at].key.merchant != 0 && memcmp(&cells->cells[at].key, key, sizeof *key) != 0)
    at = (at + 1) & mask;
  return &cells->cells[at];
}

static struct rate_key folded(const struct rate_key *key, unsigned kept) {
  struct rate_key coarser = *key;
  for (unsigned i = 0; i < DIM_COUNT; i++)
    if (!(kept >> i & 1) && coarser.dims[i] != VALUE_ANY)
      coarser.dims[i] = VALUE_OTHER;
  return coarser;
}

/* The cell of key, made when there are fewer than limit; NULL when there is no room. */
static struct cell *cell_of(struct cells *cells, const struct rate_key *key, unsigned limit) {
  struct cell *cell = place_of(cells, key);
  if (cell->key.merchant != 0)
    return cell;
  if (cells->used >= limit)
    return NULL;
  cells->used++;
  cell->key = *key;
  return cell;
}

void cells_add(struct cells *cells, const struct rate_key *key, const struct rate_counts *counts) {
  assert(key->merchant != 0 && key->merchant <= RATES_MERCHANTS_MAX);
  struct cell *cell = cell_of(cells, key, cells->capacity / 2);
  if (!cell) {
    struct rate_key coarser = folded(key, cells->kept);
    cell = cell_of(cells, &coarser, cells->capacity / 4 * 3);
  }
  if (!cell) {
    struct rate_key coarsest = folded(key, 0);
    cell = cell_of(cells, &coarsest, cells->capacity / 8 * 7);
  }
  assert(cell); /* an eighth is room for each merchant */
  counts_add(&cell->counts, counts);
}
