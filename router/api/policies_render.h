/* Policies as JSON. */
#pragma once

#include "json_out.h"
#include "ledger.h"

/* The policy object; name as in out_open(). record's text lies in the store and is read before anything else.
 * status: "draft", "published" or "superseded". */
void render_policy(struct json_out *out, const char *name, const struct policy_record *record,
                   const char *status, bool livemode);
