/* The escrow key pair: custodians hold the private half, so that export and re-keying stay possible without
 * tokens. */
#pragma once

#include "key_label.h"
#include <stdbool.h>

enum { ESCROW_SEALED_BYTES = KEY_BYTES + 48 /* crypto_box_seal */ };

/* Reads directory/escrow.pub. In the test environment the pair (escrow.pub, escrow.key) is made first when it
 * is absent and may_create; elsewhere custodians bring it. Returns 0 or what key_file_read() returns. */
MUST_USE int escrow_open(const char *directory, uint8_t environment, bool may_create, int64_t now_ms,
                         uint8_t ret_public[KEY_BYTES]);
/* Seals key so that only the private half opens it. Returns 0, or -EINVAL for a public key that is none. */
MUST_USE int escrow_seal(const uint8_t public_key[KEY_BYTES], const uint8_t key[KEY_BYTES],
                         uint8_t ret_sealed[ESCROW_SEALED_BYTES]);
/* The custodians' side. Returns 0, or -EBADMSG. */
MUST_USE int escrow_unseal(const uint8_t private_key[KEY_BYTES], const uint8_t sealed[ESCROW_SEALED_BYTES],
                           uint8_t ret_key[KEY_BYTES]);
