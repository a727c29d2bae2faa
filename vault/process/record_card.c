/* The inside of a record, and its copy in escrow. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "card_rules.h"
#include "packed_digits.h"
#include "record.h"

enum {
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  INNER_BOUND = 2 + 2 * TOKEN_HASH_BYTES /* authenticated data */
};

_Static_assert(CARD_NUMBER_CAPACITY == 2 * NUMBER_BYTES, "unpacked with its end");

static void bind_inner(const struct record *record, const struct record_binding *binding,
                       uint8_t ret_bound[INNER_BOUND]) {
  ret_bound[0] = record->type;
  ret_bound[1] = record->environment;
  memcpy(ret_bound + 2, binding->merchant_id, TOKEN_HASH_BYTES);
  memcpy(ret_bound + 2 + TOKEN_HASH_BYTES, binding->token_hash, TOKEN_HASH_BYTES);
}

static void inner_nonce(const struct record *record, uint8_t ret_nonce[NONCE_BYTES]) {
  memset(ret_nonce, 0, NONCE_BYTES);
  memcpy(ret_nonce, record->inner_salt, RECORD_SALT_BYTES);
}

static void view_of_card(const struct card *card, struct card_view *ret_view) {
  size_t length = strlen(card->number);
  size_t bin = card_bin_digits(length);
  *ret_view = (struct card_view){
      .network = card_network(card->number), .exp_month = card->exp_month, .exp_year = card->exp_year};
  memcpy(ret_view->bin, card->number, bin);
  memcpy(ret_view->last4, card->number + length - 4, 4);
}

void record_seal_card(struct record *record, const struct record_binding *binding,
                      const uint8_t inner_key[KEY_BYTES], const struct card *card) {
  uint8_t plain[INNER_MAX], bound[INNER_BOUND], nonce[NONCE_BYTES];
  size_t name = strlen(card->name);
  digits_pack(card->number, plain, NUMBER_BYTES);
  memcpy(plain + NUMBER_BYTES, card->name, name);
  randombytes_buf(record->inner_salt, sizeof record->inner_salt);
  bind_inner(record, binding, bound);
  inner_nonce(record, nonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(record->outside + INNER_AT, NULL, plain, NUMBER_BYTES + name,
                                             bound, sizeof bound, NULL, nonce, inner_key);
  record->inner_length = NUMBER_BYTES + name + RECORD_TAG_BYTES;
  view_of_card(card, &record->view);
  sodium_memzero(plain, NUMBER_BYTES + name);
}

int record_open_card(const struct record *record, const struct record_binding *binding,
                     const uint8_t inner_key[KEY_BYTES], struct card *ret_card) {
  uint8_t plain[INNER_MAX], bound[INNER_BOUND], nonce[NONCE_BYTES];
  bind_inner(record, binding, bound);
  inner_nonce(record, nonce);
  if (record->inner_length < NUMBER_BYTES + RECORD_TAG_BYTES ||
      crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, record->outside + INNER_AT,
                                                 record->inner_length, bound, sizeof bound, nonce,
                                                 inner_key) != 0)
    return -EBADMSG;
  size_t name = record->inner_length - RECORD_TAG_BYTES - NUMBER_BYTES;
  digits_unpack(plain, NUMBER_BYTES, ret_card->number);
  ret_card->number[CARD_NUMBER_MAX] = '\0';
  ret_card->exp_month = record->view.exp_month;
  ret_card->exp_year = record->view.exp_year;
  memcpy(ret_card->name, plain + NUMBER_BYTES, name);
  ret_card->name[name] = '\0';
  sodium_memzero(plain, NUMBER_BYTES + name);
  return 0;
}

static void escrow_nonce(const struct record_binding *binding, uint8_t ret_nonce[NONCE_BYTES]) {
  memset(ret_nonce, 0, NONCE_BYTES);
  memcpy(ret_nonce, binding->token_hash, TOKEN_HASH_BYTES);
}

void record_escrow(struct record *record, const struct record_binding *binding,
                   const uint8_t inner_key[KEY_BYTES], const uint8_t commit_key[KEY_BYTES]) {
  uint8_t nonce[NONCE_BYTES];
  escrow_nonce(binding, nonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(record->escrowed, NULL, inner_key, KEY_BYTES,
                                             binding->merchant_id, TOKEN_HASH_BYTES, NULL, nonce, commit_key);
}

int record_unescrow(const struct record *record, const struct record_binding *binding,
                    const uint8_t commit_key[KEY_BYTES], uint8_t ret_inner_key[KEY_BYTES]) {
  uint8_t nonce[NONCE_BYTES];
  escrow_nonce(binding, nonce);
  int r = crypto_aead_xchacha20poly1305_ietf_decrypt(ret_inner_key, NULL, NULL, record->escrowed,
                                                     ESCROWED_KEY_BYTES, binding->merchant_id,
                                                     TOKEN_HASH_BYTES, nonce, commit_key);
  return r == 0 ? 0 : -EBADMSG;
}
