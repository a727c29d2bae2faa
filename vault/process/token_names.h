/* What is derived from a token: the name under which its record lies in the database, and the key of the
 * record's inside. One BLAKE2b gives both; neither tells anything about the other, so the database alone
 * opens no card (B10). */
#pragma once

#include "ids.h"
#include "key_label.h"
#include <stdint.h>

enum { TOKEN_HASH_BYTES = 16 };

struct token_names {
  uint8_t hash[TOKEN_HASH_BYTES];
  uint8_t inner_key[KEY_BYTES];
};

/* token: a "tok" id. Returns 0, or -EINVAL. Whoever holds the names wipes them. */
MUST_USE int token_names_of(const struct id *token, struct token_names *ret_names);
void token_names_wipe(struct token_names *names);
