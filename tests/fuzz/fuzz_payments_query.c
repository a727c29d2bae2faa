/* The query of a list of payments. */
#include "query_args.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct payments_query query;
  struct fault fault = {0};
  char *text = malloc(size + 1);
  assert(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  if (parse_payments_query(text, &query, &fault) == 0)
    assert(query.page.limit >= 1 && query.page.limit <= LIST_LIMIT_MAX);
  else
    assert(fault.status == 400 || fault.status == 422);
  free(text);
  return 0;
}
