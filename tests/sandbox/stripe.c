/* Stripe: form bodies, two steps to a charge, one table of routes. */
#include "stripe.h"
#include "money.h"
#include <string.h>

enum { KEY_HOURS = 24, HOUR_MS = 3600 * 1000 };

const char stripe_invalid_request[] = "invalid_request_error";

void stripe_invalid(struct exchange *exchange, const char *code, const char *param, const char *message) {
  stripe_error(exchange, 400, stripe_invalid_request, code, param, message);
}

/* Stripe refuses parameters that it does not know. */
bool stripe_knows_parameters(struct exchange *exchange, const char *const *allowed) {
  for (size_t i = 0; i < exchange->form.count; i++) {
    char name[64];
    const char *full = exchange->form.pairs[i].name;
    size_t length = strcspn(full, "[");
    if (length < sizeof name) {
      memcpy(name, full, length);
      name[length] = '\0';
    }
    if (length >= sizeof name || !is_listed(allowed, name)) {
      stripe_invalid(exchange, "parameter_unknown", NULL, "Received unknown parameter.");
      return false;
    }
  }
  return true;
}

const char *stripe_need(struct exchange *exchange, const char *name) {
  const char *value = form_get(&exchange->form, name);
  if (value == NULL || value[0] == '\0') {
    stripe_invalid(exchange, "parameter_missing", name, "Missing required param.");
    return NULL;
  }
  return value;
}

static const struct route routes[] = {
    {"POST", "/v1/payment_methods", 0, stripe_create_method},
    {"GET", "/v1/payment_methods/*", 0, stripe_get_method},
    {"POST", "/v1/payment_intents", OPERATION_AUTHORIZE, stripe_create_intent}, /* or charge: see prepare() */
    {"GET", "/v1/payment_intents", OPERATION_STATUS, stripe_list_intents},
    {"GET", "/v1/payment_intents/search", OPERATION_STATUS, stripe_search_intents},
    {"GET", "/v1/payment_intents/*", OPERATION_STATUS, stripe_get_intent},
    {"POST", "/v1/payment_intents/*/capture", OPERATION_CAPTURE, stripe_capture_intent},
    {"POST", "/v1/payment_intents/*/cancel", OPERATION_VOID, stripe_cancel_intent},
    {"POST", "/v1/refunds", OPERATION_REFUND, stripe_create_refund},
    {"GET", "/v1/refunds", OPERATION_STATUS, stripe_list_refunds},
    {"GET", "/v1/refunds/*", OPERATION_STATUS, stripe_get_refund},
    {"GET", "/v1/charges/*", OPERATION_STATUS, stripe_get_charge},
    {"POST", "/v1/setup_intents", OPERATION_VERIFY, stripe_create_setup},
    {"GET", "/v1/setup_intents", OPERATION_STATUS, stripe_list_setups},
    {"GET", "/v1/setup_intents/*", OPERATION_STATUS, stripe_get_setup},
};

static const char *key(const struct request *request) {
  return request->idempotency_key;
}

/* Where Stripe's minor units are not ISO 4217's. Source: Stripe's list of currencies. */
static int exponent(const char *currency) {
  if (strcmp(currency, "MGA") == 0)
    return 0;
  if (strcmp(currency, "ISK") == 0 || strcmp(currency, "UGX") == 0)
    return 2;
  return currency_exponent(currency);
}

static bool authenticate(struct exchange *exchange) {
  const char *header = exchange->request->authorization;
  if (strncmp(header, "Bearer sk_", 10) == 0 || strncmp(header, "Bearer rk_", 10) == 0)
    return true;
  stripe_error(exchange, 401, stripe_invalid_request, NULL, NULL,
               header[0] == '\0' ? "You did not provide an API key." : "Invalid API Key provided.");
  return false;
}

static bool prepare(struct exchange *exchange) {
  struct request *request = exchange->request;
  bool post = strcmp(request->method, "POST") == 0;
  if (route_find(routes, sizeof routes / sizeof *routes, exchange) != ROUTE_FOUND) {
    stripe_error(exchange, 404, stripe_invalid_request, NULL, NULL, "Unrecognized request URL.");
    return false;
  }
  if (post && request->body.length > 0 &&
      strncmp(request->content_type, "application/x-www-form-urlencoded", 33) != 0) {
    stripe_error(exchange, 400, stripe_invalid_request, NULL, NULL,
                 "Invalid content type: a form is expected.");
    return false;
  }
  exchange->form_text =
      copy_string(post ? (request->body.bytes == NULL ? "" : request->body.bytes) : request->query);
  if ((post && request->body.bytes != NULL && strlen(request->body.bytes) != request->body.length) ||
      !form_parse(exchange->form_text, &exchange->form)) {
    stripe_invalid(exchange, NULL, NULL, "Invalid form.");
    return false;
  }
  const char *capture = form_get(&exchange->form, "capture_method");
  if (exchange->operation == OPERATION_AUTHORIZE && (capture == NULL || strcmp(capture, "manual") != 0))
    exchange->operation = OPERATION_CHARGE;
  return true;
}

static void fail(struct exchange *exchange, uint16_t status) {
  if (status == 500)
    stripe_error(exchange, 500, "api_error", NULL, NULL, "An unknown error occurred.");
  else if (status == 404)
    stripe_error(exchange, 404, stripe_invalid_request, "resource_missing", "intent",
                 "No such payment_intent.");
  else
    stripe_error(exchange, status, stripe_invalid_request, "more_permissions_required", NULL,
                 "The provided key does not have the required permissions for this endpoint.");
}

static void key_conflict(struct exchange *exchange) {
  stripe_error(exchange, 400, "idempotency_error", "idempotency_error", NULL,
               "Keys for idempotent requests can only be used for the same endpoint and parameters they were "
               "first used "
               "with.");
}

/* Stripe keeps whatever came of a request once its execution began, errors included; checks of fields are not
 * kept. */
static bool keeps(const struct exchange *exchange) {
  return exchange->executed || exchange->answer->status < 300;
}

static void decorate(struct exchange *exchange, bool replayed) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "req_", STRIPE_ALPHABET, 14);
  text_print(&exchange->answer->headers, "Request-Id: %s\r\n", id);
  if (exchange->request->idempotency_key[0] != '\0')
    text_print(&exchange->answer->headers, "Idempotency-Key: %s\r\n", exchange->request->idempotency_key);
  if (replayed)
    text_put(&exchange->answer->headers, "Idempotent-Replayed: true\r\n");
}

const struct psp stripe_psp = {.name = "stripe",
                               .key_lifetime_ms = (int64_t)KEY_HOURS * HOUR_MS,
                               .compares_requests = true,
                               .key = key,
                               .exponent = exponent,
                               .authenticate = authenticate,
                               .prepare = prepare,
                               .fail = fail,
                               .key_conflict = key_conflict,
                               .keeps = keeps,
                               .decorate = decorate};
