#include "conditions.h"
#include <assert.h>
#include <errno.h>

static uint32_t count_nodes(const struct node *node) {
  uint32_t count = 1;
  for (unsigned i = 0; i < node->child_count; i++)
    count += count_nodes(node->children[i]);
  return count;
}

static int add(struct condition_compiler *compiler, const struct node *node, struct condition *condition) {
  uint32_t at = condition->count++;
  struct condition_node *made = &condition->nodes[at];
  int r = 0;
  made->type = node->type;
  if (node->type == NODE_COMPARISON)
    r = comparison_compile(compiler, node, &made->tests);
  for (unsigned i = 0; r == 0 && i < node->child_count; i++)
    r = add(compiler, node->children[i], condition);
  made->size = condition->count - at;
  return r;
}

int condition_compile(struct condition_compiler *compiler, const struct node *node,
                      struct condition *ret_condition) {
  uint32_t count = count_nodes(node);
  struct condition condition = {.nodes = effort_memory(compiler->effort, count * sizeof *condition.nodes)};
  if (condition.nodes == NULL)
    return -EOVERFLOW;
  int r = add(compiler, node, &condition);
  if (r == 0)
    *ret_condition = condition;
  return r;
}

/* ---- Evaluating ---- */

static bool test_holds(const struct slot_test *test, const struct slot_values *values) {
  if (!values->present[test->slot])
    return test->is.absent;
  return interval_set_holds(&test->is, values->numbers[test->slot]);
}

static bool any_holds(const struct slot_tests *tests, const struct slot_values *values) {
  for (unsigned i = 0; i < tests->count; i++)
    if (test_holds(&tests->at[i], values))
      return true;
  return false;
}

bool condition_node_holds(const struct condition_node *node, const struct slot_values *values) {
  const struct condition_node *end = node + node->size;
  switch (node->type) {
  case NODE_COMPARISON:
    return any_holds(node->tests, values);
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
