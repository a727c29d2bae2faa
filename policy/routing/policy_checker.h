/* What the files of the checker share. For the files of this room alone. */
#pragma once

#include "check.h"
#include "policy_terms.h"
#include "policy_tree.h"

struct checker {
  const struct policy *policy;
  const struct policy_connector *connectors; /* NULL: not looked up */
  size_t connector_count;
  zone_lookup *zone_offset; /* NULL: not looked up */
  struct policy_findings *findings;
  struct terms terms;
  const struct term_list **conditions; /* each rule's; not known where it was given up */
  bool *dead;                          /* rules that can never match, or are never reached */
};

/* Notes a finding about a rule, with a sentence as printf() makes it. */
void checker_find(struct checker *checker, enum policy_severity severity, unsigned rule, struct place place,
                  const char *code, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Whether the rule decides when it matches: it is no mere advice. */
bool checker_decides(const struct checker *checker, unsigned rule);

/* ---- check_connectors.c: connectors that are not there, or cannot do what a rule asks of them ---- */

void check_connectors(struct checker *checker);

/* ---- check_shape.c: what the tree alone shows ---- */

void check_shape(struct checker *checker);

/* ---- check_reach.c: rules that no payment comes to ---- */

void check_reach(struct checker *checker);

/* Whether the rules before this one catch all of the terms; false also when it is given up. */
bool checker_covered(struct checker *checker, unsigned number, const struct term_list *terms);

/* ---- check_later.c: later tries that never come ---- */

void check_later(struct checker *checker);

/* ---- check_zones.c: time zones that nobody knows ---- */

void check_zones(struct checker *checker);

/* ---- check_gaps.c: what only `otherwise` catches, where the rules look meant to leave nothing ---- */

void check_gaps(struct checker *checker);
