#include "parts.h"

#include <string.h>

enum { YEAR_MIN = 2000, YEAR_MAX = 2099, ID_PREFIX_LENGTH = 3 };

void write_id(struct writer *writer, const struct id *id) {
  write_text(writer, id->text);
}

void read_id_or_none(struct reader *reader, const char *prefix, struct id *ret_id) {
  memset(ret_id, 0, sizeof *ret_id);
  read_text(reader, ret_id->text, sizeof ret_id->text);
  if (ret_id->text[0] != '\0' && id_parse(prefix, ret_id->text, NULL) < 0) {
    reader->bad = true;
    memset(ret_id, 0, sizeof *ret_id);
  }
}

void read_id(struct reader *reader, const char *prefix, struct id *ret_id) {
  read_id_or_none(reader, prefix, ret_id);
  if (ret_id->text[0] == '\0')
    reader->bad = true;
}

uint8_t read_enum(struct reader *reader, unsigned count) {
  uint8_t value = read_u8(reader);
  if (value == 0 || value >= count)
    reader->bad = true;
  return value;
}

bool name_holds(const char *name, size_t capacity) {
  size_t length = strnlen(name, capacity);
  return length >= 1 && length < capacity && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

void read_name(struct reader *reader, char *ret_name, size_t capacity) {
  read_text(reader, ret_name, capacity);
  if (!name_holds(ret_name, capacity))
    reader->bad = true;
}

void read_alphabet(struct reader *reader, enum alphabet alphabet, char *ret_text, size_t capacity) {
  size_t length = read_text(reader, ret_text, capacity);
  if (length > 0 && !alphabet_holds(alphabet, ret_text))
    reader->bad = true;
}

void write_money(struct writer *writer, const struct money *money) {
  write_i64(writer, money->minor);
  write_bytes(writer, money->currency, CURRENCY_CAPACITY - 1);
}

void read_money(struct reader *reader, struct money *ret_money) {
  memset(ret_money, 0, sizeof *ret_money);
  ret_money->minor = read_i64(reader);
  read_bytes(reader, ret_money->currency, CURRENCY_CAPACITY - 1);
  if (ret_money->minor < 0 || !currency_known(ret_money->currency))
    reader->bad = true;
}

/* Zero or more of "_" and one to four digits. */
static bool is_numbers(const char *text) {
  while (*text == '_') {
    size_t digits = strspn(text + 1, "0123456789");
    if (digits < 1 || digits > 4)
      return false;
    text += 1 + digits;
  }
  return *text == '\0';
}

bool step_key_holds(const char *key) {
  static const char *const prefixes[] = {"pay", "mov", "ver"};
  enum { LENGTH = ID_PREFIX_LENGTH + 1 + ID_BODY_LENGTH };
  if (strnlen(key, LENGTH) < LENGTH || strnlen(key, STEP_KEY_CAPACITY) == STEP_KEY_CAPACITY ||
      !is_numbers(key + LENGTH))
    return false;
  char id[LENGTH + 1] = {0};
  memcpy(id, key, LENGTH);
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
    if (id_parse(prefixes[i], id, NULL) == 0)
      return true;
  }
  return false;
}

void read_step_key(struct reader *reader, char ret_key[STEP_KEY_CAPACITY]) {
  read_text(reader, ret_key, STEP_KEY_CAPACITY);
  if (!step_key_holds(ret_key))
    reader->bad = true;
}

static size_t read_digits(struct reader *reader, char *ret_digits, size_t capacity) {
  size_t length = read_text(reader, ret_digits, capacity);
  if (!alphabet_holds(ALPHABET_DIGITS, ret_digits))
    reader->bad = true;
  return length;
}

void write_card_view(struct writer *writer, const struct card_view *card) {
  write_text(writer, card->bin);
  write_text(writer, card->last4);
  write_u8(writer, (uint8_t)card->network);
  write_expiry(writer, card->exp_month, card->exp_year);
}

void read_card_view(struct reader *reader, struct card_view *ret_card) {
  memset(ret_card, 0, sizeof *ret_card);
  size_t bin = read_digits(reader, ret_card->bin, sizeof ret_card->bin);
  size_t last = read_digits(reader, ret_card->last4, sizeof ret_card->last4);
  uint8_t network = read_u8(reader);
  read_expiry(reader, &ret_card->exp_month, &ret_card->exp_year);
  ret_card->network = (enum network)network;
  if ((bin != 6 && bin != 8) || last != 4 || network >= NETWORK_COUNT)
    reader->bad = true;
}

void write_expiry(struct writer *writer, uint8_t month, uint16_t year) {
  write_u8(writer, month);
  write_u16(writer, year);
}

void read_expiry(struct reader *reader, uint8_t *ret_month, uint16_t *ret_year) {
  *ret_month = read_u8(reader);
  *ret_year = read_u16(reader);
  if (*ret_month < 1 || *ret_month > 12 || *ret_year < YEAR_MIN || *ret_year > YEAR_MAX)
    reader->bad = true;
}
