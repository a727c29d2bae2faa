/* The constraints of all rules, slot by slot, for building the index. Rules that demand the very same set of
 * a slot are one group: they come and go together as the slot's number grows. */
#pragma once

#include "rule_index.h"

/* What one rule demands of a slot. */
struct slot_rule {
  uint32_t rule;
  const struct interval_set *set;
};

struct slot_rules {
  unsigned slot, count;
  struct slot_rule *at;
};

/* 64 rules of a row, by the number of their word. */
struct rule_word {
  uint32_t word;
  uint64_t rules;
};

struct rule_group {
  const struct interval_set *set;
  unsigned word_count;
  struct rule_word *words;
};

struct rule_groups {
  unsigned count;
  struct rule_group *at;
};

/* Both lie in the effort's arena. Return whether the effort was enough. */

/* Of the slots from 0, each with what rules demand of it. */
bool slot_rules_of(struct effort *effort, const struct box *boxes, unsigned rule_count, unsigned slot_count,
                   struct slot_rules ret_slots[SLOTS_MAX]);
/* Changes the order of the slot's rules. */
bool rule_groups_of(struct effort *effort, struct slot_rules *slot, struct rule_groups *ret_groups);
