#include "compiled.h"
#include <errno.h>
#include <stdlib.h>

static void free_rules(struct program *program) {
  for (unsigned i = 0; i < program->rule_count; i++)
    condition_free(&program->rules[i].condition);
  free(program->rules);
}

void program_free(struct program *program) {
  if (program == NULL)
    return;
  free_rules(program);
  rule_index_free(&program->index);
  slots_free(&program->slots);
  free(program);
}

static int compile_rules(struct program *program, const struct policy *policy) {
  int r = 0;
  program->rules = calloc(policy->rule_count, sizeof *program->rules);
  if (program->rules == NULL)
    return -ENOMEM;
  program->rule_count = policy->rule_count;
  for (unsigned i = 0; r == 0 && i < policy->rule_count; i++)
    if (policy->rules[i].when != NULL)
      r = condition_compile(&program->slots, policy->rules[i].when, &program->rules[i].condition);
  return r;
}

static int make_boxes(struct program *program, struct box *boxes) {
  int r = 0;
  for (unsigned i = 0; r == 0 && i < program->rule_count; i++) {
    boxes[i].exact = true;
    if (program->rules[i].condition.count > 0)
      r = condition_box(&program->rules[i].condition, &boxes[i]);
  }
  return r;
}

/* Whether the index alone shows that the rule matches. */
static bool is_shown(const struct box *box, const bool indexed[SLOTS_MAX]) {
  for (unsigned i = 0; i < box->count; i++)
    if (!indexed[box->items[i].slot])
      return false;
  return box->exact;
}

static int index_rules(struct program *program) {
  bool indexed[SLOTS_MAX];
  struct box *boxes = calloc(program->rule_count, sizeof *boxes);
  if (boxes == NULL)
    return -ENOMEM;
  int r = make_boxes(program, boxes);
  if (r == 0)
    r = rule_index_build(boxes, program->rule_count, program->slots.count, indexed, &program->index);
  for (unsigned i = 0; i < program->rule_count; i++) {
    program->rules[i].shown = r == 0 && is_shown(&boxes[i], indexed);
    box_free(&boxes[i]);
  }
  free(boxes);
  return r;
}

int policy_compile(struct policy *policy) {
  struct program *program = calloc(1, sizeof *program);
  if (program == NULL)
    return -ENOMEM;
  int r = compile_rules(program, policy);
  if (r == 0)
    r = slots_finish(&program->slots);
  if (r == 0)
    r = index_rules(program);
  if (r < 0)
    program_free(program);
  else
    policy->program = program;
  return r;
}
