/* The index is swept together: for each slot the ends of all constraints in order, and between two of them a
 * row, which shares every block with the row before it but those that changed. */
#include "rule_groups.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_RULES = 64, LEFT_OUT = 1 /* of the index, for it would cost too much */ };

struct event { /* from this number on, the rules of a group are satisfied, or not any more */
  int64_t at;
  uint32_t group;
  bool begins;
};

/* What one slot is built from. */
struct sweep {
  struct effort *effort;
  struct rule_index *index;
  uint64_t cells_left;
  struct rule_block *blocks; /* of the row that is being built */
  uint32_t *row;             /* their numbers in the pool */
  bool *changed;             /* since the last row */
  struct rule_groups groups; /* of the slot */
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

static uint32_t *place_of(const struct sweep *sweep, const struct rule_block *block,
                          uint64_t *ret_looked_at) {
  uint32_t at = hash_block(block) & sweep->place_mask;
  for (*ret_looked_at = 1; sweep->pool_places[at] != 0 &&
                           memcmp(&sweep->index->pool[sweep->pool_places[at] - 1], block, sizeof *block) != 0;
       ++*ret_looked_at)
    at = (at + 1) & sweep->place_mask;
  return &sweep->pool_places[at];
}

static int grow_places(struct sweep *sweep) {
  uint64_t looked_at;
  uint32_t capacity = sweep->place_mask ? 2 * (sweep->place_mask + 1) : 1024;
  free(sweep->pool_places);
  sweep->pool_places = calloc(capacity, sizeof *sweep->pool_places);
  if (sweep->pool_places == NULL)
    return -ENOMEM;
  sweep->place_mask = capacity - 1;
  for (uint32_t i = 0; i < sweep->index->pool_count; i++)
    *place_of(sweep, &sweep->index->pool[i], &looked_at) = i + 1;
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

/* Returns 0 with its number, LEFT_OUT or -ENOMEM. */
static int share_block(struct sweep *sweep, const struct rule_block *block, uint32_t *ret_number) {
  struct rule_index *index = sweep->index;
  uint64_t looked_at;
  int r = 0;
  if (2 * (index->pool_count + 1) > sweep->place_mask)
    r = grow_places(sweep);
  if (r == 0 && index->pool_count == index->pool_capacity)
    r = grow_pool(index);
  if (r < 0)
    return r;
  uint32_t *place = place_of(sweep, block, &looked_at);
  if (looked_at * BLOCK_WORDS > sweep->effort->left || (*place == 0 && index->pool_count == INDEX_POOL_MAX))
    return LEFT_OUT;
  sweep->effort->left -= looked_at * BLOCK_WORDS;
  if (*place == 0) {
    index->pool[index->pool_count++] = *block;
    *place = index->pool_count;
  }
  *ret_number = *place - 1;
  return 0;
}

/* ---- Rows ---- */

static void set_rules(struct sweep *sweep, const struct rule_group *group, bool on) {
  for (unsigned i = 0; i < group->word_count; i++) {
    unsigned block = group->words[i].word / BLOCK_WORDS;
    uint64_t *word = &sweep->blocks[block].words[group->words[i].word % BLOCK_WORDS];
    *word = on ? *word | group->words[i].rules : *word & ~group->words[i].rules;
    sweep->changed[block] = true;
  }
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
  if (r != 0)
    return r;
  slot->cuts[slot->cut_count] = at;
  memcpy(slot->rows + (size_t)slot->cut_count * block_count, sweep->row, block_count * sizeof *sweep->row);
  slot->cut_count++;
  return 0;
}

/* ---- One slot ---- */

static void add_events(struct sweep *sweep, uint32_t group) {
  const struct interval_set *set = sweep->groups.at[group].set;
  for (unsigned i = 0; i < set->count; i++) {
    sweep->events[sweep->event_count++] = (struct event){set->items[i].low, group, true};
    if (set->items[i].high != INT64_MAX)
      sweep->events[sweep->event_count++] = (struct event){set->items[i].high + 1, group, false};
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

/* Before the first event: the rules that say nothing of the slot. absent: with those that allow absence. */
static void begin_rows(struct sweep *sweep, bool absent) {
  unsigned left = sweep->index->rule_count;
  memset(sweep->blocks, 0, sweep->index->block_count * sizeof *sweep->blocks);
  for (unsigned word = 0; left > 0; word++) {
    sweep->blocks[word / BLOCK_WORDS].words[word % BLOCK_WORDS] =
        left >= WORD_RULES ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    left -= left >= WORD_RULES ? WORD_RULES : left;
  }
  for (unsigned i = 0; i < sweep->groups.count; i++)
    if (!absent || !sweep->groups.at[i].set->absent)
      set_rules(sweep, &sweep->groups.at[i], false);
  for (unsigned block = 0; block < sweep->index->block_count; block++)
    sweep->changed[block] = true;
}

static int build_absent_row(struct sweep *sweep) {
  unsigned block_count = sweep->index->block_count;
  begin_rows(sweep, true);
  int r = share_row(sweep);
  if (r != 0)
    return r;
  sweep->slot.absent_row = malloc(block_count * sizeof *sweep->row);
  if (sweep->slot.absent_row == NULL)
    return -ENOMEM;
  memcpy(sweep->slot.absent_row, sweep->row, block_count * sizeof *sweep->row);
  return 0;
}

static int build_rows(struct sweep *sweep) {
  size_t i = 0;
  int64_t at = INT64_MIN;
  begin_rows(sweep, false);
  for (;;) {
    for (; i < sweep->event_count && sweep->events[i].at == at; i++)
      set_rules(sweep, &sweep->groups.at[sweep->events[i].group], sweep->events[i].begins);
    int r = end_row(sweep, at);
    if (r != 0 || i == sweep->event_count)
      return r;
    at = sweep->events[i].at;
  }
}

/* Whether the slot's rows are not too many; *ret_events: where its sets begin and end, at most. */
static bool is_affordable(struct sweep *sweep, size_t *ret_events) {
  uint64_t events = 0, words = 0;
  for (unsigned i = 0; i < sweep->groups.count; i++) {
    const struct rule_group *group = &sweep->groups.at[i];
    events += 2 * (uint64_t)group->set->count;
    words += 2 * ((uint64_t)group->set->count + 1) * group->word_count;
  }
  uint64_t cells = (events + 2) * sweep->index->block_count;
  if (events > INDEX_EVENTS_MAX || cells > sweep->cells_left || words + cells > sweep->effort->left)
    return false;
  sweep->cells_left -= cells;
  sweep->effort->left -= words + cells;
  *ret_events = (size_t)events;
  return true;
}

static int sweep_slot(struct sweep *sweep, size_t event_count) {
  sweep->events = malloc((event_count ? event_count : 1) * sizeof *sweep->events);
  if (sweep->events == NULL)
    return -ENOMEM;
  sweep->event_count = 0;
  for (uint32_t group = 0; group < sweep->groups.count; group++)
    add_events(sweep, group);
  qsort(sweep->events, sweep->event_count, sizeof *sweep->events, by_place);
  int r = build_rows(sweep);
  if (r == 0)
    r = build_absent_row(sweep);
  free(sweep->events);
  return r;
}

/* Returns 0, LEFT_OUT, or a negated errno. */
static int build_slot(struct sweep *sweep, struct slot_rules *rules) {
  size_t event_count;
  sweep->slot = (struct slot_index){.slot = rules->slot};
  sweep->cut_capacity = 0;
  if (!rule_groups_of(sweep->effort, rules, &sweep->groups))
    return -EOVERFLOW;
  if (!is_affordable(sweep, &event_count))
    return LEFT_OUT;
  int r = sweep_slot(sweep, event_count);
  if (r == 0) {
    sweep->index->slots[sweep->index->slot_count++] = sweep->slot;
    return 0;
  }
  free(sweep->slot.cuts);
  free(sweep->slot.rows);
  free(sweep->slot.absent_row);
  return r;
}

/* ---- All slots ---- */

/* Those that most rules say something of come first. */
static int by_rules(const void *a, const void *b) {
  const struct slot_rules *left = a, *right = b;
  if (left->count != right->count)
    return left->count > right->count ? -1 : 1;
  return left->slot < right->slot ? -1 : 1;
}

static int build_slots(struct sweep *sweep, const struct box *boxes, unsigned slot_count, bool *ret_indexed) {
  struct slot_rules slots[SLOTS_MAX];
  if (!slot_rules_of(sweep->effort, boxes, sweep->index->rule_count, slot_count, slots))
    return -EOVERFLOW;
  qsort(slots, slot_count, sizeof *slots, by_rules);
  for (unsigned i = 0; i < slot_count && sweep->index->slot_count < INDEX_SLOTS_MAX; i++) {
    if (slots[i].count == 0)
      break;
    int r = build_slot(sweep, &slots[i]);
    if (r < 0)
      return r;
    ret_indexed[slots[i].slot] = r == 0;
  }
  return 0;
}

int rule_index_build(struct effort *effort, const struct box *boxes, unsigned rule_count, unsigned slot_count,
                     bool ret_indexed[SLOTS_MAX], struct rule_index *ret_index) {
  struct rule_index index = {.rule_count = rule_count,
                             .block_count = (rule_count + BLOCK_RULES - 1) / BLOCK_RULES};
  struct sweep sweep = {.effort = effort,
                        .index = &index,
                        .cells_left = INDEX_CELLS_MAX,
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
