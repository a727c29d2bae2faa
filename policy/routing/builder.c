#include "policy_arena.h"
#include "policy_builder.h"
#include "program.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 256, LIST_FIRST = 4, PATH_SHOWN = 96 };

struct interned {
  uint32_t length;
  bool names_rule;
  unsigned names_set, names_schedule; /* the number of the set or schedule of that name, from 1; 0: none */
  char text[];
};

/* ---- Beginning and end ---- */

int tree_begin(size_t length, struct tree_builder *ret_builder) {
  *ret_builder = (struct tree_builder){
      .slot_count = SLOTS_FIRST, .steps_left = STEPS_MAX, .reached = {.line = 1, .column = 1}};
  size_t most = (TREE_BYTES_MAX - TREE_BYTES_BASE) / TREE_BYTES_OF_BYTE;
  struct arena *arena =
      policy_arena_new(TREE_BYTES_BASE + TREE_BYTES_OF_BYTE * (length < most ? length : most));
  if (arena == NULL)
    return -ENOMEM;
  struct policy *policy = policy_arena_take(arena, sizeof *policy);
  ret_builder->slots = calloc(SLOTS_FIRST, sizeof *ret_builder->slots);
  if (policy == NULL || ret_builder->slots == NULL) {
    free(ret_builder->slots);
    policy_arena_free(arena);
    return -ENOMEM;
  }
  policy->arena = arena;
  ret_builder->policy = policy;
  return 0;
}

/* What may be done about it is said, not which limit it was. */
static const char too_intricate[] =
    "a simpler policy, for this one is too intricate: shorter sets, or fewer rules that ask about long ones";

/* At the rule where there were too many. */
static int wrong_rule(struct tree_builder *builder, unsigned number, const char *expected) {
  char path[PATH_SHOWN];
  bool last = number + 1 == builder->policy->rule_count;
  snprintf(path, sizeof path, last ? "otherwise" : "rules[%u]", number);
  builder->path = builder->path == NULL ? NULL : path;
  int result = tree_wrong(builder, builder->policy->rules[number].place, expected);
  builder->path = NULL;
  return result;
}

static int compile(struct tree_builder *builder) {
  unsigned rule = 0;
  int result = policy_compile(builder->policy, builder->steps_left, &rule);
  if (result == -E2BIG)
    return wrong_rule(builder, rule, "a policy that asks about at most 255 different things");
  return result == -EOVERFLOW ? wrong_rule(builder, rule, too_intricate) : result;
}

int tree_end(struct tree_builder *builder, int result, struct policy **ret_policy,
             struct policy_error *ret_error) {
  free(builder->slots);
  if (result == 0)
    result = compile(builder);
  if (result == -ENOMEM && (builder->intricate || policy_arena_is_full(builder->policy->arena)))
    result = tree_wrong(builder, builder->reached, too_intricate);
  if (result == 0) {
    *ret_policy = builder->policy;
    return 0;
  }
  policy_free(builder->policy);
  if (result == POLICY_WRONG)
    *ret_error = builder->error;
  return result;
}

size_t policy_bytes(const struct policy *policy) {
  return policy_arena_bytes(policy->arena) + policy->rule_count * sizeof *policy->rules +
         program_bytes(policy->program);
}

void policy_free(struct policy *policy) {
  if (policy == NULL)
    return;
  program_free(policy->program);
  free(policy->rules);
  policy_arena_free(policy->arena);
}

/* ---- Errors ---- */

int tree_wrong(struct tree_builder *builder, struct place place, const char *expected) {
  struct policy_error *error = &builder->error;
  *error = (struct policy_error){.line = place.line, .column = place.column};
  if (builder->path != NULL)
    snprintf(error->expected, sizeof error->expected, "%.*s: %s", PATH_SHOWN, builder->path, expected);
  else
    snprintf(error->expected, sizeof error->expected, "%s", expected);
  return POLICY_WRONG;
}

int tree_misspelt(struct tree_builder *builder, struct place place, const char *expected,
                  const struct guess *guess) {
  int result = tree_wrong(builder, place, expected);
  memcpy(builder->error.suggestion, guess->best, sizeof guess->best);
  return result;
}

/* ---- Memory ---- */

int tree_grow(struct tree_builder *builder, void **elements, unsigned count, unsigned *capacity,
              size_t size) {
  if (count < *capacity)
    return 0;
  unsigned larger = *capacity == 0 ? LIST_FIRST : 2 * *capacity;
  void *copy = policy_arena_take(builder->policy->arena, larger * size);
  if (copy == NULL)
    return -ENOMEM;
  if (count > 0)
    memcpy(copy, *elements, count * size);
  *elements = copy;
  *capacity = larger;
  return 0;
}

/* FNV-1a. Texts that collide use up the steps. */
static size_t hash_text(const char *text, size_t length) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
  return (size_t)(hash ^ hash >> 32);
}

/* Where the text stands, or the free slot where it would; *looked_at grows by how many were looked at. */
static struct interned **find_slot(struct interned **slots, size_t count, const char *text, size_t length,
                                   uint64_t *looked_at) {
  size_t at = hash_text(text, length) % count;
  for (++*looked_at;
       slots[at] != NULL && (slots[at]->length != length || memcmp(slots[at]->text, text, length) != 0);
       ++*looked_at)
    at = (at + 1) % count;
  return &slots[at];
}

/* Likewise in the builder's steps. NULL when they are used up. */
static struct interned **find_text(struct tree_builder *builder, const char *text, size_t length) {
  uint64_t looked_at = 0;
  struct interned **slot = find_slot(builder->slots, builder->slot_count, text, length, &looked_at);
  builder->intricate = builder->intricate || looked_at > builder->steps_left;
  if (builder->intricate)
    return NULL;
  builder->steps_left -= looked_at;
  return slot;
}

static int widen(struct tree_builder *builder) {
  size_t count = builder->slot_count * 2;
  uint64_t looked_at = 0;
  struct interned **slots = calloc(count, sizeof *slots);
  if (slots == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < builder->slot_count; i++) {
    struct interned *one = builder->slots[i];
    if (one != NULL)
      *find_slot(slots, count, one->text, one->length, &looked_at) = one;
  }
  builder->steps_left -= looked_at < builder->steps_left ? looked_at : builder->steps_left;
  free(builder->slots);
  builder->slots = slots;
  builder->slot_count = count;
  return 0;
}

static struct interned *intern(struct tree_builder *builder, const char *text, size_t length) {
  if (2 * (builder->interned_count + 1) > builder->slot_count && widen(builder) != 0)
    return NULL;
  struct interned **slot = find_text(builder, text, length);
  if (slot == NULL || *slot != NULL)
    return slot == NULL ? NULL : *slot;
  struct interned *one = policy_arena_take(builder->policy->arena, sizeof *one + length + 1);
  if (one == NULL)
    return NULL;
  one->length = (uint32_t)length;
  memcpy(one->text, text, length);
  builder->interned_count++;
  *slot = one;
  return one;
}

const char *tree_intern(struct tree_builder *builder, const char *text, size_t length) {
  struct interned *one = intern(builder, text, length);
  return one == NULL ? NULL : one->text;
}

/* ---- Sets ---- */

/* Lower case, digits and _ , as connectors are named. */
static bool is_name(const char *name, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
      return false;
  return length > 0 && length < POLICY_NAME_CAPACITY && !policy_is_reserved(name, length);
}

int tree_set(struct tree_builder *builder, struct place place, const char *name, size_t length) {
  struct policy *policy = builder->policy;
  if (!is_name(name, length) || name[0] < 'a' || name[0] > 'z')
    return tree_wrong(builder, place,
                      "a name for the set: a letter, then a to z, 0 to 9 and _ , at most 32 together");
  struct interned *one = intern(builder, name, length);
  if (one == NULL)
    return -ENOMEM;
  if (one->names_set != 0)
    return tree_wrong(builder, place, "a name that no other set has");
  if (policy->set_count == POLICY_SETS_MAX)
    return tree_wrong(builder, place, "at most 256 sets");
  void *sets = policy->sets;
  int result = tree_grow(builder, &sets, policy->set_count, &builder->set_capacity, sizeof *policy->sets);
  if (result != 0)
    return result;
  policy->sets = sets;
  policy->sets[policy->set_count++] = (struct named_set){.name = one->text, .place = place};
  one->names_set = policy->set_count;
  return 0;
}

int tree_set_end(struct tree_builder *builder, struct place place, const struct member_list *members) {
  struct named_set *set = &builder->policy->sets[builder->policy->set_count - 1];
  if (members->count == 0)
    return tree_wrong(builder, place, "a member of the set");
  set->count = members->count;
  set->members = members->members;
  return 0;
}

int tree_set_named(struct tree_builder *builder, struct place place, const char *name, size_t length,
                   struct named_set **ret_set) {
  struct policy *policy = builder->policy;
  struct interned **slot = find_text(builder, name, length);
  if (slot == NULL)
    return -ENOMEM;
  if (*slot != NULL && (*slot)->names_set != 0) {
    *ret_set = &policy->sets[(*slot)->names_set - 1];
    return 0;
  }
  struct guess guess = guess_for(name, length);
  for (unsigned i = 0; i < policy->set_count; i++)
    guess_try(&guess, policy->sets[i].name);
  return tree_misspelt(builder, place, "the name of a set that the policy has, or a list in [ ]", &guess);
}

bool tree_names_set(struct tree_builder *builder, const struct value *value) {
  if (value->type != VALUE_WORD)
    return false;
  struct interned **slot = find_text(builder, value->text, strlen(value->text));
  return slot != NULL && *slot != NULL && (*slot)->names_set != 0;
}

/* ---- Schedules ---- */

int tree_schedule(struct tree_builder *builder, struct place place, const char *name, size_t length,
                  struct policy_schedule **ret_schedule) {
  struct policy *policy = builder->policy;
  if (!is_name(name, length) || name[0] < 'a' || name[0] > 'z')
    return tree_wrong(builder, place,
                      "a name for the schedule: a letter, then a to z, 0 to 9 and _ , at most 32 together");
  struct interned *one = intern(builder, name, length);
  if (one == NULL)
    return -ENOMEM;
  if (one->names_schedule != 0)
    return tree_wrong(builder, place, "a name that no other schedule has");
  if (policy->schedule_count == POLICY_SCHEDULES_MAX)
    return tree_wrong(builder, place, "at most 64 schedules");
  void *schedules = policy->schedules;
  int result = tree_grow(builder, &schedules, policy->schedule_count, &builder->schedule_capacity,
                         sizeof *policy->schedules);
  if (result != 0)
    return result;
  policy->schedules = schedules;
  struct named_schedule *schedule = &policy->schedules[policy->schedule_count++];
  *schedule = (struct named_schedule){.is.hour_to = POLICY_HOUR_LAST, .place = place};
  memcpy(schedule->is.name, name, length);
  one->names_schedule = policy->schedule_count;
  *ret_schedule = &schedule->is;
  return 0;
}

int tree_schedule_unknown(struct tree_builder *builder, struct place place, const char *name, size_t length) {
  const struct policy *policy = builder->policy;
  struct guess guess = guess_for(name, length);
  for (unsigned i = 0; i < policy->schedule_count; i++)
    guess_try(&guess, policy->schedules[i].is.name);
  return tree_misspelt(
      builder, place,
      policy->schedule_count > 0
          ? "the name of a schedule that the policy has"
          : "the name of a schedule, said before the rules as schedule NAME = 4 tries within 21 days",
      &guess);
}

int tree_schedule_named(struct tree_builder *builder, struct place place, const char *name, size_t length,
                        unsigned *ret_number) {
  struct interned **slot = find_text(builder, name, length);
  if (slot == NULL)
    return -ENOMEM;
  if (*slot == NULL || (*slot)->names_schedule == 0)
    return tree_schedule_unknown(builder, place, name, length);
  *ret_number = (*slot)->names_schedule - 1;
  return 0;
}

/* ---- Rules ---- */

static int add_rule(struct tree_builder *builder, const char *name, size_t length, struct place place,
                    struct rule **ret_rule) {
  struct policy *policy = builder->policy;
  if (policy->rule_count == builder->rule_capacity) {
    unsigned larger = builder->rule_capacity == 0 ? LIST_FIRST : 2 * builder->rule_capacity;
    struct rule *rules = reallocarray(policy->rules, larger, sizeof *rules);
    if (rules == NULL)
      return -ENOMEM;
    policy->rules = rules;
    builder->rule_capacity = larger;
  }
  struct rule *rule = &policy->rules[policy->rule_count++];
  *rule = (struct rule){.place = place};
  memcpy(rule->name, name, length);
  *ret_rule = rule;
  return 0;
}

int tree_rule(struct tree_builder *builder, struct place place, const char *name, size_t length,
              struct rule **ret_rule) {
  static const char request[] = "request"; /* so the engine names a list that the payment brought along */
  bool taken = length == sizeof request - 1 && memcmp(name, request, length) == 0;
  if (!is_name(name, length) || taken)
    return tree_wrong(builder, place,
                      "a name for the rule, no word of the language: a to z, 0 to 9 and _ , at most 32");
  struct interned *one = intern(builder, name, length);
  if (one == NULL)
    return -ENOMEM;
  if (one->names_rule)
    return tree_wrong(builder, place, "a name that no other rule has");
  if (builder->policy->rule_count == POLICY_RULES_MAX - 1)
    return tree_wrong(builder, place, "at most 16383 rules, and otherwise");
  one->names_rule = true;
  return add_rule(builder, name, length, place, ret_rule);
}

int tree_otherwise(struct tree_builder *builder, struct place place, struct rule **ret_rule) {
  static const char otherwise[] = "otherwise";
  return add_rule(builder, otherwise, sizeof otherwise - 1, place, ret_rule);
}
