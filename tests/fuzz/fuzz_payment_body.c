/* Bodies of payments, movements and routes. A body that is taken holds what its limits promise. */
#include "bodies.h"
#include "payments_parse.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_fault(const struct fault *fault) {
  assert(fault->status >= 400 && fault->code != NULL && strlen(fault->param) < PARAM_CAPACITY);
  assert(strspn(fault->param, "abcdefghijklmnopqrstuvwxyz0123456789_.[]") == strlen(fault->param));
}

static void check_payment(const struct payment_request *request) {
  assert(request->amount.minor > 0 && currency_known(request->amount.currency));
  assert(request->risk >= -1 && request->risk <= 100 && request->connector_count <= CANDIDATES_MAX);
  for (unsigned i = 1; i < REQUEST_FIELD_COUNT; i++) {
    const char *value = request_fields_get(&request->fields, (enum request_field)i);
    const struct field_rule *rule = request_field_rule((enum request_field)i);
    assert(value == NULL || (strlen(value) <= rule->limit && alphabet_holds(rule->alphabet, value)));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct payment_request payment;
  static struct route_body route;
  struct movement_request movement;
  struct token_update update = {0};
  struct fault fault = {0};
  if (parse_payment(data, size, &payment, &fault) == 0)
    check_payment(&payment);
  else
    check_fault(&fault);
  if (parse_route(data, size, &route, &fault) != 0)
    check_fault(&fault);
  for (enum movement_type type = MOVEMENT_CAPTURE; type < MOVEMENT_TYPE_COUNT; type++)
    if (parse_movement(data, size, type, &movement, &fault) == 0)
      assert(!movement.amount_given || movement.amount > 0);
    else
      check_fault(&fault);
  if (parse_token_update(data, size, &update, &fault) == 0)
    assert(update.exp_month >= 1 && update.exp_month <= 12);
  return 0;
}
