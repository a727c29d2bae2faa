/* A body becomes a message that the vault's own reader takes, or a problem; and Luhn agrees with the
 * textbook. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "card_body.h"
#include "card_rules.h"
#include "json_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool textbook_luhn(const uint8_t *text, size_t length) {
  unsigned sum = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9')
      return false;
    unsigned digit = text[i] - '0';
    if ((length - i) % 2 == 0)
      digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
  }
  return length >= CARD_NUMBER_MIN && length <= CARD_NUMBER_MAX && sum % 10 == 0;
}

static void check_card(const uint8_t *data, size_t size, bool live) {
  const struct card_body_context context = {1781524800000, live};
  struct tokenize tokenize, read = {0};
  uint8_t bytes[512];
  if (card_body_read(data, size, &context, &tokenize) != NULL)
    return;
  assert(card_number_acceptable(tokenize.card.number) && (live || card_number_is_test(tokenize.card.number)));
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_tokenize(&writer, &tokenize);
  assert(writer_finish(&writer) == 0);
  struct reader reader = reader_over(bytes, writer_length(&writer));
  assert(read_tokenize(&reader, &read) == 0);
  assert(strcmp(read.card.number, tokenize.card.number) == 0 &&
         strcmp(read.card.name, tokenize.card.name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct code_typed typed;
  uint8_t hash[PUBLISHABLE_HASH_BYTES];
  json_wipe_freed();
  check_card(data, size, false);
  check_card(data, size, true);
  if (code_body_read(data, size, &typed) == NULL)
    assert(strlen(typed.code.digits) >= 3 && id_parse("tok", typed.token.text, NULL) == 0);
  assert(card_number_valid((const char *)data, size) == textbook_luhn(data, size));
  char *value = malloc(size + 1);
  assert(value != NULL);
  memcpy(value, data, size);
  value[size] = '\0';
  (void)publishable_key_read(value, false, hash);
  free(value);
  return 0;
}
