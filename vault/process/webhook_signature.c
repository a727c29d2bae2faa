#include "webhook_signature.h"

#include <sodium.h>
#include <string.h>

enum { MAC_BYTES = crypto_auth_hmacsha256_BYTES, SECONDS_DIGITS_MAX = 11 };

_Static_assert(MAC_BYTES == 32, "SHA-256");

/* Whether hex is MAC_BYTES bytes in lower or upper case, with nothing after them. */
static bool read_mac(const char *hex, size_t length, uint8_t ret_mac[MAC_BYTES]) {
  size_t got = 0;
  return length == (size_t)2 * MAC_BYTES &&
         sodium_hex2bin(ret_mac, MAC_BYTES, hex, length, NULL, &got, NULL) == 0 && got == MAC_BYTES;
}

static void begin(crypto_auth_hmacsha256_state *state, const char *secret) {
  crypto_auth_hmacsha256_init(state, (const uint8_t *)secret, strlen(secret));
}

/* Ends the state, which holds what the key left behind. */
static void finish(crypto_auth_hmacsha256_state *state, uint8_t ret_mac[MAC_BYTES]) {
  crypto_auth_hmacsha256_final(state, ret_mac);
  sodium_memzero(state, sizeof *state);
}

bool signature_of_body(const char *secret, const char *header, const void *body, size_t length) {
  crypto_auth_hmacsha256_state state;
  uint8_t given[MAC_BYTES], made[MAC_BYTES];
  if (!read_mac(header, strlen(header), given))
    return false;
  begin(&state, secret);
  crypto_auth_hmacsha256_update(&state, body, length);
  finish(&state, made);
  bool same = sodium_memcmp(given, made, MAC_BYTES) == 0;
  sodium_memzero(made, sizeof made);
  return same;
}

/* The parts of a Stripe-Signature header. */
struct timed_header {
  const char *seconds; /* as they stand; NULL: none */
  size_t digits;
  size_t count;
  uint8_t candidates[WEBHOOK_CANDIDATES_MAX][MAC_BYTES];
};

static bool take_part(struct timed_header *parts, const char *part, size_t length) {
  if (length > 2 && memcmp(part, "t=", 2) == 0) {
    bool again = parts->seconds != NULL;
    parts->seconds = part + 2;
    parts->digits = length - 2;
    return !again && parts->digits <= SECONDS_DIGITS_MAX &&
           strspn(parts->seconds, "0123456789") == parts->digits;
  }
  if (length <= 3 || memcmp(part, "v1=", 3) != 0 || parts->count == WEBHOOK_CANDIDATES_MAX)
    return true;
  parts->count += read_mac(part + 3, length - 3, parts->candidates[parts->count]);
  return true;
}

static bool read_timed_header(const char *header, struct timed_header *ret_parts) {
  *ret_parts = (struct timed_header){0};
  for (const char *part = header; *part != '\0';) {
    size_t length = strcspn(part, ",");
    if (!take_part(ret_parts, part, length))
      return false;
    part += length;
    part += *part == ',';
  }
  return ret_parts->seconds != NULL && ret_parts->count > 0;
}

static bool is_near(const struct timed_header *parts, int64_t now_s) {
  int64_t seconds = 0;
  for (size_t i = 0; i < parts->digits; i++)
    seconds = seconds * 10 + (parts->seconds[i] - '0');
  return seconds >= now_s - WEBHOOK_TOLERANCE_S && seconds <= now_s + WEBHOOK_TOLERANCE_S;
}

bool signature_of_time_and_body(const char *secret, const char *header, int64_t now_s, const void *body,
                                size_t length) {
  crypto_auth_hmacsha256_state state;
  struct timed_header parts;
  uint8_t made[MAC_BYTES];
  if (!read_timed_header(header, &parts) || !is_near(&parts, now_s))
    return false;
  begin(&state, secret);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)parts.seconds, parts.digits);
  crypto_auth_hmacsha256_update(&state, (const uint8_t *)".", 1);
  crypto_auth_hmacsha256_update(&state, body, length);
  finish(&state, made);
  bool same = false;
  for (size_t i = 0; i < parts.count; i++)
    same |= sodium_memcmp(parts.candidates[i], made, MAC_BYTES) == 0;
  sodium_memzero(made, sizeof made);
  return same;
}

static bool read_base64_mac(const char *text, uint8_t ret_mac[MAC_BYTES]) {
  size_t got = 0;
  return sodium_base642bin(ret_mac, MAC_BYTES, text, strlen(text), NULL, &got, NULL,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         got == MAC_BYTES;
}

static void join(crypto_auth_hmacsha256_state *state, const char *const *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i > 0)
      crypto_auth_hmacsha256_update(state, (const uint8_t *)":", 1);
    crypto_auth_hmacsha256_update(state, (const uint8_t *)values[i], strlen(values[i]));
  }
}

bool signature_of_fields(const char *secret, const char *const *values, size_t count, const char *signature) {
  crypto_auth_hmacsha256_state state;
  uint8_t key[WEBHOOK_FIELD_KEY_BYTES], given[MAC_BYTES], made[MAC_BYTES];
  size_t length = 0;
  if (count == 0 || !read_base64_mac(signature, given) ||
      sodium_hex2bin(key, sizeof key, secret, strlen(secret), NULL, &length, NULL) != 0 ||
      length != sizeof key)
    return false;
  crypto_auth_hmacsha256_init(&state, key, sizeof key);
  sodium_memzero(key, sizeof key);
  join(&state, values, count);
  finish(&state, made);
  bool same = sodium_memcmp(given, made, MAC_BYTES) == 0;
  sodium_memzero(made, sizeof made);
  return same;
}
