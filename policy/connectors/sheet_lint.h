/* What the lint's files share. Inside this room only. */
#pragma once

#include "sheet_builder.h"

/* The operation or question whose steps are looked at. */
struct lint_context {
  struct builder *builder;
  enum operation operation;
  bool question;
  uint32_t carried; /* bit per value that an earlier step hands on */
  bool has_number;  /* some step sends a card's number */
};

/* What stands where: sheet_lint_fields.c. */
MUST_USE int lint_step_fields(struct lint_context *context, const struct step *step);
MUST_USE int lint_headers(struct builder *builder);
/* Whether a step's body holds the placeholder. */
bool lint_body_holds(const struct step *step, enum place place);
/* Whether a step's body depends on that field of the request. */
bool lint_body_depends(const struct step *step, enum request_field field);
/* Whether the last name of a path is one under which some step sends a card's number or code. */
bool lint_is_card_field(const struct sheet *sheet, const struct json_path *path);

/* What webhooks may say: sheet_lint_webhooks.c. */
MUST_USE int lint_webhooks(struct builder *builder);

/* What answers may mean: sheet_lint_answers.c. */
MUST_USE int lint_step_answer(struct lint_context *context, const struct step *step);
