#include "compiled.h"
#include <errno.h>
#include <stdlib.h>

enum { SCRATCH_MAX = 32 * 1024 * 1024 /* bytes of what compiling needs and the program does not */ };

size_t program_bytes(const struct program *program) {
  const struct slots *slots = &program->slots;
  return sizeof *program + rule_index_bytes(&program->index) +
         slots->strings.capacity * sizeof *slots->strings.entries +
         2 * slots->attribute_capacity * sizeof *slots->customer;
}

void program_free(struct program *program) {
  if (program == NULL)
    return;
  rule_index_free(&program->index);
  slots_free(&program->slots);
  free(program);
}

static int compile_rules(struct program *program, const struct policy *policy, struct effort *effort,
                         unsigned *ret_rule) {
  struct condition_compiler compiler = {.effort = effort, .slots = &program->slots};
  int r = 0;
  program->rule_count = policy->rule_count;
  program->rules = effort_memory(effort, policy->rule_count * sizeof *program->rules);
  if (program->rules == NULL)
    return -EOVERFLOW;
  for (unsigned i = 0; r == 0 && i < policy->rule_count; i++) {
    *ret_rule = i;
    if (policy->rules[i].when != NULL)
      r = condition_compile(&compiler, policy->rules[i].when, &program->rules[i].condition);
  }
  return r;
}

static int make_boxes(const struct program *program, struct effort *effort, struct box *boxes,
                      unsigned *ret_rule) {
  for (unsigned i = 0; i < program->rule_count; i++) {
    *ret_rule = i;
    boxes[i].exact = true;
    if (program->rules[i].condition.count > 0 &&
        !condition_box(effort, &program->rules[i].condition, &boxes[i]))
      return -EOVERFLOW;
  }
  return 0;
}

/* Whether the index alone shows that the rule matches. */
static bool is_shown(const struct box *box, const bool indexed[SLOTS_MAX]) {
  for (unsigned i = 0; i < box->count; i++)
    if (!indexed[box->items[i].slot])
      return false;
  return box->exact;
}

static int index_rules(struct program *program, struct effort *effort, unsigned *ret_rule) {
  bool indexed[SLOTS_MAX];
  struct box *boxes = effort_memory(effort, program->rule_count * sizeof *boxes);
  if (boxes == NULL)
    return -EOVERFLOW;
  int r = make_boxes(program, effort, boxes, ret_rule);
  if (r == 0)
    r = rule_index_build(effort, boxes, program->rule_count, program->slots.count, indexed, &program->index);
  for (unsigned i = 0; r == 0 && i < program->rule_count; i++)
    program->rules[i].shown = is_shown(&boxes[i], indexed);
  return r;
}

/* Within the effort of the policy's own arena, and then of one that is given back. */
static int compile(struct program *program, const struct policy *policy, struct effort *effort,
                   unsigned *ret_rule) {
  int r = compile_rules(program, policy, effort, ret_rule);
  if (r == 0)
    r = slots_finish(&program->slots);
  if (r < 0)
    return r;
  struct arena *scratch = effort->arena = policy_arena_new(SCRATCH_MAX);
  if (scratch == NULL)
    return -ENOMEM;
  r = index_rules(program, effort, ret_rule);
  policy_arena_free(scratch);
  return r;
}

int policy_compile(struct policy *policy, uint64_t steps, unsigned *ret_rule) {
  struct program *program = calloc(1, sizeof *program);
  if (program == NULL)
    return -ENOMEM;
  struct effort effort = {.arena = policy->arena, .left = steps};
  int r = compile(program, policy, &effort, ret_rule);
  program->steps = steps - effort.left;
  if (r < 0)
    program_free(program);
  else
    policy->program = program;
  return r == -EOVERFLOW && effort.starved ? -ENOMEM : r;
}
