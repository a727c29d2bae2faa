#include "rule_groups.h"
#include <stdlib.h>

enum { WORD_RULES = 64 };

static uint64_t count_rules(const struct box *boxes, unsigned rule_count, struct slot_rules *slots) {
  uint64_t all = 0;
  for (unsigned rule = 0; rule < rule_count; rule++) {
    for (unsigned i = 0; i < boxes[rule].count; i++)
      slots[boxes[rule].items[i].slot].count++;
    all += boxes[rule].count;
  }
  return all;
}

bool slot_rules_of(struct effort *effort, const struct box *boxes, unsigned rule_count, unsigned slot_count,
                   struct slot_rules ret_slots[SLOTS_MAX]) {
  for (unsigned slot = 0; slot < slot_count; slot++)
    ret_slots[slot] = (struct slot_rules){.slot = slot};
  if (!effort_take(effort, count_rules(boxes, rule_count, ret_slots)))
    return false;
  for (unsigned slot = 0; slot < slot_count; slot++) {
    ret_slots[slot].at = effort_memory(effort, ret_slots[slot].count * sizeof *ret_slots[slot].at);
    if (ret_slots[slot].at == NULL)
      return false;
    ret_slots[slot].count = 0;
  }
  for (uint32_t rule = 0; rule < rule_count; rule++)
    for (unsigned i = 0; i < boxes[rule].count; i++) {
      struct slot_rules *slot = &ret_slots[boxes[rule].items[i].slot];
      slot->at[slot->count++] = (struct slot_rule){rule, boxes[rule].items[i].set};
    }
  return true;
}

/* Which group is first says nothing: a row is the same in whatever order its groups come and go. */
static int by_set(const void *a, const void *b) {
  const struct slot_rule *left = a, *right = b;
  if (left->set != right->set)
    return (uintptr_t)left->set < (uintptr_t)right->set ? -1 : 1;
  return (left->rule > right->rule) - (left->rule < right->rule);
}

/* The rules of one group, in order, as words. */
static void add_rule(struct rule_group *group, uint32_t rule) {
  uint32_t word = rule / WORD_RULES;
  if (group->word_count == 0 || group->words[group->word_count - 1].word != word)
    group->words[group->word_count++] = (struct rule_word){.word = word};
  group->words[group->word_count - 1].rules |= UINT64_C(1) << rule % WORD_RULES;
}

bool rule_groups_of(struct effort *effort, struct slot_rules *slot, struct rule_groups *ret_groups) {
  struct rule_word *words = effort_memory(effort, slot->count * sizeof *words);
  struct rule_groups groups = {.at = effort_memory(effort, slot->count * sizeof *groups.at)};
  if (words == NULL || groups.at == NULL)
    return false;
  qsort(slot->at, slot->count, sizeof *slot->at, by_set);
  for (unsigned i = 0; i < slot->count; i++) {
    if (i == 0 || slot->at[i].set != slot->at[i - 1].set)
      groups.at[groups.count++] = (struct rule_group){.set = slot->at[i].set, .words = words + i};
    add_rule(&groups.at[groups.count - 1], slot->at[i].rule);
  }
  *ret_groups = groups;
  return true;
}
