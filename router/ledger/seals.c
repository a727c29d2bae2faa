/* Every record bears a keyed hash over its table, its key and its value: LMDB authenticates nothing, and on a
 * damaged file it can return the wrong record without a word. Personal data are sealed otherwise
 * (customers.c).
 *
 * SipHash-2-4 of 128 bits (Aumasson and Bernstein, 2012) is a pseudorandom function made for messages as
 * short as these. Each record of a payment is sealed and checked several times; BLAKE2b, which spends a block
 * of 128 bytes on the key alone, took six times as long. */
#include "ledger_parts.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

_Static_assert((int)SEAL_BYTES == (int)crypto_shorthash_siphashx24_BYTES, "a seal is such a hash");
_Static_assert((int)SEAL_KEY_BYTES == (int)crypto_shorthash_siphashx24_KEYBYTES, "under such a key");

void ledger_derive_key(const struct ledger *ledger, const char *purpose, uint8_t ret_key[LEDGER_KEY_BYTES]) {
  crypto_generichash(ret_key, LEDGER_KEY_BYTES, (const uint8_t *)purpose, strlen(purpose) + 1, ledger->key,
                     sizeof ledger->key);
}

void seals_open(struct ledger *ledger) {
  uint8_t derived[LEDGER_KEY_BYTES];
  ledger_derive_key(ledger, "freeport ledger records", derived);
  memcpy(ledger->seal_key, derived, sizeof ledger->seal_key);
  sodium_memzero(derived, sizeof derived);
}

/* Lays out what is sealed: table, length of the key, key, value. Returns where the value stands. */
static uint8_t *lay_out(struct ledger *ledger, enum ledger_table table, struct view key, const void *value,
                        size_t length) {
  uint8_t *bytes = ledger->sealing;
  assert(key.length <= STORE_KEY_MAX && length <= STORE_VALUE_MAX - SEAL_BYTES);
  bytes[0] = (uint8_t)table;
  bytes[1] = (uint8_t)key.length;
  memcpy(bytes + SEAL_HEAD_BYTES, key.bytes, key.length);
  if (length)
    memcpy(bytes + SEAL_HEAD_BYTES + key.length, value, length);
  return bytes + SEAL_HEAD_BYTES + key.length;
}

static void seal_of(const struct ledger *ledger, struct view key, size_t length,
                    uint8_t ret_seal[SEAL_BYTES]) {
  crypto_shorthash_siphashx24(ret_seal, ledger->sealing, SEAL_HEAD_BYTES + key.length + length,
                              ledger->seal_key);
}

int sealed_put(struct ledger *ledger, enum ledger_table table, struct view key, const void *value,
               size_t length) {
  if (length > STORE_VALUE_MAX - SEAL_BYTES)
    return -EMSGSIZE;
  uint8_t *bytes = lay_out(ledger, table, key, value, length);
  seal_of(ledger, key, length, bytes + length);
  return store_put(ledger->store, table, key.bytes, key.length, bytes, length + SEAL_BYTES);
}

int seal_check(struct ledger *ledger, enum ledger_table table, struct view key, struct view *value) {
  uint8_t seal[SEAL_BYTES];
  if (value->length < SEAL_BYTES || value->length > STORE_VALUE_MAX || key.length > STORE_KEY_MAX)
    return -EBADMSG;
  size_t length = value->length - SEAL_BYTES;
  lay_out(ledger, table, key, value->bytes, length);
  seal_of(ledger, key, length, seal);
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
