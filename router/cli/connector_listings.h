/* The connectors that the vault has, as an operator may see them. */
#pragma once

#include "admin.h"
#include "admin_client.h"
#include "result.h"

/* Calls show for each; returns 0, or what admin_call() says. */
MUST_USE int connectors_each(struct admin_client *admin,
                             void (*show)(void *context, const struct connector_listing *listing),
                             void *context);
/* The one of that name. Returns 0; STATUS_NOT_FOUND; or what admin_call() says. */
MUST_USE int connector_find(struct admin_client *admin, const char *name,
                            struct connector_listing *ret_listing);
