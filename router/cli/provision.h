/* What a stack needs before its first payment: the merchant and its keys, and with a sandbox the connectors
 * that stand on it. Everything is done again without harm. */
#pragma once

#include "admin_client.h"
#include "identity.h"
#include "listeners.h"
#include "result.h"
#include "supervisor.h"

/* Makes merchant and publishable key known to the vault. */
MUST_USE int provision_merchant(struct admin_client *admin, const struct identity *identity);
/* Makes the secret key known to the router, over its control line. */
MUST_USE int provision_secret_key(struct supervisor *supervisor, const struct identity *identity, bool live);
/* Tells the sandbox where hooks listens, and each connector's secret of webhooks: "NAME PORT SECRET". */
MUST_USE int provision_sandbox_webhooks(struct supervisor *supervisor, uint16_t port);
/* Registers adyen, checkout and stripe on the sandbox, unless they stand on these ports already. */
MUST_USE int provision_sandbox(struct admin_client *admin, const char *directory, const char *sheets,
                               const struct listener listeners[LISTENER_COUNT]);
