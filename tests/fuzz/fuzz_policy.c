/* Whatever parses prints to a text that parses to the same text again. */
#include "routing.h"
#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct policy *policy = NULL, *again = NULL;
  struct policy_error error;
  if (policy_parse((const char *)data, size, &policy, &error) != 0) {
    assert(policy == NULL && error.line >= 1 && error.column >= 1 && error.expected != NULL);
    return 0;
  }
  char text[POLICY_PRINTED_MAX], second[POLICY_PRINTED_MAX];
  size_t length = policy_print(policy, text);
  assert(policy_parse(text, length, &again, &error) == 0);
  assert(policy_print(again, second) == length && memcmp(text, second, length) == 0);
  policy_free(policy);
  policy_free(again);
  return 0;
}
