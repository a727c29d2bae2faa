/* The lint of webhooks: what they may say, and that nothing decides which the signature does not cover. */
#include "sheet_lint.h"
#include <string.h>

static int refuse(struct builder *builder, unsigned line, const char *reason) {
  return builder_refuse(builder, line, reason);
}

static bool same_text(const char *left, const char *right) {
  return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static bool same_path(const struct json_path *left, const struct json_path *right) {
  if (left->count != right->count)
    return false;
  for (uint8_t i = 0; i < left->count; i++)
    if (!same_text(left->parts[i].key, right->parts[i].key) ||
        !same_text(left->parts[i].value, right->parts[i].value) ||
        left->parts[i].index != right->parts[i].index)
      return false;
  return true;
}

/* Whether what stands at the path is covered by the signature. */
static bool is_signed(const struct webhook_plan *plan, const struct json_path *path) {
  bool covered = plan->signing.scheme != WEBHOOK_FIELD_HMAC;
  for (uint8_t i = 0; !covered && i < plan->signed_count; i++)
    covered = same_path(path, &plan->signed_paths[i]);
  return covered;
}

/* What an event about that operation may say. */
static bool may_say(enum operation about, enum answer answer) {
  if (!webhook_tells(about, answer) || answer == ANSWER_IS_REJECTED)
    return false;
  bool of_movement = operation_is_movement(about);
  if (!of_movement)
    return true;
  return (answer != ANSWER_IS_CAPTURED || about == OPERATION_CAPTURE) &&
         (answer != ANSWER_IS_VOIDED || about == OPERATION_VOID) &&
         (answer != ANSWER_IS_REFUNDED || about == OPERATION_REFUND) && answer != ANSWER_IS_ACTION;
}

static int lint_outcome(struct builder *builder, const struct webhook_plan *plan,
                        const struct webhook_rule *rule, const struct outcome_rule *outcome) {
  if (outcome->range_count > 0 || outcome->operations != 0 || outcome->found != FOUND_EITHER ||
      outcome->transient || outcome->goes_on)
    return refuse(builder, outcome->line, "of a webhook, only its body says what it means");
  if (!may_say(rule->about, outcome->answer))
    return refuse(builder, outcome->line, "a webhook about this operation cannot say that");
  for (const struct answer_condition *condition = outcome->conditions; condition != NULL;
       condition = condition->next) {
    if (condition->source != SOURCE_BODY)
      return refuse(builder, outcome->line, "of a webhook, only its body says what it means");
    if (!is_signed(plan, &condition->path))
      return refuse(builder, outcome->line, "what the signature does not cover decides nothing");
  }
  return 0;
}

/* What is read where no signature covers it: a text for people, and codes that can make a decline stricter
 * alone (struct webhook). */
static bool may_be_unsigned(enum answer_field field) {
  return field == ANSWER_MESSAGE || field == ANSWER_NETWORK_CODE || field == ANSWER_ADVICE_CODE;
}

static int lint_reading(struct builder *builder, const struct webhook_plan *plan,
                        const struct reading *reading) {
  for (const struct reading_source *source = reading->sources; source != NULL; source = source->next) {
    if (source->source != SOURCE_BODY)
      return refuse(builder, reading->line, "of a webhook, only the body is read");
    if (lint_is_card_field(builder->sheet, &source->path))
      return refuse(builder, reading->line, "read from a field that bears a card's name");
    if (!may_be_unsigned(reading->field) && !is_signed(plan, &source->path))
      return refuse(builder, reading->line,
                    "what the signature does not cover is a message or a network's code at most");
  }
  return 0;
}

static int lint_rule(struct builder *builder, const struct webhook_plan *plan,
                     const struct webhook_rule *rule) {
  if (builder->sheet->operations[rule->about].steps == NULL)
    return refuse(builder, rule->line, "about an operation that is not offered");
  int error = 0;
  for (const struct outcome_rule *outcome = rule->plan.outcomes; error == 0 && outcome != NULL;
       outcome = outcome->next)
    error = lint_outcome(builder, plan, rule, outcome);
  for (const struct reading *reading = rule->plan.readings; error == 0 && reading != NULL;
       reading = reading->next)
    error = lint_reading(builder, plan, reading);
  return error;
}

static int lint_credential_names(struct builder *builder) {
  const struct sheet *sheet = builder->sheet;
  for (size_t i = 0; i < sheet->credential_count; i++)
    if (webhook_secret_is(sheet->credentials[i].name))
      return refuse(builder, 1, "webhook secrets are the vault's: no sheet names them");
  return 0;
}

int lint_webhooks(struct builder *builder) {
  const struct webhook_plan *plan = builder->sheet->webhooks;
  int error = lint_credential_names(builder);
  if (error != 0 || plan == NULL)
    return error;
  if (!is_signed(plan, &plan->event) || !is_signed(plan, &plan->key) ||
      (plan->timed && !is_signed(plan, &plan->time)))
    return refuse(builder, plan->line, "event, key and time are covered by the signature");
  for (const struct webhook_rule *rule = plan->rules; error == 0 && rule != NULL; rule = rule->next)
    error = lint_rule(builder, plan, rule);
  return error;
}
