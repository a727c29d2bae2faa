/* Who the stack's merchant is and with which keys it speaks, and the env file that tells clients. */
#pragma once

#include "ids.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_CAPACITY = ID_CAPACITY, KEY_HASH_BYTES = 32 };

struct identity {
  struct id merchant;
  struct id secret_key;      /* sk_test_... */
  struct id publishable_key; /* pk_test_... */
};

/* One line of the env file. */
struct variable {
  const char *name;
  char value[300];
};

/* Takes up what an earlier run left in DIR, or makes a new merchant and keys. The earlier env file is moved
 * aside: a new one appears when all answer. live: which prefix new keys get. Returns 0, or a negated errno.
 */
MUST_USE int identity_load(const char *directory, bool live, struct identity *ret_identity);
void identity_wipe(struct identity *identity);
/* SHA-256 of the key's text: the only form in which vault and router keep it. */
void key_hash(const struct id *key, uint8_t ret_hash[KEY_HASH_BYTES]);
/* Writes DIR/env whole (mode 0600), then renames it into place. Returns 0, or a negated errno. */
MUST_USE int env_write(const char *directory, const struct variable *variables, unsigned count);
/* The value of name in DIR/env. Returns 0, or a negated errno (-ENOENT: no such file or variable). */
MUST_USE int env_read(const char *directory, const char *file, const char *name, char *ret_value,
                      size_t capacity);
