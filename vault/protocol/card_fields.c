#include "card_fields.h"

#include "parts.h"

enum { CODE_DIGITS_MIN = 3 };

size_t read_digits(struct reader *reader, char *ret, size_t capacity) {
  size_t length = read_text(reader, ret, capacity);
  unsigned other = 0;
  for (size_t i = 0; i < length; i++)
    other |= (unsigned)(ret[i] < '0') | (unsigned)(ret[i] > '9');
  if (other != 0)
    reader->bad = true;
  return length;
}

void write_card(struct writer *writer, const struct card *card) {
  write_text(writer, card->number);
  write_expiry(writer, card->exp_month, card->exp_year);
  write_text(writer, card->name);
}

void read_card(struct reader *reader, struct card *ret_card) {
  if (read_digits(reader, ret_card->number, sizeof ret_card->number) < CARD_NUMBER_MIN)
    reader->bad = true;
  read_expiry(reader, &ret_card->exp_month, &ret_card->exp_year);
  read_alphabet(reader, ALPHABET_TEXT, ret_card->name, sizeof ret_card->name);
}

void write_card_code(struct writer *writer, const struct card_code *code) {
  write_text(writer, code->digits);
}

void read_card_code(struct reader *reader, struct card_code *ret_code) {
  size_t length = read_digits(reader, ret_code->digits, sizeof ret_code->digits);
  if (length > 0 && length < CODE_DIGITS_MIN)
    reader->bad = true;
}
