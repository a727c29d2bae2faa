/* Collect, the router, egress and hooks ask. */
#include "asks.h"

#include <errno.h>
#include <sodium.h>

#include "collect_vault.h"
#include "deletion.h"
#include "dispatch.h"
#include "tokens.h"
#include "vault.h"

int ask_tokenize(struct vault *vault, struct ask *ask) {
  struct tokenize tokenize;
  struct tokenized tokenized;
  if (read_tokenize(&ask->body, &tokenize) < 0)
    return -EPROTO;
  int r = token_make(vault, &tokenize, &tokenized);
  sodium_memzero(&tokenize, sizeof tokenize);
  if (r == 0)
    write_tokenized(&ask->reply, &tokenized);
  return r;
}

int ask_security_code(struct vault *vault, struct ask *ask) {
  struct code_typed typed;
  struct code_leased leased;
  if (read_code_typed(&ask->body, &typed) < 0)
    return -EPROTO;
  int r = token_lease_code(vault, &typed, &leased);
  sodium_memzero(&typed, sizeof typed);
  if (r == 0)
    write_code_leased(&ask->reply, &leased);
  return r;
}

int ask_head(struct vault *vault, struct ask *ask) {
  struct audit_head seen;
  read_audit_head(&ask->body, &seen);
  if (reader_finish(&ask->body) < 0)
    return -EPROTO;
  int r = audit_holds(&vault->audit, &seen);
  vault->rolled_back = r != 0;
  if (r == 0)
    write_audit_head(&ask->reply, &vault->audit.committed);
  return r;
}

int ask_describe(struct vault *vault, struct ask *ask) {
  struct token_question question;
  struct found_token found;
  struct token_description description;
  if (read_token_question(&ask->body, &question) < 0)
    return -EPROTO;
  int r = token_find(vault, &question.merchant, &question.token, &found);
  if (r != 0)
    return r;
  token_describe(vault, &found, &description);
  token_found_wipe(&found);
  write_token_description(&ask->reply, &description);
  return 0;
}

int ask_dispatch(struct vault *vault, struct ask *ask) {
  struct dispatch *dispatch = &vault->dispatches.asked;
  if (read_dispatch(&ask->body, dispatch) < 0)
    return -EPROTO;
  int r = dispatch_take(vault, &ask->from, dispatch);
  ask->deferred = r == 0;
  return r;
}

int ask_end_payment(struct vault *vault, struct ask *ask) {
  struct end_payment end;
  uint8_t merchant[ID_RANDOM_BYTES], payment[ID_RANDOM_BYTES];
  if (read_end_payment(&ask->body, &end) < 0 || id_parse("mer", end.merchant.text, merchant) < 0 ||
      (id_parse("pay", end.payment.text, payment) < 0 && id_parse("ver", end.payment.text, payment) < 0))
    return -EPROTO;
  lease_end_payment(vault->leases, merchant, payment);
  return 0;
}

int ask_delete_token(struct vault *vault, struct ask *ask) {
  static const struct deletion_actor router = {.actor = AUDIT_BY_ROUTER};
  struct token_question question;
  struct token_description description;
  if (read_token_question(&ask->body, &question) < 0)
    return -EPROTO;
  int r = token_delete(vault, &question, &router, &description);
  if (r == 0)
    write_token_description(&ask->reply, &description);
  return r;
}

int ask_update_token(struct vault *vault, struct ask *ask) {
  struct token_update update;
  struct token_description description;
  if (read_token_update(&ask->body, &update) < 0)
    return -EPROTO;
  int r = token_update(vault, &update, &description);
  if (r == 0)
    write_token_description(&ask->reply, &description);
  return r;
}

int ask_connectors(struct vault *vault, struct ask *ask) {
  struct connectors_question question;
  struct connectors_page page;
  if (read_connectors_question(&ask->body, &question) < 0)
    return -EPROTO;
  connectors_page_after(&vault->connectors, question.after, &page);
  write_connectors_page(&ask->reply, &page);
  return 0;
}

int ask_webhook_taken(struct vault *vault, struct ask *ask) {
  struct webhook_taken taken;
  if (read_webhook_taken(&ask->body, &taken) < 0)
    return -EPROTO;
  webhook_was_taken(vault, &taken);
  return 0;
}

int ask_releases(struct vault *vault, struct ask *ask) {
  struct releases_question question;
  struct releases_page page;
  if (read_releases_question(&ask->body, &question) < 0)
    return -EPROTO;
  int r = audit_releases(&vault->audit, question.after, &page);
  if (r == 0)
    write_releases_page(&ask->reply, &page);
  return r;
}

int ask_webhook(struct vault *vault, struct ask *ask) {
  struct hook hook;
  if (read_hook(&ask->body, &hook) < 0)
    return -EPROTO;
  int r = webhook_take(vault, &ask->from, &hook);
  ask->deferred = r == 0;
  return r;
}

int ask_webhook_read(struct vault *vault, struct ask *ask) {
  struct webhook_reading *reading = &vault->webhooks.reading;
  uint16_t status = read_u16(&ask->body);
  if (status > STATUS_UNAVAILABLE)
    return -EPROTO;
  int r = status == STATUS_DONE ? read_webhook_reading(&ask->body, reading) : reader_finish(&ask->body);
  if (r < 0)
    return -EPROTO;
  webhook_was_read(vault, ask->from.correlation, (enum status)status);
  sodium_memzero(reading, sizeof *reading);
  return 0;
}

int ask_answer(struct vault *vault, struct ask *ask) {
  struct dispatch_result *result = &vault->dispatches.result;
  uint16_t status = read_u16(&ask->body);
  if (status > STATUS_UNAVAILABLE)
    return -EPROTO;
  int r = status == STATUS_DONE ? read_dispatch_result(&ask->body, result) : reader_finish(&ask->body);
  if (r < 0)
    return -EPROTO;
  dispatch_answered(vault, ask->from.correlation, (enum status)status, result);
  sodium_memzero(result, sizeof *result);
  return 0;
}
