/* Signatures as the PSPs make them: written apart from the vault's, which checks them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
  SIGN_HEX_CAPACITY = 65,    /* of 32 bytes, with its end */
  SIGN_BASE64_CAPACITY = 45, /* likewise */
  SIGN_TIMED_CAPACITY = 128
};

/* Checkout.com's Cko-Signature: the HMAC-SHA256 of the body in hexadecimal. */
void sign_body(const char *secret, const void *body, size_t length, char ret_hex[SIGN_HEX_CAPACITY]);
/* Stripe-Signature: t=SECONDS,v1=... over "SECONDS." and the body. */
void sign_time_and_body(const char *secret, int64_t seconds, const void *body, size_t length,
                        char ret_header[SIGN_TIMED_CAPACITY]);
/* Adyen's hmacSignature: base64 of the HMAC-SHA256 of text under the key that hex_key spells. Ends the
 * process for a key that is none. */
void sign_text(const char *hex_key, const char *text, char ret_base64[SIGN_BASE64_CAPACITY]);
