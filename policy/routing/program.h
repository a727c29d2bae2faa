/* What a policy's rules become so that deciding is quick. For the files of this room alone. */
#pragma once

#include "result.h"

struct policy;
struct program;

/* Compiles the rules of a whole tree into policy->program. Returns 0 or -ENOMEM. */
MUST_USE int policy_compile(struct policy *policy);
/* NULL is allowed. */
void program_free(struct program *program);
