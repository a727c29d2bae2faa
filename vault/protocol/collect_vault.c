#include "collect_vault.h"

#include <errno.h>

#include "card_fields.h"

void write_tokenize(struct writer *writer, const struct tokenize *tokenize) {
  write_bytes(writer, tokenize->key_hash, sizeof tokenize->key_hash);
  write_card(writer, &tokenize->card);
  write_card_code(writer, &tokenize->code);
}

int read_tokenize(struct reader *reader, struct tokenize *ret_tokenize) {
  read_bytes(reader, ret_tokenize->key_hash, sizeof ret_tokenize->key_hash);
  read_card(reader, &ret_tokenize->card);
  read_card_code(reader, &ret_tokenize->code);
  return reader_finish(reader);
}

void write_tokenized(struct writer *writer, const struct tokenized *tokenized) {
  write_prefixed_id(writer, &tokenized->token);
  write_text(writer, tokenized->card.bin);
  write_text(writer, tokenized->card.last4);
  write_u8(writer, (uint8_t)tokenized->card.network);
  write_u8(writer, tokenized->card.exp_month);
  write_u16(writer, tokenized->card.exp_year);
}

int read_tokenized(struct reader *reader, struct tokenized *ret_tokenized) {
  struct card_view *card = &ret_tokenized->card;
  read_prefixed_id(reader, "tok", &ret_tokenized->token);
  read_digits(reader, card->bin, sizeof card->bin, 6);
  read_digits(reader, card->last4, sizeof card->last4, 4);
  uint8_t network = read_u8(reader);
  card->network = network < NETWORK_COUNT ? (enum network)network : NETWORK_UNKNOWN;
  card->exp_month = read_u8(reader);
  card->exp_year = read_u16(reader);
  card->fingerprint = (struct id){0};
  if (network >= NETWORK_COUNT || card->exp_month < 1 || card->exp_month > 12) {
    return -EBADMSG;
  }
  return reader_finish(reader);
}

void write_code_typed(struct writer *writer, const struct code_typed *typed) {
  write_bytes(writer, typed->key_hash, sizeof typed->key_hash);
  write_prefixed_id(writer, &typed->token);
  write_card_code(writer, &typed->code);
}

int read_code_typed(struct reader *reader, struct code_typed *ret_typed) {
  read_bytes(reader, ret_typed->key_hash, sizeof ret_typed->key_hash);
  read_prefixed_id(reader, "tok", &ret_typed->token);
  read_card_code(reader, &ret_typed->code);
  return ret_typed->code.digits[0] == '\0' ? -EBADMSG : reader_finish(reader);
}

void write_code_leased(struct writer *writer, const struct code_leased *leased) {
  write_prefixed_id(writer, &leased->security_code);
  write_i64(writer, leased->expires_ms);
}

int read_code_leased(struct reader *reader, struct code_leased *ret_leased) {
  read_prefixed_id(reader, "cvc", &ret_leased->security_code);
  ret_leased->expires_ms = read_i64(reader);
  return reader_finish(reader);
}
