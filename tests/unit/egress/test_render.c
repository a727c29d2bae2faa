#include "answer.h"
#include "base_url.h"
#include "render.h"
#include "sheet_trial.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rendered rendered;

/* The first step of a dispatch; for Stripe's operations on a card the second when second is set. */
static int render(const char *name, const struct egress_send *send, bool second) {
  struct sheet *sheet = trial_sheet(name);
  struct exchange exchange;
  int error = exchange_begin(sheet, send, &exchange);
  if (error == 0 && second) {
    static const char body[] = "{\"id\":\"pm_1\",\"type\":\"card\"}";
    const struct http_answer http = {.status = 200, .body = body, .body_length = sizeof body - 1};
    static struct verdict verdict;
    cr_assert_eq(read_answer(&exchange, &http, &verdict), ANSWER_GOES_ON);
  }
  if (error == 0)
    error = render_step(&exchange, &rendered);
  sheet_free(sheet);
  return error;
}

static bool holds(const char *text) {
  return memmem(rendered.bytes, rendered.length, text, strlen(text)) != NULL;
}

static bool body_is(const char *text) {
  size_t length = rendered.length - rendered.head_length;
  return strlen(text) == length && memcmp(rendered.bytes + rendered.head_length, text, length) == 0;
}

Test(render, golden_stripe_payment_method) {
  struct egress_send send = trial_send("stripe", OPERATION_AUTHORIZE, false);
  snprintf(send.code.digits, sizeof send.code.digits, "737");
  cr_assert_eq(render("stripe", &send, false), 0);
  static const char wanted[] =
      "POST /v1/payment_methods HTTP/1.1\r\n"
      "Host: api.stripe.com\r\n"
      "User-Agent: freeport/1\r\n"
      "Authorization: Bearer sk_test_trial\r\n"
      "Stripe-Version: 2023-08-16\r\n"
      "Accept: application/json\r\n"
      "Idempotency-Key: pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1_1\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: 91\r\n"
      "\r\n"
      "type=card&card[number]=4242424242424242&card[exp_month]=3&card[exp_year]=2030&card[cvc]=737";
  cr_assert_eq(rendered.length, sizeof wanted - 1);
  cr_assert_arr_eq(rendered.bytes, wanted, sizeof wanted - 1);
  cr_assert(!rendered.charging && rendered.code_sent);
  cr_assert(rendered.target.tls && rendered.target.port == 443);
  cr_assert_str_eq(rendered.target.host, "api.stripe.com");
}

Test(render, golden_stripe_payment_intent) {
  struct egress_send send = trial_send("stripe", OPERATION_CHARGE, false);
  snprintf(send.code.digits, sizeof send.code.digits, "737");
  cr_assert_eq(render("stripe", &send, true), 0);
  cr_assert(rendered.charging && !rendered.code_sent, "it went with the first step");
  cr_assert(holds("POST /v1/payment_intents HTTP/1.1\r\n"));
  cr_assert(holds("Idempotency-Key: pay_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1_2\r\n"));
  cr_assert(body_is("amount=1234&currency=eur&payment_method=pm_1&payment_method_types[0]=card&confirm=true"
                    "&expand[0]=latest_charge&metadata[reference]=" TRIAL_KEY "&capture_method=automatic"));
  cr_assert(!holds(TRIAL_CARD));
}

Test(render, golden_adyen) {
  struct egress_send send = trial_send("adyen", OPERATION_AUTHORIZE, false);
  cr_assert_eq(render("adyen", &send, false), 0);
  cr_assert(rendered.charging && !rendered.code_sent);
  cr_assert(holds("POST /v71/payments HTTP/1.1\r\nHost: checkout-test.adyen.com\r\n"));
  cr_assert(holds("\r\nX-API-Key: sk_test_trial\r\n"));
  cr_assert(body_is(
      "{\"amount\":{\"currency\":\"EUR\",\"value\":1234},\"merchantAccount\":\"TrialMerchant\","
      "\"reference\":\"" TRIAL_KEY "\",\"paymentMethod\":{\"type\":\"scheme\",\"number\":\"" TRIAL_CARD
      "\",\"expiryMonth\":\"03\",\"expiryYear\":\"2030\"},\"returnUrl\":\"https://return-url.invalid/\","
      "\"shopperInteraction\":\"Ecommerce\",\"additionalData\":{\"manualCapture\":\"true\"}}"));
}

Test(render, golden_checkout) {
  struct egress_send send = trial_send("checkout", OPERATION_AUTHORIZE, false);
  cr_assert_eq(render("checkout", &send, false), 0);
  cr_assert(holds("POST /payments HTTP/1.1\r\nHost: api.sandbox.checkout.com\r\n"));
  cr_assert(holds("\r\nCko-Idempotency-Key: " TRIAL_KEY "_1\r\n"));
  cr_assert(body_is("{\"source\":{\"type\":\"card\",\"number\":\"" TRIAL_CARD
                    "\",\"expiry_month\":3,\"expiry_year\":2030},"
                    "\"currency\":\"EUR\",\"payment_type\":\"Regular\",\"reference\":\"" TRIAL_KEY
                    "\",\"processing_channel_id\":\"pc_trial\",\"amount\":1234,\"capture\":false}"));
}

static const struct {
  const char *sheet;
  enum operation operation;
  const char *line;
  const char *body;
} movements[] = {
    {"stripe", OPERATION_CAPTURE, "POST /v1/payment_intents/pi_3Nq8xE2eZvKYlo2C/capture HTTP/1.1\r\n",
     "amount_to_capture=1234"},
    {"stripe", OPERATION_VOID, "POST /v1/payment_intents/pi_3Nq8xE2eZvKYlo2C/cancel HTTP/1.1\r\n",
     "cancellation_reason=abandoned"},
    {"stripe", OPERATION_REFUND, "POST /v1/refunds HTTP/1.1\r\n",
     "payment_intent=pi_3Nq8xE2eZvKYlo2C&amount=1234&metadata[reference]=mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S"},
    {"adyen", OPERATION_CAPTURE, "POST /v71/payments/WNS7WQ756L2GWR82/captures HTTP/1.1\r\n",
     "{\"merchantAccount\":\"TrialMerchant\",\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S\","
     "\"amount\":{\"currency\":\"EUR\",\"value\":1234}}"},
    {"adyen", OPERATION_VOID, "POST /v71/payments/WNS7WQ756L2GWR82/cancels HTTP/1.1\r\n",
     "{\"merchantAccount\":\"TrialMerchant\",\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S\"}"},
    {"adyen", OPERATION_REFUND, "POST /v71/payments/WNS7WQ756L2GWR82/refunds HTTP/1.1\r\n",
     "{\"merchantAccount\":\"TrialMerchant\",\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S\","
     "\"amount\":{\"currency\":\"EUR\",\"value\":1234}}"},
    {"checkout", OPERATION_CAPTURE, "POST /payments/pay_y3oqhf46pyzuxjbcn2giaqnb44/captures HTTP/1.1\r\n",
     "{\"amount\":1234,\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S\"}"},
    {"checkout", OPERATION_VOID, "POST /payments/pay_y3oqhf46pyzuxjbcn2giaqnb44/voids HTTP/1.1\r\n",
     "{\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S\"}"},
    {"checkout", OPERATION_REFUND, "POST /payments/pay_y3oqhf46pyzuxjbcn2giaqnb44/refunds HTTP/1.1\r\n",
     "{\"amount\":1234,\"reference\":\"mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S\"}"},
};

Test(render, golden_movements) {
  for (size_t i = 0; i < sizeof movements / sizeof movements[0]; i++) {
    struct egress_send send = trial_send(movements[i].sheet, movements[i].operation, false);
    cr_assert_eq(render(movements[i].sheet, &send, false), 0);
    cr_assert_eq(strncmp((char *)rendered.bytes, movements[i].line, strlen(movements[i].line)), 0);
    cr_assert(body_is(movements[i].body), "%s %s", movements[i].sheet,
              operation_name(movements[i].operation));
    cr_assert(rendered.charging && holds("mov_01J9ZC3V5K8Q2W4E6R8T0Y1A3S_1\r\n"));
  }
}

Test(render, questions) {
  struct egress_send send = trial_send("stripe", OPERATION_STATUS, false);
  cr_assert_eq(render("stripe", &send, false), 0);
  cr_assert(holds("GET /v1/payment_intents?created%5Bgte%5D=1699999700&created%5Blte%5D=1700000900&limit=100"
                  "&expand%5B0%5D=data.latest_charge HTTP/1.1\r\n"));
  cr_assert(!rendered.charging && rendered.head_length == rendered.length && !holds("Idempotency-Key"));
  cr_assert(!holds("Content-Length"));
  trial_set(&send, REQUEST_STARTED_AT, "100");
  cr_assert_eq(render("stripe", &send, false), 0);
  cr_assert(holds("?created%5Bgte%5D=0&created%5Blte%5D=1000&"));
  trial_set(&send, REQUEST_PSP_ID, "pi_1");
  cr_assert_eq(render("stripe", &send, false), 0);
  cr_assert(holds("GET /v1/payment_intents/pi_1?expand%5B0%5D=latest_charge HTTP/1.1\r\n"));
  send.asked_about = OPERATION_REFUND;
  cr_assert_eq(render("stripe", &send, false), 0);
  cr_assert(holds("GET /v1/refunds?payment_intent=pi_1&limit=100 HTTP/1.1\r\n"));
  send = trial_send("checkout", OPERATION_STATUS, false);
  cr_assert_eq(render("checkout", &send, false), 0);
  cr_assert(holds("GET /payments?reference=" TRIAL_KEY "&limit=10 HTTP/1.1\r\n"));
  send = trial_send("adyen", OPERATION_STATUS, false);
  cr_assert_eq(render("adyen", &send, false), -EOPNOTSUPP);
}

/* P2: the same dispatch again is the same bytes. */
Test(render, the_same_dispatch_gives_the_same_bytes) {
  static const char *const names[] = {"stripe", "adyen", "checkout"};
  static struct rendered first;
  for (size_t i = 0; i < 3; i++)
    for (unsigned operation = OPERATION_AUTHORIZE; operation <= OPERATION_VERIFY; operation++) {
      struct egress_send send = trial_send(names[i], (enum operation)operation, true);
      if (operation == OPERATION_STATUS || render(names[i], &send, false) != 0)
        continue;
      first = rendered;
      struct egress_send again = trial_send(names[i], (enum operation)operation, true);
      again.timeout_ms = 5;
      cr_assert_eq(render(names[i], &again, false), 0);
      cr_assert_eq(rendered.length, first.length);
      cr_assert_arr_eq(rendered.bytes, first.bytes, sizeof first.bytes);
    }
}

/* Every typed field that the PSP has a place for reaches it. */
static const struct {
  const char *sheet;
  bool second;
  const char *const texts[24];
} places[] = {
    {"stripe",
     false,
     {"[name]=Z.%20van%20den%20Berg", "[email]=zoe%40example.org", "[phone]=%2B31201234567",
      "[line1]=Rokin%2049", "[line2]=2nd%20floor", "[city]=Amsterdam", "[state]=NH", "[postal_code]=1012KK",
      "[country]=NL", "card[cvc]=737"}},
    {"stripe",
     true,
     {"description=order%206735", "statement_descriptor_suffix=BOOKS%20AND%20MORE",
      "return_url=https%3A%2F%2Fshop.example.org%2Freturn%3Fo%3D6735%26s%3D1",
      "setup_future_usage=off_session", "[three_d_secure][version]=2.2.0",
      "[cryptogram]=AAABBEg0VhI0VniQEjRWAAAAAAA%3D", "[transaction_id]=c4e59ceb-a382-4d6a-bc87-385d591fa09d",
      "[electronic_commerce_indicator]=05", "[ares_trans_status]=Y", "[exemption_indicator]=low_risk",
      "metadata[order_reference]=order%206735", "metadata[customer_id]=cus_", "metadata[basket]=42",
      "metadata[merchant_reference]=mine"}},
    {"adyen",
     false,
     {"\"merchantOrderReference\":\"order 6735\"",
      "\"shopperStatement\":\"BOOKS AND MORE\"",
      "\"shopperReference\":\"cus_",
      "\"shopperEmail\":\"zoe@example.org\"",
      "\"shopperIP\":\"192.0.2.7\"",
      "\"telephoneNumber\":\"+31201234567\"",
      "\"firstName\":\"Zo\xc3\xab van den\",\"lastName\":\"Berg\"",
      "\"street\":\"Rokin 49\"",
      "\"postalCode\":\"1012KK\"",
      "\"country\":\"NL\"",
      "\"returnUrl\":\"https://shop.example.org/return?o=6735&s=1\"",
      "\"mcc\":\"5942\"",
      "\"recurringProcessingModel\":\"UnscheduledCardOnFile\"",
      "\"cavv\":\"AAABBEg0VhI0VniQEjRWAAAAAAA=\"",
      "\"eci\":\"05\"",
      "\"dsTransID\":\"c4e59ceb",
      "\"threeDSVersion\":\"2.2.0\"",
      "\"authenticationResponse\":\"Y\"",
      "\"networkTxReference\":\"MCC123456789012\"",
      "\"scaExemption\":\"transactionRiskAnalysis\"",
      "\"timeZoneOffset\":-60",
      "\"javaEnabled\":false",
      "\"metadata\":{\"basket\":\"42\",\"reference\":\"mine\"}",
      "\"cvc\":\"737\""}},
    {"checkout",
     false,
     {"\"description\":\"order 6735\"",
      "\"billing_descriptor\":{\"name\":\"BOOKS AND MORE\",\"city\":\"London\"}",
      "\"customer\":{\"email\":\"zoe@example.org\"",
      "\"phone\":{\"number\":\"+31201234567\"}",
      "\"payment_ip\":\"192.0.2.7\"",
      "\"address_line1\":\"Rokin 49\"",
      "\"zip\":\"1012KK\"",
      "\"success_url\":\"https://shop",
      "\"payment_type\":\"Unscheduled\"",
      "\"previous_payment_id\":\"MCC123456789012\"",
      "\"merchant_category\":\"5942\"",
      "\"cryptogram\":\"AAABBEg0",
      "\"eci\":\"05\"",
      "\"xid\":\"c4e59ceb",
      "\"version\":\"2.2.0\"",
      "\"exemption\":\"transaction_risk_assessment\"",
      "\"user_agent\":\"Mozilla",
      "\"java_enabled\":false",
      "\"order_reference\":\"order 6735\"",
      "\"basket\":\"42\"",
      "\"cvv\":\"737\""}},
};

Test(render, every_field_with_a_place_reaches_the_psp) {
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    struct egress_send send = trial_send(places[i].sheet, OPERATION_CHARGE, true);
    cr_assert_eq(render(places[i].sheet, &send, places[i].second), 0);
    for (size_t j = 0; j < 24 && places[i].texts[j] != NULL; j++)
      cr_expect(holds(places[i].texts[j]), "%s: %s", places[i].sheet, places[i].texts[j]);
  }
}

/* kind -> the PSP's own words for who initiates (P8). */
static const struct {
  const char *sheet, *kind;
  bool second;
  const char *there, *not_there;
} kinds[] = {
    {"stripe", "recurring", true, "off_session=recurring", "moto"},
    {"stripe", "recurring", true, "[mit_exemption][network_transaction_id]=MCC123456789012", "moto"},
    {"stripe", "unscheduled", true, "off_session=one_off", "moto"},
    {"stripe", "customer", true, "confirm=true", "mit_exemption"},
    {"stripe", "moto", true, "[card][moto]=true", "off_session=true"},
    {"adyen", "recurring", false,
     "\"shopperInteraction\":\"ContAuth\",\"recurringProcessingModel\":\"Subscription\"", "Moto"},
    {"adyen", "unscheduled", false, "\"ContAuth\",\"recurringProcessingModel\":\"UnscheduledCardOnFile\"",
     "Moto"},
    {"adyen", "moto", false, "\"shopperInteraction\":\"Moto\"", "ContAuth"},
    {"adyen", "customer", false, "\"shopperInteraction\":\"Ecommerce\"", "ContAuth"},
    {"checkout", "recurring", false, "\"payment_type\":\"Recurring\",\"merchant_initiated\":true", "MOTO"},
    {"checkout", "installment", false, "\"payment_type\":\"Installment\",\"merchant_initiated\":true",
     "MOTO"},
    {"checkout", "resubmission", false, "\"merchant_initiated_reason\":\"Resubmission\"", "MOTO"},
    {"checkout", "moto", false, "\"payment_type\":\"MOTO\"", "merchant_initiated"},
};

Test(render, kinds) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    struct egress_send send = trial_send(kinds[i].sheet, OPERATION_CHARGE, true);
    trial_set(&send, REQUEST_KIND, kinds[i].kind);
    cr_assert_eq(render(kinds[i].sheet, &send, kinds[i].second), 0);
    cr_expect(holds(kinds[i].there), "%s %s", kinds[i].sheet, kinds[i].kind);
    cr_expect(!holds(kinds[i].not_there), "%s %s", kinds[i].sheet, kinds[i].kind);
  }
}

Test(render, amounts_are_counted_as_the_psp_does) {
  static const struct {
    const char *sheet, *currency;
    int64_t minor;
    int error;
    const char *amount;
  } amounts[] = {
      {"adyen", "JPY", 500, 0, "\"value\":500}"},
      {"adyen", "CLP", 500, 0, "\"value\":50000}"},
      {"adyen", "ISK", 7, 0, "\"value\":700}"},
      {"adyen", "IDR", 1500000, 0, "\"value\":15000}"},
      {"adyen", "CVE", 1200, 0, "\"value\":12}"},
      {"adyen", "CVE", 1234, -ERANGE, NULL},
      {"adyen", "CLP", INT64_MAX, -ERANGE, NULL},
      {"adyen", "EUR", INT64_MAX, 0, "\"value\":9223372036854775807}"},
      {"adyen", "EUR", -1, -ERANGE, NULL},
      {"adyen", "", 100, -ERANGE, NULL},
      {"adyen", "EURO", 100, -ERANGE, NULL},
      {"checkout", "KWD", 12345, 0, "\"amount\":12345,"},
      {"checkout", "CLP", 500, -ERANGE, NULL},
  };
  for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
    struct egress_send send = trial_send(amounts[i].sheet, OPERATION_CHARGE, false);
    send.amount.minor = amounts[i].minor;
    memset(send.amount.currency, 0, sizeof send.amount.currency);
    memcpy(send.amount.currency, amounts[i].currency, strnlen(amounts[i].currency, CURRENCY_CAPACITY - 1));
    if (strlen(amounts[i].currency) > 3)
      memcpy(send.amount.currency, "XXX", 4);
    cr_assert_eq(render(amounts[i].sheet, &send, false), amounts[i].error, "%zu", i);
    if (amounts[i].error == 0)
      cr_assert(holds(amounts[i].amount), "%s %s", amounts[i].sheet, amounts[i].currency);
    else if (amounts[i].error != 0)
      cr_assert(!holds(TRIAL_CARD), "what failed is wiped");
  }
}

Test(render, stripe_refuses_what_it_cannot_count) {
  static const struct {
    const char *currency;
    int64_t minor;
    int error;
  } amounts[] = {{"KWD", 1230, 0}, {"KWD", 1234, -ERANGE}, {"ISK", 12, 0},
                 {"MGA", 1200, 0}, {"MGA", 1234, -ERANGE}, {"UGX", 1, -ERANGE}};
  for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
    struct egress_send send = trial_send("stripe", OPERATION_CHARGE, false);
    send.amount.minor = amounts[i].minor;
    memcpy(send.amount.currency, amounts[i].currency, CURRENCY_CAPACITY);
    cr_assert_eq(render("stripe", &send, true), amounts[i].error, "%s", amounts[i].currency);
  }
}

Test(render, values_are_encoded_for_where_they_stand) {
  struct egress_send send = trial_send("adyen", OPERATION_AUTHORIZE, true);
  trial_set(&send, REQUEST_REFERENCE, "a\"b\\c</script>&x=1");
  trial_set(&send, REQUEST_METADATA_FIRST, "k=\"}],");
  cr_assert_eq(render("adyen", &send, false), 0);
  cr_assert(holds("\"merchantOrderReference\":\"a\\\"b\\\\c</script>&x=1\""));
  cr_assert(holds("\"k\":\"\\\"}],\""));
  send = trial_send("stripe", OPERATION_AUTHORIZE, true);
  trial_set(&send, REQUEST_REFERENCE, "a&amount=1#%+b=c");
  cr_assert_eq(render("stripe", &send, true), 0);
  cr_assert(holds("description=a%26amount%3D1%23%25%2Bb%3Dc&"));
  send = trial_send("stripe", OPERATION_CAPTURE, false);
  trial_set(&send, REQUEST_PSP_ID, "pi_1/../../x?y=z#");
  cr_assert_eq(render("stripe", &send, false), 0);
  cr_assert(holds("POST /v1/payment_intents/pi_1%2F..%2F..%2Fx%3Fy%3Dz%23/capture HTTP"));
}

Test(render, a_segment_that_climbs_is_refused) {
  static const char *const segments[] = {".", "..", "..."};
  for (size_t i = 0; i < 3; i++) {
    struct egress_send send = trial_send("adyen", OPERATION_VOID, false);
    trial_set(&send, REQUEST_PSP_ID, segments[i]);
    cr_assert_eq(render("adyen", &send, false), -EINVAL);
  }
  struct egress_send send = trial_send("adyen", OPERATION_VOID, false);
  trial_unset(&send, REQUEST_PSP_ID);
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
}

Test(render, a_credential_cannot_add_a_header) {
  static const char *const values[] = {"sk\r\nX: y", "sk\nX: y",   "sk\ry", "sk\x01",
                                       "sk\x7f",     "sk\xc3\xab", "",      "sk test"};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    struct egress_send send = trial_send("stripe", OPERATION_CHARGE, false);
    snprintf(send.credentials[0].value, sizeof send.credentials[0].value, "%s", values[i]);
    cr_assert_eq(render("stripe", &send, false), -EINVAL, "%zu", i);
  }
  struct egress_send send = trial_send("adyen", OPERATION_CHARGE, false);
  send.credential_count = 1;
  cr_assert_eq(render("adyen", &send, false), -EINVAL, "a required credential is missing");
}

Test(render, a_dispatch_that_makes_no_sense_is_refused) {
  struct egress_send send = trial_send("adyen", OPERATION_CHARGE, false);
  send.has_card = false;
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
  send = trial_send("adyen", OPERATION_CHARGE, false);
  send.key[0] = '\0';
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
  send = trial_send("adyen", OPERATION_CHARGE, false);
  snprintf(send.key, sizeof send.key, "pay_1\r\nX: y");
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
  snprintf(send.key, sizeof send.key, "pay 1");
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
  send = trial_send("adyen", OPERATION_CONTINUE, false);
  cr_assert_eq(render("adyen", &send, false), -EOPNOTSUPP);
  send.operation = (enum operation)0;
  cr_assert_eq(render("adyen", &send, false), -EOPNOTSUPP);
  send.operation = (enum operation)99;
  cr_assert_eq(render("adyen", &send, false), -EOPNOTSUPP);
  send.operation = OPERATION_STATUS;
  send.asked_about = (enum operation)77;
  cr_assert_eq(render("checkout", &send, false), -EOPNOTSUPP);
}

Test(render, half_an_address_is_made_whole_or_left_out) {
  struct egress_send send = trial_send("adyen", OPERATION_CHARGE, false);
  trial_set(&send, REQUEST_BILLING_POSTAL_CODE, "1012KK");
  cr_assert_eq(render("adyen", &send, false), 0);
  cr_assert(holds("\"billingAddress\":{\"street\":\"N/A\",\"houseNumberOrName\":\"N/A\",\"city\":\"N/A\","
                  "\"postalCode\":\"1012KK\",\"country\":\"ZZ\"}"));
  trial_unset(&send, REQUEST_BILLING_POSTAL_CODE);
  trial_set(&send, REQUEST_BILLING_STATE, "NH");
  cr_assert_eq(render("adyen", &send, false), 0);
  cr_assert(!holds("billingAddress"));
}

Test(render, long_texts_are_cut_between_characters) {
  struct egress_send send = trial_send("stripe", OPERATION_CHARGE, false);
  trial_set(&send, REQUEST_DESCRIPTOR, "ABCDEFGHIJKLMNOPQRSTUVWXY");
  cr_assert_eq(render("stripe", &send, true), 0);
  cr_assert(holds("statement_descriptor_suffix=ABCDEFGHIJKLMNOPQRSTUV&"));
  char entry[128] = "k=";
  for (int i = 0; i < 79; i++)
    strcat(entry, "x");
  strcat(entry, "\xc3\xab\xc3\xab");
  send = trial_send("adyen", OPERATION_CHARGE, false);
  trial_set(&send, REQUEST_METADATA_FIRST, entry);
  cr_assert_eq(render("adyen", &send, false), 0);
  cr_assert(holds("xxx\"}") && !holds("\xc3"), "80 bytes would end inside a character");
}

Test(render, metadata_never_takes_the_sheets_own_place) {
  struct egress_send send = trial_send("stripe", OPERATION_CHARGE, false);
  trial_set(&send, REQUEST_METADATA_FIRST, "reference=one");
  trial_set(&send, (enum request_field)(REQUEST_METADATA_FIRST + 1), "merchant_reference=two");
  cr_assert_eq(render("stripe", &send, true), 0);
  cr_assert(holds("metadata[reference]=" TRIAL_KEY "&"));
  cr_assert(holds("metadata[merchant_merchant_reference]=one&metadata[merchant_reference]=two&"));
  cr_assert(!holds("metadata[reference]=one"));
}

Test(render, numbers_and_booleans_are_such) {
  struct egress_send send = trial_send("adyen", OPERATION_CHARGE, true);
  trial_set(&send, REQUEST_BROWSER_COLOR_DEPTH, "08");
  cr_assert_eq(render("adyen", &send, false), 0);
  cr_assert(holds("\"colorDepth\":8,"));
  trial_set(&send, REQUEST_BROWSER_TIME_ZONE, "x");
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
  trial_set(&send, REQUEST_BROWSER_TIME_ZONE, "60");
  trial_set(&send, REQUEST_BROWSER_JAVA, "maybe");
  cr_assert_eq(render("adyen", &send, false), -EINVAL);
}

Test(render, base_urls) {
  static const struct {
    const char *url, *line;
    uint16_t port;
    bool tls;
  } good[] = {
      {"http://127.0.0.1:8100/adyen", "POST /adyen/v71/payments HTTP/1.1\r\nHost: 127.0.0.1:8100\r\n", 8100,
       false},
      {"http://127.0.0.1:8100/adyen/", "POST /adyen/v71/payments HTTP/1.1\r\nHost: 127.0.0.1:8100\r\n", 8100,
       false},
      {"https://psp.example.org", "POST /v71/payments HTTP/1.1\r\nHost: psp.example.org\r\n", 443, true},
      {"http://[::1]:80", "POST /v71/payments HTTP/1.1\r\nHost: [::1]\r\n", 80, false},
  };
  struct egress_send send = trial_send("adyen", OPERATION_CHARGE, false);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    snprintf(send.base_url, sizeof send.base_url, "%s", good[i].url);
    cr_assert_eq(render("adyen", &send, false), 0, "%s", good[i].url);
    cr_assert_eq(strncmp((char *)rendered.bytes, good[i].line, strlen(good[i].line)), 0, "%s", good[i].url);
    cr_assert(rendered.target.port == good[i].port && rendered.target.tls == good[i].tls);
  }
  static const char *const bad[] = {
      "ftp://x.org",         "http://",           "https://u@x.org",       "https://x.org:0",
      "https://x.org:99999", "https://x.org/a?b", "https://x.org/a#b",     "https://x.org/../a",
      "https://x.org//a",    "https://x.org/a b", "https://x.org\r\nX: y", "x.org",
      "https://[::1",        "https://[::1x",     "https://x.org_a",       "https://x.org:/"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    snprintf(send.base_url, sizeof send.base_url, "%s", bad[i]);
    cr_assert_eq(render("adyen", &send, false), -EINVAL, "%s", bad[i]);
  }
  struct target target;
  char prefix[BASE_PREFIX_CAPACITY], longest[sizeof "https://" + TARGET_HOST_CAPACITY + 1] = "https://";
  cr_assert_eq(base_url_parse("https://x.org", false, &target, prefix), 0);
  cr_assert_eq(base_url_parse("http://x.org", false, &target, prefix), -EINVAL);
  memset(longest + 8, 'a', TARGET_HOST_CAPACITY - 1);
  cr_assert_eq(base_url_parse(longest, false, &target, prefix), 0);
  longest[8 + TARGET_HOST_CAPACITY - 1] = 'a';
  cr_assert_eq(base_url_parse(longest, false, &target, prefix), -EINVAL);
  send.environment = ENVIRONMENT_LIVE;
  snprintf(send.base_url, sizeof send.base_url, "https://psp.example.org");
  cr_assert_eq(render("adyen", &send, false), -EINVAL, "a live connector goes to its sheet's host");
  send.base_url[0] = '\0';
  cr_assert_eq(render("adyen", &send, false), 0);
}

/* B3, B4: the card stands nowhere but in its own fields, once. */
Test(render, the_card_leaves_once) {
  static const char *const names[] = {"stripe", "adyen", "checkout"};
  for (size_t i = 0; i < 3; i++) {
    struct egress_send send = trial_send(names[i], OPERATION_CHARGE, true);
    cr_assert_eq(render(names[i], &send, false), 0);
    char *first = memmem(rendered.bytes, rendered.length, TRIAL_CARD, 16);
    cr_assert(first != NULL && (size_t)(first - (char *)rendered.bytes) > rendered.head_length);
    size_t rest = rendered.length - (size_t)(first + 16 - (char *)rendered.bytes);
    cr_assert(memmem(first + 16, rest, TRIAL_CARD, 16) == NULL);
    size_t unused = sizeof rendered.bytes - rendered.length;
    cr_assert(memmem(rendered.bytes + rendered.length, unused, TRIAL_CARD, 16) == NULL, "nor behind it");
    rendered_wipe(&rendered);
    cr_assert(memmem(&rendered, sizeof rendered, TRIAL_CARD, 16) == NULL);
  }
}
