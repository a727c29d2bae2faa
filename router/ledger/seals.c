/* Every record bears a keyed hash over its table, its key and its value: LMDB authenticates nothing, and on a
 * damaged file it can return the wrong record without a word. Personal data are sealed otherwise
 * (customers.c). */
#include "ledger_parts.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

_Static_assert((int)SEAL_BYTES == (int)crypto_generichash_BYTES_MIN, "a seal is the shortest hash");

void ledger_derive_key(const struct ledger *ledger, const char *purpose, uint8_t ret_key[LEDGER_KEY_BYTES]) {
  crypto_generichash(ret_key, LEDGER_KEY_BYTES, (const uint8_t *)purpose, strlen(purpose) + 1, ledger->key,
                     sizeof ledger->key);
}

void seals_open(struct ledger *ledger) {
  uint8_t derived[LEDGER_KEY_BYTES];
  ledger_derive_key(ledger, "freeport ledger records", derived);
  crypto_generichash_init(&ledger->seal, derived, sizeof derived, SEAL_BYTES);
  sodium_memzero(derived, sizeof derived);
}

static void seal_of(const struct ledger *ledger, enum ledger_table table, struct view key, const void *value,
                    size_t length, uint8_t ret_seal[SEAL_BYTES]) {
  crypto_generichash_state state = ledger->seal;
  const uint8_t place[2] = {(uint8_t)table, (uint8_t)key.length};
  crypto_generichash_update(&state, place, sizeof place);
  crypto_generichash_update(&state, key.bytes, key.length);
  crypto_generichash_update(&state, value, length);
  crypto_generichash_final(&state, ret_seal, SEAL_BYTES);
}

int sealed_put(struct ledger *ledger, enum ledger_table table, struct view key, const void *value,
               size_t length) {
  uint8_t bytes[STORE_VALUE_MAX];
  if (length + SEAL_BYTES > sizeof bytes)
    return -EMSGSIZE;
  memcpy(bytes, value, length);
  seal_of(ledger, table, key, value, length, bytes + length);
  return store_put(ledger->store, table, key.bytes, key.length, bytes, length + SEAL_BYTES);
}

int seal_check(const struct ledger *ledger, enum ledger_table table, struct view key, struct view *value) {
  uint8_t seal[SEAL_BYTES];
  if (value->length < SEAL_BYTES)
    return -EBADMSG;
  size_t length = value->length - SEAL_BYTES;
  seal_of(ledger, table, key, value->bytes, length, seal);
  if (sodium_memcmp(seal, value->bytes + length, SEAL_BYTES) != 0)
    return -EBADMSG;
  value->length = length;
  return 0;
}

int sealed_get(struct ledger *ledger, enum ledger_table table, struct view key, struct view *ret_value) {
  struct view value;
  int r = store_get(ledger->store, table, key.bytes, key.length, &value);
  if (r == 0)
    r = seal_check(ledger, table, key, &value);
  if (r == 0)
    *ret_value = value;
  return r;
}

int sealed_next(struct ledger *ledger, enum ledger_table table, struct view after, bool or_equal,
                struct view *ret_key, struct view *ret_value) {
  struct view key, value;
  int r = store_next(ledger->store, table, after.bytes, after.length, or_equal, &key, &value);
  if (r == 0)
    r = seal_check(ledger, table, key, &value);
  if (r == 0) {
    *ret_key = key;
    *ret_value = value;
  }
  return r;
}
