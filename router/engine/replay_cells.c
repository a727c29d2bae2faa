/* The table of a replay's counts. */
#include "replay_cells.h"

#include <errno.h>
#include <stdlib.h>

enum {
  CELLS_FIRST = 1024,
  CELLS_MAX = 1 << 18,
  ENOUGH = 30 /* attempts from which on a level is fine enough */
};

int counts_open(struct replay_counts *counts) {
  *counts = (struct replay_counts){.capacity = CELLS_FIRST};
  counts->cells = calloc(CELLS_FIRST, sizeof *counts->cells);
  return counts->cells ? 0 : -ENOMEM;
}

void counts_close(struct replay_counts *counts) {
  free(counts->cells);
  counts->cells = NULL;
}

uint64_t counts_key(unsigned type, unsigned owner, const struct replay_kind *kind, unsigned level) {
  uint64_t key = (uint64_t)type << 56 | (uint64_t)owner << 40 | (uint64_t)level << 36;
  if (level < 3)
    key |= (uint64_t)kind->network << 24;
  if (level < 2)
    key |= (uint64_t)kind->funding << 16;
  if (level < 1)
    key |= (uint64_t)(unsigned char)kind->country[0] << 8 | (unsigned char)kind->country[1];
  return key;
}

unsigned counts_key_owner(uint64_t key) {
  return (unsigned)(key >> 40 & 0xffff);
}

unsigned counts_key_level(uint64_t key) {
  return (unsigned)(key >> 36 & 0xf);
}

struct replay_kind counts_key_kind(uint64_t key) {
  return (struct replay_kind){.network = (enum network)(key >> 24 & 0xff),
                              .funding = (enum funding)(key >> 16 & 0xff),
                              .country = {(char)(key >> 8 & 0xff), (char)(key & 0xff)}};
}

uint64_t counts_key_at(uint64_t key, unsigned level) {
  const struct replay_kind kind = counts_key_kind(key);
  return counts_key((unsigned)(key >> 56), counts_key_owner(key), &kind, level);
}

struct counts_cell *counts_place(const struct replay_counts *counts, uint64_t key) {
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
      *counts_place(&grown, counts->cells[i].key) = counts->cells[i];
  free(counts->cells);
  counts->cells = grown.cells;
  counts->capacity = grown.capacity;
  return true;
}

struct counts_cell *counts_cell_of(struct replay_counts *counts, uint64_t key) {
  struct counts_cell *cell = counts_place(counts, key);
  if (cell->key == key)
    return cell;
  if (2 * counts->used >= counts->capacity) {
    if (counts->capacity >= CELLS_MAX || !grow(counts))
      return NULL;
    cell = counts_place(counts, key);
  }
  counts->used++;
  cell->key = key;
  return cell;
}

struct counts_cell *counts_history(const struct replay_counts *counts, unsigned to,
                                   const struct replay_kind *kind) {
  struct counts_cell *found = NULL;
  for (unsigned level = 0; level < LEVELS; level++) {
    struct counts_cell *cell = counts_place(counts, counts_key(CELL_ATTEMPTS, to, kind, level));
    if (cell->key == 0)
      continue;
    found = cell;
    if (cell->ended >= ENOUGH)
      break;
  }
  return found;
}
