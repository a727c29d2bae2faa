#include "egress_vault.h"

#include "card_fields.h"
#include <errno.h>
#include <string.h>

enum { TIMEOUT_MS_MIN = 100, TIMEOUT_MS_MAX = 120000 };

static void require(struct reader *reader, bool holds) {
  reader->bad = reader->bad || !holds;
}

static enum operation read_operation(struct reader *reader, enum operation least) {
  uint8_t value = read_u8(reader);
  require(reader, value >= least && value < OPERATION_COUNT);
  return reader->bad ? (enum operation)0 : (enum operation)value;
}

static void write_card_part(struct writer *writer, const struct egress_send *send) {
  write_bool(writer, send->has_card);
  if (send->has_card) {
    write_card(writer, &send->card);
    write_card_code(writer, &send->code);
  }
  write_text(writer, send->bin);
  write_text(writer, send->last4);
}

static void read_card_part(struct reader *reader, struct egress_send *ret_send) {
  ret_send->has_card = read_bool(reader);
  memset(&ret_send->card, 0, sizeof ret_send->card);
  memset(&ret_send->code, 0, sizeof ret_send->code);
  if (ret_send->has_card) {
    read_card(reader, &ret_send->card);
    read_card_code(reader, &ret_send->code);
  }
  read_digits(reader, ret_send->bin, sizeof ret_send->bin, 0);
  read_digits(reader, ret_send->last4, sizeof ret_send->last4, 0);
}

static void write_credentials(struct writer *writer, const struct egress_send *send) {
  write_u8(writer, send->credential_count);
  for (size_t i = 0; i < send->credential_count; i++) {
    write_text(writer, send->credentials[i].name);
    write_text(writer, send->credentials[i].value);
  }
}

static void read_credentials(struct reader *reader, struct egress_send *ret_send) {
  uint8_t count = read_u8(reader);
  require(reader, count <= CREDENTIALS_MAX);
  ret_send->credential_count = reader->bad ? 0 : count;
  for (size_t i = 0; i < ret_send->credential_count; i++) {
    struct credential *credential = &ret_send->credentials[i];
    require(reader, read_text(reader, credential->name, sizeof credential->name) > 0);
    read_text(reader, credential->value, sizeof credential->value);
    require(reader, alphabet_holds(ALPHABET_PRINT, credential->value));
  }
}

void write_egress_send(struct writer *writer, const struct egress_send *send) {
  write_text(writer, send->key);
  write_text(writer, send->sheet);
  write_bytes(writer, send->sheet_hash, sizeof send->sheet_hash);
  write_text(writer, send->base_url);
  write_u8(writer, send->environment);
  write_u8(writer, (uint8_t)send->operation);
  write_u8(writer, (uint8_t)send->asked_about);
  write_bool(writer, send->replay);
  write_card_part(writer, send);
  write_i64(writer, send->amount.minor);
  write_text(writer, send->amount.currency);
  write_u32(writer, send->timeout_ms);
  write_credentials(writer, send);
  write_request_fields(writer, &send->fields);
}

int read_egress_send(struct reader *reader, struct egress_send *ret_send) {
  require(reader, read_text(reader, ret_send->key, sizeof ret_send->key) > 0);
  require(reader, alphabet_holds(ALPHABET_TOKEN, ret_send->key));
  require(reader, read_text(reader, ret_send->sheet, sizeof ret_send->sheet) > 0);
  require(reader, alphabet_holds(ALPHABET_TOKEN, ret_send->sheet));
  read_bytes(reader, ret_send->sheet_hash, sizeof ret_send->sheet_hash);
  read_text(reader, ret_send->base_url, sizeof ret_send->base_url);
  require(reader, alphabet_holds(ALPHABET_REF, ret_send->base_url));
  ret_send->environment = read_u8(reader);
  require(reader, ret_send->environment == ENVIRONMENT_TEST || ret_send->environment == ENVIRONMENT_LIVE);
  ret_send->operation = read_operation(reader, OPERATION_AUTHORIZE);
  ret_send->asked_about = read_operation(reader, (enum operation)0);
  ret_send->replay = read_bool(reader);
  read_card_part(reader, ret_send);
  ret_send->amount.minor = read_i64(reader);
  require(reader, ret_send->amount.minor >= 0);
  size_t currency = read_text(reader, ret_send->amount.currency, sizeof ret_send->amount.currency);
  require(reader, currency == 0 || currency_known(ret_send->amount.currency));
  ret_send->timeout_ms = read_u32(reader);
  require(reader, ret_send->timeout_ms >= TIMEOUT_MS_MIN && ret_send->timeout_ms <= TIMEOUT_MS_MAX);
  read_credentials(reader, ret_send);
  read_request_fields(reader, &ret_send->fields);
  return reader_finish(reader);
}
