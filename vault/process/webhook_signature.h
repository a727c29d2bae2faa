/* Signatures of webhooks: pure, in constant time where a signature is compared. Header values and secrets are
 * texts; a signature of the wrong form is a wrong one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webhook_scheme.h"

enum {
  WEBHOOK_TOLERANCE_S = 300, /* how old, or how far ahead, a signed time may be. Source: Stripe's libraries */
  WEBHOOK_CANDIDATES_MAX = 8 /* v1 signatures in one header; while a secret is changed there are two */
};

/* Whether header holds the hexadecimal HMAC-SHA256 of the body under secret. */
bool signature_of_body(const char *secret, const char *header, const void *body, size_t length);
/* Whether header is t=SECONDS,v1=HEX,... with a v1 that is the HMAC-SHA256 of "SECONDS." and the body under
 * secret, and SECONDS is near now_s (Unix seconds). Parts of other names are passed over. */
bool signature_of_time_and_body(const char *secret, const char *header, int64_t now_s, const void *body,
                                size_t length);
/* Whether signature is the base64 of the HMAC-SHA256 of the values joined by colons, under the key that
 * secret is in hexadecimal. The values are joined as they stand (Adyen escapes nothing here), so that one
 * which holds a colon could be read as two: callers give such an entry no meaning. */
bool signature_of_fields(const char *secret, const char *const *values, size_t count, const char *signature);
