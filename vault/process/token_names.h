/* What is derived from a token: the name under which its record lies in the database, and the key of the
 * record's inside. One BLAKE2b of the token's text gives both; neither tells anything about the other, so the
 * database alone opens no card (B10). */
#pragma once

#include "ids.h"
#include "key_label.h"
#include <stdint.h>

enum { TOKEN_HASH_BYTES = 16 };

struct token_names {
  uint8_t hash[TOKEN_HASH_BYTES];
  uint8_t inner_key[KEY_BYTES];
};

/* token: a "tok" id, checked when it came in as a message. What is none has names as well, under which
 * nothing lies. Whoever holds the names wipes them. */
void token_names_of(const struct id *token, struct token_names *ret_names);
