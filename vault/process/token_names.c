#include "token_names.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(struct token_names) == TOKEN_HASH_BYTES + KEY_BYTES, "one hash fills both");
_Static_assert(sizeof(struct token_names) <= crypto_generichash_blake2b_BYTES_MAX, "one BLAKE2b");

enum { TOKEN_TEXT_LENGTH = 4 + ID_BODY_LENGTH }; /* tok_ and what follows */

/* Every token is as long as the next. Where that is so, the hash need not wait for a search of the text's
 * end. */
static size_t length_of(const struct id *token) {
  return token->text[TOKEN_TEXT_LENGTH] == '\0' ? TOKEN_TEXT_LENGTH
                                                : strnlen(token->text, sizeof token->text);
}

void token_names_of(const struct id *token, struct token_names *ret_names) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "freeport token";
  crypto_generichash_blake2b_salt_personal((uint8_t *)ret_names, sizeof *ret_names,
                                           (const uint8_t *)token->text, length_of(token), NULL, 0, salt,
                                           personal);
}
