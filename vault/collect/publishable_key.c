#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "card_body.h"

enum { KEY_MIN = 16, KEY_MAX = 128, PREFIX = 8 };

static bool key_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool hash_key(const char *key, size_t length, bool live, uint8_t ret_hash[PUBLISHABLE_HASH_BYTES]) {
  if (length < KEY_MIN || length > KEY_MAX || strncmp(key, live ? "pk_live_" : "pk_test_", PREFIX) != 0)
    return false;
  for (size_t i = PREFIX; i < length; i++)
    if (!key_character(key[i]))
      return false;
  crypto_hash_sha256(ret_hash, (const uint8_t *)key, length);
  return true;
}

/* Basic: base64 of "key:". */
static bool hash_basic(const char *encoded, bool live, uint8_t ret_hash[PUBLISHABLE_HASH_BYTES]) {
  char text[KEY_MAX + 2];
  size_t length;
  bool good = sodium_base642bin((uint8_t *)text, sizeof text, encoded, strlen(encoded), NULL, &length, NULL,
                                sodium_base64_VARIANT_ORIGINAL) == 0 &&
              length > 0 && text[length - 1] == ':' && hash_key(text, length - 1, live, ret_hash);
  sodium_memzero(text, sizeof text);
  return good;
}

bool publishable_key_read(const char *value, bool live, uint8_t ret_hash[PUBLISHABLE_HASH_BYTES]) {
  if (value == NULL)
    return false;
  if (strncasecmp(value, "Bearer ", 7) == 0)
    return hash_key(value + 7, strlen(value + 7), live, ret_hash);
  if (strncasecmp(value, "Basic ", 6) == 0)
    return hash_basic(value + 6, live, ret_hash);
  return false;
}
