/* What the vault has egress read of a webhook, and what egress found in it. The body's signature was checked
 * before, or is checked by what comes back (WEBHOOK_FIELD_HMAC); egress is told no secret. */
#pragma once

#include "channel.h"
#include "cursor.h"
#include "hooks_vault.h"
#include "router_vault.h"

enum {
  WEBHOOK_EVENTS_MAX = 4, /* of one body; PSPs send one at a time */
  WEBHOOK_SIGNED_MAX = 8,
  WEBHOOK_SIGNED_CAPACITY = 129,
  WEBHOOK_IN_BODY_CAPACITY = 65 /* base64 of 32 bytes is 44 */
};

/* A body to be read by that sheet. */
struct webhook_body {
  char sheet[SHEET_NAME_CAPACITY];
  uint8_t sheet_hash[SHEET_HASH_BYTES];
  uint8_t environment;
  uint32_t length; /* 1 to HOOK_BODY_MAX */
  const uint8_t *bytes;
};

/* One entry of a body. */
struct webhook_event {
  bool tells; /* it is an event that the sheet knows, about a reference of ours; otherwise the next five are
                 empty */
  char key[STEP_KEY_CAPACITY];
  enum operation about;
  enum answer answer;
  int64_t at_ms;
  struct answer_fields fields;
  uint8_t signed_count; /* the values that its signature is over, in their order; 0: signed as a whole */
  char signed_values[WEBHOOK_SIGNED_MAX][WEBHOOK_SIGNED_CAPACITY];
  char signature[WEBHOOK_IN_BODY_CAPACITY];
};

/* All entries, whether or not they tell anything: the signature of each is checked. */
struct webhook_reading {
  uint8_t count;
  struct webhook_event events[WEBHOOK_EVENTS_MAX];
};

void write_webhook_body(struct writer *writer, const struct webhook_body *body);
MUST_USE int read_webhook_body(struct reader *reader, struct webhook_body *ret_body);
void write_webhook_reading(struct writer *writer, const struct webhook_reading *reading);
MUST_USE int read_webhook_reading(struct reader *reader, struct webhook_reading *ret_reading);
