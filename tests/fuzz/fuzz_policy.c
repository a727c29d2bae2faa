/* Whatever parses prints to a text that parses to the same text again, and can be checked. */
#include "check.h"
#include "routing.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct policy *policy = NULL, *again = NULL;
  struct policy_error error;
  char *text = NULL, *second = NULL;
  if (policy_parse((const char *)data, size, &policy, &error) != 0) {
    assert(policy == NULL && error.line >= 1 && error.column >= 1 && error.expected[0] != '\0');
    return 0;
  }
  static struct policy_findings findings;
  assert(policy_check(policy, NULL, 0, NULL, &findings) == 0 && findings.count <= POLICY_FINDINGS_MAX);
  assert(policy_print(policy, &text) == 0);
  assert(policy_parse(text, strlen(text), &again, &error) == 0);
  assert(policy_print(again, &second) == 0 && strcmp(text, second) == 0);
  free(text);
  free(second);
  policy_free(policy);
  policy_free(again);
  return 0;
}
