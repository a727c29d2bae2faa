#include "egress_vault.h"

#include <sodium.h>

#include "card_fields.h"
#include "parts.h"

enum { TIMEOUT_MIN_MS = 100, TIMEOUT_MAX_MS = 120000, BIN_DIGITS_MIN = 6, LAST_DIGITS = 4 };

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
  if (ret_send->has_card) {
    read_card(reader, &ret_send->card);
    read_card_code(reader, &ret_send->code);
  }
  size_t bin = read_digits(reader, ret_send->bin, sizeof ret_send->bin);
  size_t last = read_digits(reader, ret_send->last4, sizeof ret_send->last4);
  bool none = bin == 0 && last == 0;
  if (!none && (bin < BIN_DIGITS_MIN || last != LAST_DIGITS))
    reader->bad = true;
}

static enum operation read_asked_about(struct reader *reader) {
  uint8_t value = read_u8(reader);
  if (value >= OPERATION_COUNT)
    reader->bad = true;
  return (enum operation)value;
}

void write_egress_send(struct writer *writer, const struct egress_send *send) {
  write_text(writer, send->key);
  write_text(writer, send->connector);
  write_text(writer, send->sheet);
  write_bytes(writer, send->sheet_hash, sizeof send->sheet_hash);
  write_text(writer, send->base_url);
  write_u8(writer, send->environment);
  write_u8(writer, (uint8_t)send->operation);
  write_u8(writer, (uint8_t)send->asked_about);
  write_card_part(writer, send);
  write_money(writer, &send->amount);
  write_u32(writer, send->timeout_ms);
  write_i64(writer, send->deadline_us);
  write_credentials(writer, send->credentials, send->credential_count);
  write_request_fields(writer, &send->fields);
}

static void read_send(struct reader *reader, struct egress_send *ret_send) {
  read_step_key(reader, ret_send->key);
  read_name(reader, ret_send->connector, sizeof ret_send->connector);
  read_name(reader, ret_send->sheet, sizeof ret_send->sheet);
  read_bytes(reader, ret_send->sheet_hash, sizeof ret_send->sheet_hash);
  read_text(reader, ret_send->base_url, sizeof ret_send->base_url);
  ret_send->environment = read_enum(reader, ENVIRONMENT_LIVE + 1);
  ret_send->operation = (enum operation)read_enum(reader, OPERATION_COUNT);
  ret_send->asked_about = read_asked_about(reader);
  read_card_part(reader, ret_send);
  read_money(reader, &ret_send->amount);
  ret_send->timeout_ms = read_u32(reader);
  ret_send->deadline_us = read_i64(reader);
  ret_send->credential_count = read_credentials(reader, ret_send->credentials);
  read_request_fields(reader, &ret_send->fields);
  if (ret_send->base_url[0] != '\0' && !base_url_holds(ret_send->base_url))
    reader->bad = true;
  if (ret_send->timeout_ms < TIMEOUT_MIN_MS || ret_send->timeout_ms > TIMEOUT_MAX_MS ||
      ret_send->deadline_us <= 0)
    reader->bad = true;
}

int read_egress_send(struct reader *reader, struct egress_send *ret_send) {
  struct egress_send send = {0};
  read_send(reader, &send);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_send = send;
  sodium_memzero(&send, sizeof send);
  return r;
}
