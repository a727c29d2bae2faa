#include "token_names.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(struct token_names) == TOKEN_HASH_BYTES + KEY_BYTES, "one hash fills both");
_Static_assert(sizeof(struct token_names) <= crypto_generichash_blake2b_BYTES_MAX, "one BLAKE2b");

void token_names_of(const struct id *token, struct token_names *ret_names) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "freeport token";
  crypto_generichash_blake2b_salt_personal((uint8_t *)ret_names, sizeof *ret_names,
                                           (const uint8_t *)token->text,
                                           strnlen(token->text, sizeof token->text), NULL, 0, salt, personal);
}
