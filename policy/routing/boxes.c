/* From a condition to what it demands of each slot by itself. */
#include "conditions.h"
#include <errno.h>
#include <stdlib.h>

void box_free(struct box *box) {
  for (unsigned i = 0; i < box->count; i++)
    owned_set_free(&box->items[i].set);
  free(box->items);
  *box = (struct box){0};
}

static struct constraint *constraint_of(const struct box *box, unsigned slot) {
  for (unsigned i = 0; i < box->count; i++)
    if (box->items[i].slot == slot)
      return &box->items[i];
  return NULL;
}

/* Takes set over, also on failure. */
static int put(struct box *box, unsigned slot, struct interval_set *set) {
  if (box->count == box->capacity) {
    unsigned capacity = box->capacity ? 2 * box->capacity : 4;
    struct constraint *items = reallocarray(box->items, capacity, sizeof *items);
    if (items == NULL) {
      owned_set_free(set);
      return -ENOMEM;
    }
    box->items = items;
    box->capacity = capacity;
  }
  box->items[box->count++] = (struct constraint){.slot = slot, .set = *set};
  return 0;
}

static int narrow(struct constraint *constraint, const struct interval_set *by) {
  struct interval_set both;
  int r = owned_set_intersection(&constraint->set, by, &both);
  if (r < 0)
    return r;
  owned_set_free(&constraint->set);
  constraint->set = both;
  return 0;
}

/* box := box and other */
static int intersect(struct box *box, const struct box *other) {
  int r = 0;
  for (unsigned i = 0; r == 0 && i < other->count; i++) {
    const struct constraint *item = &other->items[i];
    struct constraint *own = constraint_of(box, item->slot);
    struct interval_set set;
    if (own != NULL)
      r = narrow(own, &item->set);
    else if ((r = owned_set_copy(&item->set, &set)) == 0)
      r = put(box, item->slot, &set);
  }
  box->exact = box->exact && other->exact;
  return r;
}

/* What both demand of a slot is demanded by their `or`, as the union. */
static int unite(struct box *box, const struct box *other) {
  struct box both = {.exact = box->exact && other->exact && box->count == 1 && other->count == 1 &&
                              box->items[0].slot == other->items[0].slot};
  int r = 0;
  for (unsigned i = 0; r == 0 && i < box->count; i++) {
    const struct constraint *theirs = constraint_of(other, box->items[i].slot);
    struct interval_set set;
    if (theirs == NULL)
      continue;
    r = owned_set_union(&box->items[i].set, &theirs->set, &set);
    if (r == 0)
      r = put(&both, box->items[i].slot, &set);
  }
  if (r < 0) {
    box_free(&both);
    return r;
  }
  box_free(box);
  *box = both;
  return 0;
}

static int box_of(const struct condition_node *node, bool negated, struct box *ret_box);

static int comparison_box(const struct condition_node *node, bool negated, struct box *ret_box) {
  struct box box = {.exact = true};
  struct interval_set set;
  int r = negated ? owned_set_complement(&node->set, &set) : owned_set_copy(&node->set, &set);
  if (r == 0)
    r = put(&box, node->slot, &set);
  if (r == 0)
    *ret_box = box;
  return r;
}

/* `not (a and b)` is `not a or not b`, and the other way round. */
static int children_box(const struct condition_node *node, bool negated, struct box *ret_box) {
  bool all = (node->type == NODE_AND) != negated;
  const struct condition_node *end = node + node->size, *child = node + 1;
  struct box box, next;
  int r = box_of(child, negated, &box);
  if (r < 0)
    return r;
  for (child += child->size; r == 0 && child < end; child += child->size) {
    r = box_of(child, negated, &next);
    if (r == 0) {
      r = all ? intersect(&box, &next) : unite(&box, &next);
      box_free(&next);
    }
  }
  if (r < 0)
    box_free(&box);
  else
    *ret_box = box;
  return r;
}

static int box_of(const struct condition_node *node, bool negated, struct box *ret_box) {
  if (node->type == NODE_COMPARISON)
    return comparison_box(node, negated, ret_box);
  if (node->type == NODE_NOT)
    return box_of(node + 1, !negated, ret_box);
  return children_box(node, negated, ret_box);
}

int condition_box(const struct condition *condition, struct box *ret_box) {
  return box_of(condition->nodes, false, ret_box);
}
