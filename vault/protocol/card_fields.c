#include "card_fields.h"

#include "fields.h"

enum { YEAR_MIN = 2000, YEAR_MAX = 2099, CODE_DIGITS_MIN = 3 };

static void require(struct reader *reader, bool holds) {
  reader->bad = reader->bad || !holds;
}

size_t read_digits(struct reader *reader, char *ret, size_t capacity, size_t least) {
  size_t length = read_text(reader, ret, capacity);
  unsigned other = 0;
  for (size_t i = 0; i < length; i++) {
    other |= (unsigned)(ret[i] < '0') | (unsigned)(ret[i] > '9');
  }
  require(reader, length >= least && other == 0);
  return length;
}

void write_card(struct writer *writer, const struct card *card) {
  write_text(writer, card->number);
  write_u8(writer, card->exp_month);
  write_u16(writer, card->exp_year);
  write_text(writer, card->name);
}

void read_card(struct reader *reader, struct card *ret_card) {
  read_digits(reader, ret_card->number, sizeof ret_card->number, CARD_NUMBER_MIN);
  ret_card->exp_month = read_u8(reader);
  ret_card->exp_year = read_u16(reader);
  require(reader, ret_card->exp_month >= 1 && ret_card->exp_month <= 12);
  require(reader, ret_card->exp_year >= YEAR_MIN && ret_card->exp_year <= YEAR_MAX);
  read_text(reader, ret_card->name, sizeof ret_card->name);
  require(reader, alphabet_holds(ALPHABET_TEXT, ret_card->name));
}

void write_card_code(struct writer *writer, const struct card_code *code) {
  write_text(writer, code->digits);
}

void read_card_code(struct reader *reader, struct card_code *ret_code) {
  size_t length = read_digits(reader, ret_code->digits, sizeof ret_code->digits, 0);
  require(reader, length == 0 || length >= CODE_DIGITS_MIN);
}

void write_prefixed_id(struct writer *writer, const struct id *id) {
  write_text(writer, id->text);
}

void read_prefixed_id(struct reader *reader, const char *prefix, struct id *ret_id) {
  read_text(reader, ret_id->text, sizeof ret_id->text);
  require(reader, !reader->bad && id_parse(prefix, ret_id->text, NULL) == 0);
}
