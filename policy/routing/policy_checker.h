/* What the files of the checker share. For the files of this room alone. */
#pragma once

#include "check.h"
#include "policy_tree.h"

struct checker {
  const struct policy *policy;
  const struct policy_connector *connectors;
  size_t connector_count;
  struct policy_findings *findings;
};

/* Notes a finding about a rule, with a sentence as printf() makes it. */
void checker_find(struct checker *checker, enum policy_severity severity, unsigned rule, struct place place,
                  const char *code, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* ---- check_connectors.c ---- */

void check_connectors(struct checker *checker);
