/* The root key, behind the only two things that anyone may ask of it. The key itself is never handed out: a
 * provider may hold it in an HSM, in the shares of custodians, or (test environment only) in a file. */
#pragma once

#include "key_label.h"
#include <stdbool.h>

struct root_provider {
  const char *name; /* "file", "shares", "pkcs11" */
  bool live;        /* whether a live environment may rest on it */
  /* As key_wrap() and key_unwrap() under the root key. Return 0; -EBADMSG (unwrap); -ENOKEY while the root
   * key is not unlocked; or another negated errno. */
  int (*wrap)(void *context, const struct key_label *label, const uint8_t key[KEY_BYTES],
              uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
  int (*unwrap)(void *context, const struct key_label *label, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                uint8_t ret_key[KEY_BYTES]);
  void *context;
};
