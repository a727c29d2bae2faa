#include "policies_render.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

void render_policy(struct json_out *out, const char *name, const struct policy_record *record,
                   const char *status, bool livemode) {
  char text[POLICY_LEDGER_TEXT_MAX + 1];
  assert(record->text_length <= POLICY_LEDGER_TEXT_MAX);
  memcpy(text, record->text, record->text_length);
  text[record->text_length] = '\0';
  out_open(out, name);
  out_text(out, "id", record->id.text);
  out_text(out, "object", "policy");
  out_flag(out, "livemode", livemode);
  out_time(out, "created_at", record->created_ms);
  out_hex(out, "hash", record->hash, sizeof record->hash);
  out_text(out, "status", status);
  out_text_always(out, "text", text);
  out_close(out);
}

struct fault fault_of_policy(const struct policy_error *error, const char *param) {
  struct fault fault = fault_at(422, "invalid_policy", NULL, param);
  bool suggests = error->suggestion[0] != '\0';
  snprintf(fault.text, sizeof fault.text, "Line %u, column %u: %s is expected.%s%s%s", error->line,
           error->column, error->expected, suggests ? " Is it " : "", error->suggestion, suggests ? "?" : "");
  return fault;
}
