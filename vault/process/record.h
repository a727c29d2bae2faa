/* A token's record: a card sealed twice.
 *
 *   head      format, algorithm, type, environment, key generation, status, merchant, times; in the clear
 *   escrow    the inner key, sealed under the key of the commit that made the record
 *   outside   sealed under the merchant key: what may be shown of the card, its fingerprint, and
 *     inside    sealed under a key derived from the token alone: the number and the holder's name
 *
 * The merchant's id, the token's hash and all that stands before the outside are its authenticated data, so
 * that a record moved, swapped or given another status does not open (B9). Both layers are
 * XChaCha20-Poly1305. Nonces are not stored whole: the outside's is the token's hash and a random salt, fresh
 * at each sealing; the inside's key serves one token, and its nonce is a random salt. */
#pragma once

#include "card.h"
#include "router_vault.h"
#include "store.h"
#include "token_names.h"

enum {
  RECORD_TYPE_CARD = 1,
  RECORD_MAX = 256,
  RECORD_IDS_BYTES = 2 * TOKEN_HASH_BYTES,
  FINGERPRINT_BYTES = 16,
  RECORD_SALT_BYTES = 8,
  RECORD_TAG_BYTES = 16,
  ESCROWED_KEY_BYTES = KEY_BYTES + RECORD_TAG_BYTES,
  NUMBER_BYTES = 10, /* two digits a byte, 0xf after the last */
  INNER_MAX = NUMBER_BYTES + CARD_NAME_CAPACITY - 1 + RECORD_TAG_BYTES,
  BIN_BYTES = 4,
  LAST4_BYTES = 2,
  INNER_AT = RECORD_SALT_BYTES + BIN_BYTES + LAST4_BYTES + 3 + FINGERPRINT_BYTES,
  OUTSIDE_MAX = INNER_AT + INNER_MAX
};

/* What binds a record: whose it is, which token's, and the key for its outside. Borrowed. */
struct record_binding {
  const uint8_t *merchant_id; /* 16 bytes */
  const uint8_t *token_hash;  /* 16 bytes */
  const uint8_t *outer_key;   /* the merchant key of the record's generation */
};

struct record {
  uint8_t type;
  uint8_t environment;
  uint16_t generation; /* of the merchant key */
  enum token_status
      status;        /* TOKEN_ACTIVE or TOKEN_DELETED; that a card's date is over is seen in its view */
  uint32_t merchant; /* its number */
  int64_t created_ms;
  int64_t deleted_ms;     /* 0 unless deleted */
  uint64_t escrow_commit; /* key of the row in TABLE_ESCROW */
  uint8_t escrowed[ESCROWED_KEY_BYTES];
  struct card_view view; /* fingerprint as an id is left empty */
  uint8_t fingerprint[FINGERPRINT_BYTES];
  uint8_t inner_salt[RECORD_SALT_BYTES];
  uint8_t outside[OUTSIDE_MAX]; /* as it was opened; from INNER_AT on the inside, still sealed */
  size_t inner_length;
};

/* Seals number and name to the record's inside and fills its view from card. type, environment are set. */
void record_seal_card(struct record *record, const struct record_binding *binding,
                      const uint8_t inner_key[KEY_BYTES], const struct card *card);
/* Opens the inside; the expiry comes from the view. Returns 0, or -EBADMSG. The caller wipes the card. */
MUST_USE int record_open_card(const struct record *record, const struct record_binding *binding,
                              const uint8_t inner_key[KEY_BYTES], struct card *ret_card);
/* Seals the inner key under commit_key; escrow_commit is set. One commit_key serves many records: the token's
 * hash makes the nonce. */
void record_escrow(struct record *record, const struct record_binding *binding,
                   const uint8_t inner_key[KEY_BYTES], const uint8_t commit_key[KEY_BYTES]);
/* The reverse, for whoever got commit_key back from the custodians. Returns 0, or -EBADMSG. */
MUST_USE int record_unescrow(const struct record *record, const struct record_binding *binding,
                             const uint8_t commit_key[KEY_BYTES], uint8_t ret_inner_key[KEY_BYTES]);

/* Seals the outside. Returns the length in ret_bytes. */
size_t record_write(const struct record *record, const struct record_binding *binding,
                    uint8_t ret_bytes[RECORD_MAX]);
/* A record as the store had it, with room in front for the ids to which it is bound, so that all
 * authenticated data is in one piece. */
struct sealed_record {
  uint8_t bytes[RECORD_IDS_BYTES + RECORD_MAX];
  size_t length; /* of the record alone */
};

/* Copies a record and reads the copy's head, from which the caller learns merchant and generation: what lies
 * in a file's map can change between two looks. Everything that was sealed stays unset. Returns 0, or
 * -EBADMSG. Nothing of it may be believed before record_open(). */
MUST_USE int record_take(struct view stored, struct sealed_record *ret_sealed, struct record *ret_record);
/* Opens the outside of what record_take() has taken, whose head it has read into record. Returns 0, or
 * -EBADMSG. */
MUST_USE int record_open(struct sealed_record *sealed, const struct record_binding *binding,
                         struct record *record);
