/* What `freeport policy` prints, for people. */
#pragma once

#include <jansson.h>

#include "check.h"
#include "diff.h"

/* Findings, one a line on standard error; label: of the policy. */
void print_findings(const char *label, const struct policy_findings *findings);
/* The same as the API tells them; NULL: nothing. */
void print_told_findings(const json_t *findings);
/* What differs, in the manner of a unified diff. */
void print_diff(const char *before, const char *after, const struct policy_diff *diff);
/* What POST /v1/policies/{id}/replay answered. */
void print_replay(const json_t *replay);
/* What was published when, by whom and why. */
void print_log(const json_t *history);
