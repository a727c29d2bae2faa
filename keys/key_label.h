/* What a key is for, and wrapping one key under another with that as authenticated data. */
#pragma once

#include "result.h"
#include <stdint.h>

enum key_purpose {
  KEY_ROOT = 1,
  KEY_MERCHANT,      /* seals a merchant's records, outside */
  KEY_INDEX,         /* a merchant's duplicate index and its similar numbers; apart from KEY_MERCHANT (B10) */
  KEY_CONNECTORS,    /* PSP credentials */
  KEY_ESCROW_PUBLIC, /* wrapped not to hide it, but so that no other can stand in its place */
  KEY_ESCROW_PRIVATE,
  KEY_PURPOSE_COUNT
};

enum {
  KEY_BYTES = 32,
  KEY_OWNER_BYTES = 16,
  KEY_LABEL_BYTES = 30,
  WRAPPED_KEY_BYTES = 72 /* a nonce of 24, the key, a tag of 16 */
};

struct key_label {
  enum key_purpose purpose;
  uint8_t environment;            /* ENVIRONMENT_TEST or ENVIRONMENT_LIVE of admin.h */
  uint32_t generation;            /* 1 for the first */
  uint8_t owner[KEY_OWNER_BYTES]; /* the merchant's id, or zero: the vault itself */
  int64_t created_ms;             /* Unix milliseconds */
};

void key_label_write(const struct key_label *label, uint8_t ret_bytes[KEY_LABEL_BYTES]);
/* Returns 0, or -EBADMSG when the bytes are no label. */
MUST_USE int key_label_read(const uint8_t bytes[KEY_LABEL_BYTES], struct key_label *ret_label);

/* Seals key under wrapping with XChaCha20-Poly1305 and a fresh nonce, bound to label. */
void key_wrap(const uint8_t wrapping[KEY_BYTES], const struct key_label *label, const uint8_t key[KEY_BYTES],
              uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
/* Returns 0, or -EBADMSG when wrapped was made under another key or for another label, or was changed. */
MUST_USE int key_unwrap(const uint8_t wrapping[KEY_BYTES], const struct key_label *label,
                        const uint8_t wrapped[WRAPPED_KEY_BYTES], uint8_t ret_key[KEY_BYTES]);
