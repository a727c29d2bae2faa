#include "policy_checker.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pairs of rules compared and spans looked at: a tenth of a second for some hundred rules, half a second at
 * most. */
enum { CHECK_BYTES_MAX = 32 * 1024 * 1024 };
enum { EFFORT_BASE = 1000000, EFFORT_OF_RULE = 20000, EFFORT_MOST = 30000000 };

/* ---- Findings ---- */

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
  checker->findings->errors += severity == POLICY_ERROR;
  struct policy_finding *finding = free_place(checker->findings, severity);
  if (finding == NULL)
    return;
  *finding = (struct policy_finding){
      .severity = severity, .rule = rule, .line = place.line, .column = place.column, .code = code};
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

/* ---- The check ---- */

static uint64_t effort_for(const struct policy *policy) {
  uint64_t effort = EFFORT_BASE + (uint64_t)policy->rule_count * EFFORT_OF_RULE;
  return effort < EFFORT_MOST ? effort : EFFORT_MOST;
}

bool checker_decides(const struct checker *checker, unsigned rule) {
  return !checker->policy->rules[rule].action.advice;
}

/* What a condition asks. One whose opposite never holds asks for nothing, however it is put. */
static void terms_of_condition(struct checker *checker, const struct node *when, struct term_list *ret_list) {
  struct term_list opposite;
  terms_of(&checker->terms, when, false, ret_list);
  terms_of(&checker->terms, when, true, &opposite);
  if (opposite.known && opposite.count == 0)
    terms_of_anything(&checker->terms, ret_list);
}

/* A copy that lives as long as the check does, or what stands for a condition that was given up. */
static const struct term_list *keep_terms(struct effort *effort, const struct term_list *terms) {
  static const struct term_list given_up = {.known = false};
  size_t size = offsetof(struct term_list, at) + terms->count * sizeof terms->at[0];
  struct term_list *kept = terms->known ? effort_memory(effort, size) : NULL;
  if (kept == NULL)
    return &given_up;
  memcpy(kept, terms, size);
  return kept;
}

/* Works out what each condition asks. Returns 0 or -ENOMEM. */
static int prepare(struct checker *checker) {
  const struct policy *policy = checker->policy;
  struct effort *effort = &checker->terms.effort;
  checker->conditions = policy_arena_take(effort->arena, policy->rule_count * sizeof *checker->conditions);
  checker->dead = policy_arena_take(effort->arena, policy->rule_count * sizeof *checker->dead);
  if (checker->conditions == NULL || checker->dead == NULL)
    return -ENOMEM;
  for (unsigned i = 0; i + 1 < policy->rule_count; i++) {
    struct term_list terms;
    terms_of_condition(checker, policy->rules[i].when, &terms);
    effort->spent = effort->spent || !terms.known;
    checker->conditions[i] = keep_terms(effort, &terms);
  }
  return effort->starved ? -ENOMEM : 0;
}

static void check_all(struct checker *checker) {
  unsigned last = checker->policy->rule_count - 1;
  check_shape(checker);
  check_reach(checker);
  if (checker->connectors != NULL)
    check_connectors(checker);
  check_later(checker);
  if (checker->zone_offset != NULL)
    check_zones(checker);
  check_gaps(checker);
  if (checker->terms.effort.spent)
    checker_find(checker, POLICY_NOTE, last, checker->policy->rules[last].place, "check_bounded",
                 "The policy is too large or too intricate to compare all of its rules with each other.");
}

int policy_check(const struct policy *policy, const struct policy_connector *connectors, size_t count,
                 zone_lookup *zone_offset, struct policy_findings *ret_findings) {
  struct policy_findings findings = {0};
  struct checker checker = {.policy = policy,
                            .connectors = connectors,
                            .connector_count = count,
                            .zone_offset = zone_offset,
                            .findings = &findings};
  checker.terms.effort =
      (struct effort){.arena = policy_arena_new(CHECK_BYTES_MAX), .left = effort_for(policy)};
  if (checker.terms.effort.arena == NULL)
    return -ENOMEM;
  int result = prepare(&checker);
  if (result == 0)
    check_all(&checker);
  policy_arena_free(checker.terms.effort.arena);
  if (result != 0)
    return result;
  qsort(findings.findings, findings.count, sizeof findings.findings[0], compare_findings);
  *ret_findings = findings;
  return 0;
}
