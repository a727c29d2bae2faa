/* Any text: looked through without harm; and the number found wherever it is put into that text. */
#include "scrub.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct scrub with_card = {.number = "4111111111111111", .code = "737"};
  static const struct scrub without_card = {.bin = "41111111", .last4 = "1111"};
  char text[TEXT_MAX + 32];
  size_t length = 0;
  for (size_t i = 0; i < size && length < TEXT_MAX; i++)
    if (data[i] != '\0')
      text[length++] = (char)data[i];
  text[length] = '\0';
  (void)scrub_hits(&with_card, text, true);
  (void)scrub_hits(&without_card, text, true);
  size_t at = length == 0 ? 0 : (size_t)(unsigned char)text[0] % length;
  memmove(text + at + 16, text + at, length - at + 1);
  memcpy(text + at, with_card.number, 16);
  assert(scrub_hits(&with_card, text, false));
  assert(scrub_hits(&without_card, text, false));
  return 0;
}
