/* From a condition to what it demands of each slot by itself. Many parts of one condition are put together
 * half and half, so that a long one costs little more than its length. */
#include "conditions.h"
#include <stdlib.h>

enum { UNITED, INTERSECTED };

static struct constraint *room_for(struct effort *effort, const struct box *left, const struct box *right) {
  size_t most = (size_t)left->count + right->count;
  return effort_take(effort, most) ? effort_memory(effort, most * sizeof(struct constraint)) : NULL;
}

/* What both demand: each slot that one of them constrains. */
static bool intersect(struct effort *effort, const struct box *left, const struct box *right,
                      struct box *ret_box) {
  struct constraint *items = room_for(effort, left, right);
  unsigned count = 0, i = 0, j = 0;
  if (items == NULL)
    return false;
  while (i < left->count || j < right->count) {
    const struct constraint *one = i < left->count ? &left->items[i] : NULL;
    const struct constraint *other = j < right->count ? &right->items[j] : NULL;
    bool in_left = one != NULL && (other == NULL || one->slot <= other->slot);
    bool in_right = other != NULL && (one == NULL || other->slot <= one->slot);
    items[count] = in_left ? *one : *other;
    if (in_left && in_right)
      items[count].set = effort_intersect(effort, one->set, other->set);
    if (items[count++].set == NULL)
      return false;
    i += in_left;
    j += in_right;
  }
  *ret_box = (struct box){left->exact && right->exact, count, items};
  return true;
}

/* What both demand of a slot is demanded by their `or`, as the union. */
static bool unite(struct effort *effort, const struct box *left, const struct box *right,
                  struct box *ret_box) {
  struct constraint *items = room_for(effort, left, right);
  unsigned count = 0, i = 0, j = 0;
  if (items == NULL)
    return false;
  while (i < left->count && j < right->count) {
    const struct constraint *one = &left->items[i], *other = &right->items[j];
    if (one->slot == other->slot) {
      items[count] = (struct constraint){one->slot, effort_unite(effort, one->set, other->set)};
      if (items[count++].set == NULL)
        return false;
    }
    i += one->slot <= other->slot;
    j += other->slot <= one->slot;
  }
  bool exact = left->exact && right->exact && left->count == 1 && right->count == 1 && count == 1;
  *ret_box = (struct box){exact, count, items};
  return true;
}

/* ---- Comparisons ---- */

static const struct interval_set *others_of(struct effort *effort, struct slot_test *test) {
  if (test->others == NULL)
    test->others = effort_complement(effort, &test->is);
  return test->others;
}

static int by_slot(const void *a, const void *b) {
  const struct constraint *left = a, *right = b;
  return (left->slot > right->slot) - (left->slot < right->slot);
}

/* None of the tests holds: each slot is constrained. */
static bool none_box(struct effort *effort, struct slot_tests *tests, struct box *ret_box) {
  struct constraint *items = effort_memory(effort, tests->count * sizeof *items);
  for (unsigned i = 0; items != NULL && i < tests->count; i++) {
    items[i] = (struct constraint){tests->at[i].slot, others_of(effort, &tests->at[i])};
    if (items[i].set == NULL || !effort_take(effort, 1))
      return false;
  }
  if (items == NULL)
    return false;
  qsort(items, tests->count, sizeof *items, by_slot);
  *ret_box = (struct box){true, tests->count, items};
  return true;
}

/* One of the tests holds: of several, no slot is constrained by itself. */
static bool comparison_box(struct effort *effort, struct slot_tests *tests, bool negated,
                           struct box *ret_box) {
  if (negated)
    return none_box(effort, tests, ret_box);
  *ret_box = (struct box){.exact = false};
  if (tests->count > 1)
    return true;
  struct constraint *item = effort_memory(effort, sizeof *item);
  if (item == NULL)
    return false;
  *item = (struct constraint){tests->at[0].slot, &tests->at[0].is};
  *ret_box = (struct box){true, 1, item};
  return true;
}

/* ---- Conditions ---- */

static bool box_of(struct effort *effort, const struct condition_node *node, bool negated,
                   struct box *ret_box);

/* Of so many children from *child on, which goes on behind them. */
static bool boxes_of(struct effort *effort, const struct condition_node **child, unsigned count, bool negated,
                     int how, struct box *ret_box) {
  if (count == 1) {
    const struct condition_node *only = *child;
    *child += only->size;
    return box_of(effort, only, negated, ret_box);
  }
  struct box left, right;
  return boxes_of(effort, child, count / 2, negated, how, &left) &&
         boxes_of(effort, child, count - count / 2, negated, how, &right) &&
         (how == INTERSECTED ? intersect : unite)(effort, &left, &right, ret_box);
}

/* `not (a and b)` is `not a or not b`, and the other way round. */
static bool children_box(struct effort *effort, const struct condition_node *node, bool negated,
                         struct box *ret_box) {
  const struct condition_node *child = node + 1;
  unsigned count = 0;
  for (const struct condition_node *at = child; at < node + node->size; at += at->size)
    count++;
  return boxes_of(effort, &child, count, negated, (node->type == NODE_AND) != negated ? INTERSECTED : UNITED,
                  ret_box);
}

static bool box_of(struct effort *effort, const struct condition_node *node, bool negated,
                   struct box *ret_box) {
  if (node->type == NODE_COMPARISON)
    return comparison_box(effort, node->tests, negated, ret_box);
  if (node->type == NODE_NOT)
    return box_of(effort, node + 1, !negated, ret_box);
  return children_box(effort, node, negated, ret_box);
}

bool condition_box(struct effort *effort, const struct condition *condition, struct box *ret_box) {
  return box_of(effort, condition->nodes, false, ret_box);
}
