/* The Authorization header, and the supervisor's setting of a key. */
#include "auth.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t hash[API_KEY_HASH_BYTES];
  struct api_key_setting setting;
  char *text = malloc(size + 1);
  assert(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  (void)!auth_hash_header(text, hash);
  if (auth_read_setting(data, size, &setting) == 0)
    assert(id_parse("mer", setting.merchant.text, NULL) == 0);
  free(text);
  return 0;
}
