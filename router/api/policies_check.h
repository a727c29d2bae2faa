/* Policies held against the connectors that are registered now, and the time zones that are known. */
#pragma once

#include "call.h"
#include "check.h"

/* Returns 0 or -ENOMEM. */
MUST_USE int check_policy(const struct api *api, const struct policy *policy,
                          struct policy_findings *ret_findings);
/* Whether a connector is named that is not registered, as far as is known. */
bool findings_miss_connector(const struct policy_findings *findings);
/* Answers 422 with all of the findings; the first error, an unknown connector before any other, is what its
 * code and detail say. param: "text", "tree" or "id". */
void refuse_findings(struct call *call, const struct policy_findings *findings, const char *param);
