#include "escrow.h"

#include <errno.h>
#include <sodium.h>

#include "admin.h"
#include "key_file.h"

_Static_assert(ESCROW_SEALED_BYTES == KEY_BYTES + crypto_box_SEALBYTES, "crypto_box_seal adds 48 bytes");
_Static_assert(KEY_BYTES == crypto_box_PUBLICKEYBYTES && KEY_BYTES == crypto_box_SECRETKEYBYTES, "X25519");

/* The private half first: a public key whose private half is lost would be worse than none. */
static int make_pair(const char *directory, uint8_t environment, int64_t now_ms) {
  uint8_t public_key[KEY_BYTES], private_key[KEY_BYTES];
  struct key_label label = {.environment = environment, .generation = 1, .created_ms = now_ms};
  label.purpose = KEY_ESCROW_PRIVATE;
  int r = key_file_read(directory, "escrow.key", label.purpose, environment, private_key);
  if (r == -ENOENT) {
    randombytes_buf(private_key, sizeof private_key);
    r = key_file_make(directory, "escrow.key", &label, private_key);
  }
  if (r == 0 && crypto_scalarmult_base(public_key, private_key) != 0)
    r = -EINVAL;
  label.purpose = KEY_ESCROW_PUBLIC;
  if (r == 0)
    r = key_file_make(directory, "escrow.pub", &label, public_key);
  sodium_memzero(private_key, sizeof private_key);
  return r;
}

int escrow_open(const char *directory, uint8_t environment, bool may_create, int64_t now_ms,
                uint8_t ret_public[KEY_BYTES]) {
  int r = key_file_read(directory, "escrow.pub", KEY_ESCROW_PUBLIC, environment, ret_public);
  if (r != -ENOENT || !may_create || environment != ENVIRONMENT_TEST)
    return r;
  r = make_pair(directory, environment, now_ms);
  return r < 0 ? r : key_file_read(directory, "escrow.pub", KEY_ESCROW_PUBLIC, environment, ret_public);
}

int escrow_seal(const uint8_t public_key[KEY_BYTES], const uint8_t key[KEY_BYTES],
                uint8_t ret_sealed[ESCROW_SEALED_BYTES]) {
  return crypto_box_seal(ret_sealed, key, KEY_BYTES, public_key) == 0 ? 0 : -EINVAL;
}

int escrow_unseal(const uint8_t private_key[KEY_BYTES], const uint8_t sealed[ESCROW_SEALED_BYTES],
                  uint8_t ret_key[KEY_BYTES]) {
  uint8_t public_key[KEY_BYTES];
  if (crypto_scalarmult_base(public_key, private_key) != 0)
    return -EBADMSG;
  return crypto_box_seal_open(ret_key, sealed, ESCROW_SEALED_BYTES, public_key, private_key) == 0 ? 0
                                                                                                  : -EBADMSG;
}
