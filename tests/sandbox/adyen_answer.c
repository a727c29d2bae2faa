/* What Adyen answers: payments, refusals, errors. */
#include "adyen.h"
#include <string.h>

const struct adyen_error adyen_unauthorized = {401, "000", "HTTP Status Response - Unauthorized", "security"};
const struct adyen_error adyen_forbidden = {403, "010", "Not allowed", "security"};
const struct adyen_error adyen_no_path = {404, "000", "The requested resource does not exist", "validation"};
const struct adyen_error adyen_internal = {500, "905", "Payment details are not supported", "internal"};
const struct adyen_error adyen_malformed = {400, "702", "Unexpected input: the body is no JSON object",
                                            "validation"};
const struct adyen_error adyen_unknown_field = {
    422, "702", "Structure of the request contains unknown fields", "validation"};
const struct adyen_error adyen_no_account = {403, "901", "Invalid Merchant Account", "security"};
const struct adyen_error adyen_no_reference = {422, "130", "Required field 'reference' is not provided.",
                                               "validation"};
const struct adyen_error adyen_no_return_url = {422, "14_017", "Required field 'returnUrl' is not provided.",
                                                "validation"};
const struct adyen_error adyen_no_method = {422, "14_004", "Missing payment method details: paymentMethod",
                                            "validation"};
const struct adyen_error adyen_amount_wrong = {422, "137", "Invalid amount specified", "validation"};
const struct adyen_error adyen_currency_wrong = {422, "138", "Unsupported currency specified", "validation"};
const struct adyen_error adyen_number_wrong = {422, "101", "Invalid card number", "validation"};
const struct adyen_error adyen_code_wrong = {422, "103", "CVC is not the right length", "validation"};
const struct adyen_error adyen_expiry_wrong = {422, "129", "Expiry Date Invalid", "validation"};
const struct adyen_error adyen_no_original = {422, "167", "Original pspReference required for this operation",
                                              "validation"};
const struct adyen_error adyen_not_possible = {
    422, "175", "The payment's state does not allow this modification", "validation"};

void adyen_answer_error(struct exchange *exchange, const struct adyen_error *error) {
  char id[PSP_ID_CAPACITY];
  make_psp_id(id, "", ADYEN_ALPHABET, 16);
  exchange->answer->status = error->status;
  text_print(
      &exchange->answer->body,
      "{\"status\":%u,\"errorCode\":\"%s\",\"message\":\"%s\",\"errorType\":\"%s\",\"pspReference\":\"%s\"}",
      error->status, error->code, error->message, error->type, id);
}

static const struct adyen_refusal refusals[] = {
    {"2", "Refused", "05", "Do not honor"},
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

const struct adyen_refusal *adyen_find_refusal(const char *code) {
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
    if (strcmp(refusals[i].code, code) == 0)
      return &refusals[i];
  static const struct adyen_refusal other = {"", "Refused", "", ""};
  return &other;
}

static const char *brand_of(const struct card_facts *card) {
  return card->network == NETWORK_MASTERCARD ? "mc" : network_name(card->network);
}

static const char *cvc_result_of(const struct charge *charge) {
  static const char *const words[] = {[CODE_NOT_GIVEN] = "6 No CVC/CVV provided",
                                      [CODE_MATCHES] = "1 Matches",
                                      [CODE_WRONG] = "2 Doesn't match"};
  return words[code_check_of(charge, "24")];
}

static void print_additional(struct text *text, const struct charge *charge) {
  const struct card_facts *card = &charge->card;
  text_print(text,
             "\"additionalData\":{\"cardBin\":\"%s\",\"cardSummary\":\"%s\",\"expiryDate\":\"%u/%u\","
             "\"paymentMethod\":\"%s\",\"avsResult\":\"4 AVS not supported for this card type\","
             "\"cvcResult\":\"%s\",\"merchantReference\":",
             card->bin, card->last4, card->exp_month, card->exp_year, brand_of(card), cvc_result_of(charge));
  text_json(text, charge->reference);
  if (charge->status != CHARGE_DECLINED) {
    text_print(text,
               ",\"authCode\":\"%s\",\"networkTxReference\":\"%s\",\"refusalReasonRaw\":\"AUTHORISED\"}",
               charge->auth_code, charge->network_transaction_id);
    return;
  }
  const struct adyen_refusal *refusal = adyen_find_refusal(charge->decline);
  if (charge->network_code[0] != '\0')
    text_print(text, ",\"refusalReasonRaw\":\"%s : %s\",\"refusalCodeRaw\":\"%s\"", charge->network_code,
               strcmp(refusal->raw_code, charge->network_code) == 0 ? refusal->raw : "Declined",
               charge->network_code);
  if (charge->advice_code[0] != '\0')
    text_print(text, ",\"merchantAdviceCode\":\"%s : Advice of the network\"", charge->advice_code);
  text_put(text, "}");
}

void adyen_answer_payment(struct exchange *exchange, const struct charge *charge) {
  struct text *text = &exchange->answer->body;
  exchange->answer->status = 200;
  text_put(text, "{");
  print_additional(text, charge);
  text_print(text, ",\"pspReference\":\"%s\",", charge->id);
  if (charge->status == CHARGE_DECLINED) {
    text_print(
        text, "\"refusalReason\":\"%s\",\"refusalReasonCode\":", adyen_find_refusal(charge->decline)->reason);
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
