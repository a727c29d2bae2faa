/* Any bytes: a sheet or a refusal with its line, never both, and nothing of the sheet's own in the reason. */
#include "sheet.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sheet *sheet = NULL;
  struct sheet_error error = {0};
  int result = sheet_parse(data, size, &sheet, &error);
  assert(result == 0 || result == -EINVAL || result == -ENOMEM);
  assert((result == 0) == (sheet != NULL));
  assert(result != -EINVAL || (error.line >= 1 && error.reason != NULL));
  if (sheet != NULL) {
    struct sheet_facts facts;
    sheet_facts(sheet, &facts);
    assert(facts.name[0] != '\0' && facts.settling_ms > 0 && sheet_host(sheet)[0] != '\0');
  }
  sheet_free(sheet);
  return 0;
}
