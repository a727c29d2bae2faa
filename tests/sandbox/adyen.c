/* Adyen Checkout v71: JSON, movements that are received first, no question about what became of a request. */
#include "money.h"
#include "sandbox_psp.h"
#include <stdlib.h>
#include <string.h>

#define REFERENCE_ALPHABET "ABCDEFGHJKLMNPQRSTUVWXZ"

enum { KEY_DAYS = 31, DAY_MS = 24 * 3600 * 1000, TRANSIENT = 500 };

struct adyen_error {
  uint16_t status;
  const char *code, *message, *type;
};

static const struct adyen_error unauthorized = {401, "000", "HTTP Status Response - Unauthorized",
                                                "security"};
static const struct adyen_error forbidden = {403, "010", "Not allowed", "security"};
static const struct adyen_error no_path = {404, "000", "The requested resource does not exist", "validation"};
static const struct adyen_error internal = {500, "905", "Payment details are not supported", "internal"};
static const struct adyen_error malformed = {400, "702", "Unexpected input: the body is no JSON object",
                                             "validation"};
static const struct adyen_error unknown_field = {
    422, "702", "Structure of the request contains unknown fields", "validation"};
static const struct adyen_error no_account = {403, "901", "Invalid Merchant Account", "security"};
static const struct adyen_error no_reference = {422, "130", "Required field 'reference' is not provided.",
                                                "validation"};
static const struct adyen_error no_return_url = {422, "14_017", "Required field 'returnUrl' is not provided.",
                                                 "validation"};
static const struct adyen_error no_method = {422, "14_004", "Missing payment method details: paymentMethod",
                                             "validation"};
static const struct adyen_error amount_wrong = {422, "137", "Invalid amount specified", "validation"};
static const struct adyen_error currency_wrong = {422, "138", "Unsupported currency specified", "validation"};
static const struct adyen_error number_wrong = {422, "101", "Invalid card number", "validation"};
static const struct adyen_error code_wrong = {422, "103", "CVC is not the right length", "validation"};
static const struct adyen_error expiry_wrong = {422, "129", "Expiry Date Invalid", "validation"};
static const struct adyen_error no_original = {
    422, "167", "Original pspReference required for this operation", "validation"};
static const struct adyen_error not_possible = {
    422, "175", "The payment's state does not allow this modification", "validation"};

static void answer_error(struct exchange *exchange, const struct adyen_error *error) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "", REFERENCE_ALPHABET, 16);
  exchange->answer->status = error->status;
  text_print(
      &exchange->answer->body,
      "{\"status\":%u,\"errorCode\":\"%s\",\"message\":\"%s\",\"errorType\":\"%s\",\"pspReference\":\"%s\"}",
      error->status, error->code, error->message, error->type, id);
}

static const char *const payment_members[] = {"accountInfo",
                                              "additionalAmount",
                                              "additionalData",
                                              "amount",
                                              "applicationInfo",
                                              "authenticationData",
                                              "bankAccount",
                                              "billingAddress",
                                              "browserInfo",
                                              "captureDelayHours",
                                              "channel",
                                              "checkoutAttemptId",
                                              "company",
                                              "conversionId",
                                              "countryCode",
                                              "dateOfBirth",
                                              "dccQuote",
                                              "deliverAt",
                                              "deliveryAddress",
                                              "deliveryDate",
                                              "deviceFingerprint",
                                              "enableOneClick",
                                              "enablePayOut",
                                              "enableRecurring",
                                              "enhancedSchemeData",
                                              "entityType",
                                              "fraudOffset",
                                              "fundOrigin",
                                              "fundRecipient",
                                              "industryUsage",
                                              "installments",
                                              "lineItems",
                                              "localizedShopperStatement",
                                              "mandate",
                                              "mcc",
                                              "merchantAccount",
                                              "merchantOrderReference",
                                              "merchantRiskIndicator",
                                              "metadata",
                                              "mpiData",
                                              "order",
                                              "orderReference",
                                              "origin",
                                              "paymentMethod",
                                              "paymentValidations",
                                              "platformChargebackLogic",
                                              "recurringExpiry",
                                              "recurringFrequency",
                                              "recurringProcessingModel",
                                              "redirectFromIssuerMethod",
                                              "redirectToIssuerMethod",
                                              "reference",
                                              "returnUrl",
                                              "riskData",
                                              "sessionValidity",
                                              "shopperConversionId",
                                              "shopperEmail",
                                              "shopperIP",
                                              "shopperInteraction",
                                              "shopperLocale",
                                              "shopperName",
                                              "shopperReference",
                                              "shopperStatement",
                                              "shopperTaxInfo",
                                              "socialSecurityNumber",
                                              "splits",
                                              "store",
                                              "storePaymentMethod",
                                              "subMerchants",
                                              "surcharge",
                                              "telephoneNumber",
                                              "threeDS2RequestData",
                                              "threeDSAuthenticationOnly",
                                              "trustedShopper",
                                              NULL};

struct amount {
  int64_t value;
  char currency[4];
};

/* The amount of a request; a value of zero passes only where zero is allowed. */
static const struct adyen_error *read_body_amount(const struct exchange *exchange, int64_t least,
                                                  struct amount *ret_amount) {
  const json_t *amount = json_object_get(exchange->json, "amount"), *value = json_object_get(amount, "value");
  const char *currency = json_text(amount, "currency");
  if (!json_is_integer(value) || json_integer_value(value) < least)
    return &amount_wrong;
  if (currency == NULL || strlen(currency) != 3 || !currency_known(currency))
    return &currency_wrong;
  ret_amount->value = json_integer_value(value);
  copy_text(ret_amount->currency, sizeof ret_amount->currency, currency);
  return amount_is_whole(exchange->book, ret_amount->value, currency) ? NULL : &amount_wrong;
}

/* Adyen takes months and years as strings. */
static long string_number(const json_t *object, const char *name) {
  int64_t value;
  return read_amount(json_text(object, name), 0, 9999, &value) ? (long)value : -1;
}

static const struct adyen_error *read_card(const struct exchange *exchange, struct card_facts *ret_card,
                                           bool *ret_expired) {
  const json_t *method = json_object_get(exchange->json, "paymentMethod");
  const char *type = json_text(method, "type"), *number = json_text(method, "number");
  if (type == NULL || strcmp(type, "scheme") != 0)
    return &no_method;
  if (number == NULL)
    return &number_wrong;
  *ret_expired = false;
  switch (card_check("adyen", number, string_number(method, "expiryMonth"),
                     string_number(method, "expiryYear"), json_text(method, "cvc"), exchange->now_ms,
                     ret_card)) {
  case CARD_GOOD:
    return NULL;
  case CARD_EXPIRED:
    *ret_expired = true; /* Adyen lets the issuer say so */
    return NULL;
  case CARD_NUMBER_WRONG:
    return &number_wrong;
  case CARD_CODE_WRONG:
    return &code_wrong;
  default:
    return &expiry_wrong;
  }
}

static const struct adyen_error *check_payment(const struct exchange *exchange, struct amount *ret_amount,
                                               struct card_facts *ret_card, bool *ret_expired) {
  const char *reference = json_text(exchange->json, "reference");
  if (json_unknown_member(exchange->json, payment_members) != NULL)
    return &unknown_field;
  if (json_text(exchange->json, "merchantAccount") == NULL)
    return &no_account;
  if (reference == NULL || reference[0] == '\0' || strlen(reference) > 80)
    return &no_reference;
  if (json_text(exchange->json, "returnUrl") == NULL)
    return &no_return_url;
  const struct adyen_error *wrong = read_body_amount(exchange, 0, ret_amount);
  return wrong != NULL ? wrong : read_card(exchange, ret_card, ret_expired);
}

static const struct refusal {
  const char *code, *reason, *raw_code, *raw;
} refusals[] = {{"2", "Refused", "05", "Do not honor"},
                {"3", "Referral", "01", "Refer to card issuer"},
                {"4", "Acquirer Error", "", ""},
                {"5", "Blocked Card", "62", "Restricted card"},
                {"6", "Expired Card", "54", "Expired card"},
                {"7", "Invalid Amount", "13", "Invalid amount"},
                {"8", "Invalid Card Number", "14", "Invalid card number"},
                {"9", "Issuer Unavailable", "91", "Issuer unavailable"},
                {"10", "Not supported", "", ""},
                {"11", "3D Not Authenticated", "", ""},
                {"12", "Not enough balance", "51", "Insufficient funds"},
                {"14", "Acquirer Fraud", "", ""},
                {"15", "Cancelled", "", ""},
                {"16", "Shopper Cancelled", "", ""},
                {"20", "FRAUD", "", ""},
                {"21", "Not Submitted", "", ""},
                {"22", "FRAUD-CANCELLED", "", ""},
                {"23", "Transaction Not Permitted", "", ""},
                {"24", "CVC Declined", "N7", "CVV2 failure"},
                {"25", "Restricted Card", "", ""},
                {"26", "Revocation Of Auth", "R1", "Revocation of authorization"},
                {"27", "Declined Non Generic", "", ""},
                {"28", "Withdrawal amount exceeded", "61", "Exceeds withdrawal amount limit"},
                {"29", "Withdrawal count exceeded", "65", "Exceeds withdrawal frequency limit"},
                {"31", "Issuer Suspected Fraud", "59", "Suspected fraud"},
                {"32", "AVS Declined", "", ""},
                {"38", "Authentication required", "", ""},
                {"46", "Transaction blocked by Adyen", "", ""}};

static const struct refusal *find_refusal(const char *code) {
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
    if (strcmp(refusals[i].code, code) == 0)
      return &refusals[i];
  static const struct refusal other = {"", "Refused", "", ""};
  return &other;
}

/* Captured at once when the request says so; else this account captures by hand. */
static bool is_captured_at_once(const json_t *body) {
  const json_t *hours = json_object_get(body, "captureDelayHours");
  const char *manual = json_text(json_object_get(body, "additionalData"), "manualCapture");
  return (json_is_integer(hours) && json_integer_value(hours) == 0) ||
         (manual != NULL && strcmp(manual, "false") == 0);
}

static struct charge *book_payment(struct exchange *exchange, const struct amount *amount,
                                   const struct card_facts *card) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "", REFERENCE_ALPHABET, 16);
  struct charge *charge = book_add_charge(exchange->book, id, json_text(exchange->json, "reference"));
  charge->amount = amount->value;
  memcpy(charge->currency, amount->currency, sizeof charge->currency);
  charge->created_ms = exchange->now_ms;
  charge->capture_at_once = is_captured_at_once(exchange->json);
  charge->card = *card;
  return charge;
}

static void settle_payment(struct exchange *exchange, struct charge *charge, const char *decline) {
  if (decline != NULL) {
    charge->status = CHARGE_DECLINED;
    copy_text(charge->decline, sizeof charge->decline, decline);
    copy_text(charge->network_code, sizeof charge->network_code,
              network_code_wanted(exchange, find_refusal(decline)->raw_code));
    copy_text(charge->advice_code, sizeof charge->advice_code, advice_code_wanted(exchange));
    return;
  }
  bool captured = charge->capture_at_once && charge->amount > 0;
  charge->status = charge->amount == 0 ? CHARGE_VERIFIED : captured ? CHARGE_CAPTURED : CHARGE_AUTHORIZED;
  charge->captured = captured ? charge->amount : 0;
  make_approval_codes(charge);
}

static const char *brand_of(const struct card_facts *card) {
  return card->network == NETWORK_MASTERCARD ? "mc" : network_name(card->network);
}

static void print_additional(struct text *text, const struct charge *charge) {
  const struct card_facts *card = &charge->card;
  text_print(text,
             "\"additionalData\":{\"cardBin\":\"%s\",\"cardSummary\":\"%s\",\"expiryDate\":\"%u/%u\","
             "\"paymentMethod\":\"%s\",\"avsResult\":\"4 AVS not supported for this card type\","
             "\"cvcResult\":\"1 Matches\",\"merchantReference\":",
             card->bin, card->last4, card->exp_month, card->exp_year, brand_of(card));
  text_json(text, charge->reference);
  if (charge->status != CHARGE_DECLINED) {
    text_print(text,
               ",\"authCode\":\"%s\",\"networkTxReference\":\"%s\",\"refusalReasonRaw\":\"AUTHORISED\"}",
               charge->auth_code, charge->network_transaction_id);
    return;
  }
  const struct refusal *refusal = find_refusal(charge->decline);
  if (charge->network_code[0] != '\0')
    text_print(text, ",\"refusalReasonRaw\":\"%s : %s\",\"refusalCodeRaw\":\"%s\"", charge->network_code,
               strcmp(refusal->raw_code, charge->network_code) == 0 ? refusal->raw : "Declined",
               charge->network_code);
  if (charge->advice_code[0] != '\0')
    text_print(text, ",\"merchantAdviceCode\":\"%s : Advice of the network\"", charge->advice_code);
  text_put(text, "}");
}

static void answer_payment(struct exchange *exchange, const struct charge *charge) {
  struct text *text = &exchange->answer->body;
  exchange->answer->status = 200;
  text_put(text, "{");
  print_additional(text, charge);
  text_print(text, ",\"pspReference\":\"%s\",", charge->id);
  if (charge->status == CHARGE_DECLINED) {
    text_print(text,
               "\"refusalReason\":\"%s\",\"refusalReasonCode\":", find_refusal(charge->decline)->reason);
    text_json(text, charge->decline);
    text_put(text, ",\"resultCode\":\"Refused\",");
  } else {
    text_put(text, "\"resultCode\":\"Authorised\",");
  }
  text_print(text, "\"amount\":{\"currency\":\"%s\",\"value\":%lld},\"merchantReference\":", charge->currency,
             (long long)charge->amount);
  text_json(text, charge->reference);
  text_print(text, ",\"paymentMethod\":{\"brand\":\"%s\",\"type\":\"scheme\"}}", brand_of(&charge->card));
}

static void create_payment(struct exchange *exchange) {
  struct amount amount = {0};
  struct card_facts card;
  bool expired;
  const struct adyen_error *wrong = check_payment(exchange, &amount, &card, &expired);
  if (wrong != NULL) {
    answer_error(exchange, wrong);
    return;
  }
  struct charge *charge = book_payment(exchange, &amount, &card);
  settle_payment(exchange, charge, expired ? "6" : decline_wanted(exchange, &card));
  books_note_charge(exchange->books, exchange->book, charge);
  answer_payment(exchange, charge);
}

static const char *const capture_members[] = {"amount",    "applicationInfo", "enhancedSchemeData",
                                              "lineItems", "merchantAccount", "platformChargebackLogic",
                                              "reference", "splits",          "subMerchants",
                                              NULL};
static const char *const refund_members[] = {"amount",
                                             "applicationInfo",
                                             "capturePspReference",
                                             "enhancedSchemeData",
                                             "lineItems",
                                             "merchantAccount",
                                             "merchantRefundReason",
                                             "reference",
                                             "splits",
                                             "store",
                                             NULL};
static const char *const cancel_members[] = {"applicationInfo", "enhancedSchemeData", "merchantAccount",
                                             "reference", NULL};

/* What every modification is checked for; the payment goes to *ret_charge. */
static const struct adyen_error *check_modification(const struct exchange *exchange,
                                                    const char *const *members, struct charge **ret_charge,
                                                    struct amount *ret_amount) {
  const char *reference = json_text(exchange->json, "reference");
  if (json_unknown_member(exchange->json, members) != NULL)
    return &unknown_field;
  if (json_text(exchange->json, "merchantAccount") == NULL)
    return &no_account;
  if (reference != NULL && strlen(reference) > 80)
    return &no_reference;
  *ret_charge = map_get(&exchange->book->charges, exchange->id);
  if (*ret_charge == NULL)
    return &no_original;
  if (ret_amount == NULL)
    return NULL;
  const struct adyen_error *wrong = read_body_amount(exchange, 1, ret_amount);
  if (wrong == NULL && strcmp(ret_amount->currency, (*ret_charge)->currency) != 0)
    wrong = &currency_wrong;
  return wrong;
}

static void answer_received(struct exchange *exchange, const struct movement *movement) {
  struct text *text = &exchange->answer->body;
  exchange->answer->status = 201;
  text_put(text, "{\"merchantAccount\":");
  text_json(text, json_text(exchange->json, "merchantAccount"));
  text_print(text,
             ",\"paymentPspReference\":\"%s\",\"pspReference\":\"%s\",\"reference\":", movement->charge->id,
             movement->id);
  text_json(text, movement->reference);
  text_put(text, ",\"status\":\"received\"");
  if (movement->operation != OPERATION_VOID)
    text_print(text, ",\"amount\":{\"currency\":\"%s\",\"value\":%lld}", movement->charge->currency,
               (long long)movement->amount);
  if (movement->reason[0] != '\0') {
    text_put(text, ",\"merchantRefundReason\":");
    text_json(text, movement->reason);
  }
  text_put(text, "}");
}

static void book_modification(struct exchange *exchange, struct charge *charge, enum operation operation,
                              int64_t amount) {
  char id[PSP_ID_CAPACITY];
  const char *reference = json_text(exchange->json, "reference");
  const char *reason = json_text(exchange->json, "merchantRefundReason");
  make_psp_id(id, "", REFERENCE_ALPHABET, 16);
  struct movement *movement = book_add_movement(exchange->book, id, charge);
  movement->operation = operation;
  movement->amount = amount;
  movement->created_ms = exchange->now_ms;
  copy_text(movement->reference, sizeof movement->reference, reference == NULL ? "" : reference);
  copy_text(movement->reason, sizeof movement->reason, reason == NULL ? "" : reason);
  books_note_movement(exchange->books, exchange->book, movement);
  books_note_charge(exchange->books, exchange->book, charge);
  answer_received(exchange, movement);
}

/* One capture a payment: several need a setting that this account does not have. */
static void capture_payment(struct exchange *exchange) {
  struct charge *charge;
  struct amount amount;
  const struct adyen_error *wrong = check_modification(exchange, capture_members, &charge, &amount);
  if (wrong == NULL && charge->status != CHARGE_AUTHORIZED)
    wrong = &not_possible;
  if (wrong == NULL && amount.value > charge->amount)
    wrong = &amount_wrong;
  if (wrong != NULL) {
    answer_error(exchange, wrong);
    return;
  }
  charge->status = CHARGE_CAPTURED;
  charge->captured = amount.value;
  book_modification(exchange, charge, OPERATION_CAPTURE, amount.value);
}

static void cancel_payment(struct exchange *exchange) {
  struct charge *charge;
  const struct adyen_error *wrong = check_modification(exchange, cancel_members, &charge, NULL);
  if (wrong == NULL && charge->status != CHARGE_AUTHORIZED)
    wrong = &not_possible;
  if (wrong != NULL) {
    answer_error(exchange, wrong);
    return;
  }
  charge->status = CHARGE_VOIDED;
  book_modification(exchange, charge, OPERATION_VOID, charge->amount);
}

static void refund_payment(struct exchange *exchange) {
  struct charge *charge;
  struct amount amount;
  const struct adyen_error *wrong = check_modification(exchange, refund_members, &charge, &amount);
  if (wrong == NULL && charge->status != CHARGE_CAPTURED)
    wrong = &not_possible;
  if (wrong == NULL && amount.value > charge->captured - charge->refunded)
    wrong = &amount_wrong;
  if (wrong != NULL) {
    answer_error(exchange, wrong);
    return;
  }
  charge->refunded += amount.value;
  book_modification(exchange, charge, OPERATION_REFUND, amount.value);
}

static const struct route routes[] = {
    {"POST", "/v71/payments", OPERATION_AUTHORIZE, create_payment}, /* or charge, or verify: see prepare() */
    {"POST", "/v71/payments/*/captures", OPERATION_CAPTURE, capture_payment},
    {"POST", "/v71/payments/*/cancels", OPERATION_VOID, cancel_payment},
    {"POST", "/v71/payments/*/refunds", OPERATION_REFUND, refund_payment},
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
  answer_error(exchange, &unauthorized);
  return false;
}

static bool prepare(struct exchange *exchange) {
  const struct request *request = exchange->request;
  if (route_find(routes, sizeof routes / sizeof *routes, exchange) != ROUTE_FOUND) {
    answer_error(exchange, &no_path);
    return false;
  }
  if (strncmp(request->content_type, "application/json", 16) == 0 && request->body.length > 0)
    exchange->json = json_loadb(request->body.bytes, request->body.length, JSON_REJECT_DUPLICATES, NULL);
  if (!json_is_object(exchange->json)) {
    answer_error(exchange, &malformed);
    return false;
  }
  if (exchange->operation == OPERATION_AUTHORIZE) {
    const json_t *value = json_object_get(json_object_get(exchange->json, "amount"), "value");
    if (json_is_integer(value) && json_integer_value(value) == 0)
      exchange->operation = OPERATION_VERIFY;
    else if (is_captured_at_once(exchange->json))
      exchange->operation = OPERATION_CHARGE;
  }
  return true;
}

static void fail(struct exchange *exchange, uint16_t status) {
  answer_error(exchange, status == 500 ? &internal : status == 403 ? &forbidden : &no_path);
  if (status == TRANSIENT && exchange->book->behaviour.transient)
    text_put(&exchange->answer->headers, "Transient-Error: true\r\n");
}

static void key_conflict(struct exchange *exchange) {
  answer_error(exchange, &not_possible); /* never asked: Adyen does not compare */
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
