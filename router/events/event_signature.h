/* Signatures of outgoing webhooks, as Standard Webhooks has them (standardwebhooks.com, version 1):
 * HMAC-SHA256 over `id.timestamp.body`, in base64, each after "v1,". */
#pragma once

#include "ids.h"
#include "result.h"
#include <stddef.h>
#include <stdint.h>

enum {
  SIGNATURE_CAPACITY = 3 + 44 + 1,              /* "v1,", 32 bytes in base64, NUL */
  SIGNATURES_CAPACITY = 2 * SIGNATURE_CAPACITY, /* two of them, a space between */
  SECRET_TEXT_CAPACITY = 6 + 4 * 64 / 3 + 4 + 1 /* "whsec_" and up to 64 bytes in base64 */
};

/* Signs with a secret of length bytes. */
void event_sign(const uint8_t *secret, size_t length, const char *id, int64_t timestamp_s, const void *body,
                size_t body_length, char ret_signature[SIGNATURE_CAPACITY]);
/* The secret as a merchant keeps it: "whsec_" and base64. length: at most 64. */
void event_secret_text(const uint8_t *secret, size_t length, char ret_text[SECRET_TEXT_CAPACITY]);
