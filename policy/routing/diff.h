/* What differs between two policies, statement by statement: sets and rules are the same when they have the
 * same name, `otherwise` always is. The order counts, so a rule that stands elsewhere among the others is
 * said to have moved; of several ways to say that, the one that moves fewest. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>

/* One statement of the one, the other or both policies. */
struct policy_difference {
  const char *before, *after;           /* its canonical line, without the line end; NULL: it is not there */
  unsigned before_number, after_number; /* its place, 1 for the first; 0: it is not there */
  bool changed;                         /* it is in both, and says something else */
  bool moved;                           /* it is in both, and stands elsewhere among the others */
};

struct policy_diff {
  size_t count; /* in the order of the later policy, what is gone in between */
  struct policy_difference *differences;
  unsigned added, removed, changed, moved; /* how many; one may be both of the last two */
  char *texts[2];                          /* that the lines point into */
};

/* Compares two canonical texts (policy_print()). Returns 0 with what policy_diff_free() frees; or -ENOMEM. */
MUST_USE int policy_diff(const char *before, const char *after, struct policy_diff *ret_diff);
/* How long the name of a statement is, at the beginning of its canonical line: "rule NAME", "otherwise". */
size_t policy_line_name_length(const char *line);
/* Whether a rule, or otherwise, tries later by a schedule; both as their canonical lines. What is no rule or
 * no schedule does not. */
bool policy_line_names_schedule(const char *rule, const char *schedule);
void policy_diff_free(struct policy_diff *diff);
