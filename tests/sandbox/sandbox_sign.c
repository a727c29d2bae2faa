#include "sandbox_sign.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { MAC = crypto_auth_hmacsha256_BYTES, KEY = 32 };

static void mac_of(const uint8_t *key, size_t key_length, const char *first, const void *body, size_t length,
                   uint8_t ret_mac[MAC]) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key, key_length);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)first, strlen(first));
  crypto_auth_hmacsha256_update(&state, body, length);
  crypto_auth_hmacsha256_final(&state, ret_mac);
}

void sign_body(const char *secret, const void *body, size_t length, char ret_hex[SIGN_HEX_CAPACITY]) {
  uint8_t mac[MAC];
  mac_of((const uint8_t *)secret, strlen(secret), "", body, length, mac);
  sodium_bin2hex(ret_hex, SIGN_HEX_CAPACITY, mac, MAC);
}

void sign_time_and_body(const char *secret, int64_t seconds, const void *body, size_t length,
                        char ret_header[SIGN_TIMED_CAPACITY]) {
  uint8_t mac[MAC];
  char first[32], hex[SIGN_HEX_CAPACITY];
  snprintf(first, sizeof first, "%lld.", (long long)seconds);
  mac_of((const uint8_t *)secret, strlen(secret), first, body, length, mac);
  sodium_bin2hex(hex, sizeof hex, mac, MAC);
  snprintf(ret_header, SIGN_TIMED_CAPACITY, "t=%lld,v1=%s", (long long)seconds, hex);
}

void sign_text(const char *hex_key, const char *text, char ret_base64[SIGN_BASE64_CAPACITY]) {
  uint8_t key[KEY], mac[MAC];
  size_t length = 0;
  int wrong = sodium_hex2bin(key, sizeof key, hex_key, strlen(hex_key), NULL, &length, NULL);
  assert(wrong == 0 && length == sizeof key);
  mac_of(key, sizeof key, "", text, strlen(text), mac);
  sodium_bin2base64(ret_base64, SIGN_BASE64_CAPACITY, mac, MAC, sodium_base64_VARIANT_ORIGINAL);
}
