/* Any bytes: refused, incomplete or a request whose parts hold their limits; a form never points outside its
 * text. */
#include "sandbox_form.h"
#include "sandbox_request.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_form(const char *text) {
  char *copy = copy_string(text);
  struct form form;
  if (form_parse(copy, &form))
    for (size_t i = 0; i < form.count; i++)
      assert(form_get(&form, form.pairs[i].name) != NULL && strlen(form.pairs[i].value) <= strlen(text));
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct request request;
  struct text input = {0};
  size_t used = 0;
  text_add(&input, data, size);
  if (request_read(input.bytes, input.length, &request, &used) == 0) {
    assert(used > 0 && used <= size && request.path[0] == '/' && request.body.length <= REQUEST_BODY_MAX);
    try_form(request.query);
    try_form(request.body.bytes == NULL ? "" : request.body.bytes);
  }
  text_free(&input);
  return 0;
}
