/* What a comparison asks of each slot. The members of a named set are put in order once for all who compare
 * the same kind of fact with it, and the slots found once for each fact. */
#include "conditions.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_FIRST = 64, BIT_OF_TYPE = 56, BIT_OF_DIGITS = 48 };

/* Values that are compared in one slot have the same key. */
static uint64_t kind_of(const struct value *value) {
  uint64_t kind = (uint64_t)(value->type == VALUE_WORD ? VALUE_TEXT : value->type) << BIT_OF_TYPE |
                  (uint64_t)value->digits << BIT_OF_DIGITS;
  for (unsigned i = 0; i < sizeof value->currency; i++)
    kind = kind | (uint64_t)(unsigned char)value->currency[i] << 8 * i;
  return kind;
}

/* The members of one kind: values that are compared in one and the same slot. */
struct kind_of_members {
  const struct value *example;
  struct interval_set is;
};

struct member_kinds {
  unsigned count;
  struct kind_of_members at[];
};

/* ---- What was worked out already ---- */

/* By the members, which are a set's as values of a kind of fact, and by the fact. */
struct cached_tests {
  const struct member *members; /* NULL: free */
  struct fact_name fact;        /* zeroed: of every fact, the kinds */
  void *found;
};

struct tests_cache {
  size_t count, capacity; /* capacity: a power of two */
  struct cached_tests *at;
};

static bool is_same_fact(const struct fact_name *a, const struct fact_name *b) {
  return a->fact == b->fact && a->attribute == b->attribute && a->zone == b->zone && a->window == b->window;
}

static size_t hash_of(const struct member *members, const struct fact_name *fact) {
  uint64_t hash = (uintptr_t)members;
  hash = (hash ^ (uintptr_t)fact->attribute << 20) * UINT64_C(0x9e3779b97f4a7c15);
  hash = (hash ^ fact->fact << 16 ^ fact->zone << 8 ^ fact->window) * UINT64_C(0x9e3779b97f4a7c15);
  return (size_t)(hash ^ hash >> 32);
}

static struct cached_tests *place_of(const struct tests_cache *cache, const struct member *members,
                                     const struct fact_name *fact) {
  size_t at = hash_of(members, fact) & (cache->capacity - 1);
  while (cache->at[at].members != NULL &&
         (cache->at[at].members != members || !is_same_fact(&cache->at[at].fact, fact)))
    at = (at + 1) & (cache->capacity - 1);
  return &cache->at[at];
}

static bool widen(struct condition_compiler *compiler) {
  struct tests_cache *before = compiler->cache;
  struct tests_cache *cache = effort_memory(compiler->effort, sizeof *cache);
  if (cache == NULL)
    return false;
  *cache = (struct tests_cache){.count = before == NULL ? 0 : before->count,
                                .capacity = before == NULL ? CACHE_FIRST : 2 * before->capacity};
  cache->at = effort_memory(compiler->effort, cache->capacity * sizeof *cache->at);
  if (cache->at == NULL)
    return false;
  for (size_t i = 0; before != NULL && i < before->capacity; i++)
    if (before->at[i].members != NULL)
      *place_of(cache, before->at[i].members, &before->at[i].fact) = before->at[i];
  compiler->cache = cache;
  return true;
}

/* Where what is asked of these members stands, or is to stand; NULL when it is given up. */
static struct cached_tests *find_cached(struct condition_compiler *compiler, const struct member *members,
                                        const struct fact_name *fact) {
  if ((compiler->cache == NULL || 2 * (compiler->cache->count + 1) > compiler->cache->capacity) &&
      !widen(compiler))
    return NULL;
  struct cached_tests *place = place_of(compiler->cache, members, fact);
  if (place->members == NULL) {
    *place = (struct cached_tests){.members = members, .fact = *fact};
    compiler->cache->count++;
  }
  return place;
}

/* ---- Members by kind ---- */

struct sorted_member {
  uint64_t kind;
  const struct member *member;
};

/* Room for the members of one comparison after the other. */
static bool make_room(struct condition_compiler *compiler, unsigned count) {
  if (count <= compiler->room)
    return true;
  unsigned room = count > 2 * compiler->room ? count : 2 * compiler->room;
  compiler->sorted = effort_memory(compiler->effort, room * sizeof *compiler->sorted);
  compiler->list = effort_memory(compiler->effort, room * sizeof *compiler->list);
  compiler->room = room;
  return compiler->sorted != NULL && compiler->list != NULL;
}

static int by_kind(const void *a, const void *b) {
  const struct sorted_member *left = a, *right = b;
  if (left->kind != right->kind)
    return left->kind < right->kind ? -1 : 1;
  return (left->member > right->member) - (left->member < right->member);
}

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

/* Adds what the member stands for. Texts are numbered within the effort. */
static int add_member(struct condition_compiler *compiler, enum comparison comparison,
                      const struct member *member, struct interval *list, unsigned *count) {
  uint64_t before = compiler->slots->strings.looked_at;
  int64_t low, high;
  int r = slots_encode(compiler->slots, &member->low, &low);
  if (r == 0)
    r = slots_encode(compiler->slots, &member->high, &high);
  if (r == 0 && !effort_take(compiler->effort, 1 + compiler->slots->strings.looked_at - before))
    r = -EOVERFLOW;
  if (r == 0 && !is_empty(comparison, low))
    list[(*count)++] = range_of(comparison, low, high);
  return r;
}

/* `!=` is false of an absent value, as every comparison is. */
static int take_set(struct condition_compiler *compiler, enum comparison comparison,
                    const struct interval *list, unsigned count, struct interval_set *ret_set) {
  const struct interval_set *set = effort_set(compiler->effort, list, count, false);
  if (set != NULL && comparison == COMPARE_NE)
    set = effort_complement(compiler->effort, set);
  if (set == NULL)
    return -EOVERFLOW;
  *ret_set = *set;
  ret_set->absent = false;
  return 0;
}

/* The kind that begins at sorted[first]; *ret_end: where the next one does. */
static int make_kind(struct condition_compiler *compiler, const struct node *node, unsigned first,
                     unsigned *ret_end, struct kind_of_members *ret_kind) {
  const struct sorted_member *sorted = compiler->sorted;
  unsigned count = 0, i = first;
  int r = 0;
  for (; r == 0 && i < node->member_count && sorted[i].kind == sorted[first].kind; i++)
    r = add_member(compiler, node->comparison, sorted[i].member, compiler->list, &count);
  if (r == 0)
    r = take_set(compiler, node->comparison, compiler->list, count, &ret_kind->is);
  ret_kind->example = &sorted[first].member->low;
  *ret_end = i;
  return r;
}

static unsigned count_kinds(const struct sorted_member *sorted, unsigned count) {
  unsigned kinds = 0;
  for (unsigned i = 0; i < count; i++)
    kinds += i == 0 || sorted[i].kind != sorted[i - 1].kind;
  return kinds;
}

static int make_kinds(struct condition_compiler *compiler, const struct node *node,
                      struct member_kinds **ret_kinds) {
  if (!make_room(compiler, node->member_count))
    return -EOVERFLOW;
  struct sorted_member *sorted = compiler->sorted;
  for (unsigned i = 0; i < node->member_count; i++)
    sorted[i] = (struct sorted_member){kind_of(&node->members[i].low), &node->members[i]};
  qsort(sorted, node->member_count, sizeof *sorted, by_kind);
  unsigned count = count_kinds(sorted, node->member_count), end = 0;
  struct member_kinds *kinds = effort_memory(compiler->effort, sizeof *kinds + count * sizeof kinds->at[0]);
  if (kinds == NULL)
    return -EOVERFLOW;
  int r = 0;
  for (kinds->count = 0; r == 0 && kinds->count < count; kinds->count++)
    r = make_kind(compiler, node, end, &end, &kinds->at[kinds->count]);
  *ret_kinds = kinds;
  return r;
}

/* ---- Slots ---- */

static int find_slot(struct condition_compiler *compiler, const struct fact_name *fact,
                     const struct value *value, unsigned *ret_slot) {
  uint64_t before = compiler->slots->strings.looked_at;
  int r = slots_for(compiler->slots, fact, value, ret_slot);
  if (r == 0 && !effort_take(compiler->effort, 1 + *ret_slot + compiler->slots->strings.looked_at - before))
    r = -EOVERFLOW;
  return r;
}

static int make_tests(struct condition_compiler *compiler, const struct fact_name *fact,
                      const struct member_kinds *kinds, struct slot_tests **ret_tests) {
  struct slot_tests *tests =
      effort_memory(compiler->effort, sizeof *tests + kinds->count * sizeof tests->at[0]);
  int r = tests == NULL ? -EOVERFLOW : 0;
  for (unsigned i = 0; r == 0 && i < kinds->count; i++) {
    tests->at[i].is = kinds->at[i].is;
    r = find_slot(compiler, fact, kinds->at[i].example, &tests->at[i].slot);
  }
  if (r < 0)
    return r;
  tests->count = kinds->count;
  *ret_tests = tests;
  return 0;
}

/* By members alone: the attributes of a payment differ in their slots, not in what is in the set. */
static int kinds_of_set(struct condition_compiler *compiler, const struct node *node,
                        struct member_kinds **ret_kinds) {
  static const struct fact_name every_fact;
  struct cached_tests *place = find_cached(compiler, node->members, &every_fact);
  if (place == NULL)
    return -EOVERFLOW;
  if (place->found == NULL) {
    struct member_kinds *kinds;
    int r = make_kinds(compiler, node, &kinds);
    if (r < 0)
      return r;
    place->found = kinds;
  }
  *ret_kinds = place->found;
  return 0;
}

static int tests_of_set(struct condition_compiler *compiler, const struct node *node,
                        struct slot_tests **ret_tests) {
  struct member_kinds *kinds;
  struct slot_tests *tests;
  int r = kinds_of_set(compiler, node, &kinds);
  if (r < 0)
    return r;
  struct cached_tests *place = find_cached(compiler, node->members, &node->fact);
  if (place == NULL)
    return -EOVERFLOW;
  if (place->found == NULL) {
    r = make_tests(compiler, &node->fact, kinds, &tests);
    if (r < 0)
      return r;
    place->found = tests;
  }
  *ret_tests = place->found;
  return 0;
}

int comparison_compile(struct condition_compiler *compiler, const struct node *node,
                       struct slot_tests **ret_tests) {
  struct member_kinds *kinds;
  if (node->set != NULL)
    return tests_of_set(compiler, node, ret_tests);
  int r = make_kinds(compiler, node, &kinds);
  return r < 0 ? r : make_tests(compiler, &node->fact, kinds, ret_tests);
}
