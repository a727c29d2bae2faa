#include "conditions.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct build {
  struct slots *slots;
  struct condition condition;
  uint32_t capacity;
};

/* A new node at the end; *ret_at is its place, because the array may move. */
static int add_node(struct build *build, enum node_type type, uint32_t *ret_at) {
  struct condition *condition = &build->condition;
  if (condition->count == build->capacity) {
    uint32_t capacity = build->capacity ? 2 * build->capacity : 8;
    struct condition_node *nodes = reallocarray(condition->nodes, capacity, sizeof *nodes);
    if (nodes == NULL)
      return -ENOMEM;
    condition->nodes = nodes;
    build->capacity = capacity;
  }
  condition->nodes[condition->count] = (struct condition_node){.type = type, .size = 1};
  *ret_at = condition->count++;
  return 0;
}

/* ---- Comparisons ---- */

/* Members that are compared in one and the same slot. */
struct in_slot {
  unsigned slot, count;
  struct interval *intervals; /* room for all members */
};

static struct interval range_of(enum comparison comparison, int64_t low, int64_t high) {
  switch (comparison) {
  case COMPARE_LT:
    return (struct interval){INT64_MIN, low - 1};
  case COMPARE_LE:
    return (struct interval){INT64_MIN, low};
  case COMPARE_GT:
    return (struct interval){low + 1, INT64_MAX};
  case COMPARE_GE:
    return (struct interval){low, INT64_MAX};
  default:
    return (struct interval){low, high};
  }
}

/* Below the least number and above the greatest there is nothing. */
static bool is_empty(enum comparison comparison, int64_t value) {
  return (comparison == COMPARE_LT && value == INT64_MIN) || (comparison == COMPARE_GT && value == INT64_MAX);
}

static int collect_member(struct build *build, const struct node *node, const struct member *member,
                          struct in_slot *in) {
  int64_t low, high;
  int r = slots_encode(build->slots, &member->low, &low);
  if (r == 0)
    r = slots_encode(build->slots, &member->high, &high);
  if (r < 0)
    return r;
  if (!is_empty(node->comparison, low))
    in->intervals[in->count++] = range_of(node->comparison, low, high);
  return 0;
}

/* The members whose slot is that of member `first`. */
static int collect(struct build *build, const struct node *node, unsigned first, struct in_slot *in) {
  int r = slots_for(build->slots, &node->fact, &node->members[first].low, &in->slot);
  for (unsigned i = first; r == 0 && i < node->member_count; i++) {
    unsigned slot;
    r = slots_for(build->slots, &node->fact, &node->members[i].low, &slot);
    if (r == 0 && slot == in->slot)
      r = collect_member(build, node, &node->members[i], in);
  }
  return r;
}

/* `!=` is false of an absent value, as every comparison is. */
static int set_of(const struct node *node, const struct in_slot *in, struct interval_set *ret_set) {
  struct interval_set equal;
  if (node->comparison != COMPARE_NE)
    return owned_set_of(in->intervals, in->count, ret_set);
  int r = owned_set_of(in->intervals, in->count, &equal);
  if (r < 0)
    return r;
  r = owned_set_complement(&equal, ret_set);
  owned_set_free(&equal);
  if (r == 0)
    ret_set->absent = false;
  return r;
}

static int add_slot_comparison(struct build *build, const struct node *node, unsigned first) {
  struct in_slot in = {.intervals = calloc(node->member_count, sizeof(struct interval))};
  struct interval_set set;
  uint32_t at;
  if (in.intervals == NULL)
    return -ENOMEM;
  int r = collect(build, node, first, &in);
  if (r == 0)
    r = set_of(node, &in, &set);
  free(in.intervals);
  if (r < 0)
    return r;
  r = add_node(build, NODE_COMPARISON, &at);
  if (r < 0) {
    owned_set_free(&set);
    return r;
  }
  build->condition.nodes[at].slot = in.slot;
  build->condition.nodes[at].set = set;
  return 0;
}

/* Whether an earlier member is compared in the same slot, so that this one is taken in already. */
static int is_taken(struct build *build, const struct node *node, unsigned member, bool *ret_taken) {
  unsigned slot, earlier;
  int r = slots_for(build->slots, &node->fact, &node->members[member].low, &slot);
  *ret_taken = false;
  for (unsigned i = 0; r == 0 && i < member && !*ret_taken; i++) {
    /* Most sets have one slot for all members: the first look tells. */
    r = slots_for(build->slots, &node->fact, &node->members[i].low, &earlier);
    *ret_taken = r == 0 && earlier == slot;
  }
  return r;
}

/* Amounts in several currencies and BINs of several widths are an `or` of one comparison each. */
static int add_comparison(struct build *build, const struct node *node) {
  uint32_t at;
  int r = add_node(build, NODE_OR, &at);
  for (unsigned i = 0; r == 0 && i < node->member_count; i++) {
    bool taken;
    r = is_taken(build, node, i, &taken);
    if (r == 0 && !taken)
      r = add_slot_comparison(build, node, i);
  }
  if (r == 0)
    build->condition.nodes[at].size = build->condition.count - at;
  return r;
}

/* ---- The tree ---- */

static int add(struct build *build, const struct node *node) {
  uint32_t at;
  if (node->type == NODE_COMPARISON)
    return add_comparison(build, node);
  int r = add_node(build, node->type, &at);
  for (unsigned i = 0; r == 0 && i < node->child_count; i++)
    r = add(build, node->children[i]);
  if (r == 0)
    build->condition.nodes[at].size = build->condition.count - at;
  return r;
}

int condition_compile(struct slots *slots, const struct node *node, struct condition *ret_condition) {
  struct build build = {.slots = slots};
  int r = add(&build, node);
  if (r < 0)
    condition_free(&build.condition);
  else
    *ret_condition = build.condition;
  return r;
}

void condition_free(struct condition *condition) {
  for (uint32_t i = 0; i < condition->count; i++)
    owned_set_free(&condition->nodes[i].set);
  free(condition->nodes);
  *condition = (struct condition){0};
}

bool condition_node_holds(const struct condition_node *node, const struct slot_values *values) {
  const struct condition_node *end = node + node->size;
  switch (node->type) {
  case NODE_COMPARISON:
    if (!values->present[node->slot])
      return node->set.absent;
    return interval_set_holds(&node->set, values->numbers[node->slot]);
  case NODE_NOT:
    return !condition_node_holds(node + 1, values);
  case NODE_AND:
    for (const struct condition_node *child = node + 1; child < end; child += child->size)
      if (!condition_node_holds(child, values))
        return false;
    return true;
  case NODE_OR:
    for (const struct condition_node *child = node + 1; child < end; child += child->size)
      if (condition_node_holds(child, values))
        return true;
    return false;
  }
  assert(false);
  return false;
}

bool condition_holds(const struct condition *condition, const struct slot_values *values) {
  return condition_node_holds(condition->nodes, values);
}
