/* Operators ask. */
#include <errno.h>
#include <sodium.h>

#include "asks.h"
#include "deletion.h"
#include "operator.h"
#include "vault.h"

int ask_status(struct vault *vault, struct ask *ask) {
  struct vault_state state;
  operator_status(vault, &state);
  write_vault_state(&ask->reply, &state);
  return 0;
}

int ask_merchant_add(struct vault *vault, struct ask *ask) {
  struct merchant_add add;
  if (read_merchant_add(&ask->body, &add) < 0)
    return -EPROTO;
  return operator_merchant_add(vault, &add, ask->uid);
}

int ask_publishable_key_add(struct vault *vault, struct ask *ask) {
  struct publishable_key_add add;
  if (read_publishable_key_add(&ask->body, &add) < 0)
    return -EPROTO;
  return operator_publishable_key_add(vault, &add, ask->uid);
}

int ask_connector_set(struct vault *vault, struct ask *ask) {
  struct connector_set set;
  if (read_connector_set(&ask->body, &set) < 0)
    return -EPROTO;
  int r = operator_connector_set(vault, &set, ask->uid);
  sodium_memzero(&set, sizeof set);
  return r;
}

int ask_connector_status(struct vault *vault, struct ask *ask) {
  struct connector_status_set set;
  if (read_connector_status_set(&ask->body, &set) < 0)
    return -EPROTO;
  return operator_connector_status(vault, &set, ask->uid);
}

int ask_connector_account(struct vault *vault, struct ask *ask) {
  struct connector_account_set set;
  if (read_connector_account_set(&ask->body, &set) < 0)
    return -EPROTO;
  return operator_connector_account(vault, &set, ask->uid);
}

static int change_token(struct vault *vault, struct ask *ask,
                        int (*change)(struct vault *vault, const struct token_question *question,
                                      const struct deletion_actor *actor,
                                      struct token_description *ret_description)) {
  struct token_question question;
  struct token_description description;
  struct deletion_actor actor = {.actor = AUDIT_BY_OPERATOR, .uid = ask->uid};
  if (read_token_question(&ask->body, &question) < 0)
    return -EPROTO;
  int r = change(vault, &question, &actor, &description);
  if (r == 0)
    write_token_description(&ask->reply, &description);
  return r;
}

int ask_token_restore(struct vault *vault, struct ask *ask) {
  return change_token(vault, ask, token_restore);
}

int ask_token_delete(struct vault *vault, struct ask *ask) {
  return change_token(vault, ask, token_delete);
}

int ask_audit_page(struct vault *vault, struct ask *ask) {
  struct audit_question question;
  struct audit_page page;
  if (read_audit_question(&ask->body, &question) < 0)
    return -EPROTO;
  int r = audit_read_page(&vault->audit, question.from, &page);
  if (r == 0)
    write_audit_page(&ask->reply, &page);
  return r;
}

int ask_connector_next(struct vault *vault, struct ask *ask) {
  struct connectors_question question;
  struct connector_listing listing;
  if (read_connectors_question(&ask->body, &question) < 0)
    return -EPROTO;
  int r = connector_next(&vault->connectors, question.after, &listing);
  if (r != 0)
    return r;
  webhook_counts_show(&vault->webhooks.counts, listing.facts.name, &listing);
  write_connector_listing(&ask->reply, &listing);
  return 0;
}

int ask_ledger_accept(struct vault *vault, struct ask *ask) {
  struct ledger_accept accept;
  if (read_ledger_accept(&ask->body, &accept) < 0)
    return -EPROTO;
  return operator_ledger_accept(vault, &accept, ask->uid);
}
