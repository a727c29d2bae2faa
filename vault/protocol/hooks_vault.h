/* The messages between freeport-hooks and freeport-vault. Hooks hands on what a PSP sent, bytes as they came;
 * nothing but a status comes back. There is no field for a card. */
#pragma once

#include "channel.h"
#include "cursor.h"
#include "router_vault.h"
#include "webhook_scheme.h"

enum hooks_vault_type {
  HV_WEBHOOK = 1 /* STATUS_DONE: the router has taken durably what it says, or it says nothing to us;
                    STATUS_REFUSED: no such connector, no secret, or the signature is wrong; STATUS_INVALID:
                    signed, but not what the sheet describes; any other: not now, it may be sent again */
};

enum { HOOK_BODY_MAX = 24576 };

struct hook {
  char connector[CONNECTOR_NAME_CAPACITY];
  char signatures[WEBHOOK_HEADERS][WEBHOOK_SIGNATURE_CAPACITY]; /* by number of the header; "" for none */
  uint32_t body_length;                                         /* 1 to HOOK_BODY_MAX */
  const uint8_t *body;                                          /* borrowed from the message */
};

void write_hook(struct writer *writer, const struct hook *hook);
MUST_USE int read_hook(struct reader *reader, struct hook *ret_hook);
