#include "token_names.h"

#include <sodium.h>
#include <string.h>

enum { DERIVED_BYTES = 64, INNER_KEY_AT = 32 };

int token_names_of(const struct id *token, struct token_names *ret_names) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "freeport token";
  uint8_t bits[ID_RANDOM_BYTES];
  int r = id_parse("tok", token->text, bits);
  if (r < 0)
    return r;
  uint8_t derived[DERIVED_BYTES];
  crypto_generichash_blake2b_salt_personal(derived, sizeof derived, bits, sizeof bits, NULL, 0, salt,
                                           personal);
  memcpy(ret_names->hash, derived, TOKEN_HASH_BYTES);
  memcpy(ret_names->inner_key, derived + INNER_KEY_AT, KEY_BYTES);
  sodium_memzero(derived, sizeof derived);
  sodium_memzero(bits, sizeof bits);
  return 0;
}

void token_names_wipe(struct token_names *names) {
  sodium_memzero(names, sizeof *names);
}
