/* The rules of B3 and P2 that no single part of a sheet shows. Operations and questions here; what may stand
 * where in sheet_lint_fields.c; what answers may mean in sheet_lint_answers.c. */
#include "sheet_lint.h"
#include <string.h>

static int refuse(const struct lint_context *context, const struct step *step, const char *reason) {
  return builder_refuse(context->builder, step->line, reason);
}

/* P2: a charging step can be told again only by its key. */
static int lint_charging(const struct lint_context *context, const struct step *step) {
  const struct sheet *sheet = context->builder->sheet;
  if (strcmp(step->method, "GET") == 0)
    return refuse(context, step, "a charging step is no GET");
  if (step->when != NULL)
    return refuse(context, step, "a charging step cannot be left out");
  if (sheet->key_header == NULL && !lint_body_holds(step, PLACE_STEP_KEY))
    return refuse(context, step, "a charging step without an idempotency key");
  bool attempt = context->operation == OPERATION_AUTHORIZE || context->operation == OPERATION_CHARGE;
  if (attempt && sheet->facts.question == QUESTION_STATUS && !lint_body_holds(step, PLACE_KEY))
    return refuse(context, step, "a status question needs {key} among what is sent");
  return 0;
}

/* A PSP that is not told whether more is to come closes the authorization with the first capture, or never.
 */
static int lint_capture(const struct lint_context *context, const struct step *step) {
  bool several = context->builder->sheet->facts.several_captures;
  if (several != lint_body_depends(step, REQUEST_FINAL))
    return refuse(context, step, "a capture is sent {final} where several are offered, and only there");
  return 0;
}

static int lint_step(struct lint_context *context, const struct step *step) {
  bool get = strcmp(step->method, "GET") == 0;
  if (get && step->format != BODY_NONE)
    return refuse(context, step, "a GET has no body");
  if (context->question && (!get || step->charging))
    return refuse(context, step, "a question is a GET and charges nothing");
  int error = step->charging ? lint_charging(context, step) : 0;
  if (error == 0 && step->charging && context->operation == OPERATION_CAPTURE)
    error = lint_capture(context, step);
  if (error == 0)
    error = lint_step_fields(context, step);
  if (error == 0)
    error = lint_step_answer(context, step);
  for (const struct reading *reading = step->answer->readings; reading != NULL; reading = reading->next)
    if (reading->field == 0)
      context->carried |= UINT32_C(1) << reading->carried;
  return error;
}

static int lint_plan(struct builder *builder, enum operation operation, bool question,
                     const struct operation_plan *plan) {
  struct lint_context context = {.builder = builder, .operation = operation, .question = question};
  unsigned charging = 0;
  int error = 0;
  for (const struct step *step = plan->steps; error == 0 && step != NULL; step = step->next) {
    charging += step->charging;
    error = lint_step(&context, step);
  }
  if (error == 0 && !question && charging != 1)
    error = builder_refuse(builder, plan->line, "an operation has exactly one charging step");
  if (error == 0 && !question && operation_releases_card(operation) && !context.has_number)
    error = builder_refuse(builder, plan->line, "an operation on a card that sends no card number");
  return error;
}

static int lint_questions(struct builder *builder) {
  const struct sheet *sheet = builder->sheet;
  const struct sheet_facts *facts = &sheet->facts;
  bool proof_without_status =
      (facts->absent_is_proof && facts->question != QUESTION_STATUS) ||
      (facts->movement_absent_is_proof && facts->movement_question != QUESTION_STATUS) ||
      (facts->received_is_asked && facts->movement_question != QUESTION_STATUS);
  if (proof_without_status)
    return builder_refuse(builder, 1, "only a status question can prove or settle anything");
  for (unsigned i = 1; i < OPERATION_COUNT; i++) {
    bool movement = operation_is_movement((enum operation)i);
    enum question question = movement ? facts->movement_question : facts->question;
    const struct operation_plan *plan = &sheet->operations[i];
    if (plan->steps != NULL && question == QUESTION_STATUS && sheet->questions[i].steps == NULL)
      return builder_refuse(builder, plan->line, "asked by status, but no question about this operation");
    if (plan->steps == NULL && sheet->questions[i].steps != NULL)
      return builder_refuse(builder, sheet->questions[i].line,
                            "a question about an operation that is not offered");
  }
  return 0;
}

int lint(struct builder *builder) {
  const struct sheet *sheet = builder->sheet;
  int error = lint_headers(builder);
  for (unsigned i = 1; error == 0 && i < OPERATION_COUNT; i++) {
    if (sheet->operations[i].steps != NULL)
      error = lint_plan(builder, (enum operation)i, false, &sheet->operations[i]);
    if (error == 0 && sheet->questions[i].steps != NULL)
      error = lint_plan(builder, (enum operation)i, true, &sheet->questions[i]);
  }
  if (error == 0)
    error = lint_questions(builder);
  return error == 0 ? lint_webhooks(builder) : error;
}
