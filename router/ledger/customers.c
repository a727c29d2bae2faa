/* Personal data, sealed under a key per customer (P9). Erasing that key erases them all. */
#include "ledger_parts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
  NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
  SCHEMA_BYTES = 2,
  OVERHEAD = SCHEMA_BYTES + NONCE + TAG,
  PERSONAL_MAX = 16384,
  PURPOSE_CAPACITY = 16
};

_Static_assert((int)LEDGER_KEY_BYTES == (int)KEY, "the ledger's key seals with the same cipher");

/* What a sealed value is bound to: what it is for, and the row it stands in. */
struct binding {
  uint8_t bytes[PURPOSE_CAPACITY + sizeof((struct row *)0)->bytes];
  size_t length;
};

static struct binding bind(const char *purpose, const struct row *row) {
  struct binding binding = {.length = PURPOSE_CAPACITY + row->length};
  strncpy((char *)binding.bytes, purpose, PURPOSE_CAPACITY - 1);
  memcpy(binding.bytes + PURPOSE_CAPACITY, row->bytes, row->length);
  return binding;
}

/* Into ret_value of OVERHEAD + length bytes. */
static void seal(struct ledger *ledger, const uint8_t key[KEY], const struct binding *binding,
                 const void *bytes, size_t length, uint8_t *ret_value) {
  struct writer writer = writer_over(ret_value, SCHEMA_BYTES);
  write_u16(&writer, LEDGER_SCHEMA);
  uint8_t *nonce = ret_value + SCHEMA_BYTES;
  ledger->draws.fill(ledger->draws.context, nonce, NONCE);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE, NULL, bytes, length, binding->bytes,
                                             binding->length, NULL, nonce, key);
}

static int unseal(const uint8_t key[KEY], const struct binding *binding, struct view value, void *ret_bytes,
                  size_t capacity, size_t *ret_length) {
  struct reader reader = reader_over(value.bytes, value.length);
  if (!read_schema(&reader) || value.length < OVERHEAD)
    return -EBADMSG;
  size_t length = value.length - OVERHEAD;
  if (length > capacity)
    return -ENOBUFS;
  const uint8_t *nonce = value.bytes + SCHEMA_BYTES;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(ret_bytes, NULL, NULL, nonce + NONCE, length + TAG,
                                                 binding->bytes, binding->length, nonce, key) < 0)
    return -EBADMSG;
  *ret_length = length;
  return 0;
}

static int get_key(struct ledger *ledger, const struct row *row, uint8_t ret_key[KEY]) {
  struct view value;
  size_t length;
  int r = store_get(ledger->store, LEDGER_CUSTOMER_KEYS, row->bytes, row->length, &value);
  if (r != 0)
    return r;
  struct binding binding = bind("customer key", row);
  r = unseal(ledger->key, &binding, value, ret_key, KEY, &length);
  return r == 0 && length != KEY ? -EBADMSG : r;
}

static int make_key(struct ledger *ledger, const struct row *row, uint8_t ret_key[KEY]) {
  uint8_t value[OVERHEAD + KEY];
  struct binding binding = bind("customer key", row);
  ledger->draws.fill(ledger->draws.context, ret_key, KEY);
  seal(ledger, ledger->key, &binding, ret_key, KEY, value);
  return store_put(ledger->store, LEDGER_CUSTOMER_KEYS, row->bytes, row->length, value, sizeof value);
}

int ledger_customer_find(struct ledger *ledger, const struct id *merchant, const struct id *customer) {
  struct row row;
  struct view value;
  if (row_of(&row, merchant, "cus", customer) < 0)
    return LEDGER_ABSENT;
  return store_get(ledger->store, LEDGER_CUSTOMER_KEYS, row.bytes, row.length, &value);
}

static int put_sealed(struct ledger *ledger, const uint8_t key[KEY], const struct row *row, const void *bytes,
                      size_t length) {
  uint8_t *value = malloc(OVERHEAD + length);
  if (!value)
    return -ENOMEM;
  struct binding binding = bind("personal data", row);
  seal(ledger, key, &binding, bytes, length, value);
  int r = store_put(ledger->store, LEDGER_CUSTOMERS, row->bytes, row->length, value, OVERHEAD + length);
  free(value);
  return r;
}

int ledger_personal_put(struct ledger *ledger, const struct id *merchant, const struct id *customer,
                        const struct id *payment, const void *bytes, size_t length) {
  struct row row;
  uint8_t key[KEY];
  if (length > PERSONAL_MAX)
    return -EMSGSIZE;
  int r = row_of(&row, merchant, "cus", customer);
  if (r < 0)
    return r;
  r = get_key(ledger, &row, key);
  if (r == LEDGER_ABSENT)
    r = make_key(ledger, &row, key);
  if (r == 0)
    r = row_add_id(&row, "pay", payment);
  if (r == 0)
    r = put_sealed(ledger, key, &row, bytes, length);
  sodium_memzero(key, sizeof key);
  return r;
}

int ledger_personal_get(struct ledger *ledger, const struct id *merchant, const struct id *customer,
                        const struct id *payment, void *ret_bytes, size_t capacity, size_t *ret_length) {
  struct row row;
  struct view value;
  uint8_t key[KEY];
  if (row_of(&row, merchant, "cus", customer) < 0)
    return LEDGER_ABSENT;
  int r = get_key(ledger, &row, key);
  if (r == 0)
    r = row_add_id(&row, "pay", payment);
  if (r == 0)
    r = store_get(ledger->store, LEDGER_CUSTOMERS, row.bytes, row.length, &value);
  if (r == 0) {
    struct binding binding = bind("personal data", &row);
    r = unseal(key, &binding, value, ret_bytes, capacity, ret_length);
  }
  sodium_memzero(key, sizeof key);
  return r;
}

/* The first personal record of the customer whose row is given; LEDGER_ABSENT when none is left. */
static int delete_first(struct ledger *ledger, const struct row *customer) {
  struct view key, value;
  struct row row = {0};
  int r = store_next(ledger->store, LEDGER_CUSTOMERS, customer->bytes, customer->length, true, &key, &value);
  if (r != 0)
    return r;
  if (!row_begins(key, customer, customer->length))
    return LEDGER_ABSENT;
  if (key.length > sizeof row.bytes)
    return -EBADMSG;
  memcpy(row.bytes, key.bytes, key.length);
  row.length = key.length;
  return store_delete(ledger->store, LEDGER_CUSTOMERS, row.bytes, row.length);
}

int ledger_customer_erase(struct ledger *ledger, const struct id *merchant, const struct id *customer) {
  struct row row;
  int r = ledger_customer_find(ledger, merchant, customer);
  if (r == 0)
    r = row_of(&row, merchant, "cus", customer);
  if (r == 0)
    r = store_delete(ledger->store, LEDGER_CUSTOMER_KEYS, row.bytes, row.length);
  if (r != 0)
    return r;
  do
    r = delete_first(ledger, &row);
  while (r == 0);
  return r < 0 ? r : 0;
}
