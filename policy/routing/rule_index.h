/* Which rules can match at all, found without looking at each.
 *
 * For each slot the numbers are cut where any rule's constraint begins or ends; between two cuts the same
 * rules are satisfied. Such a row is a bit for each rule, in blocks of 512 that rows share where they are
 * equal. The rows of a payment's values, one for each slot, are and-ed block by block: what is left are the
 * candidates, in order. A rule that says nothing of a slot stands in all of its rows. */
#pragma once

#include "conditions.h"

enum {
  BLOCK_WORDS = 8,
  BLOCK_RULES = 64 * BLOCK_WORDS,
  INDEX_SLOTS_MAX = 64,
  INDEX_EVENTS_MAX = 1 << 18, /* where constraints on one slot begin or end */
  INDEX_CELLS_MAX = 1 << 21,  /* blocks that the rows of all slots name */
  INDEX_POOL_MAX = 1 << 17,   /* different blocks */
  WHOLE_SLOTS = 3             /* after so many, few words have rules left */
};

struct rule_block {
  uint64_t words[BLOCK_WORDS];
};

struct slot_index {
  unsigned slot;
  uint32_t cut_count;
  int64_t *cuts;        /* where row i begins; the first at INT64_MIN */
  uint32_t *rows;       /* numbers of blocks: block_count for each cut */
  uint32_t *absent_row; /* likewise */
};

struct rule_index {
  unsigned rule_count, block_count; /* rules; blocks that a row has */
  unsigned slot_count;
  struct slot_index slots[INDEX_SLOTS_MAX]; /* the most telling first */
  uint32_t pool_count, pool_capacity;
  struct rule_block *pool; /* every different block once */
};

/* boxes[i] are the constraints of rule i. Slots beyond INDEX_SLOTS_MAX, or whose rows would be too many or
 * more than the effort allows, are left out: the index then allows more than it should, never less;
 * ret_indexed[slot] says which are in. Returns 0; -EOVERFLOW when the effort does not do for the constraints;
 * or -ENOMEM. With an error nothing is to be freed. */
MUST_USE int rule_index_build(struct effort *effort, const struct box *boxes, unsigned rule_count,
                              unsigned slot_count, bool ret_indexed[SLOTS_MAX], struct rule_index *ret_index);
/* Bytes that it holds. */
size_t rule_index_bytes(const struct rule_index *index);
void rule_index_free(struct rule_index *index);

/* Rows of the index for one payment. */
struct rule_rows {
  const uint32_t *rows[INDEX_SLOTS_MAX];
};

void rule_index_look(const struct rule_index *index, const struct slot_values *values,
                     struct rule_rows *ret_rows);
/* The candidates of one block. Returns whether there is any. */
bool rule_index_block(const struct rule_index *index, const struct rule_rows *rows, unsigned block,
                      struct rule_block *ret_block);
