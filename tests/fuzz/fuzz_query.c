/* Queries end, and what comes out of them is text. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "json_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *query = malloc(size + 1), value[32];
  assert(query != NULL);
  memcpy(query, data, size);
  query[size] = '\0';
  struct http_parameter parameter;
  size_t cursor = 0, before = 0;
  while (http_query_next(query, &cursor, &parameter) == 0) {
    assert(cursor > before && cursor <= size);
    before = cursor;
    assert(utf8_valid(parameter.name, strlen(parameter.name)) &&
           utf8_valid(parameter.value, strlen(parameter.value)));
  }
  int outcome = http_query_value(query, "limit", value, sizeof value);
  assert(outcome != 0 || strlen(value) < sizeof value);
  free(query);
  return 0;
}
