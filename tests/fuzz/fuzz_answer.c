/* Any answer to any dispatch at any of the three PSPs: the first byte chooses the dispatch, two the status,
 * the rest is a header's value up to a line end, and the body. */
#include "answer.h"
#include "sheet_trial.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_MAX = 64 };

static void check(const struct verdict *verdict) {
  assert(verdict->answer >= ANSWER_IS_UNKNOWN && verdict->answer < ANSWER_COUNT && verdict->step >= 1);
  for (unsigned i = 1; i < ANSWER_FIELD_COUNT; i++) {
    const char *text = answer_fields_get(&verdict->fields, (enum answer_field)i);
    const struct field_rule *rule = answer_field_rule((enum answer_field)i);
    assert(text == NULL || (strlen(text) <= rule->limit && alphabet_holds(rule->alphabet, text)));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"stripe", "adyen", "checkout"};
  static struct sheet *sheets[3];
  for (size_t i = 0; i < 3 && sheets[i] == NULL; i++)
    sheets[i] = trial_sheet(names[i]);
  if (size < 3)
    return 0;
  unsigned which = data[0] % 3, operation = 1 + data[0] / 3 % (OPERATION_COUNT - 1);
  struct egress_send send = trial_send(names[which], (enum operation)operation, false);
  send.asked_about = (enum operation)(1 + data[0] / 24 % (OPERATION_COUNT - 1));
  struct exchange exchange;
  if (exchange_begin(sheets[which], &send, &exchange) != 0)
    return 0;
  uint16_t status = (uint16_t)(200 + (data[1] << 8 | data[2]) % 400);
  const uint8_t *body = memchr(data + 3, '\n', size - 3);
  body = body == NULL ? data + size : body + 1;
  char value[HEADER_MAX + 1] = "";
  size_t length = (size_t)(body - (data + 3));
  memcpy(value, data + 3, length < HEADER_MAX ? length : HEADER_MAX);
  const struct answer_header headers[] = {{"Transient-Error", value}, {"Retry-After", value}};
  const struct http_answer http = {.status = status,
                                   .header_count = 2,
                                   .headers = headers,
                                   .body = body,
                                   .body_length = (size_t)(data + size - body)};
  static struct verdict verdict;
  static struct rendered rendered;
  for (unsigned i = 0; i < 100; i++) {
    int result = read_answer(&exchange, &http, &verdict);
    assert(result == 0 || result == ANSWER_GOES_ON);
    if (result == 0) {
      check(&verdict);
      return 0;
    }
    assert(render_step(&exchange, &rendered) == 0);
  }
  abort(); /* an exchange ends */
}
