/* A time that is taken is formatted to one that means the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  assert(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  int64_t ms, again;
  if (timestamp_parse(text, &ms) == 0) {
    char formatted[TIMESTAMP_CAPACITY];
    timestamp_format(ms, formatted);
    assert(timestamp_parse(formatted, &again) == 0 && again == ms);
  }
  free(text);
  return 0;
}
