/* What the policy in force wants of a connector that was taken out. */
#pragma once

#include "check.h"

/* Says on standard error which rules of the policy in force name the connector, which has that status now,
 * and which of them have no active connector left. Says nothing when the stack in directory has no policy in
 * force, or its router cannot be asked. */
void say_what_leans(const char *directory, const char *connector, enum policy_connector_status status);
