/* The index is swept together: for each slot the ends of all constraints in order, and between two of them a
 * row, which shares every block with the row before it but those that changed. */
#include "rule_index.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct event { /* from this number on, a rule is satisfied or not any more */
  int64_t at;
  uint32_t rule;
  bool begins;
};

/* What one slot is built from. */
struct sweep {
  struct rule_index *index;
  struct rule_block *blocks; /* of the row that is being built */
  uint32_t *row;             /* their numbers in the pool */
  bool *changed;             /* since the last row */
  struct event *events;
  size_t event_count;
  struct slot_index slot;
  uint32_t cut_capacity;
  uint32_t *pool_places; /* hash table: numbers of blocks plus one */
  uint32_t place_mask;
};

/* ---- Blocks, every different one once ---- */

static uint32_t hash_block(const struct rule_block *block) {
  uint64_t hash = 0;
  for (unsigned i = 0; i < BLOCK_WORDS; i++)
    hash = (hash ^ block->words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
  return (uint32_t)(hash >> 32);
}

static uint32_t *place_of(const struct sweep *sweep, const struct rule_block *block) {
  uint32_t at = hash_block(block) & sweep->place_mask;
  while (sweep->pool_places[at] != 0 &&
         memcmp(&sweep->index->pool[sweep->pool_places[at] - 1], block, sizeof *block) != 0)
    at = (at + 1) & sweep->place_mask;
  return &sweep->pool_places[at];
}

static int grow_places(struct sweep *sweep) {
  uint32_t capacity = sweep->place_mask ? 2 * (sweep->place_mask + 1) : 1024;
  free(sweep->pool_places);
  sweep->pool_places = calloc(capacity, sizeof *sweep->pool_places);
  if (sweep->pool_places == NULL)
    return -ENOMEM;
  sweep->place_mask = capacity - 1;
  for (uint32_t i = 0; i < sweep->index->pool_count; i++)
    *place_of(sweep, &sweep->index->pool[i]) = i + 1;
  return 0;
}

static int grow_pool(struct rule_index *index) {
  uint32_t capacity = index->pool_capacity ? 2 * index->pool_capacity : 256;
  struct rule_block *pool = aligned_alloc(64, capacity * sizeof *pool);
  if (pool == NULL)
    return -ENOMEM;
  if (index->pool_count > 0)
    memcpy(pool, index->pool, index->pool_count * sizeof *pool);
  free(index->pool);
  index->pool = pool;
  index->pool_capacity = capacity;
  return 0;
}

static int share_block(struct sweep *sweep, const struct rule_block *block, uint32_t *ret_number) {
  struct rule_index *index = sweep->index;
  int r = 0;
  if (2 * (index->pool_count + 1) > sweep->place_mask)
    r = grow_places(sweep);
  if (r == 0 && index->pool_count == index->pool_capacity)
    r = grow_pool(index);
  if (r < 0)
    return r;
  uint32_t *place = place_of(sweep, block);
  if (*place == 0) {
    index->pool[index->pool_count++] = *block;
    *place = index->pool_count;
  }
  *ret_number = *place - 1;
  return 0;
}

/* ---- Rows ---- */

static void set_rule(struct sweep *sweep, uint32_t rule, bool on) {
  uint64_t *word = &sweep->blocks[rule / BLOCK_RULES].words[rule % BLOCK_RULES / 64];
  uint64_t bit = UINT64_C(1) << rule % 64;
  *word = on ? *word | bit : *word & ~bit;
  sweep->changed[rule / BLOCK_RULES] = true;
}

static int share_row(struct sweep *sweep) {
  int r = 0;
  for (unsigned block = 0; r == 0 && block < sweep->index->block_count; block++)
    if (sweep->changed[block]) {
      r = share_block(sweep, &sweep->blocks[block], &sweep->row[block]);
      sweep->changed[block] = false;
    }
  return r;
}

static int grow_cuts(struct sweep *sweep) {
  uint32_t capacity = sweep->cut_capacity ? 2 * sweep->cut_capacity : 64;
  int64_t *cuts = reallocarray(sweep->slot.cuts, capacity, sizeof *cuts);
  if (cuts == NULL)
    return -ENOMEM;
  sweep->slot.cuts = cuts;
  uint32_t *rows = reallocarray(sweep->slot.rows, (size_t)capacity * sweep->index->block_count, sizeof *rows);
  if (rows == NULL)
    return -ENOMEM;
  sweep->slot.rows = rows;
  sweep->cut_capacity = capacity;
  return 0;
}

/* The row that the sweep has come to begins at `at`. */
static int end_row(struct sweep *sweep, int64_t at) {
  struct slot_index *slot = &sweep->slot;
  unsigned block_count = sweep->index->block_count;
  int r = share_row(sweep);
  if (r == 0 && slot->cut_count == sweep->cut_capacity)
    r = grow_cuts(sweep);
  if (r < 0)
    return r;
  slot->cuts[slot->cut_count] = at;
  memcpy(slot->rows + (size_t)slot->cut_count * block_count, sweep->row, block_count * sizeof *sweep->row);
  slot->cut_count++;
  return 0;
}

/* ---- One slot ---- */

static const struct interval_set *set_in(const struct box *box, unsigned slot) {
  for (unsigned i = 0; i < box->count; i++)
    if (box->items[i].slot == slot)
      return &box->items[i].set;
  return NULL;
}

static void add_events(struct sweep *sweep, uint32_t rule, const struct interval_set *set) {
  for (unsigned i = 0; i < set->count; i++) {
    sweep->events[sweep->event_count++] = (struct event){set->items[i].low, rule, true};
    if (set->items[i].high != INT64_MAX)
      sweep->events[sweep->event_count++] = (struct event){set->items[i].high + 1, rule, false};
  }
}

/* Ends come before beginnings at the same number: a set's intervals neither overlap nor touch, so the order
 * matters for no rule, but it must be one and the same. */
static int by_place(const void *a, const void *b) {
  const struct event *left = a, *right = b;
  if (left->at != right->at)
    return left->at < right->at ? -1 : 1;
  return (int)left->begins - (int)right->begins;
}

/* Before the first event: the rules that say nothing of the slot. ret_absent: with those that allow absence.
 */
static void begin_rows(struct sweep *sweep, const struct box *boxes, bool absent) {
  memset(sweep->blocks, 0, sweep->index->block_count * sizeof *sweep->blocks);
  for (unsigned block = 0; block < sweep->index->block_count; block++)
    sweep->changed[block] = true;
  for (uint32_t rule = 0; rule < sweep->index->rule_count; rule++) {
    const struct interval_set *set = set_in(&boxes[rule], sweep->slot.slot);
    if (set == NULL || (absent && set->absent))
      set_rule(sweep, rule, true);
  }
}

static int build_absent_row(struct sweep *sweep, const struct box *boxes) {
  unsigned block_count = sweep->index->block_count;
  begin_rows(sweep, boxes, true);
  int r = share_row(sweep);
  if (r < 0)
    return r;
  sweep->slot.absent_row = malloc(block_count * sizeof *sweep->row);
  if (sweep->slot.absent_row == NULL)
    return -ENOMEM;
  memcpy(sweep->slot.absent_row, sweep->row, block_count * sizeof *sweep->row);
  return 0;
}

static int build_rows(struct sweep *sweep, const struct box *boxes) {
  size_t i = 0;
  int64_t at = INT64_MIN;
  begin_rows(sweep, boxes, false);
  for (;;) {
    for (; i < sweep->event_count && sweep->events[i].at == at; i++)
      set_rule(sweep, sweep->events[i].rule, sweep->events[i].begins);
    int r = end_row(sweep, at);
    if (r < 0 || i == sweep->event_count)
      return r;
    at = sweep->events[i].at;
  }
}

static size_t count_events(const struct box *boxes, unsigned rule_count, unsigned slot) {
  size_t count = 0;
  for (unsigned rule = 0; rule < rule_count; rule++) {
    const struct interval_set *set = set_in(&boxes[rule], slot);
    count += set ? 2 * (size_t)set->count : 0;
  }
  return count;
}

static int build_slot(struct sweep *sweep, const struct box *boxes, size_t event_count) {
  sweep->events = malloc((event_count ? event_count : 1) * sizeof *sweep->events);
  if (sweep->events == NULL)
    return -ENOMEM;
  sweep->event_count = 0;
  for (uint32_t rule = 0; rule < sweep->index->rule_count; rule++) {
    const struct interval_set *set = set_in(&boxes[rule], sweep->slot.slot);
    if (set != NULL)
      add_events(sweep, rule, set);
  }
  qsort(sweep->events, sweep->event_count, sizeof *sweep->events, by_place);
  int r = build_rows(sweep, boxes);
  if (r == 0)
    r = build_absent_row(sweep, boxes);
  free(sweep->events);
  if (r == 0)
    sweep->index->slots[sweep->index->slot_count++] = sweep->slot;
  else {
    free(sweep->slot.cuts);
    free(sweep->slot.rows);
    free(sweep->slot.absent_row);
  }
  return r;
}

/* ---- All slots ---- */

struct telling {
  unsigned slot, rules; /* how many rules say something of it */
};

static int by_rules(const void *a, const void *b) {
  const struct telling *left = a, *right = b;
  if (left->rules != right->rules)
    return left->rules > right->rules ? -1 : 1;
  return left->slot < right->slot ? -1 : 1;
}

static unsigned rank_slots(const struct box *boxes, unsigned rule_count, unsigned slot_count,
                           struct telling *tellings) {
  unsigned count = 0;
  for (unsigned slot = 0; slot < slot_count; slot++) {
    struct telling telling = {.slot = slot};
    for (unsigned rule = 0; rule < rule_count; rule++)
      telling.rules += set_in(&boxes[rule], slot) != NULL;
    if (telling.rules > 0)
      tellings[count++] = telling;
  }
  qsort(tellings, count, sizeof *tellings, by_rules);
  return count;
}

static int build_slots(struct sweep *sweep, const struct box *boxes, unsigned slot_count, bool *ret_indexed) {
  struct telling tellings[SLOTS_MAX];
  unsigned count = rank_slots(boxes, sweep->index->rule_count, slot_count, tellings);
  for (unsigned i = 0; i < count && sweep->index->slot_count < INDEX_SLOTS_MAX; i++) {
    size_t events = count_events(boxes, sweep->index->rule_count, tellings[i].slot);
    if (events > INDEX_EVENTS_MAX)
      continue;
    sweep->slot = (struct slot_index){.slot = tellings[i].slot};
    sweep->cut_capacity = 0;
    int r = build_slot(sweep, boxes, events);
    if (r < 0)
      return r;
    ret_indexed[tellings[i].slot] = true;
  }
  return 0;
}

int rule_index_build(const struct box *boxes, unsigned rule_count, unsigned slot_count,
                     bool ret_indexed[SLOTS_MAX], struct rule_index *ret_index) {
  struct rule_index index = {.rule_count = rule_count,
                             .block_count = (rule_count + BLOCK_RULES - 1) / BLOCK_RULES};
  struct sweep sweep = {.index = &index,
                        .blocks = calloc(index.block_count, sizeof(struct rule_block)),
                        .row = calloc(index.block_count, sizeof(uint32_t)),
                        .changed = calloc(index.block_count, sizeof(bool))};
  int r = -ENOMEM;
  memset(ret_indexed, 0, SLOTS_MAX * sizeof *ret_indexed);
  if (sweep.blocks != NULL && sweep.row != NULL && sweep.changed != NULL)
    r = build_slots(&sweep, boxes, slot_count, ret_indexed);
  free(sweep.blocks);
  free(sweep.row);
  free(sweep.changed);
  free(sweep.pool_places);
  if (r < 0)
    rule_index_free(&index);
  else
    *ret_index = index;
  return r;
}
