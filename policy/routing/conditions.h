/* Conditions as sets of numbers over slots: compiled from the tree, evaluated without it. */
#pragma once

#include "owned_sets.h"
#include "slots.h"

/* One node. The children of a node follow it; `size` counts it and all below it. */
struct condition_node {
  enum node_type type; /* NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARISON */
  uint32_t size;
  uint32_t slot;           /* NODE_COMPARISON */
  struct interval_set set; /* likewise: what the slot's value must be in; owned */
};

struct condition {
  uint32_t count;
  struct condition_node *nodes; /* in the order of the text; owned */
};

/* What a slot must hold, whatever else holds, for a condition to be true. */
struct constraint {
  unsigned slot;
  struct interval_set set; /* owned */
};

/* The constraints that a condition implies, at most one for each slot. */
struct box {
  bool exact; /* they are the whole condition */
  unsigned count, capacity;
  struct constraint *items; /* owned */
};

/* Compiles a tree. Returns 0 with *ret_condition, which the caller frees; -E2BIG or -ENOMEM. */
MUST_USE int condition_compile(struct slots *slots, const struct node *node, struct condition *ret_condition);
void condition_free(struct condition *condition);
/* Whether it is true for these values. */
bool condition_holds(const struct condition *condition, const struct slot_values *values);

/* Likewise of the condition that begins at node. */
bool condition_node_holds(const struct condition_node *node, const struct slot_values *values);

/* The constraints of a condition. Returns 0 with *ret_box, which the caller frees; or -ENOMEM. */
MUST_USE int condition_box(const struct condition *condition, struct box *ret_box);
void box_free(struct box *box);
