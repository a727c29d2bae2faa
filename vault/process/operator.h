/* What operators do (B12), each change with its audit record. */
#pragma once

#include "admin.h"

struct vault;

/* All return 0, a status, or a negated errno. uid: the operator's user. */
MUST_USE int operator_merchant_add(struct vault *vault, const struct merchant_add *add, uint32_t uid);
/* STATUS_NOT_FOUND: no such merchant; STATUS_CONFLICT: the key is another's. */
MUST_USE int operator_publishable_key_add(struct vault *vault, const struct publishable_key_add *add,
                                          uint32_t uid);
/* STATUS_REFUSED in a live environment, where it needs two operators: the ceremony comes with custody. */
MUST_USE int operator_connector_set(struct vault *vault, const struct connector_set *set, uint32_t uid);
MUST_USE int operator_connector_status(struct vault *vault, const struct connector_status_set *set,
                                       uint32_t uid);
MUST_USE int operator_connector_account(struct vault *vault, const struct connector_account_set *set,
                                        uint32_t uid);
/* Tells the router, once that is durable. STATUS_UNAVAILABLE: no router is there to take the word. */
MUST_USE int operator_ledger_accept(struct vault *vault, const struct ledger_accept *accept, uint32_t uid);
void operator_status(const struct vault *vault, struct vault_state *ret_state);
