#include "resolutions_parse.h"
#include <string.h>

/* As it stands in the body. */
struct resolution_body {
  struct resolution resolution;
  int64_t attempt;
  int outcome; /* place in the list */
};

static const char *const outcomes[] = {"succeeded", "failed", NULL};

const struct json_rule resolution_rules[] = {
    {"attempt", json_take_integer, .offset = offsetof(struct resolution_body, attempt), .low = 1,
     .high = ATTEMPTS_MAX},
    {"movement", json_take_id, .offset = offsetof(struct resolution_body, resolution.movement),
     .prefix = "mov"},
    {"outcome", json_take_word, true, offsetof(struct resolution_body, outcome), .choices = outcomes},
    {"evidence", json_take_text, true, offsetof(struct resolution_body, resolution.evidence),
     .high = EVIDENCE_CAPACITY - 1, .alphabet = ALPHABET_TEXT},
    {"psp_id", json_take_text, .offset = offsetof(struct resolution_body, resolution.psp_id),
     .high = PSP_ID_CAPACITY - 1, .alphabet = ALPHABET_REF},
    {0},
};

/* What holds between fields. */
static struct fault check(const struct resolution_body *body) {
  bool movement = body->resolution.movement.text[0] != '\0';
  if (body->attempt == 0 && !movement)
    return fault_at(422, "missing_field", "Name an attempt or a movement.", "attempt");
  if (body->attempt != 0 && movement)
    return fault_at(422, "invalid_field", "Name an attempt or a movement, not both.", "movement");
  if (!body->resolution.succeeded && body->resolution.psp_id[0] != '\0')
    return fault_at(422, "invalid_field", "What failed has no id at the PSP.", "psp_id");
  return (struct fault){0};
}

int parse_resolution(const void *bytes, size_t length, struct resolution *ret_resolution,
                     struct fault *ret_fault) {
  struct resolution_body body;
  memset(&body, 0, sizeof body);
  if (json_take_body(bytes, length, false, resolution_rules, &body, ret_fault) != 0)
    return 1;
  body.resolution.attempt = (unsigned)body.attempt;
  body.resolution.succeeded = body.outcome == 0;
  struct fault fault = check(&body);
  if (fault.status != 0) {
    *ret_fault = fault;
    return 1;
  }
  *ret_resolution = body.resolution;
  return 0;
}
