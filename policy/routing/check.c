#include "policy_checker.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a finding goes when all places are taken: an error in place of the last that is none. */
static struct policy_finding *free_place(struct policy_findings *findings, enum policy_severity severity) {
  if (findings->count < POLICY_FINDINGS_MAX)
    return &findings->findings[findings->count++];
  findings->more = true;
  for (unsigned i = POLICY_FINDINGS_MAX; severity == POLICY_ERROR && i > 0; i--)
    if (findings->findings[i - 1].severity != POLICY_ERROR)
      return &findings->findings[i - 1];
  return NULL;
}

void checker_find(struct checker *checker, enum policy_severity severity, unsigned rule, struct place place,
                  const char *code, const char *format, ...) {
  struct policy_finding *finding = free_place(checker->findings, severity);
  if (finding == NULL)
    return;
  *finding = (struct policy_finding){
      .severity = severity, .rule = rule, .line = place.line, .column = place.column, .code = code};
  checker->findings->errors += severity == POLICY_ERROR;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(finding->text, sizeof finding->text, format, arguments);
  va_end(arguments);
}

/* By place; of those without, by rule. The worse first where both are the same. */
static int compare_findings(const void *left_finding, const void *right_finding) {
  const struct policy_finding *left = left_finding, *right = right_finding;
  if (left->line != right->line)
    return left->line < right->line ? -1 : 1;
  if (left->column != right->column)
    return left->column < right->column ? -1 : 1;
  if (left->rule != right->rule)
    return left->rule < right->rule ? -1 : 1;
  if (left->severity != right->severity)
    return left->severity > right->severity ? -1 : 1;
  int order = strcmp(left->code, right->code);
  return order != 0 ? order : strcmp(left->text, right->text);
}

int policy_check(const struct policy *policy, const struct policy_connector *connectors, size_t count,
                 struct policy_findings *ret_findings) {
  struct checker checker = {
      .policy = policy, .connectors = connectors, .connector_count = count, .findings = ret_findings};
  *ret_findings = (struct policy_findings){0};
  if (connectors != NULL)
    check_connectors(&checker);
  qsort(ret_findings->findings, ret_findings->count, sizeof ret_findings->findings[0], compare_findings);
  return 0;
}
