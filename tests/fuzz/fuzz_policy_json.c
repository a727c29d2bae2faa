/* Whatever parses is the same policy as JSON and as text. */
#include "routing.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct policy *policy = NULL, *by_text = NULL, *by_json = NULL;
  struct policy_error error;
  char *text = NULL, *json = NULL, *again = NULL;
  if (policy_parse_json((const char *)data, size, &policy, &error) != 0) {
    assert(policy == NULL && error.line == 0 && error.expected[0] != '\0');
    return 0;
  }
  assert(policy_print(policy, &text) == 0 && policy_print_json(policy, &json) == 0);
  assert(policy_parse(text, strlen(text), &by_text, &error) == 0);
  assert(policy_print_json(by_text, &again) == 0 && strcmp(json, again) == 0);
  free(again);
  assert(policy_parse_json(json, strlen(json), &by_json, &error) == 0);
  assert(policy_print(by_json, &again) == 0 && strcmp(text, again) == 0);
  free(again);
  free(text);
  free(json);
  policy_free(policy);
  policy_free(by_text);
  policy_free(by_json);
  return 0;
}
