/* Payments: checked as Adyen checks them, booked, approved or refused. */
#include "adyen.h"
#include "money.h"
#include <string.h>

/* The amount of a request; a value of zero passes only where zero is allowed. */
const struct adyen_error *adyen_read_amount(const struct exchange *exchange, int64_t least,
                                            struct adyen_amount *ret_amount) {
  const json_t *amount = json_object_get(exchange->json, "amount"), *value = json_object_get(amount, "value");
  const char *currency = json_text(amount, "currency");
  if (!json_is_integer(value) || json_integer_value(value) < least)
    return &adyen_amount_wrong;
  if (currency == NULL || strlen(currency) != 3 || !currency_known(currency))
    return &adyen_currency_wrong;
  ret_amount->value = json_integer_value(value);
  copy_text(ret_amount->currency, sizeof ret_amount->currency, currency);
  return amount_is_whole(exchange->book, ret_amount->value, currency) ? NULL : &adyen_amount_wrong;
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
    return &adyen_no_method;
  if (number == NULL)
    return &adyen_number_wrong;
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
    return &adyen_number_wrong;
  case CARD_CODE_WRONG:
    return &adyen_code_wrong;
  default:
    return &adyen_expiry_wrong;
  }
}

static const struct adyen_error *check_payment(const struct exchange *exchange,
                                               struct adyen_amount *ret_amount, struct card_facts *ret_card,
                                               bool *ret_expired) {
  const char *reference = json_text(exchange->json, "reference");
  if (json_unknown_member(exchange->json, payment_members) != NULL)
    return &adyen_unknown_field;
  if (json_text(exchange->json, "merchantAccount") == NULL)
    return &adyen_no_account;
  if (reference == NULL || reference[0] == '\0' || strlen(reference) > 80)
    return &adyen_no_reference;
  if (json_text(exchange->json, "returnUrl") == NULL)
    return &adyen_no_return_url;
  const struct adyen_error *wrong = adyen_read_amount(exchange, 0, ret_amount);
  return wrong != NULL ? wrong : read_card(exchange, ret_card, ret_expired);
}

/* Captured at once when the request says so; else this account captures by hand. */
bool adyen_captures_at_once(const json_t *body) {
  const json_t *hours = json_object_get(body, "captureDelayHours");
  const char *manual = json_text(json_object_get(body, "additionalData"), "manualCapture");
  return (json_is_integer(hours) && json_integer_value(hours) == 0) ||
         (manual != NULL && strcmp(manual, "false") == 0);
}

static struct charge *book_payment(struct exchange *exchange, const struct adyen_amount *amount,
                                   const struct card_facts *card) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "", ADYEN_ALPHABET, 16);
  struct charge *charge = book_add_charge(exchange->book, id, json_text(exchange->json, "reference"));
  charge->amount = amount->value;
  memcpy(charge->currency, amount->currency, sizeof charge->currency);
  charge->created_ms = exchange->now_ms;
  charge->capture_at_once = adyen_captures_at_once(exchange->json);
  charge->card = *card;
  return charge;
}

static void settle_payment(struct exchange *exchange, struct charge *charge, const char *decline) {
  if (decline != NULL) {
    charge->status = CHARGE_DECLINED;
    copy_text(charge->decline, sizeof charge->decline, decline);
    copy_text(charge->network_code, sizeof charge->network_code,
              network_code_wanted(exchange, adyen_find_refusal(decline)->raw_code));
    copy_text(charge->advice_code, sizeof charge->advice_code, advice_code_wanted(exchange));
    return;
  }
  bool captured = charge->capture_at_once && charge->amount > 0;
  charge->status = charge->amount == 0 ? CHARGE_VERIFIED : captured ? CHARGE_CAPTURED : CHARGE_AUTHORIZED;
  charge->captured = captured ? charge->amount : 0;
  make_approval_codes(charge);
}

void adyen_create_payment(struct exchange *exchange) {
  struct adyen_amount amount = {0};
  struct card_facts card;
  bool expired;
  const struct adyen_error *wrong = check_payment(exchange, &amount, &card, &expired);
  if (wrong != NULL) {
    adyen_answer_error(exchange, wrong);
    return;
  }
  struct charge *charge = book_payment(exchange, &amount, &card);
  settle_payment(exchange, charge, expired ? "6" : decline_wanted(exchange, &card));
  books_note_charge(exchange->books, exchange->book, charge);
  adyen_answer_payment(exchange, charge);
}
