#include "policies_render.h"
#include <stdio.h>
#include <string.h>

static const char *severity_name(enum policy_severity severity) {
  static const char *const names[] = {
      [POLICY_NOTE] = "note", [POLICY_WARNING] = "warning", [POLICY_ERROR] = "error"};
  return names[severity];
}

/* Rules by number: the policy's own words are not repeated. */
static void render_finding(struct json_out *out, const struct policy_finding *finding) {
  out_open(out, NULL);
  out_text(out, "severity", severity_name(finding->severity));
  out_text(out, "code", finding->code);
  out_integer(out, "rule", finding->rule);
  if (finding->line == 0) {
    out_null(out, "line");
    out_null(out, "column");
  } else {
    out_integer(out, "line", finding->line);
    out_integer(out, "column", finding->column);
  }
  out_text(out, "text", finding->text);
  out_close(out);
}

void render_findings(struct json_out *out, const struct policy_findings *findings) {
  out_open_list(out, "findings");
  for (unsigned i = 0; i < findings->count; i++)
    render_finding(out, &findings->findings[i]);
  out_close_list(out);
}

void render_policy(struct json_out *out, const char *name, const struct policy_record *record,
                   const struct policy_view *view) {
  out_open(out, name);
  out_text(out, "id", record->id.text);
  out_text(out, "object", "policy");
  out_flag(out, "livemode", view->livemode);
  out_time(out, "created_at", record->created_ms);
  out_text(out, "author", record->author.text);
  out_text(out, "reason", record->reason);
  out_hex(out, "hash", record->hash, sizeof record->hash);
  out_text(out, "status", view->status);
  if (view->text_max != 0 && record->text_length > view->text_max)
    out_null(out, "text");
  else
    out_text_always(out, "text", record->text);
  if (view->tree != NULL)
    out_json(out, "tree", view->tree);
  if (view->findings != NULL)
    render_findings(out, view->findings);
  out_close(out);
}

void render_publication(struct json_out *out, const struct policy_publication *publication, bool livemode) {
  out_open(out, NULL);
  out_integer(out, "number", (int64_t)publication->number);
  out_text(out, "object", "policy_publication");
  out_flag(out, "livemode", livemode);
  out_time(out, "created_at", publication->published_ms);
  out_text(out, "action", publication->rollback ? "rolled_back" : "published");
  out_text(out, "policy", publication->policy.text);
  out_hex(out, "hash", publication->hash, sizeof publication->hash);
  out_text(out, "author", publication->author.text);
  out_text(out, "reason", publication->reason);
  out_close(out);
}

/* A tree has no lines; what is expected there begins with its path, which goes first. */
static void say(const struct policy_error *error, char ret_text[FAULT_TEXT_CAPACITY]) {
  bool suggests = error->suggestion[0] != '\0';
  const char *colon = error->line == 0 ? strstr(error->expected, ": ") : NULL;
  size_t path = colon == NULL ? 0 : (size_t)(colon + 2 - error->expected);
  snprintf(ret_text, FAULT_TEXT_CAPACITY, "%.*sexpected %s.%s%s%s", (int)path, error->expected,
           error->expected + path, suggests ? " Is it " : "", error->suggestion, suggests ? "?" : "");
}

struct fault fault_of_policy(const struct policy_error *error, const char *param) {
  struct fault fault = fault_at(422, "invalid_policy", NULL, param);
  char text[FAULT_TEXT_CAPACITY];
  say(error, text);
  if (error->line == 0)
    memcpy(fault.text, text, sizeof fault.text);
  else
    snprintf(fault.text, sizeof fault.text, "Line %u, column %u: %.220s", error->line, error->column, text);
  return fault;
}

void finding_of_policy(const struct policy_error *error, struct policy_findings *ret_findings) {
  struct policy_finding *finding = &ret_findings->findings[0];
  char text[FAULT_TEXT_CAPACITY];
  memset(ret_findings, 0, sizeof *ret_findings);
  ret_findings->count = ret_findings->errors = 1;
  *finding = (struct policy_finding){
      .severity = POLICY_ERROR, .line = error->line, .column = error->column, .code = "syntax"};
  say(error, text);
  snprintf(finding->text, sizeof finding->text, "%.199s", text);
}
