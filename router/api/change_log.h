/* What operators find in the router's log: changes of connectors, policies and fees, a line each. */
#pragma once

#include "connector_entry.h"
#include "fee_source.h"
#include "ledger.h"
#include "router_vault.h"

/* A connector's health with its figures, or a drill with the key that asked for it. context: none. */
void log_connector_change(void *context, const struct connector_entry *entry);
/* A policy came into force, or an earlier one again; the hash is the policy's. */
void log_policy_in_force(bool rolled_back, const struct id *policy, const uint8_t *hash,
                         const struct id *key);
/* How many connectors there are, by status. */
void log_connectors(const struct connector_facts *facts, size_t count);
/* How many fee tables there are, and each whose connector is none of these, with the name that it may be
 * meant to be. */
void log_fees(const struct fee_source *fees, const struct connector_facts *facts, size_t count);
