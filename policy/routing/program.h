/* What a policy is compiled into, for the files of this room alone. */
#pragma once

#include "policy_tree.h"

struct program; /* immutable once compiled */

/* Makes policy->program from its rules. Returns 0; -E2BIG when the rules ask about more different things than
 * SLOTS_MAX (slots.h); or -ENOMEM. */
MUST_USE int policy_compile(struct policy *policy);
/* NULL is allowed. */
void program_free(struct program *program);
