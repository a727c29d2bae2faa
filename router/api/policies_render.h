/* Policies as JSON. */
#pragma once

#include "fault.h"
#include "json_out.h"
#include "ledger.h"
#include "routing.h"

/* The policy object; name as in out_open(). record's text lies in the store and is read before anything else.
 * status: "draft", "published" or "superseded". */
void render_policy(struct json_out *out, const char *name, const struct policy_record *record,
                   const char *status, bool livemode);
/* 422 invalid_policy at param, with the place and what is expected there. */
struct fault fault_of_policy(const struct policy_error *error, const char *param);
