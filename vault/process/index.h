/* The duplicate index: which fingerprint a card number has at a merchant, and how many of its tokens there
 * are.
 *
 * An entry's key is a keyed hash of merchant and number; its content (the fingerprint's id and the first
 * token) is sealed under a key derived from the same and the number, so that neither the database nor the
 * merchant keys open it. How many tokens rest on it stands beside, for the sweeper, which knows no number; of
 * an entry whose last token was destroyed, the day on which it is forgotten (emptied.h). */
#pragma once

#include "record.h"
#include "store.h"

enum { INDEX_ENTRY_BYTES = 16 };

/* What is derived from a number for the index. Whoever holds it wipes it. */
struct index_names {
  uint8_t entry[INDEX_ENTRY_BYTES];
  uint8_t content_key[KEY_BYTES];
};

struct index_content {
  uint8_t fingerprint[FINGERPRINT_BYTES];
  uint8_t first_token[ID_RANDOM_BYTES];
};

/* index_key: of KEY_BYTES; merchant_id: 16 bytes; number: digits, NUL-terminated. */
void index_names_of(const uint8_t *index_key, const uint8_t *merchant_id, const char *number,
                    struct index_names *ret_names);
/* The entry of a number. *ret_forget_day: 0 while tokens rest on it; else the day (UTC, since 1970) on which
 * it is forgotten. Returns 0; STORE_ABSENT; or a negated errno (-EBADMSG: the entry was changed). */
MUST_USE int index_find(struct store *store, const struct index_names *names,
                        struct index_content *ret_content, uint32_t *ret_forget_day);
/* Writes an entry with one token, over one that may be there. */
MUST_USE int index_put(struct store *store, const struct index_names *names,
                       const struct index_content *content);
/* One token more on the entry that index_find() just returned with tokens; its content stays as it lies. */
MUST_USE int index_add_token(struct store *store, const struct index_names *names);
/* One token less; at none the entry is emptied, and noted to be forgotten. An absent entry is no error. */
MUST_USE int index_drop_token(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], int64_t now_ms);
/* Deletes an entry that is empty and whose day is today or was before; any other stays. Returns 0 or a
 * negated errno. */
MUST_USE int index_forget(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint32_t today);
