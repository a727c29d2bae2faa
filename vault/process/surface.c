/* Everything that anyone can ask of the vault. What does not stand here is refused. */
#include "surface.h"

#include <errno.h>

#include "asks.h"
#include "collect_vault.h"
#include "egress_vault.h"
#include "hooks_vault.h"
#include "log.h"
#include "vault.h"

enum { EXACTLY, AT_MOST };

static const struct row {
  enum role role;
  uint8_t type;
  uint8_t rule;
  uint16_t length; /* of the body, in bytes */
  int (*handle)(struct vault *vault, struct ask *ask);
} SURFACE[] = {
    {ROLE_COLLECT, CV_TOKENIZE, AT_MOST, 128, ask_tokenize},
    {ROLE_COLLECT, CV_SECURITY_CODE, AT_MOST, 70, ask_security_code},

    {ROLE_ROUTER, RV_HEAD, EXACTLY, 40, ask_head},
    {ROLE_ROUTER, RV_DESCRIBE, EXACTLY, 64, ask_describe},
    {ROLE_ROUTER, RV_DISPATCH, AT_MOST, 16384, ask_dispatch},
    {ROLE_ROUTER, RV_END_PAYMENT, EXACTLY, 64, ask_end_payment},
    {ROLE_ROUTER, RV_DELETE_TOKEN, EXACTLY, 64, ask_delete_token},
    {ROLE_ROUTER, RV_UPDATE_TOKEN, EXACTLY, 67, ask_update_token},
    {ROLE_ROUTER, RV_CONNECTORS, AT_MOST, 34, ask_connectors},
    {ROLE_ROUTER, RV_WEBHOOK_TAKEN, EXACTLY, 9, ask_webhook_taken},
    {ROLE_ROUTER, RV_RELEASES, EXACTLY, 8, ask_releases},

    {ROLE_EGRESS, EV_SEND | REPLY_BIT, AT_MOST, 8192, ask_answer},
    {ROLE_EGRESS, EV_WEBHOOK | REPLY_BIT, AT_MOST, 24576, ask_webhook_read},

    {ROLE_HOOKS, HV_WEBHOOK, AT_MOST, 26700, ask_webhook},

    {ROLE_ADMIN, ADMIN_STATUS, EXACTLY, 0, ask_status},
    {ROLE_ADMIN, ADMIN_MERCHANT_ADD, EXACTLY, 32, ask_merchant_add},
    {ROLE_ADMIN, ADMIN_PUBLISHABLE_KEY_ADD, EXACTLY, 64, ask_publishable_key_add},
    {ROLE_ADMIN, ADMIN_CONNECTOR_SET, AT_MOST, 6144, ask_connector_set},
    {ROLE_ADMIN, ADMIN_CONNECTOR_STATUS, AT_MOST, 35, ask_connector_status},
    {ROLE_ADMIN, ADMIN_TOKEN_RESTORE, EXACTLY, 64, ask_token_restore},
    {ROLE_ADMIN, ADMIN_TOKEN_DELETE, EXACTLY, 64, ask_token_delete},
    {ROLE_ADMIN, ADMIN_AUDIT_PAGE, EXACTLY, 8, ask_audit_page},
    {ROLE_ADMIN, ADMIN_CONNECTOR_NEXT, AT_MOST, 34, ask_connector_next},
    {ROLE_ADMIN, ADMIN_CONNECTOR_ACCOUNT, AT_MOST, 264, ask_connector_account},
    {ROLE_ADMIN, ADMIN_LEDGER_ACCEPT, AT_MOST, 102, ask_ledger_accept},
};

static const struct row *find(enum role role, uint8_t type) {
  for (size_t i = 0; i < sizeof SURFACE / sizeof SURFACE[0]; i++) {
    if (SURFACE[i].role == role && SURFACE[i].type == type)
      return &SURFACE[i];
  }
  return NULL;
}

static bool length_fits(const struct row *row, size_t length) {
  return row->rule == EXACTLY ? length == row->length : length <= row->length;
}

/* What is written to a file that was put back to an earlier state is gone when its own is put back: until the
 * router finds its head again, operators alone are served. What egress says is of what has left before. */
static bool is_barred(const struct row *row) {
  return row->role != ROLE_ADMIN && row->role != ROLE_EGRESS && row->handle != ask_head;
}

/* What bars this peer from asking that now. */
static enum status barrier(const struct vault *vault, const struct peer *peer, const struct row *row) {
  if (!row)
    return STATUS_REFUSED;
  if (vault->sealed && row->handle != ask_status)
    return STATUS_SEALED;
  if (vault->rolled_back && is_barred(row))
    return STATUS_ROLLED_BACK;
  return peer->outstanding >= PEER_CREDITS ? STATUS_BUSY : STATUS_DONE;
}

static void answer(struct vault *vault, const struct row *row, struct ask *ask, int r) {
  if (r < 0 && r != -EBADMSG)
    round_fail(vault, r);
  else if (r < 0) /* found before anything was written: the others of the round go on */
    log_error("what lies in the store does not open", r);
  enum status status = r < 0 ? STATUS_STORAGE : (enum status)r;
  if (!ask->deferred && row->role != ROLE_EGRESS)
    round_reply(vault, &ask->from, status, ask->reply.start,
                status == STATUS_DONE ? writer_length(&ask->reply) : 0);
}

int surface_take(struct vault *vault, struct peer *peer, const struct message *message) {
  const struct row *row = find(peer->role, message->type);
  if (row && !length_fits(row, message->length))
    return -EPROTO;
  struct ask ask = {.from = {peer, peer->number, message->type, message->correlation},
                    .role = peer->role,
                    .uid = peer->uid,
                    .body = reader_over(message->body, message->length),
                    .reply = writer_over(vault->scratch, MESSAGE_MAX - MESSAGE_HEADER - sizeof(uint16_t))};
  enum status status = barrier(vault, peer, row);
  peer->outstanding += peer->role == ROLE_EGRESS ? 0 : 1;
  if (status != STATUS_DONE) {
    peer_reply(&ask.from, status, NULL, 0);
    return 0;
  }
  round_make_room(vault);
  int r = row->handle(vault, &ask);
  if (r == -EPROTO)
    return r;
  answer(vault, row, &ask, r);
  return 0;
}
