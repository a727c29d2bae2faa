#include "rule_index.h"
#include <stdlib.h>
#include <string.h>

void rule_index_free(struct rule_index *index) {
  for (unsigned i = 0; i < index->slot_count; i++) {
    free(index->slots[i].cuts);
    free(index->slots[i].rows);
    free(index->slots[i].absent_row);
  }
  free(index->pool);
  *index = (struct rule_index){0};
}

size_t rule_index_bytes(const struct rule_index *index) {
  size_t row = index->block_count * sizeof(uint32_t), bytes = index->pool_capacity * sizeof *index->pool;
  for (unsigned i = 0; i < index->slot_count; i++)
    bytes += row + index->slots[i].cut_count * (row + sizeof(int64_t));
  return bytes;
}

/* The row that holds value: the last that begins no later. */
static const uint32_t *row_of(const struct slot_index *slot, unsigned block_count, int64_t value) {
  uint32_t low = 0, length = slot->cut_count;
  while (length > 1) { /* without a branch that depends on the value */
    uint32_t half = length / 2;
    low = slot->cuts[low + half] <= value ? low + half : low;
    length -= half;
  }
  return slot->rows + (size_t)low * block_count;
}

void rule_index_look(const struct rule_index *index, const struct slot_values *values,
                     struct rule_rows *ret_rows) {
  for (unsigned i = 0; i < index->slot_count; i++) {
    const struct slot_index *slot = &index->slots[i];
    ret_rows->rows[i] = values->present[slot->slot]
                            ? row_of(slot, index->block_count, values->numbers[slot->slot])
                            : slot->absent_row;
  }
}

/* Rules beyond the last are no candidates. */
static void fill_block(const struct rule_index *index, unsigned block, struct rule_block *block_bits) {
  unsigned left = index->rule_count - block * BLOCK_RULES;
  memset(block_bits, 0, sizeof *block_bits);
  for (unsigned word = 0; word < BLOCK_WORDS && left > 0; word++) {
    block_bits->words[word] = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    left -= left >= 64 ? 64 : left;
  }
}

/* Returns a bit for each word that has a rule left. */
static unsigned narrow_block(struct rule_block *block, const struct rule_block *by) {
  unsigned left = 0;
  for (unsigned word = 0; word < BLOCK_WORDS; word++)
    left |= (unsigned)((block->words[word] &= by->words[word]) != 0) << word;
  return left;
}

/* Likewise where few words have any. */
static unsigned narrow_words(struct rule_block *block, const struct rule_block *by, unsigned left) {
  for (unsigned words = left; words != 0; words &= words - 1) {
    unsigned word = (unsigned)__builtin_ctz(words);
    if ((block->words[word] &= by->words[word]) == 0)
      left &= ~(1u << word);
  }
  return left;
}

bool rule_index_block(const struct rule_index *index, const struct rule_rows *rows, unsigned block,
                      struct rule_block *ret_block) {
  if (index->slot_count == 0)
    fill_block(index, block, ret_block);
  else
    *ret_block = index->pool[rows->rows[0][block]];
  unsigned i = 1, left = 1;
  for (; i < index->slot_count && i < WHOLE_SLOTS && left != 0; i++)
    left = narrow_block(ret_block, &index->pool[rows->rows[i][block]]);
  for (; i < index->slot_count && left != 0; i++)
    left = narrow_words(ret_block, &index->pool[rows->rows[i][block]], left);
  return left != 0;
}
