#include "policy_effort.h"

bool effort_take(struct effort *effort, uint64_t steps) {
  if (steps > effort->left) {
    effort->spent = true;
    return false;
  }
  effort->left -= steps;
  return true;
}

static void *take_memory(struct effort *effort, size_t size, uint64_t steps) {
  if (!effort_take(effort, steps))
    return NULL;
  void *memory = policy_arena_take(effort->arena, size);
  if (memory == NULL) {
    effort->spent = true;
    effort->starved = effort->starved || !policy_arena_is_full(effort->arena);
  }
  return memory;
}

void *effort_memory(struct effort *effort, size_t size) {
  return take_memory(effort, size, 1 + size / sizeof(struct interval));
}

/* A set, and room for its intervals behind it. */
struct roomy_set {
  struct interval_set set;
  struct interval room[];
};

static struct roomy_set *set_new(struct effort *effort, size_t most) {
  return take_memory(effort, sizeof(struct roomy_set) + most * sizeof(struct interval), 1 + most);
}

const struct interval_set *effort_set(struct effort *effort, const struct interval *list, unsigned count,
                                      bool absent) {
  struct roomy_set *made = set_new(effort, count);
  if (made == NULL)
    return NULL;
  made->set = interval_set_of(list, count, made->room);
  made->set.absent = absent;
  return &made->set;
}

/* Two sets make one, by one of the algebra's functions. */
static const struct interval_set *combine(struct effort *effort,
                                          struct interval_set (*by)(const struct interval_set *,
                                                                    const struct interval_set *,
                                                                    struct interval *),
                                          const struct interval_set *left, const struct interval_set *right) {
  struct roomy_set *made = set_new(effort, (size_t)left->count + right->count);
  if (made == NULL)
    return NULL;
  made->set = by(left, right, made->room);
  return &made->set;
}

/* The same set with itself is the one case that costs nothing: a named set that many rules ask about. */
const struct interval_set *effort_unite(struct effort *effort, const struct interval_set *left,
                                        const struct interval_set *right) {
  if (left == right)
    return left;
  return combine(effort, interval_set_union, left, right);
}

const struct interval_set *effort_intersect(struct effort *effort, const struct interval_set *left,
                                            const struct interval_set *right) {
  if (left == right)
    return left;
  return combine(effort, interval_set_intersection, left, right);
}

const struct interval_set *effort_subtract(struct effort *effort, const struct interval_set *left,
                                           const struct interval_set *right) {
  return combine(effort, interval_set_difference, left, right);
}

const struct interval_set *effort_complement(struct effort *effort, const struct interval_set *set) {
  return effort_subtract(effort, &interval_set_all, set);
}

bool effort_within(struct effort *effort, const struct interval_set *part, const struct interval_set *whole) {
  uint64_t steps;
  bool within = interval_set_within(part, whole, &steps);
  return effort_take(effort, steps + 1) && within;
}

bool effort_apart(struct effort *effort, const struct interval_set *left, const struct interval_set *right) {
  uint64_t steps;
  bool apart = interval_set_apart(left, right, &steps);
  return apart && effort_take(effort, steps + 1);
}
