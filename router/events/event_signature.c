#include "event_signature.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

void event_sign(const uint8_t *secret, size_t length, const char *id, int64_t timestamp_s, const void *body,
                size_t body_length, char ret_signature[SIGNATURE_CAPACITY]) {
  crypto_auth_hmacsha256_state state;
  uint8_t mac[crypto_auth_hmacsha256_BYTES];
  char timestamp[24];
  int digits = snprintf(timestamp, sizeof timestamp, ".%" PRId64 ".", timestamp_s);
  crypto_auth_hmacsha256_init(&state, secret, length);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)id, strlen(id));
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)timestamp, (size_t)digits);
  crypto_auth_hmacsha256_update(&state, body, body_length);
  crypto_auth_hmacsha256_final(&state, mac);
  memcpy(ret_signature, "v1,", 3);
  sodium_bin2base64(ret_signature + 3, SIGNATURE_CAPACITY - 3, mac, sizeof mac,
                    sodium_base64_VARIANT_ORIGINAL);
  sodium_memzero(&state, sizeof state);
}

void event_secret_text(const uint8_t *secret, size_t length, char ret_text[SECRET_TEXT_CAPACITY]) {
  static const char prefix[] = "whsec_";
  assert(length <= 64);
  memcpy(ret_text, prefix, sizeof prefix - 1);
  sodium_bin2base64(ret_text + sizeof prefix - 1, SECRET_TEXT_CAPACITY - (sizeof prefix - 1), secret, length,
                    sodium_base64_VARIANT_ORIGINAL);
}
