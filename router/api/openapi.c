#include "openapi_text.h"
#include "resources.h"

void openapi_read(struct call *call, const char *segment) {
  (void)segment;
  call_answer_bytes(call, 200, "application/json", openapi_text, openapi_length);
}
