#include "collect_vault.h"

#include <sodium.h>

#include "card_fields.h"
#include "parts.h"

void write_tokenize(struct writer *writer, const struct tokenize *tokenize) {
  write_bytes(writer, tokenize->key_hash, sizeof tokenize->key_hash);
  write_card(writer, &tokenize->card);
  write_card_code(writer, &tokenize->code);
}

int read_tokenize(struct reader *reader, struct tokenize *ret_tokenize) {
  struct tokenize tokenize = {0};
  read_bytes(reader, tokenize.key_hash, sizeof tokenize.key_hash);
  read_card(reader, &tokenize.card);
  read_card_code(reader, &tokenize.code);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_tokenize = tokenize;
  sodium_memzero(&tokenize, sizeof tokenize);
  return r;
}

void write_tokenized(struct writer *writer, const struct tokenized *tokenized) {
  write_id(writer, &tokenized->token);
  write_card_view(writer, &tokenized->card);
}

int read_tokenized(struct reader *reader, struct tokenized *ret_tokenized) {
  struct tokenized tokenized = {0};
  read_id(reader, "tok", &tokenized.token);
  read_card_view(reader, &tokenized.card);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_tokenized = tokenized;
  return r;
}

void write_code_typed(struct writer *writer, const struct code_typed *typed) {
  write_bytes(writer, typed->key_hash, sizeof typed->key_hash);
  write_id(writer, &typed->token);
  write_card_code(writer, &typed->code);
}

int read_code_typed(struct reader *reader, struct code_typed *ret_typed) {
  struct code_typed typed = {0};
  read_bytes(reader, typed.key_hash, sizeof typed.key_hash);
  read_id(reader, "tok", &typed.token);
  read_card_code(reader, &typed.code);
  if (typed.code.digits[0] == '\0')
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_typed = typed;
  sodium_memzero(&typed, sizeof typed);
  return r;
}

void write_code_leased(struct writer *writer, const struct code_leased *leased) {
  write_id(writer, &leased->security_code);
  write_i64(writer, leased->expires_ms);
}

int read_code_leased(struct reader *reader, struct code_leased *ret_leased) {
  struct code_leased leased = {0};
  read_id(reader, "cvc", &leased.security_code);
  leased.expires_ms = read_i64(reader);
  int r = reader_finish(reader);
  if (r == 0)
    *ret_leased = leased;
  return r;
}
