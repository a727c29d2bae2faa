#include "index.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "emptied.h"
#include "tables.h"

enum {
  FORMAT = 1,
  FORMAT_EMPTIED = 2, /* where the other has how many tokens, the day on which it is forgotten */
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

static bool format_known(uint8_t format) {
  return format == FORMAT || format == FORMAT_EMPTIED;
}

static int read_entry(struct view bytes, const struct index_names *names, struct index_content *ret_content,
                      uint32_t *ret_forget_day) {
  struct reader reader = reader_over(bytes.bytes, bytes.length);
  uint8_t format = read_u8(&reader);
  uint32_t count = read_u32(&reader);
  const uint8_t *salt = read_view(&reader, SALT_BYTES);
  const uint8_t *sealed = read_view(&reader, CONTENT_BYTES + RECORD_TAG_BYTES);
  if (reader_finish(&reader) < 0 || !format_known(format))
    return -EBADMSG;
  uint8_t nonce[NONCE_BYTES], content[CONTENT_BYTES];
  nonce_of(salt, nonce);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(content, NULL, NULL, sealed,
                                                 CONTENT_BYTES + RECORD_TAG_BYTES, names->entry,
                                                 sizeof names->entry, nonce, names->content_key) != 0)
    return -EBADMSG;
  memcpy(ret_content->fingerprint, content, FINGERPRINT_BYTES);
  memcpy(ret_content->first_token, content + FINGERPRINT_BYTES, ID_RANDOM_BYTES);
  *ret_forget_day = format == FORMAT_EMPTIED ? count : 0;
  sodium_memzero(content, sizeof content);
  return 0;
}

int index_find(struct store *store, const struct index_names *names, struct index_content *ret_content,
               uint32_t *ret_forget_day) {
  struct view bytes;
  int r = store_get(store, TABLE_INDEX, names->entry, sizeof names->entry, &bytes);
  return r != 0 ? r : read_entry(bytes, names, ret_content, ret_forget_day);
}

int index_put(struct store *store, const struct index_names *names, const struct index_content *content) {
  uint8_t bytes[ENTRY_BYTES], plain[CONTENT_BYTES], nonce[NONCE_BYTES], salt[SALT_BYTES];
  randombytes_buf(salt, sizeof salt);
  nonce_of(salt, nonce);
  memcpy(plain, content->fingerprint, FINGERPRINT_BYTES);
  memcpy(plain + FINGERPRINT_BYTES, content->first_token, ID_RANDOM_BYTES);
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u8(&writer, FORMAT);
  write_u32(&writer, 1);
  write_bytes(&writer, salt, sizeof salt);
  crypto_aead_xchacha20poly1305_ietf_encrypt(writer.at, NULL, plain, sizeof plain, names->entry,
                                             sizeof names->entry, NULL, nonce, names->content_key);
  sodium_memzero(plain, sizeof plain);
  return store_put(store, TABLE_INDEX, names->entry, sizeof names->entry, bytes, sizeof bytes);
}

/* What stands in an entry beside its content. */
struct standing {
  uint8_t format;
  uint32_t count; /* tokens, or the day on which an emptied one is forgotten */
};

/* An entry as it lies. Returns 0, STORE_ABSENT or a negated errno. */
static int take(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint8_t ret_bytes[ENTRY_BYTES],
                struct standing *ret_standing) {
  struct view found;
  int r = store_get(store, TABLE_INDEX, entry, INDEX_ENTRY_BYTES, &found);
  if (r != 0)
    return r;
  if (found.length != ENTRY_BYTES || !format_known(found.bytes[0]))
    return -EBADMSG;
  struct reader reader = reader_over(found.bytes + COUNT_AT, sizeof(uint32_t));
  *ret_standing = (struct standing){.format = found.bytes[0], .count = read_u32(&reader)};
  memcpy(ret_bytes, found.bytes, ENTRY_BYTES);
  return 0;
}

static int put_back(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint8_t bytes[ENTRY_BYTES],
                    struct standing standing) {
  struct writer writer = writer_over(bytes, ENTRY_BYTES);
  write_u8(&writer, standing.format);
  write_u32(&writer, standing.count);
  return store_put(store, TABLE_INDEX, entry, INDEX_ENTRY_BYTES, bytes, ENTRY_BYTES);
}

int index_add_token(struct store *store, const struct index_names *names) {
  uint8_t bytes[ENTRY_BYTES];
  struct standing standing;
  int r = take(store, names->entry, bytes, &standing);
  if (r != 0)
    return r < 0 ? r : 0;
  if (standing.format != FORMAT || standing.count == UINT32_MAX)
    return -EBADMSG;
  standing.count++;
  return put_back(store, names->entry, bytes, standing);
}

static int empty(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint8_t bytes[ENTRY_BYTES],
                 int64_t now_ms) {
  struct standing standing = {.format = FORMAT_EMPTIED, .count = emptied_forget_day(now_ms)};
  int r = put_back(store, entry, bytes, standing);
  return r < 0 ? r : emptied_note(store, entry, standing.count);
}

int index_drop_token(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], int64_t now_ms) {
  uint8_t bytes[ENTRY_BYTES];
  struct standing standing;
  int r = take(store, entry, bytes, &standing);
  if (r != 0 || standing.format == FORMAT_EMPTIED)
    return r < 0 ? r : 0;
  if (standing.count <= 1)
    return empty(store, entry, bytes, now_ms);
  standing.count--;
  return put_back(store, entry, bytes, standing);
}

int index_forget(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint32_t today) {
  uint8_t bytes[ENTRY_BYTES];
  struct standing standing;
  int r = take(store, entry, bytes, &standing);
  if (r == 0 && standing.format == FORMAT_EMPTIED && standing.count <= today)
    return store_delete(store, TABLE_INDEX, entry, INDEX_ENTRY_BYTES);
  return r < 0 && r != -EBADMSG ? r : 0;
}
