#include "auth.h"
#include "cursor.h"
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

_Static_assert(API_KEY_HASH_BYTES == crypto_hash_sha256_BYTES, "keys are hashed with SHA-256");

/* The rest of header after a scheme's name and the spaces that follow it, or NULL for another scheme. */
static const char *after_scheme(const char *header, const char *scheme) {
  size_t length = strlen(scheme);
  if (strncasecmp(header, scheme, length) != 0 || header[length] != ' ')
    return NULL;
  return header + length + strspn(header + length, " ");
}

static int hash_key(const char *key, size_t length, uint8_t ret_hash[API_KEY_HASH_BYTES]) {
  if (length <= 8 || length > API_KEY_TEXT_MAX)
    return AUTH_REFUSED;
  if (strncmp(key, "sk_test_", 8) != 0 && strncmp(key, "sk_live_", 8) != 0)
    return AUTH_REFUSED;
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)key[i]) && key[i] != '_')
      return AUTH_REFUSED;
  crypto_hash_sha256(ret_hash, (const unsigned char *)key, length);
  return 0;
}

static int hash_basic(const char *encoded, uint8_t ret_hash[API_KEY_HASH_BYTES]) {
  char decoded[2 * API_KEY_TEXT_MAX];
  size_t length;
  if (sodium_base642bin((unsigned char *)decoded, sizeof decoded - 1, encoded, strlen(encoded), NULL, &length,
                        NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
    return AUTH_REFUSED;
  decoded[length] = '\0';
  int result = hash_key(decoded, strcspn(decoded, ":"), ret_hash);
  sodium_memzero(decoded, sizeof decoded);
  return result;
}

int auth_hash_header(const char *authorization, uint8_t ret_hash[API_KEY_HASH_BYTES]) {
  if (authorization == NULL)
    return AUTH_REFUSED;
  const char *key = after_scheme(authorization, "Bearer");
  if (key != NULL)
    return hash_key(key, strlen(key), ret_hash);
  const char *encoded = after_scheme(authorization, "Basic");
  return encoded != NULL ? hash_basic(encoded, ret_hash) : AUTH_REFUSED;
}

int auth_read_setting(const void *payload, size_t length, struct api_key_setting *ret_setting) {
  struct reader reader = reader_over(payload, length);
  struct api_key_setting setting = {0};
  read_bytes(&reader, setting.hash, sizeof setting.hash);
  read_bytes(&reader, setting.merchant.text, sizeof setting.merchant.text);
  setting.livemode = read_bool(&reader);
  setting.merchant.text[ID_CAPACITY - 1] = '\0';
  if (reader_finish(&reader) != 0 || id_parse("mer", setting.merchant.text, NULL) != 0)
    return -EBADMSG;
  *ret_setting = setting;
  return 0;
}
