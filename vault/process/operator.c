#include "operator.h"

#include <string.h>

#include "vault.h"

static int audit_operator(struct vault *vault, enum audit_kind kind, uint32_t uid, const struct id *merchant,
                          const struct connector_facts *connector) {
  struct audit_record record = {
      .at_ms = vault_now_ms(vault), .kind = kind, .actor = AUDIT_BY_OPERATOR, .uid = uid};
  if (merchant)
    record.merchant = *merchant;
  if (connector) {
    memcpy(record.connector, connector->name, sizeof record.connector);
    memcpy(record.sheet_hash, connector->sheet_hash, sizeof record.sheet_hash);
  }
  return audit_append(&vault->audit, &record);
}

int operator_merchant_add(struct vault *vault, const struct merchant_add *add, uint32_t uid) {
  bool is_new;
  vault->round.registry_changed = true;
  int r = merchant_add(&vault->merchants, &add->merchant, true, vault_now_ms(vault), &is_new);
  if (r != 0 || !is_new)
    return r;
  return audit_operator(vault, AUDIT_MERCHANT_ADD, uid, &add->merchant, NULL);
}

int operator_publishable_key_add(struct vault *vault, const struct publishable_key_add *add, uint32_t uid) {
  bool is_new;
  vault->round.registry_changed = true;
  int r = publishable_key_add(&vault->merchants, &add->merchant, add->hash, &is_new);
  if (r != 0 || !is_new)
    return r;
  return audit_operator(vault, AUDIT_PUBLISHABLE_KEY_ADD, uid, &add->merchant, NULL);
}

int operator_connector_set(struct vault *vault, const struct connector_set *set, uint32_t uid) {
  if (vault->environment != ENVIRONMENT_TEST)
    return STATUS_REFUSED;
  vault->round.registry_changed = true;
  int r = connector_put(&vault->connectors, set);
  if (r == 0)
    r = audit_operator(vault, AUDIT_CONNECTOR_SET, uid, NULL, &set->facts);
  vault->round.connectors_changed |= r == 0;
  return r;
}

/* r: how the change of it went. */
static int connector_changed(struct vault *vault, int r, enum audit_kind kind, const char *name,
                             uint32_t uid) {
  if (r != 0)
    return r;
  vault->round.connectors_changed = true;
  return audit_operator(vault, kind, uid, NULL, connector_by_name(&vault->connectors, name));
}

int operator_connector_status(struct vault *vault, const struct connector_status_set *set, uint32_t uid) {
  vault->round.registry_changed = true;
  int r = connector_set_status(&vault->connectors, set->name, set->status);
  return connector_changed(vault, r, AUDIT_CONNECTOR_STATUS, set->name, uid);
}

int operator_connector_account(struct vault *vault, const struct connector_account_set *set, uint32_t uid) {
  vault->round.registry_changed = true;
  int r = connector_set_account(&vault->connectors, set->name, &set->account);
  return connector_changed(vault, r, AUDIT_CONNECTOR_ACCOUNT, set->name, uid);
}

int operator_ledger_accept(struct vault *vault, const struct ledger_accept *accept, uint32_t uid) {
  struct audit_record record = {
      .at_ms = vault_now_ms(vault), .kind = AUDIT_LEDGER_ACCEPT, .actor = AUDIT_BY_OPERATOR, .uid = uid};
  const struct peer *router = peer_of(vault, ROLE_ROUTER);
  if (!router || vault->rolled_back)
    return STATUS_UNAVAILABLE;
  memcpy(record.reason, accept->reason, sizeof record.reason);
  vault->round.ledger_accepted = true;
  return audit_append(&vault->audit, &record);
}

void operator_status(const struct vault *vault, struct vault_state *ret_state) {
  *ret_state = (struct vault_state){.sealed = vault->sealed,
                                    .environment = vault->environment,
                                    .tokens = merchants_tokens(&vault->merchants),
                                    .head = vault->audit.committed};
}
