/* Adyen Checkout v71: JSON, movements that are received first, no question about what became of a request. */
#include "adyen.h"
#include "money.h"
#include <string.h>

enum { KEY_DAYS = 31, DAY_MS = 24 * 3600 * 1000, TRANSIENT = 500 };

static const struct route routes[] = {
    {"POST", "/v71/payments", OPERATION_AUTHORIZE,
     adyen_create_payment}, /* or charge, or verify: see prepare() */
    {"POST", "/v71/payments/*/captures", OPERATION_CAPTURE, adyen_capture_payment},
    {"POST", "/v71/payments/*/cancels", OPERATION_VOID, adyen_cancel_payment},
    {"POST", "/v71/payments/*/refunds", OPERATION_REFUND, adyen_refund_payment},
};

static const char *key(const struct request *request) {
  return request->idempotency_key;
}

/* Where Adyen's minor units are not ISO 4217's. Source: Adyen's list of currency codes. */
static int exponent(const char *currency) {
  if (strcmp(currency, "CLP") == 0 || strcmp(currency, "ISK") == 0)
    return 2;
  if (strcmp(currency, "CVE") == 0 || strcmp(currency, "IDR") == 0)
    return 0;
  return currency_exponent(currency);
}

static bool authenticate(struct exchange *exchange) {
  if (exchange->request->x_api_key[0] != '\0')
    return true;
  adyen_answer_error(exchange, &adyen_unauthorized);
  return false;
}

static bool prepare(struct exchange *exchange) {
  const struct request *request = exchange->request;
  if (route_find(routes, sizeof routes / sizeof *routes, exchange) != ROUTE_FOUND) {
    adyen_answer_error(exchange, &adyen_no_path);
    return false;
  }
  if (strncmp(request->content_type, "application/json", 16) == 0 && request->body.length > 0)
    exchange->json = json_loadb(request->body.bytes, request->body.length, JSON_REJECT_DUPLICATES, NULL);
  if (!json_is_object(exchange->json)) {
    adyen_answer_error(exchange, &adyen_malformed);
    return false;
  }
  if (exchange->operation == OPERATION_AUTHORIZE) {
    const json_t *value = json_object_get(json_object_get(exchange->json, "amount"), "value");
    if (json_is_integer(value) && json_integer_value(value) == 0)
      exchange->operation = OPERATION_VERIFY;
    else if (adyen_captures_at_once(exchange->json))
      exchange->operation = OPERATION_CHARGE;
  }
  return true;
}

static void fail(struct exchange *exchange, uint16_t status) {
  adyen_answer_error(exchange, status == 500   ? &adyen_internal
                               : status == 403 ? &adyen_forbidden
                                               : &adyen_no_path);
  if (status == TRANSIENT && exchange->book->behaviour.transient)
    text_put(&exchange->answer->headers, "Transient-Error: true\r\n");
}

static void key_conflict(struct exchange *exchange) {
  adyen_answer_error(exchange, &adyen_not_possible); /* never asked: Adyen does not compare */
}

/* Errors are kept too, but for those that are called transient and those of authentication. */
static bool keeps(const struct exchange *exchange) {
  uint16_t status = exchange->answer->status;
  return status != 401 && status != 403 && !(status == TRANSIENT && exchange->book->behaviour.transient);
}

static void decorate(struct exchange *exchange, bool replayed) {
  (void)replayed; /* Adyen's answer does not tell */
  if (exchange->request->idempotency_key[0] != '\0')
    text_print(&exchange->answer->headers, "Idempotency-Key: %s\r\n", exchange->request->idempotency_key);
}

const struct psp adyen_psp = {.name = "adyen",
                              .key_lifetime_ms = (int64_t)KEY_DAYS * DAY_MS,
                              .compares_requests = false,
                              .key = key,
                              .exponent = exponent,
                              .authenticate = authenticate,
                              .prepare = prepare,
                              .fail = fail,
                              .key_conflict = key_conflict,
                              .keeps = keeps,
                              .decorate = decorate};
