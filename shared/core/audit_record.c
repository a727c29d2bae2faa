#include "audit_record.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "parts.h"

enum { FORMAT = 1, MERCHANT_BYTES = ID_RANDOM_BYTES };

static void write_merchant(struct writer *writer, const struct id *merchant) {
  uint8_t bytes[MERCHANT_BYTES] = {0};
  if (merchant->text[0] != '\0' && id_parse("mer", merchant->text, bytes) < 0)
    memset(bytes, 0, sizeof bytes);
  write_bytes(writer, bytes, sizeof bytes);
}

static void read_merchant(struct reader *reader, struct id *ret_merchant) {
  uint8_t bytes[MERCHANT_BYTES];
  read_bytes(reader, bytes, sizeof bytes);
  memset(ret_merchant, 0, sizeof *ret_merchant);
  if (!sodium_is_zero(bytes, sizeof bytes))
    *ret_merchant = id_from_bytes("mer", bytes);
}

/* The hash over the one before and a record's content. */
static void chain(const uint8_t previous[AUDIT_HASH_BYTES], const uint8_t *content, size_t length,
                  uint8_t ret_hash[AUDIT_HASH_BYTES]) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_BYTES);
  crypto_generichash_update(&state, previous, AUDIT_HASH_BYTES);
  crypto_generichash_update(&state, content, length);
  crypto_generichash_final(&state, ret_hash, AUDIT_HASH_BYTES);
}

size_t audit_record_write(struct audit_record *record, const uint8_t previous[AUDIT_HASH_BYTES],
                          uint8_t ret_bytes[AUDIT_RECORD_MAX]) {
  struct writer writer = writer_over(ret_bytes, AUDIT_RECORD_MAX);
  write_u8(&writer, FORMAT);
  write_u64(&writer, record->sequence);
  write_i64(&writer, record->at_ms);
  write_u8(&writer, (uint8_t)record->kind);
  write_u8(&writer, (uint8_t)record->actor);
  write_u32(&writer, record->uid);
  write_merchant(&writer, &record->merchant);
  write_bytes(&writer, record->token, sizeof record->token);
  write_text(&writer, record->connector);
  write_u8(&writer, (uint8_t)record->operation);
  write_text(&writer, record->key);
  write_bytes(&writer, record->sheet_hash, sizeof record->sheet_hash);
  write_bool(&writer, record->security_code);
  if (record->kind == AUDIT_LEDGER_ACCEPT)
    write_text(&writer, record->reason);
  if (record->kind == AUDIT_MOVEMENT)
    write_text(&writer, record->payment.text);
  chain(previous, ret_bytes, writer_length(&writer), record->hash);
  write_bytes(&writer, record->hash, sizeof record->hash);
  int r = writer_finish(&writer);
  assert(r == 0);
  (void)r;
  return writer_length(&writer);
}

bool audit_is_dispatch(const struct audit_record *record) {
  return record->kind == AUDIT_RELEASE || record->kind == AUDIT_MOVEMENT;
}

int audit_record_read(const void *bytes, size_t length, struct audit_record *ret_record) {
  struct reader reader = reader_over(bytes, length);
  struct audit_record record = {0};
  if (read_u8(&reader) != FORMAT)
    return -EBADMSG;
  record.sequence = read_u64(&reader);
  record.at_ms = read_i64(&reader);
  record.kind = (enum audit_kind)read_enum(&reader, AUDIT_KIND_COUNT);
  record.actor = (enum audit_actor)read_enum(&reader, AUDIT_ACTOR_COUNT);
  record.uid = read_u32(&reader);
  read_merchant(&reader, &record.merchant);
  read_bytes(&reader, record.token, sizeof record.token);
  read_alphabet(&reader, ALPHABET_TOKEN, record.connector, sizeof record.connector);
  record.operation = (enum operation)read_u8(&reader);
  read_alphabet(&reader, ALPHABET_TOKEN, record.key, sizeof record.key);
  read_bytes(&reader, record.sheet_hash, sizeof record.sheet_hash);
  record.security_code = read_bool(&reader);
  if (record.kind == AUDIT_LEDGER_ACCEPT)
    read_alphabet(&reader, ALPHABET_PRINT, record.reason, sizeof record.reason);
  if (record.kind == AUDIT_MOVEMENT)
    read_alphabet(&reader, ALPHABET_TOKEN, record.payment.text, sizeof record.payment.text);
  read_bytes(&reader, record.hash, sizeof record.hash);
  if (record.operation >= OPERATION_COUNT)
    return -EBADMSG;
  int r = reader_finish(&reader);
  if (r == 0)
    *ret_record = record;
  return r;
}

int audit_verify_next(struct audit_head *head, const void *bytes, size_t length) {
  struct audit_record record;
  if (audit_record_read(bytes, length, &record) < 0)
    return AUDIT_MALFORMED;
  if (record.sequence != head->sequence + 1)
    return record.sequence > head->sequence ? AUDIT_DROPPED : AUDIT_OUT_OF_ORDER;
  uint8_t hash[AUDIT_HASH_BYTES];
  chain(head->hash, bytes, length - AUDIT_HASH_BYTES, hash);
  if (memcmp(hash, record.hash, sizeof hash) != 0)
    return AUDIT_CHANGED;
  head->sequence = record.sequence;
  memcpy(head->hash, hash, sizeof hash);
  return 0;
}

int audit_verify_end(const struct audit_head *head, const struct audit_head *seen) {
  if (head->sequence < seen->sequence)
    return AUDIT_TRUNCATED;
  if (head->sequence == seen->sequence && memcmp(head->hash, seen->hash, sizeof head->hash) != 0)
    return AUDIT_CHANGED;
  return 0;
}

const uint8_t *audit_page_next(struct reader *page, size_t *ret_length) {
  if (reader_left(page) == 0)
    return NULL;
  size_t length = read_u16(page);
  const uint8_t *record = read_view(page, length);
  if (record)
    *ret_length = length;
  return record;
}

const char *audit_kind_name(enum audit_kind kind) {
  static const char *const names[AUDIT_KIND_COUNT] = {
      [AUDIT_RELEASE] = "release",
      [AUDIT_TOKEN_DELETE] = "token_delete",
      [AUDIT_TOKEN_RESTORE] = "token_restore",
      [AUDIT_TOKEN_DESTROY] = "token_destroy",
      [AUDIT_MERCHANT_ADD] = "merchant_add",
      [AUDIT_PUBLISHABLE_KEY_ADD] = "publishable_key_add",
      [AUDIT_CONNECTOR_SET] = "connector_set",
      [AUDIT_CONNECTOR_STATUS] = "connector_status",
      [AUDIT_CONNECTOR_ACCOUNT] = "connector_account",
      [AUDIT_LEDGER_ACCEPT] = "ledger_accept",
      [AUDIT_MOVEMENT] = "movement",
  };
  return kind >= AUDIT_RELEASE && kind < AUDIT_KIND_COUNT ? names[kind] : "";
}

const char *audit_fault_name(int fault) {
  static const char *const names[] = {
      "whole", "malformed", "dropped", "out of order", "changed", "truncated",
  };
  return fault >= 0 && fault <= AUDIT_TRUNCATED ? names[fault] : "";
}
