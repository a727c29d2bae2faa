#include "index.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "tables.h"

enum {
  FORMAT = 1,
  SALT_BYTES = 8,
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  CONTENT_BYTES = FINGERPRINT_BYTES + ID_RANDOM_BYTES,
  COUNT_AT = 1,
  ENTRY_BYTES = 1 + 4 + SALT_BYTES + CONTENT_BYTES + RECORD_TAG_BYTES,
  DERIVED_BYTES = 64,
  KEY_AT = 32,
  MERCHANT_BYTES = 16
};

void index_names_of(const uint8_t *index_key, const uint8_t *merchant_id, const char *number,
                    struct index_names *ret_names) {
  static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
  static const uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = "freeport number";
  uint8_t input[MERCHANT_BYTES + CARD_NUMBER_CAPACITY] = {0}, derived[DERIVED_BYTES];
  memcpy(input, merchant_id, MERCHANT_BYTES);
  memcpy(input + MERCHANT_BYTES, number, strlen(number));
  crypto_generichash_blake2b_salt_personal(derived, sizeof derived, input, sizeof input, index_key, KEY_BYTES,
                                           salt, personal);
  memcpy(ret_names->entry, derived, INDEX_ENTRY_BYTES);
  memcpy(ret_names->content_key, derived + KEY_AT, KEY_BYTES);
  sodium_memzero(input, sizeof input);
  sodium_memzero(derived, sizeof derived);
}

/* The content's key serves one entry; the salt tells its versions apart. */
static void nonce_of(const uint8_t *salt, uint8_t ret_nonce[NONCE_BYTES]) {
  memset(ret_nonce, 0, NONCE_BYTES);
  memcpy(ret_nonce, salt, SALT_BYTES);
}

static int read_entry(struct view bytes, const struct index_names *names, struct index_content *ret_content,
                      uint32_t *ret_tokens) {
  struct reader reader = reader_over(bytes.bytes, bytes.length);
  uint8_t format = read_u8(&reader);
  uint32_t tokens = read_u32(&reader);
  const uint8_t *salt = read_view(&reader, SALT_BYTES);
  const uint8_t *sealed = read_view(&reader, CONTENT_BYTES + RECORD_TAG_BYTES);
  if (reader_finish(&reader) < 0 || format != FORMAT)
    return -EBADMSG;
  uint8_t nonce[NONCE_BYTES], content[CONTENT_BYTES];
  nonce_of(salt, nonce);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(content, NULL, NULL, sealed,
                                                 CONTENT_BYTES + RECORD_TAG_BYTES, names->entry,
                                                 sizeof names->entry, nonce, names->content_key) != 0)
    return -EBADMSG;
  memcpy(ret_content->fingerprint, content, FINGERPRINT_BYTES);
  memcpy(ret_content->first_token, content + FINGERPRINT_BYTES, ID_RANDOM_BYTES);
  *ret_tokens = tokens;
  sodium_memzero(content, sizeof content);
  return 0;
}

int index_find(struct store *store, const struct index_names *names, struct index_content *ret_content,
               uint32_t *ret_tokens) {
  struct view bytes;
  int r = store_get(store, TABLE_INDEX, names->entry, sizeof names->entry, &bytes);
  return r != 0 ? r : read_entry(bytes, names, ret_content, ret_tokens);
}

int index_put(struct store *store, const struct index_names *names, const struct index_content *content,
              uint32_t tokens) {
  uint8_t bytes[ENTRY_BYTES], plain[CONTENT_BYTES], nonce[NONCE_BYTES], salt[SALT_BYTES];
  randombytes_buf(salt, sizeof salt);
  nonce_of(salt, nonce);
  memcpy(plain, content->fingerprint, FINGERPRINT_BYTES);
  memcpy(plain + FINGERPRINT_BYTES, content->first_token, ID_RANDOM_BYTES);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u8(&writer, FORMAT);
  write_u32(&writer, tokens);
  write_bytes(&writer, salt, sizeof salt);
  crypto_aead_xchacha20poly1305_ietf_encrypt(writer.at, NULL, plain, sizeof plain, names->entry,
                                             sizeof names->entry, NULL, nonce, names->content_key);
  sodium_memzero(plain, sizeof plain);
  return store_put(store, TABLE_INDEX, names->entry, sizeof names->entry, bytes, sizeof bytes);
}

/* Changes the count of an entry by change. */
static int count(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], int change) {
  struct view found;
  int r = store_get(store, TABLE_INDEX, entry, INDEX_ENTRY_BYTES, &found);
  if (r < 0)
    return r;
  if (r == STORE_ABSENT)
    return 0;
  if (found.length != ENTRY_BYTES)
    return -EBADMSG;
  uint8_t bytes[ENTRY_BYTES];
  memcpy(bytes, found.bytes, sizeof bytes);
  struct reader reader = reader_over(bytes + COUNT_AT, sizeof(uint32_t));
  int64_t tokens = (int64_t)read_u32(&reader) + change;
  if (tokens <= 0)
    return store_delete(store, TABLE_INDEX, entry, INDEX_ENTRY_BYTES);
  struct writer writer = writer_over(bytes + COUNT_AT, sizeof(uint32_t));
  write_u32(&writer, (uint32_t)tokens);
  return store_put(store, TABLE_INDEX, entry, INDEX_ENTRY_BYTES, bytes, sizeof bytes);
}

int index_add_token(struct store *store, const struct index_names *names) {
  return count(store, names->entry, 1);
}

int index_drop_token(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES]) {
  return count(store, entry, -1);
}
