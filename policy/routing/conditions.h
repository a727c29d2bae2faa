/* Conditions as sets of numbers over slots: compiled from the tree, evaluated without it. */
#pragma once

#include "policy_effort.h"
#include "slots.h"

/* That a slot's number is in a set. */
struct slot_test {
  unsigned slot;
  struct interval_set is;
  const struct interval_set *others; /* all that is not in it; NULL: not worked out yet */
};

/* What a comparison asks: one of these holds. Shared by all comparisons of one fact with one named set. */
struct slot_tests {
  unsigned count; /* amounts in several currencies and BINs of several widths are a test each */
  struct slot_test at[];
};

/* One node. The children of a node follow it; `size` counts it and all below it. */
struct condition_node {
  enum node_type type;
  uint32_t size;
  struct slot_tests *tests; /* NODE_COMPARISON */
};

struct condition {
  uint32_t count;
  struct condition_node *nodes; /* in the order of the text */
};

/* What a slot must hold, whatever else holds, for a condition to be true. */
struct constraint {
  unsigned slot;
  const struct interval_set *set;
};

/* The constraints that a condition implies, at most one for each slot, ascending by slot. */
struct box {
  bool exact; /* they are the whole condition */
  unsigned count;
  const struct constraint *items;
};

struct tests_cache;
struct sorted_member;

/* What the conditions of one policy are compiled with. Zeroed but for effort and slots; all it makes lies in
 * the effort's arena. */
struct condition_compiler {
  struct effort *effort;
  struct slots *slots;
  struct tests_cache *cache;
  unsigned room; /* members that sorted and list have place for */
  struct sorted_member *sorted;
  struct interval *list;
};

/* Compiles a tree. Returns 0 with *ret_condition; -EOVERFLOW when the effort is spent; -E2BIG as slots_for();
 * or -ENOMEM. */
MUST_USE int condition_compile(struct condition_compiler *compiler, const struct node *node,
                               struct condition *ret_condition);
/* Whether it is true for these values. */
bool condition_holds(const struct condition *condition, const struct slot_values *values);
/* Likewise of the condition that begins at node. */
bool condition_node_holds(const struct condition_node *node, const struct slot_values *values);

/* What the comparison asks, from comparisons.c. Returns as condition_compile(). */
MUST_USE int comparison_compile(struct condition_compiler *compiler, const struct node *node,
                                struct slot_tests **ret_tests);

/* The constraints of a condition. Returns whether the effort was enough. */
bool condition_box(struct effort *effort, const struct condition *condition, struct box *ret_box);
