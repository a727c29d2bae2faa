/* No header and no signature that is not the right one is accepted, and none breaks the readers. The input is
 * a header; a good one with one byte changed is tried as well. */
#include "webhook_signature.h"
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char body[] = "{\"type\":\"payment_captured\"}";
static const char secret[] = "whsec_freeport";
/* "1700000000." and the body under the secret. */
static const char good[] = "t=1700000000,v1=752dc3b565cb72a7d91dbbd9db798c533be555ae5ecfc4d156e4196324893a9e";

/* Of the body under the secret, and of "a::b" under the key. */
static const char body_mac[] = "407fc98a1de538a1dc8053b4a66448a48ee4a06d2c94e976b4825b95acac00c8";
static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
static const char fields_mac[] = "IWnLozGKUlAI4mHoXC0CNu4DN/qKfjhsCEOCumEObgk=";

static bool accepted(const char *header) {
  return signature_of_time_and_body(secret, header, 1700000000, body, sizeof body - 1);
}

/* A header that holds the right signature with its time means what the good one means. */
static bool holds_good(const char *header) {
  return strcasestr(header, good + strlen("t=1700000000,v1=")) != NULL &&
         strstr(header, "t=1700000000") != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const values[] = {"a", "", "b"};
  int ready = sodium_init();
  assert(ready >= 0 && accepted(good) && signature_of_fields(key, values, 3, fields_mac));
  char *header = malloc(size + 1);
  assert(header != NULL);
  memcpy(header, data, size);
  header[size] = '\0';
  assert(!accepted(header) || holds_good(header));
  assert(!signature_of_body(secret, header, body, sizeof body - 1) || strcasecmp(header, body_mac) == 0);
  assert(!signature_of_fields(key, values, 3, header) || strcmp(header, fields_mac) == 0);
  free(header);
  if (size >= 2) {
    char changed[sizeof good];
    memcpy(changed, good, sizeof good);
    size_t place = data[0] % (sizeof good - 1);
    changed[place] = data[1] == 0 ? '0' : (char)data[1];
    assert(accepted(changed) == (strcasecmp(changed, good) == 0 && changed[0] == 't' && changed[13] == 'v'));
  }
  return 0;
}
