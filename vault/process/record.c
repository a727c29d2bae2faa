#include "record.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "cursor.h"

enum {
  FORMAT = 1,
  ALGORITHM_XCHACHA20_POLY1305 = 1,
  NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  OUTER_FIXED = RECORD_SALT_BYTES + 9 + FINGERPRINT_BYTES, /* the outside without the inside */
  OUTER_MAX = OUTER_FIXED + INNER_MAX,
  BOUND_MAX = 128 + 2 * TOKEN_HASH_BYTES, /* authenticated data */
  YEAR_BASE = 2000,
  LONG_BIN_BIT = 1 << 27, /* eight digits are less than 2^27: the bit says that there are eight */
};

_Static_assert(RECORD_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "Poly1305");
_Static_assert(NONCE_BYTES == TOKEN_HASH_BYTES + RECORD_SALT_BYTES, "hash and salt make the nonce");

static void write_u48(struct writer *writer, uint64_t value) {
  write_u32(writer, (uint32_t)value);
  write_u16(writer, (uint16_t)(value >> 32));
}

static uint64_t read_u48(struct reader *reader) {
  uint64_t low = read_u32(reader);
  return low | (uint64_t)read_u16(reader) << 32;
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

static int read_head(struct reader *reader, struct record *ret_record) {
  if (read_u8(reader) != FORMAT || read_u8(reader) != ALGORITHM_XCHACHA20_POLY1305)
    return -EBADMSG;
  ret_record->type = read_u8(reader);
  ret_record->environment = read_u8(reader);
  ret_record->generation = read_u16(reader);
  uint8_t status = read_u8(reader);
  ret_record->status = (enum token_status)status;
  ret_record->merchant = read_u32(reader);
  ret_record->created_ms = (int64_t)read_u48(reader);
  ret_record->deleted_ms = status == TOKEN_DELETED ? (int64_t)read_u48(reader) : 0;
  ret_record->escrow_commit = read_u48(reader);
  read_bytes(reader, ret_record->escrowed, sizeof ret_record->escrowed);
  if (ret_record->type != RECORD_TYPE_CARD || (status != TOKEN_ACTIVE && status != TOKEN_DELETED))
    return -EBADMSG;
  return reader->bad ? -EBADMSG : 0;
}

int record_read_head(struct view bytes, struct record *ret_record) {
  struct reader reader = reader_over(bytes.bytes, bytes.length);
  return read_head(&reader, ret_record);
}

static uint32_t number_of(const char *digits) {
  uint32_t number = 0;
  for (; *digits; digits++)
    number = number * 10 + (uint32_t)(*digits - '0');
  return number;
}

static void digits_of(uint32_t number, size_t count, char *ret_digits) {
  for (size_t i = count; i-- > 0; number /= 10)
    ret_digits[i] = (char)('0' + number % 10);
  ret_digits[count] = '\0';
}

static void write_outer(struct writer *writer, const struct record *record) {
  write_bytes(writer, record->inner_salt, sizeof record->inner_salt);
  write_u32(writer, number_of(record->view.bin) | (record->view.bin[6] ? LONG_BIN_BIT : 0));
  write_u16(writer, (uint16_t)number_of(record->view.last4));
  write_u8(writer, (uint8_t)record->view.network);
  write_u8(writer, record->view.exp_month);
  write_u8(writer, (uint8_t)(record->view.exp_year - YEAR_BASE));
  write_bytes(writer, record->fingerprint, sizeof record->fingerprint);
  write_bytes(writer, record->inner, record->inner_length);
}

static int read_outer(struct reader *reader, struct record *record) {
  read_bytes(reader, record->inner_salt, sizeof record->inner_salt);
  uint32_t bin = read_u32(reader);
  digits_of(bin & ~(uint32_t)LONG_BIN_BIT, bin & LONG_BIN_BIT ? 8 : 6, record->view.bin);
  digits_of(read_u16(reader), 4, record->view.last4);
  uint8_t network = read_u8(reader);
  record->view.network = network < NETWORK_COUNT ? (enum network)network : NETWORK_UNKNOWN;
  record->view.exp_month = read_u8(reader);
  record->view.exp_year = (uint16_t)(YEAR_BASE + read_u8(reader));
  read_bytes(reader, record->fingerprint, sizeof record->fingerprint);
  size_t left = reader_left(reader);
  record->view.fingerprint.text[0] = '\0';
  record->inner_length = left <= INNER_MAX ? left : 0;
  read_bytes(reader, record->inner, record->inner_length);
  return reader_finish(reader);
}

/* The authenticated data: what stands before the outside, and whose it is. */
static size_t bind_outer(const uint8_t *before, size_t length, const struct record_binding *binding,
                         uint8_t ret_bound[BOUND_MAX]) {
  assert(length + 2 * TOKEN_HASH_BYTES <= BOUND_MAX);
  memcpy(ret_bound, before, length);
  memcpy(ret_bound + length, binding->merchant_id, TOKEN_HASH_BYTES);
  memcpy(ret_bound + length + TOKEN_HASH_BYTES, binding->token_hash, TOKEN_HASH_BYTES);
  return length + 2 * TOKEN_HASH_BYTES;
}

static void outer_nonce(const struct record_binding *binding, const uint8_t *salt,
                        uint8_t ret_nonce[NONCE_BYTES]) {
  memcpy(ret_nonce, binding->token_hash, TOKEN_HASH_BYTES);
  memcpy(ret_nonce + TOKEN_HASH_BYTES, salt, RECORD_SALT_BYTES);
}

size_t record_write(const struct record *record, const struct record_binding *binding,
                    uint8_t ret_bytes[RECORD_MAX]) {
  uint8_t plain[OUTER_MAX], bound[BOUND_MAX], nonce[NONCE_BYTES], salt[RECORD_SALT_BYTES];
  struct writer head = writer_over(ret_bytes, RECORD_MAX);
  write_head(&head, record);
  randombytes_buf(salt, sizeof salt);
  write_bytes(&head, salt, sizeof salt);
  size_t before = writer_length(&head);
  struct writer outer = writer_over(plain, sizeof plain);
  write_outer(&outer, record);
  size_t length = writer_length(&outer);
  assert(!outer.bad && !head.bad && before + length + RECORD_TAG_BYTES <= RECORD_MAX);
  size_t bound_length = bind_outer(ret_bytes, before, binding, bound);
  outer_nonce(binding, salt, nonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(ret_bytes + before, NULL, plain, length, bound, bound_length,
                                             NULL, nonce, binding->outer_key);
  return before + length + RECORD_TAG_BYTES;
}

int record_open(struct view bytes, const struct record_binding *binding, struct record *record) {
  uint8_t plain[OUTER_MAX], bound[BOUND_MAX], nonce[NONCE_BYTES], salt[RECORD_SALT_BYTES];
  struct reader reader = reader_over(bytes.bytes, bytes.length);
  int r = read_head(&reader, record);
  if (r < 0)
    return r;
  read_bytes(&reader, salt, sizeof salt);
  size_t sealed = reader_left(&reader);
  if (reader.bad || sealed < OUTER_FIXED + RECORD_TAG_BYTES || sealed > OUTER_MAX + RECORD_TAG_BYTES)
    return -EBADMSG;
  size_t before = bytes.length - sealed;
  size_t bound_length = bind_outer(bytes.bytes, before, binding, bound);
  outer_nonce(binding, salt, nonce);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, bytes.bytes + before, sealed, bound,
                                                 bound_length, nonce, binding->outer_key) != 0)
    return -EBADMSG;
  struct reader outer = reader_over(plain, sealed - RECORD_TAG_BYTES);
  r = read_outer(&outer, record);
  sodium_memzero(plain, sizeof plain);
  return r;
}
