#include "repeats.h"
#include "resources.h"
#include <string.h>

enum repeat call_repeats(struct call *call, const char *path, struct id *ret_object) {
  struct idempotent before;
  if (call->from.idempotency_key[0] == '\0')
    return REPEAT_NOT;
  int result = ledger_idempotency_get(call->api->options.ledger, &call->from.merchant, path,
                                      call->from.idempotency_key, api_now_ms(call->api), &before);
  if (result == LEDGER_ABSENT)
    return REPEAT_NOT;
  if (result < 0) {
    call_refuse(call, &fault_storage);
    return REPEAT_ANSWERED;
  }
  if (memcmp(before.body_hash, call->from.body_hash, sizeof before.body_hash) != 0) {
    struct fault fault = payments_fault(call->api, REQUEST_KEY_REUSED);
    call_refuse(call, &fault);
    return REPEAT_ANSWERED;
  }
  *ret_object = before.object;
  return REPEAT_SAME;
}

int call_remember(struct call *call, const char *path, const struct id *object) {
  struct idempotent entry = {.object = *object, .created_ms = api_now_ms(call->api)};
  if (call->from.idempotency_key[0] == '\0')
    return 0;
  memcpy(entry.body_hash, call->from.body_hash, sizeof entry.body_hash);
  return ledger_idempotency_put(call->api->options.ledger, &call->from.merchant, path,
                                call->from.idempotency_key, &entry);
}
