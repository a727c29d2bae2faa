/* The lint of what answers may mean: nothing counts as proof that is none (P2), and nothing is read from
 * where a card was written. */
#include "sheet_lint.h"
#include <stddef.h>

/* Statuses that prove nothing about a request that may charge: the answer of a proxy, a stored conflict, a
 * time-out. */
static const uint16_t proofless[] = {403, 404, 407, 408, 409, 425, 499};

static bool ranges_within(const struct outcome_rule *rule, uint16_t from, uint16_t to) {
  if (rule->range_count == 0)
    return false;
  for (uint8_t i = 0; i < rule->range_count; i++)
    if (rule->ranges[i].from < from || rule->ranges[i].to > to)
      return false;
  return true;
}

static bool ranges_hold_proofless(const struct outcome_rule *rule) {
  for (uint8_t i = 0; i < rule->range_count; i++)
    for (size_t j = 0; j < sizeof proofless / sizeof proofless[0]; j++)
      if (rule->ranges[i].from <= proofless[j] && proofless[j] <= rule->ranges[i].to)
        return true;
  return false;
}

static bool says_nothing_was_made(enum answer answer) {
  return answer == ANSWER_IS_DECLINED || answer == ANSWER_IS_REJECTED;
}

/* A PSP that says by a header that the request went no further may say it with any status. */
static bool is_transient_header(const struct outcome_rule *rule) {
  const struct answer_condition *condition = rule->conditions;
  while (condition != NULL && condition->source != SOURCE_HEADER)
    condition = condition->next;
  return rule->transient && condition != NULL;
}

static const char *wrong_for_operation(const struct step *step, const struct outcome_rule *rule) {
  if (rule->answer == ANSWER_IS_ABSENT)
    return "only a question finds something absent";
  if (says_nothing_was_made(rule->answer)) {
    bool proof = ranges_within(rule, 200, 499) && !ranges_hold_proofless(rule);
    return proof || is_transient_header(rule) ? NULL : "this status proves nothing (P2): it is unknown";
  }
  if (!step->charging)
    return "a step that charges nothing can only go on, be declined or be rejected";
  return ranges_within(rule, 200, 299) ? NULL : "a success needs a 2xx status";
}

static const char *wrong_for_question(const struct outcome_rule *rule) {
  if (rule->answer == ANSWER_IS_REJECTED)
    return "a rejected question says nothing about what it asks";
  return ranges_within(rule, 200, 299) ? NULL : "what a question says counts with a 2xx status only (P2)";
}

static const char *wrong_with_rule(const struct lint_context *context, const struct step *step,
                                   const struct outcome_rule *rule) {
  if (rule->goes_on && step->next == NULL)
    return "no step follows";
  if (rule->goes_on && step->charging)
    return "the charging step's answer ends the operation";
  if (rule->goes_on)
    return ranges_within(rule, 200, 299) ? NULL : "a step goes on with a 2xx status only";
  if (rule->transient && !is_transient_header(rule))
    return "transient is told by a header";
  if (rule->answer == ANSWER_IS_UNKNOWN)
    return NULL;
  return context->question ? wrong_for_question(rule) : wrong_for_operation(step, rule);
}

static const char *wrong_with_list(const struct answer_plan *plan, const struct outcome_rule *rule) {
  bool item = rule->found != FOUND_EITHER;
  for (const struct answer_condition *condition = rule->conditions; condition != NULL;
       condition = condition->next)
    item |= condition->source == SOURCE_ITEM;
  if (item && plan->list == NULL)
    return "found and item need a list";
  /* Without an entry in hand a success would be somebody else's. */
  bool needs_item = rule->answer != ANSWER_IS_UNKNOWN && rule->answer != ANSWER_IS_ABSENT;
  if (plan->list != NULL && needs_item && rule->found != FOUND_YES)
    return "of a list, only found: true means anything but unknown and absent";
  if (plan->list != NULL && rule->answer == ANSWER_IS_ABSENT && rule->found != FOUND_NO)
    return "absent is found: false";
  return NULL;
}

static int lint_readings(const struct lint_context *context, const struct answer_plan *plan) {
  const struct sheet *sheet = context->builder->sheet;
  for (const struct reading *reading = plan->readings; reading != NULL; reading = reading->next)
    for (const struct reading_source *source = reading->sources; source != NULL; source = source->next)
      if (source->header == NULL && lint_is_card_field(sheet, &source->path))
        return builder_refuse(context->builder, reading->line, "read from a field that bears a card's name");
  return 0;
}

int lint_step_answer(struct lint_context *context, const struct step *step) {
  const struct answer_plan *plan = step->answer;
  if (plan->list != NULL && !context->question)
    return builder_refuse(context->builder, plan->line, "only a question reads a list");
  for (const struct outcome_rule *rule = plan->outcomes; rule != NULL; rule = rule->next) {
    const char *reason = wrong_with_rule(context, step, rule);
    if (reason == NULL)
      reason = wrong_with_list(plan, rule);
    if (reason != NULL)
      return builder_refuse(context->builder, rule->line, reason);
  }
  return lint_readings(context, plan);
}
