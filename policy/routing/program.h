/* What a policy is compiled into, for the files of this room alone. */
#pragma once

#include "policy_tree.h"

struct program; /* immutable once compiled */

/* Makes policy->program from its rules, in the policy's arena and in so many steps (policy_effort.h) at most.
 * Returns 0; -E2BIG when the rules ask about more different things than SLOTS_MAX (slots.h), -EOVERFLOW when
 * they are too intricate, both with the number of the rule at which that was; or -ENOMEM. */
MUST_USE int policy_compile(struct policy *policy, uint64_t steps, unsigned *ret_rule);
/* Bytes that it takes besides the policy's arena. */
size_t program_bytes(const struct program *program);
/* NULL is allowed. */
void program_free(struct program *program);
