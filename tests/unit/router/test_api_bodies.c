/* Bodies that merchants send: what is wrong with each wrong one is said by code and path, and never repeated.
 */
#include "bodies.h"
#include "payments_parse.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "tok_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"
#define BODY(more) "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"" more "}"

struct wrong {
  const char *body;
  unsigned status;
  const char *code, *param;
};

static const struct wrong wrong_payments[] = {
    {"", 400, "invalid_json", ""},
    {"x", 400, "invalid_json", ""},
    {"[]", 400, "invalid_json", ""},
    {"null", 400, "invalid_json", ""},
    {"\"text\"", 400, "invalid_json", ""},
    {BODY("") "{}", 400, "invalid_json", ""},
    {BODY(",\"amount\":1000"), 400, "invalid_json", ""},
    {BODY(",\"metadata\":{\"a\":\"1\",\"a\":\"2\"}"), 400, "invalid_json", ""},
    {BODY(",\"metadata\":[[[[[[[[[[1]]]]]]]]]]"), 400, "invalid_json", ""},
    {"{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"\xff\"}", 400, "invalid_json", ""},
    {"{}", 422, "missing_field", "amount"},
    {"{\"amount\":1,\"token\":\"" TOKEN "\"}", 422, "missing_field", "currency"},
    {"{\"amount\":1,\"currency\":\"EUR\"}", 422, "missing_field", "token"},
    {"{\"amount\":0,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":-5,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":1.5,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":10.0,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":1e3,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":\"10\",\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":null,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":true,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "amount"},
    {"{\"amount\":9223372036854775808,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field",
     "amount"},
    {"{\"amount\":99999999999999999999999999,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422,
     "invalid_field", "amount"},
    {"{\"amount\":-9223372036854775809,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 422, "invalid_field",
     "amount"},
    {BODY(",\"risk\":99999999999999999999"), 422, "invalid_field", "risk"},
    {"{\"amount\":1e400,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}", 400, "invalid_json", ""},
    {"{\"amount\":1,\"currency\":\"eur\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "currency"},
    {"{\"amount\":1,\"currency\":\"ZZZ\",\"token\":\"" TOKEN "\"}", 422, "invalid_field", "currency"},
    {"{\"amount\":1,\"currency\":978,\"token\":\"" TOKEN "\"}", 422, "invalid_field", "currency"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"token\":\"4242424242424242\"}", 422, "invalid_field", "token"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"token\":\"cvc_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\"}", 422, "invalid_field",
     "token"},
    {BODY(",\"surprise\":1"), 422, "unknown_field", "surprise"},
    {BODY(",\"4242424242424242\":1"), 422, "unknown_field", ""},
    {BODY(",\"card4242424242424242\":1"), 422, "unknown_field", ""},
    {BODY(",\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\":1"), 422, "unknown_field", ""},
    {BODY(",\"risk\":99999999999999999999,\"risk\":1"), 400, "invalid_json", ""},
    {BODY(",\"card\":{\"number\":\"4242424242424242\"}"), 422, "unknown_field", "card"},
    {BODY(",\"reference\":\"4242 4242 4242 4242\""), 422, "card_number_not_allowed", "reference"},
    {BODY(",\"customer\":{\"name\":\"4242424242424242\"}"), 422, "card_number_not_allowed", "customer.name"},
    {BODY(",\"customer\":{\"email\":\"4242424242424242@shop.example\"}"), 422, "card_number_not_allowed",
     "customer.email"},
    {BODY(",\"return_url\":\"https://shop.example/4242424242424242\""), 422, "card_number_not_allowed",
     "return_url"},
    {BODY(",\"metadata\":{\"4242424242424242\":\"1\"}"), 422, "card_number_not_allowed", "metadata"},
    {BODY(",\"three_ds\":{\"exemption\":\"4242424242424242\"}"), 422, "invalid_field", "three_ds.exemption"},
    {BODY(",\"security_code\":\"123\""), 422, "invalid_field", "security_code"},
    {BODY(",\"security_code\":\"cvc_00000000000000000000000000\""), 422, "invalid_field", "security_code"},
    {BODY(",\"method\":\"sepa_debit\""), 422, "invalid_field", "method"},
    {BODY(",\"capture\":\"later\""), 422, "invalid_field", "capture"},
    {BODY(",\"capture\":true"), 422, "invalid_field", "capture"},
    {BODY(",\"kind\":\"gift\""), 422, "invalid_field", "kind"},
    {BODY(",\"agreement\":\"agr_1\""), 422, "invalid_field", "agreement"},
    {BODY(",\"store\":{}"), 422, "missing_field", "store.usage"},
    {BODY(",\"store\":{\"usage\":\"always\"}"), 422, "invalid_field", "store.usage"},
    {BODY(",\"store\":{\"usage\":\"off_session\",\"consent\":{\"a\":{}}}"), 422, "invalid_field",
     "store.consent"},
    {BODY(",\"reference\":\"\""), 422, "invalid_field", "reference"},
    {BODY(",\"reference\":\"caf\\u00e9\""), 422, "invalid_field", "reference"},
    {BODY(",\"reference\":\"a\\nb\""), 422, "invalid_field", "reference"},
    {BODY(",\"reference\":\"a\\u0000b\""), 400, "invalid_json", ""},
    {BODY(",\"statement_descriptor\":\"ABCDEFGHIJKLMNOPQRSTUVWXYZ\""), 422, "invalid_field",
     "statement_descriptor"},
    {BODY(",\"customer\":\"cus_1\""), 422, "invalid_field", "customer"},
    {BODY(",\"customer\":7"), 422, "invalid_field", "customer"},
    {BODY(",\"customer\":{\"id\":\"cus_1\"}"), 422, "invalid_field", "customer.id"},
    {BODY(",\"kind\":\"recurring\",\"security_code\":\"cvc_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\""), 422,
     "invalid_field", "security_code"},
    {BODY(",\"kind\":\"resubmission\",\"security_code\":\"cvc_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\""), 422,
     "invalid_field", "security_code"},
    {BODY(",\"customer\":{\"email\":\"a b@example.com\"}"), 422, "invalid_field", "customer.email"},
    {BODY(",\"customer\":{\"born\":\"1970\"}"), 422, "unknown_field", "customer.born"},
    {BODY(",\"billing_address\":{\"country\":\"de\"}"), 422, "invalid_field", "billing_address.country"},
    {BODY(",\"billing_address\":{\"country\":\"ZZ\"}"), 422, "invalid_field", "billing_address.country"},
    {BODY(",\"billing_address\":[]"), 422, "invalid_field", "billing_address"},
    {BODY(",\"metadata\":{\"a\":1}"), 422, "invalid_field", "metadata"},
    {BODY(",\"metadata\":{\"a b\":\"1\"}"), 422, "invalid_field", "metadata"},
    {BODY(",\"metadata\":{\"a=b\":\"1\"}"), 422, "invalid_field", "metadata"},
    {BODY(",\"metadata\":{\"\":\"1\"}"), 422, "invalid_field", "metadata"},
    {BODY(",\"metadata\":{\"a\":\"\\u0007\"}"), 422, "invalid_field", "metadata"},
    {BODY(",\"risk\":101"), 422, "invalid_field", "risk"},
    {BODY(",\"risk\":-1"), 422, "invalid_field", "risk"},
    {BODY(",\"merchant_category\":\"123\""), 422, "invalid_field", "merchant_category"},
    {BODY(",\"merchant_category\":\"12a4\""), 422, "invalid_field", "merchant_category"},
    {BODY(",\"return_url\":\"ftp://example.com/\""), 422, "invalid_field", "return_url"},
    {BODY(",\"browser\":{\"color_depth\":0}"), 422, "invalid_field", "browser.color_depth"},
    {BODY(",\"browser\":{\"java_enabled\":\"yes\"}"), 422, "invalid_field", "browser.java_enabled"},
    {BODY(",\"three_ds\":{\"mode\":\"maybe\"}"), 422, "invalid_field", "three_ds.mode"},
    {BODY(",\"three_ds\":{\"mode\":\"external\"}"), 422, "missing_field", "three_ds.result"},
    {BODY(",\"three_ds\":{\"mode\":\"skip\",\"result\":{\"eci\":\"05\"}}"), 422, "invalid_field",
     "three_ds.result"},
    {BODY(",\"three_ds\":{\"result\":{\"eci\":\"x\"}}"), 422, "invalid_field", "three_ds.result.eci"},
    {BODY(",\"routing\":{}"), 422, "missing_field", "routing.connectors"},
    {BODY(",\"routing\":{\"connectors\":[]}"), 422, "invalid_field", "routing.connectors"},
    {BODY(",\"routing\":{\"connectors\":[\"a\",\"a\"]}"), 422, "invalid_field", "routing.connectors"},
    {BODY(",\"routing\":{\"connectors\":[\"../etc\"]}"), 422, "invalid_field", "routing.connectors"},
    {BODY(",\"routing\":{\"connectors\":[1]}"), 422, "invalid_field", "routing.connectors"},
    {BODY(",\"retry\":\"always\""), 422, "invalid_field", "retry"},
    {BODY(",\"deadline_ms\":99"), 422, "invalid_field", "deadline_ms"},
    {BODY(",\"deadline_ms\":3600001"), 422, "invalid_field", "deadline_ms"},
    {BODY(",\"on_late_success\":\"refund\""), 422, "invalid_field", "on_late_success"},
};

static void check_fault(const struct wrong *wrong, int result, const struct fault *fault) {
  cr_assert_eq(result, 1, "accepted: %s", wrong->body);
  cr_expect_eq(fault->status, wrong->status, "%u for %s", fault->status, wrong->body);
  cr_expect_str_eq(fault->code, wrong->code, "%s for %s", fault->code, wrong->body);
  cr_expect_str_eq(fault->param, wrong->param, "%s for %s", fault->param, wrong->body);
}

Test(api_bodies, wrong_payments_are_refused_by_code_and_path) {
  for (size_t i = 0; i < sizeof wrong_payments / sizeof *wrong_payments; i++) {
    struct payment_request request;
    struct fault fault = {0};
    const struct wrong *wrong = &wrong_payments[i];
    check_fault(wrong, parse_payment(wrong->body, strlen(wrong->body), &request, &fault), &fault);
  }
}

static struct payment_request accepted(const char *body) {
  struct payment_request request;
  struct fault fault = {0};
  cr_assert_eq(parse_payment(body, strlen(body), &request, &fault), 0, "%s at %s: %s", fault.code,
               fault.param, body);
  return request;
}

static void expect_field(const struct payment_request *request, enum request_field field, const char *value) {
  const char *found = request_fields_get(&request->fields, field);
  cr_assert_not_null(found, "%s", request_field_rule(field)->name);
  cr_expect_str_eq(found, value);
}

Test(api_bodies, the_least_payment_has_every_default) {
  struct payment_request request = accepted(BODY(""));
  cr_expect_eq(request.amount.minor, 1000);
  cr_expect_str_eq(request.amount.currency, "EUR");
  cr_expect_str_eq(request.token.text, TOKEN);
  cr_expect_eq(request.risk, -1);
  cr_expect_not(request.capture_manual || request.retry_none || request.late_void);
  cr_expect_eq(request.connector_count, 0);
  cr_expect_eq(request.deadline_ms, 0);
  cr_expect_str_empty(request.security_code.text);
}

Test(api_bodies, every_field_arrives) {
  struct payment_request request = accepted(BODY(
      ",\"security_code\":\"cvc_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\",\"method\":\"card\",\"capture\":\"manual\","
      "\"kind\":\"moto\",\"agreement\":\"agr_01J9ZC8XK4T5V6W7X8Y9Z0ABCD\","
      "\"store\":{\"usage\":\"off_session\",\"consent\":{\"text\":\"I agree\",\"version\":3}},"
      "\"reference\":\"order 7\",\"statement_descriptor\":\"SHOP\","
      "\"customer\":{\"name\":\"Zo\\u00eb\",\"email\":\"z@example.com\",\"phone\":\"+49 1\",\"ip\":\"::1\"},"
      "\"billing_address\":{\"line1\":\"1 Main St\",\"line2\":\"b\",\"city\":\"Bonn\",\"state\":\"NW\","
      "\"postal_code\":\"53113\",\"country\":\"DE\"},\"metadata\":{\"cart\":\"7\",\"empty\":\"\"},\"risk\":0,"
      "\"merchant_category\":\"5411\",\"return_url\":\"https://example.com/back\","
      "\"browser\":{\"accept_header\":\"*/*\",\"user_agent\":\"x "
      "y\",\"language\":\"de-DE\",\"color_depth\":24,"
      "\"screen_height\":900,\"screen_width\":1440,\"time_zone_offset\":-60,\"java_enabled\":false},"
      "\"three_ds\":{\"exemption\":\"low_value\",\"result\":{\"version\":\"2.2.0\",\"status\":\"Y\",\"eci\":"
      "\"05\","
      "\"cavv\":\"AAAB+/==\",\"ds_transaction_id\":\"f25084f0-5b16-4c0a-ae5d-b24808a95e4b\"}},"
      "\"routing\":{\"connectors\":[\"stripe\",\"adyen_eu\"]},\"retry\":\"none\",\"deadline_ms\":5000,"
      "\"on_late_success\":\"void\""));
  cr_expect(request.capture_manual && request.retry_none && request.late_void);
  cr_expect_eq(request.kind, KIND_MOTO);
  cr_expect_eq(request.store, STORE_OFF_SESSION);
  cr_expect_eq(request.risk, 0);
  cr_expect_eq(request.deadline_ms, 5000);
  cr_expect_eq(request.connector_count, 2);
  cr_expect_str_eq(request.connectors[1], "adyen_eu");
  expect_field(&request, REQUEST_REFERENCE, "order 7");
  expect_field(&request, REQUEST_CUSTOMER_NAME, "Zo\xc3\xab");
  expect_field(&request, REQUEST_CUSTOMER_IP, "::1");
  expect_field(&request, REQUEST_BILLING_COUNTRY, "DE");
  expect_field(&request, REQUEST_CONSENT, "{\"text\":\"I agree\",\"version\":3}");
  expect_field(&request, REQUEST_METADATA_FIRST, "cart=7");
  expect_field(&request, REQUEST_METADATA_FIRST + 1, "empty=");
  expect_field(&request, REQUEST_MERCHANT_CATEGORY, "5411");
  expect_field(&request, REQUEST_BROWSER_COLOR_DEPTH, "24");
  expect_field(&request, REQUEST_BROWSER_TIME_ZONE, "-60");
  expect_field(&request, REQUEST_BROWSER_JAVA, "false");
  expect_field(&request, REQUEST_THREE_DS_MODE, "external");
  expect_field(&request, REQUEST_THREE_DS_CAVV, "AAAB+/==");
}

/* A telephone number may look like a card's. */
Test(api_bodies, a_telephone_number_is_no_card) {
  struct payment_request request = accepted(BODY(",\"customer\":{\"phone\":\"4242424242424242\"}"));
  expect_field(&request, REQUEST_CUSTOMER_PHONE, "4242424242424242");
}

static int parse_policy_of(size_t length, struct policy_body *body, struct fault *fault) {
  char *text = malloc(length + 16);
  strcpy(text, "{\"text\":\"");
  memset(text + 9, 'a', length);
  strcpy(text + 9 + length, "\"}");
  int result = parse_policy(text, strlen(text), body, fault);
  free(text);
  return result;
}

Test(api_bodies, a_policy_has_a_text_that_fits) {
  static struct policy_body body;
  struct fault fault = {0};
  cr_expect_eq(parse_policy_of(0, &body, &fault), 1);
  cr_expect_str_eq(fault.param, "text");
  cr_assert_eq(parse_policy_of(POLICY_LEDGER_TEXT_MAX, &body, &fault), 0, "%s", fault.code);
  cr_expect_eq(strlen(body.text), POLICY_LEDGER_TEXT_MAX);
  cr_expect_eq(parse_policy_of(POLICY_LEDGER_TEXT_MAX + 1, &body, &fault), 1);
  cr_expect_str_eq(fault.param, "text");
}

Test(api_bodies, where_nothing_is_wanted_nothing_may_come) {
  struct fault fault = {0};
  cr_expect_eq(parse_empty("", 0, &fault), 0);
  cr_expect_eq(parse_empty("{}", 2, &fault), 0);
  cr_expect_eq(parse_empty("{\"a\":1}", 7, &fault), 1);
}

Test(api_bodies, a_movements_reference_is_bounded) {
  struct movement_request request;
  struct fault fault = {0};
  char body[512];
  for (size_t length = sizeof request.reference - 1; length <= sizeof request.reference; length++) {
    snprintf(body, sizeof body, "{\"reference\":\"%0*d\"}", (int)length, 0);
    cr_expect_eq(parse_movement(body, strlen(body), MOVEMENT_CAPTURE, &request, &fault),
                 length < sizeof request.reference ? 0 : 1, "%zu", length);
  }
}

Test(api_bodies, the_greatest_amount_is_an_amount) {
  cr_expect_eq(
      accepted("{\"amount\":9223372036854775807,\"currency\":\"EUR\",\"token\":\"" TOKEN "\"}").amount.minor,
      INT64_MAX);
}

Test(api_bodies, metadata_has_twenty_entries_and_no_more) {
  char body[2048];
  for (int count = 20; count <= 21; count++) {
    struct payment_request request;
    struct fault fault = {0};
    size_t length = (size_t)snprintf(body, sizeof body,
                                     "{\"amount\":1,\"currency\":\"EUR\",\"token\":\"%s\","
                                     "\"metadata\":{",
                                     TOKEN);
    for (int i = 0; i < count; i++)
      length += (size_t)snprintf(body + length, sizeof body - length, "%s\"k%d\":\"v\"", i > 0 ? "," : "", i);
    length += (size_t)snprintf(body + length, sizeof body - length, "}}");
    cr_expect_eq(parse_payment(body, length, &request, &fault), count == 20 ? 0 : 1);
  }
}

Test(api_bodies, a_huge_body_is_refused_before_it_is_read) {
  char *body = malloc(BODY_MAX + 1);
  struct payment_request request;
  struct fault fault = {0};
  memset(body, ' ', BODY_MAX + 1);
  cr_expect_eq(parse_payment(body, BODY_MAX + 1, &request, &fault), 1);
  cr_expect_eq(fault.status, 413);
  free(body);
}

static const struct wrong wrong_captures[] = {
    {"{\"amount\":0}", 422, "invalid_field", "amount"},
    {"{\"amount\":-1}", 422, "invalid_field", "amount"},
    {"{\"amount\":0.5}", 422, "invalid_field", "amount"},
    {"{\"final\":\"no\"}", 422, "invalid_field", "final"},
    {"{\"reason\":\"x\"}", 422, "unknown_field", "reason"},
    {"{\"reference\":\"\"}", 422, "invalid_field", "reference"},
    {"{\"reference\":\"4242424242424242\"}", 422, "card_number_not_allowed", "reference"},
    {"{", 400, "invalid_json", ""},
};

Test(api_bodies, wrong_captures_are_refused) {
  for (size_t i = 0; i < sizeof wrong_captures / sizeof *wrong_captures; i++) {
    struct movement_request request;
    struct fault fault = {0};
    const struct wrong *wrong = &wrong_captures[i];
    check_fault(wrong, parse_movement(wrong->body, strlen(wrong->body), MOVEMENT_CAPTURE, &request, &fault),
                &fault);
  }
}

Test(api_bodies, a_movement_may_say_nothing) {
  struct movement_request request;
  struct fault fault;
  cr_assert_eq(parse_movement(NULL, 0, MOVEMENT_CAPTURE, &request, &fault), 0);
  cr_expect(request.final && !request.amount_given && request.amount == 0);
  const char *body = "{\"amount\":5,\"final\":false,\"reference\":\"r\"}";
  cr_assert_eq(parse_movement(body, strlen(body), MOVEMENT_CAPTURE, &request, &fault), 0);
  cr_expect(!request.final && request.amount_given && request.amount == 5);
  cr_expect_str_eq(request.reference, "r");
}

Test(api_bodies, a_route_takes_a_card_in_place_of_a_token) {
  struct route_body body;
  struct fault fault = {0};
  const char *good =
      "{\"amount\":1,\"currency\":\"EUR\",\"card\":{\"bin\":\"424242\",\"network\":\"visa\","
      "\"funding\":\"credit\",\"country\":\"DE\",\"issuer\":\"Bank\"},\"at\":\"2026-01-31T12:00:00Z\","
      "\"policy\":\"otherwise route a\"}";
  cr_assert_eq(parse_route(good, strlen(good), &body, &fault), 0, "%s %s", fault.code, fault.param);
  cr_expect(body.has_card && body.payment.token.text[0] == '\0');
  cr_expect_eq(body.at_ms, 1769860800000);
  cr_expect_str_eq(body.policy_text, "otherwise route a");
}

static const struct wrong wrong_routes[] = {
    {"{\"amount\":1,\"currency\":\"EUR\",\"card\":{\"bin\":\"4242424242424242\"}}", 422, "invalid_field",
     "card.bin"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"card\":{\"bin\":\"424242424\"}}", 422, "invalid_field",
     "card.bin"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"card\":{\"bin\":\"42424\"}}", 422, "invalid_field", "card.bin"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"card\":{\"number\":\"4242424242424242\"}}", 422, "unknown_field",
     "card.number"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"card\":{\"country\":\"XX\"}}", 422, "invalid_field",
     "card.country"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"at\":\"2026-01-31\"}", 422, "invalid_field", "at"},
    {"{\"amount\":1,\"currency\":\"EUR\",\"policy\":\"\"}", 422, "invalid_field", "policy"},
    {BODY(",\"card\":{\"bin\":\"424242\"}"), 422, "invalid_field", "card"},
};

Test(api_bodies, wrong_routes_are_refused) {
  for (size_t i = 0; i < sizeof wrong_routes / sizeof *wrong_routes; i++) {
    struct route_body body;
    struct fault fault = {0};
    const struct wrong *wrong = &wrong_routes[i];
    check_fault(wrong, parse_route(wrong->body, strlen(wrong->body), &body, &fault), &fault);
  }
}

Test(api_bodies, an_expiry_date_is_given_whole) {
  struct token_update update;
  struct fault fault = {0};
  cr_expect_eq(parse_token_update("{\"exp_month\":12,\"exp_year\":2030}", 32, &update, &fault), 0);
  cr_expect(update.exp_month == 12 && update.exp_year == 2030);
  const char *within = "{\"card\":{\"exp_month\":1,\"exp_year\":2031}}";
  cr_expect_eq(parse_token_update(within, strlen(within), &update, &fault), 0);
  cr_expect(update.exp_month == 1 && update.exp_year == 2031);
  cr_expect_eq(parse_token_update("{\"exp_month\":12}", 16, &update, &fault), 1);
  cr_expect_str_eq(fault.param, "exp_year");
  cr_expect_eq(parse_token_update("{\"exp_month\":13,\"exp_year\":2030}", 32, &update, &fault), 1);
  cr_expect_str_eq(fault.param, "exp_month");
  cr_expect_eq(parse_token_update("", 0, &update, &fault), 1);
}
