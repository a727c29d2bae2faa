#include "record.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "packed_digits.h"

enum {
  FORMAT = 1,
  ALGORITHM_XCHACHA20_POLY1305 = 1,
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TIME_BYTES = 6,
  HEAD_BYTES = 1 + 1 + 1 + 1 + 2 + 1 + 4 + TIME_BYTES + 6 + ESCROWED_KEY_BYTES, /* of one not deleted */
  YEAR_BASE = 2000
};

_Static_assert(RECORD_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "Poly1305");
_Static_assert(HEAD_BYTES + TIME_BYTES + RECORD_SALT_BYTES + OUTSIDE_MAX + RECORD_TAG_BYTES <= RECORD_MAX,
               "the longest record fits");
_Static_assert(NONCE_BYTES == TOKEN_HASH_BYTES + RECORD_SALT_BYTES, "hash and salt make the nonce");

static void write_u48(struct writer *writer, uint64_t value) {
  write_u32(writer, (uint32_t)value);
  write_u16(writer, (uint16_t)(value >> 32));
}

static uint64_t read_u48(struct reader *reader) {
  uint64_t low = read_u32(reader);
  return low | (uint64_t)read_u16(reader) << 32;
}

static size_t head_bytes(enum token_status status) {
  return status == TOKEN_DELETED ? HEAD_BYTES + TIME_BYTES : HEAD_BYTES;
}

static void write_head(struct writer *writer, const struct record *record) {
  write_u8(writer, FORMAT);
  write_u8(writer, ALGORITHM_XCHACHA20_POLY1305);
  write_u8(writer, record->type);
  write_u8(writer, record->environment);
  write_u16(writer, record->generation);
  write_u8(writer, (uint8_t)record->status);
  write_u32(writer, record->merchant);
  write_u48(writer, (uint64_t)record->created_ms);
  if (record->status == TOKEN_DELETED)
    write_u48(writer, (uint64_t)record->deleted_ms);
  write_u48(writer, record->escrow_commit);
  write_bytes(writer, record->escrowed, sizeof record->escrowed);
}

static int read_head(const struct sealed_record *sealed, struct record *ret_record) {
  struct reader reader = reader_over(sealed->bytes + RECORD_IDS_BYTES, sealed->length);
  if (read_u8(&reader) != FORMAT || read_u8(&reader) != ALGORITHM_XCHACHA20_POLY1305)
    return -EBADMSG;
  ret_record->type = read_u8(&reader);
  ret_record->environment = read_u8(&reader);
  ret_record->generation = read_u16(&reader);
  uint8_t status = read_u8(&reader);
  ret_record->status = (enum token_status)status;
  ret_record->merchant = read_u32(&reader);
  ret_record->created_ms = (int64_t)read_u48(&reader);
  ret_record->deleted_ms = status == TOKEN_DELETED ? (int64_t)read_u48(&reader) : 0;
  ret_record->escrow_commit = read_u48(&reader);
  read_bytes(&reader, ret_record->escrowed, sizeof ret_record->escrowed);
  if (ret_record->type != RECORD_TYPE_CARD || (status != TOKEN_ACTIVE && status != TOKEN_DELETED))
    return -EBADMSG;
  return reader.bad ? -EBADMSG : 0;
}

int record_take(struct view stored, struct sealed_record *ret_sealed, struct record *ret_record) {
  if (stored.length > RECORD_MAX)
    return -EBADMSG;
  memcpy(ret_sealed->bytes + RECORD_IDS_BYTES, stored.bytes, stored.length);
  ret_sealed->length = stored.length;
  return read_head(ret_sealed, ret_record);
}

static void write_outside(struct writer *writer, const struct record *record) {
  write_bytes(writer, record->inner_salt, sizeof record->inner_salt);
  uint8_t bin[BIN_BYTES], last4[LAST4_BYTES];
  digits_pack(record->view.bin, bin, sizeof bin);
  digits_pack(record->view.last4, last4, sizeof last4);
  write_bytes(writer, bin, sizeof bin);
  write_bytes(writer, last4, sizeof last4);
  write_u8(writer, (uint8_t)record->view.network);
  write_u8(writer, record->view.exp_month);
  write_u8(writer, (uint8_t)(record->view.exp_year - YEAR_BASE));
  write_bytes(writer, record->fingerprint, sizeof record->fingerprint);
  write_bytes(writer, record->outside + INNER_AT, record->inner_length);
}

static inline void read_digits(struct reader *reader, size_t bytes, char *ret_digits) {
  const uint8_t *packed = read_view(reader, bytes);
  if (packed)
    digits_unpack(packed, bytes, ret_digits);
  ret_digits[packed ? 2 * bytes : 0] = '\0';
}

/* What the outside says; the inside stays where it is. */
static int read_outside(size_t length, struct record *record) {
  struct reader reader = reader_over(record->outside, length);
  read_bytes(&reader, record->inner_salt, sizeof record->inner_salt);
  read_digits(&reader, BIN_BYTES, record->view.bin);
  read_digits(&reader, LAST4_BYTES, record->view.last4);
  uint8_t network = read_u8(&reader);
  record->view.network = network < NETWORK_COUNT ? (enum network)network : NETWORK_UNKNOWN;
  record->view.exp_month = read_u8(&reader);
  record->view.exp_year = (uint16_t)(YEAR_BASE + read_u8(&reader));
  record->view.fingerprint.text[0] = '\0';
  read_bytes(&reader, record->fingerprint, sizeof record->fingerprint);
  record->inner_length = reader_left(&reader);
  return reader.bad ? -EBADMSG : 0;
}

/* The ids to which a record is bound, before its head. */
static void put_ids(const struct record_binding *binding, uint8_t ret_ids[RECORD_IDS_BYTES]) {
  memcpy(ret_ids, binding->merchant_id, TOKEN_HASH_BYTES);
  memcpy(ret_ids + TOKEN_HASH_BYTES, binding->token_hash, TOKEN_HASH_BYTES);
}

static void outer_nonce(const struct record_binding *binding, const uint8_t *salt,
                        uint8_t ret_nonce[NONCE_BYTES]) {
  memcpy(ret_nonce, binding->token_hash, TOKEN_HASH_BYTES);
  memcpy(ret_nonce + TOKEN_HASH_BYTES, salt, RECORD_SALT_BYTES);
}

size_t record_write(const struct record *record, const struct record_binding *binding,
                    uint8_t ret_bytes[RECORD_MAX]) {
  uint8_t bytes[RECORD_IDS_BYTES + RECORD_MAX], nonce[NONCE_BYTES], salt[RECORD_SALT_BYTES];
  struct writer writer = writer_over(bytes + RECORD_IDS_BYTES, RECORD_MAX);
  put_ids(binding, bytes);
  write_head(&writer, record);
  randombytes_buf(salt, sizeof salt);
  write_bytes(&writer, salt, sizeof salt);
  size_t before = writer_length(&writer);
  write_outside(&writer, record);
  size_t length = writer_length(&writer);
  assert(!writer.bad && length + RECORD_TAG_BYTES <= RECORD_MAX);
  outer_nonce(binding, salt, nonce);
  uint8_t *outer = bytes + RECORD_IDS_BYTES + before;
  crypto_aead_xchacha20poly1305_ietf_encrypt(outer, NULL, outer, length - before, bytes,
                                             RECORD_IDS_BYTES + before, NULL, nonce, binding->outer_key);
  memcpy(ret_bytes, bytes + RECORD_IDS_BYTES, length + RECORD_TAG_BYTES);
  return length + RECORD_TAG_BYTES;
}

int record_open(struct sealed_record *sealed, const struct record_binding *binding, struct record *record) {
  uint8_t nonce[NONCE_BYTES];
  size_t before = head_bytes(record->status) + RECORD_SALT_BYTES;
  if (sealed->length < before + INNER_AT + RECORD_TAG_BYTES ||
      sealed->length > before + OUTSIDE_MAX + RECORD_TAG_BYTES)
    return -EBADMSG;
  put_ids(binding, sealed->bytes);
  const uint8_t *outer = sealed->bytes + RECORD_IDS_BYTES + before;
  outer_nonce(binding, outer - RECORD_SALT_BYTES, nonce);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(record->outside, NULL, NULL, outer, sealed->length - before,
                                                 sealed->bytes, RECORD_IDS_BYTES + before, nonce,
                                                 binding->outer_key) != 0)
    return -EBADMSG;
  return read_outside(sealed->length - before - RECORD_TAG_BYTES, record);
}
