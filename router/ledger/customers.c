/* Personal data, sealed under a key per customer (P9). Erasing that key erases them all. */
#include "ledger_parts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = SECRET_KEY_BYTES, PERSONAL_MAX = 16384 };

static const char key_purpose[] = "customer key", data_purpose[] = "personal data";

_Static_assert((int)LEDGER_KEY_BYTES == (int)KEY, "the ledger's key seals with the same cipher");

/* Of what was given with a payment; without one, of what holds for the customer. */
static int add_payment(struct row *row, const struct id *payment) {
  return payment ? row_add_id(row, "pay", payment) : 0;
}

static int get_key(struct ledger *ledger, const struct row *row, uint8_t ret_key[KEY]) {
  struct view value;
  size_t length;
  int r = store_get(ledger->store, LEDGER_CUSTOMER_KEYS, row->bytes, row->length, &value);
  if (r != 0)
    return r;
  r = secret_unseal(ledger->key, key_purpose, row, value, ret_key, KEY, &length);
  return r == 0 && length != KEY ? -EBADMSG : r;
}

static int make_key(struct ledger *ledger, const struct row *row, uint8_t ret_key[KEY]) {
  uint8_t value[SECRET_OVERHEAD + KEY];
  ledger->draws.fill(ledger->draws.context, ret_key, KEY);
  secret_seal(ledger, ledger->key, key_purpose, row, ret_key, KEY, value);
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
  uint8_t *value = malloc(SECRET_OVERHEAD + length);
  if (!value)
    return -ENOMEM;
  secret_seal(ledger, key, data_purpose, row, bytes, length, value);
  int r =
      store_put(ledger->store, LEDGER_CUSTOMERS, row->bytes, row->length, value, SECRET_OVERHEAD + length);
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
    r = add_payment(&row, payment);
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
    r = add_payment(&row, payment);
  if (r == 0)
    r = store_get(ledger->store, LEDGER_CUSTOMERS, row.bytes, row.length, &value);
  if (r == 0)
    r = secret_unseal(key, data_purpose, &row, value, ret_bytes, capacity, ret_length);
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
