/* What connectors' accounts can do: as JSON, and for the checker of policies. */
#pragma once

#include "check.h"
#include "connector_list.h"
#include "engine.h"
#include "fee_source.h"
#include "json_out.h"

/* Members of a connector's object. */
void render_account(struct json_out *out, const struct account_facts *facts);
/* The registered connectors as the checker wants them, at most CONNECTORS_MAX; fees may be NULL. Returns how
 * many; ret_connectors borrows from the engine until its next call. */
size_t checkable_connectors(const struct engine *engine, const struct fee_source *fees,
                            struct policy_connector ret_connectors[CONNECTORS_MAX]);
