/* Who asks: secret keys, kept and compared as SHA-256 hashes only. */
#pragma once

#include "ids.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  API_KEY_HASH_BYTES = 32,
  API_KEY_TEXT_MAX = 128,
  API_KEY_SETTING_BYTES = API_KEY_HASH_BYTES + ID_CAPACITY + 1
};

/* The supervisor tells of a secret key. */
struct api_key_setting {
  uint8_t hash[API_KEY_HASH_BYTES]; /* SHA-256 of the key's text */
  struct id merchant;
  bool livemode;
};

enum { AUTH_REFUSED = 1 };

/* The hash of the secret key that an Authorization header carries: "Bearer KEY", or "Basic" with the key as
 * the user name. authorization may be NULL. Returns 0, or AUTH_REFUSED for anything that is no secret key in
 * form (a publishable key too). What was decoded on the way is wiped. */
MUST_USE int auth_hash_header(const char *authorization, uint8_t ret_hash[API_KEY_HASH_BYTES]);
/* The supervisor's setting "api_key": hash, merchant (NUL-padded to ID_CAPACITY), u8 livemode.
 * Returns 0, or -EBADMSG. */
MUST_USE int auth_read_setting(const void *payload, size_t length, struct api_key_setting *ret_setting);
