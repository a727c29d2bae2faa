/* The messages between freeport-vault and freeport-egress. The vault pushes; egress answers what it was
 * pushed and can ask for nothing. */
#pragma once

#include "admin.h"
#include "card.h"
#include "channel.h"
#include "cursor.h"
#include "router_vault.h"

enum egress_vault_type {
  EV_SEND = 1, /* vault to egress; the reply (EV_SEND | REPLY_BIT) carries a dispatch_result */
  EV_WEBHOOK   /* vault to egress: a webhook_body to be read by its sheet; the reply carries a
                  webhook_reading, or STATUS_INVALID when it is not what the sheet describes,
                  STATUS_CONFLICT when egress has not that version of the sheet */
};

/* All that one dispatch needs; the card and the code only where the operation releases them. Wiped after use.
 */
struct egress_send {
  char key[STEP_KEY_CAPACITY];
  char connector[CONNECTOR_NAME_CAPACITY]; /* for the log */
  char sheet[SHEET_NAME_CAPACITY];
  uint8_t sheet_hash[SHEET_HASH_BYTES]; /* egress refuses when its own copy differs */
  char base_url[BASE_URL_CAPACITY];     /* "": the sheet's host */
  uint8_t environment;
  enum operation operation;
  enum operation asked_about;
  bool has_card;
  struct card card;
  struct card_code code; /* "" for none */
  char bin[9];           /* of the token's card, for the scrub where no card is released; or "" */
  char last4[5];
  struct money amount;
  uint32_t timeout_ms;
  int64_t deadline_us; /* CLOCK_MONOTONIC, which the processes of a machine share: what is read later than
                          this is not sent. By then its fate may have been asked for and settled (P2) */
  uint8_t credential_count;
  struct credential credentials[CREDENTIALS_MAX];
  struct request_fields fields;
};

void write_egress_send(struct writer *writer, const struct egress_send *send);
MUST_USE int read_egress_send(struct reader *reader, struct egress_send *ret_send);
