/* The handlers of surface.c: each reads its message into a struct with the protocol's reader, has another
 * file act on it, and writes the reply. Here nothing is decided; there no bytes are seen.
 *
 * Each returns 0 (the reply's body is written, or the ask is deferred); a status; -EPROTO for a malformed
 * message; or another negated errno from the store, and then the round's batch is given up (-EBADMSG: what
 * lies in the store does not open, found before anything was written). */
#pragma once

#include "surface.h"

MUST_USE int ask_tokenize(struct vault *vault, struct ask *ask);
MUST_USE int ask_security_code(struct vault *vault, struct ask *ask);

MUST_USE int ask_head(struct vault *vault, struct ask *ask);
MUST_USE int ask_describe(struct vault *vault, struct ask *ask);
MUST_USE int ask_dispatch(struct vault *vault, struct ask *ask);
MUST_USE int ask_end_payment(struct vault *vault, struct ask *ask);
MUST_USE int ask_delete_token(struct vault *vault, struct ask *ask);
MUST_USE int ask_update_token(struct vault *vault, struct ask *ask);
MUST_USE int ask_connectors(struct vault *vault, struct ask *ask);

MUST_USE int ask_webhook_taken(struct vault *vault, struct ask *ask);
MUST_USE int ask_releases(struct vault *vault, struct ask *ask);

MUST_USE int ask_answer(struct vault *vault, struct ask *ask);
MUST_USE int ask_webhook_read(struct vault *vault, struct ask *ask);

MUST_USE int ask_webhook(struct vault *vault, struct ask *ask);

MUST_USE int ask_status(struct vault *vault, struct ask *ask);
MUST_USE int ask_merchant_add(struct vault *vault, struct ask *ask);
MUST_USE int ask_publishable_key_add(struct vault *vault, struct ask *ask);
MUST_USE int ask_connector_set(struct vault *vault, struct ask *ask);
MUST_USE int ask_connector_status(struct vault *vault, struct ask *ask);
MUST_USE int ask_token_restore(struct vault *vault, struct ask *ask);
MUST_USE int ask_token_delete(struct vault *vault, struct ask *ask);
MUST_USE int ask_audit_page(struct vault *vault, struct ask *ask);
MUST_USE int ask_connector_next(struct vault *vault, struct ask *ask);
MUST_USE int ask_connector_account(struct vault *vault, struct ask *ask);
MUST_USE int ask_ledger_accept(struct vault *vault, struct ask *ask);
