/* What the files of this room share: the ledger itself and how its keys and ids are laid out. */
#pragma once

#include "cursor.h"
#include "ledger.h"
#include "short_id.h"
#include <sodium.h>

enum { ID_BYTES = ID_RANDOM_BYTES, SEAL_BYTES = 16, SEAL_KEY_BYTES = 16, SEAL_HEAD_BYTES = 2 };

struct ledger {
  struct store *store;
  struct draws draws;
  uint8_t key[LEDGER_KEY_BYTES];
  uint8_t seal_key[SEAL_KEY_BYTES];
  int spoiled;               /* why the batch must not be committed; 0: it may be */
  uint64_t next_sequence;    /* of the journal */
  uint64_t durable_sequence; /* the same, as of the last commit */
  struct audit_head head, durable_head;
  uint8_t sweep[2 * ID_BYTES];                                        /* where the idempotency sweep stands */
  uint8_t sealing[SEAL_HEAD_BYTES + STORE_KEY_MAX + STORE_VALUE_MAX]; /* a record while its seal is made */
  char *policy_text; /* of the policy that was got last; NULL before the first; owned */
};

/* A key under construction: ids one after another. */
struct row {
  uint8_t bytes[4 * ID_BYTES];
  size_t length;
};

/* Adds the 16 bytes of id. Returns 0, or -EINVAL when it is no id with that prefix. */
MUST_USE int row_add_id(struct row *row, const char *prefix, const struct id *id);
/* Adds 16 given bytes. */
void row_add_bytes(struct row *row, const uint8_t bytes[ID_BYTES]);
/* Adds a number, so that rows sort by it. */
void row_add_number(struct row *row, uint64_t number);
/* The row as a key. */
struct view row_view(const struct row *row);
/* The row (merchant, second): the commonest. second_prefix names the second id's kind. */
MUST_USE int row_of(struct row *row, const struct id *merchant, const char *second_prefix,
                    const struct id *second);
/* The id of that kind at place bytes into key. */
struct id row_id(const char *prefix, struct view key, size_t place);
/* The number at place bytes into key. */
uint64_t row_number(struct view key, size_t place);
/* Whether key begins with the first `length` bytes of row. */
bool row_begins(struct view key, const struct row *row, size_t length);

/* ---- Sealed records: seals.c ---- */

/* Readies the seals under the ledger's key. */
void seals_open(struct ledger *ledger);
/* store_put(), store_get() and store_next() with the seal added, checked and taken off: -EBADMSG when it does
 * not fit. */
MUST_USE int sealed_put(struct ledger *ledger, enum ledger_table table, struct view key, const void *value,
                        size_t length);
MUST_USE int sealed_get(struct ledger *ledger, enum ledger_table table, struct view key,
                        struct view *ret_value);
MUST_USE int sealed_next(struct ledger *ledger, enum ledger_table table, struct view after, bool or_equal,
                         struct view *ret_key, struct view *ret_value);
/* Checks the seal of a value as the store has it, and shortens the view by it. */
MUST_USE int seal_check(struct ledger *ledger, enum ledger_table table, struct view key, struct view *value);

/* ---- Secrets at rest: secrets.c ---- */

enum {
  SECRET_OVERHEAD =
      2 + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
  SECRET_KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES
};

/* Encrypts length bytes into ret_value of length + SECRET_OVERHEAD bytes, bound to what they are for and to
 * the row that they stand in. purpose: at most 15 characters. */
void secret_seal(struct ledger *ledger, const uint8_t key[SECRET_KEY_BYTES], const char *purpose,
                 const struct row *row, const void *bytes, size_t length, uint8_t *ret_value);
/* Returns 0 with the bytes, which the caller wipes; -EBADMSG; or -ENOBUFS when they are more than capacity.
 */
MUST_USE int secret_unseal(const uint8_t key[SECRET_KEY_BYTES], const char *purpose, const struct row *row,
                           struct view value, void *ret_bytes, size_t capacity, size_t *ret_length);

/* The same by row; STORE_ABSENT becomes LEDGER_ABSENT (the same number). */
MUST_USE int row_get(struct ledger *ledger, enum ledger_table table, const struct row *row,
                     struct view *ret_value);
MUST_USE int row_put(struct ledger *ledger, enum ledger_table table, const struct row *row,
                     const struct writer *value);
/* The entry before row that shares its first `prefix` bytes, or LEDGER_ABSENT. */
MUST_USE int row_before(struct ledger *ledger, enum ledger_table table, const struct row *row, size_t prefix,
                        struct view *ret_key, struct view *ret_value);
/* Deletes every row of a table. Returns 0 or a negated errno. */
MUST_USE int rows_clear(struct ledger *ledger, enum ledger_table table);
/* The key of it alone; its value is not looked at. */
MUST_USE int row_key_before(struct ledger *ledger, enum ledger_table table, const struct row *row,
                            size_t prefix, struct view *ret_key);
/* Deletes everything that stands in deliveries under that row (merchant, endpoint). Returns 0 or a negated
 * errno. */
MUST_USE int deliveries_delete(struct ledger *ledger, const struct row *endpoint);
/* Reads a value's schema number; false when it is not LEDGER_SCHEMA, and then the reader is bad. */
bool read_schema(struct reader *reader);
