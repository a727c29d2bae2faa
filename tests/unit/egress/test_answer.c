#include "answer.h"
#include "sheet_model.h"
#include "sheet_trial.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct verdict verdict;

/* What a PSP answers to a dispatch of operation (of a status question, about asked), at the step that charges
 * or asks. */
static int answer_to(const char *psp, enum operation operation, enum operation asked, bool by_id,
                     uint16_t status, const char *header, const char *body) {
  struct sheet *sheet = trial_sheet(psp);
  struct egress_send send = trial_send(psp, operation, false);
  send.asked_about = asked;
  if (by_id)
    trial_set(&send, REQUEST_PSP_ID, "pi_1");
  struct exchange exchange;
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  while (!exchange.step->charging && operation != OPERATION_STATUS)
    exchange.number = (exchange.step = exchange.step->next)->number;
  char name[64] = "", value[128] = "";
  sscanf(header, "%63[^:]: %127[^\n]", name, value);
  const struct answer_header headers[] = {{"Content-Type", "application/json"}, {name, value}};
  const struct http_answer http = {
      .status = status, .header_count = 2, .headers = headers, .body = body, .body_length = strlen(body)};
  memset(&verdict, 0, sizeof verdict);
  int result = read_answer(&exchange, &http, &verdict);
  sheet_free(sheet);
  return result;
}

static const char *field(enum answer_field name) {
  const char *value = answer_fields_get(&verdict.fields, name);
  return value == NULL ? "" : value;
}

enum { AUTH = OPERATION_AUTHORIZE, CHARGE, CAPTURE, VOID, REFUND, STATUS, VERIFY };

static const struct {
  const char *psp;
  int operation, asked;
  uint16_t status;
  const char *header, *body;
  enum answer answer;
} meanings[] = {
    {"stripe", AUTH, 0, 200, "", "{\"id\":\"pi_1\",\"status\":\"requires_capture\"}", ANSWER_IS_APPROVED},
    {"stripe", CHARGE, 0, 200, "", "{\"id\":\"pi_1\",\"status\":\"succeeded\"}", ANSWER_IS_CAPTURED},
    {"stripe", CHARGE, 0, 200, "", "{\"id\":\"pi_1\",\"status\":\"processing\"}", ANSWER_IS_PENDING},
    {"stripe", CHARGE, 0, 200, "", "{\"id\":\"pi_1\",\"status\":\"requires_action\"}", ANSWER_IS_ACTION},
    {"stripe", CHARGE, 0, 402, "", "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\"}}",
     ANSWER_IS_DECLINED},
    {"stripe", CHARGE, 0, 402, "", "{\"error\":{\"type\":\"other\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 402, "", "<html>Payment Required</html>", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 400, "", "{\"error\":{\"type\":\"invalid_request_error\"}}", ANSWER_IS_REJECTED},
    {"stripe", CHARGE, 0, 400, "", "{\"error\":{\"type\":\"idempotency_error\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 429, "", "{\"error\":{\"code\":\"rate_limit\"}}", ANSWER_IS_REJECTED},
    {"stripe", CHARGE, 0, 429, "", "{\"error\":{\"code\":\"lock_timeout\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 409, "", "{\"error\":{\"type\":\"card_error\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 403, "", "{\"error\":{\"type\":\"invalid_request_error\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 404, "", "{\"error\":{\"type\":\"invalid_request_error\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CHARGE, 0, 500, "", "{\"error\":{\"type\":\"api_error\"}}", ANSWER_IS_UNKNOWN},
    {"stripe", CAPTURE, 0, 200, "", "{\"status\":\"succeeded\"}", ANSWER_IS_APPROVED},
    {"stripe", VOID, 0, 200, "", "{\"status\":\"canceled\"}", ANSWER_IS_APPROVED},
    {"stripe", REFUND, 0, 200, "", "{\"object\":\"refund\",\"status\":\"pending\"}", ANSWER_IS_RECEIVED},
    {"stripe", REFUND, 0, 200, "", "{\"object\":\"refund\",\"status\":\"failed\"}", ANSWER_IS_DECLINED},
    {"stripe", VERIFY, 0, 200, "", "{\"id\":\"seti_1\",\"status\":\"succeeded\"}", ANSWER_IS_APPROVED},
    {"stripe", STATUS, AUTH, 200, "", "{\"object\":\"list\",\"has_more\":false,\"data\":[]}",
     ANSWER_IS_ABSENT},
    {"stripe", STATUS, AUTH, 200, "", "{\"object\":\"list\",\"has_more\":false,\"data\":[{\"id\":\"pi_9\"}]}",
     ANSWER_IS_ABSENT},
    {"stripe", STATUS, AUTH, 500, "", "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"pi_9\"}]}",
     ANSWER_IS_UNKNOWN},
    {"stripe", STATUS, AUTH, 200, "", "{\"object\":\"list\",\"data\":[]}", ANSWER_IS_UNKNOWN},
    {"stripe", STATUS, AUTH, 200, "", "{\"object\":\"list\",\"has_more\":false,\"data\":{}}",
     ANSWER_IS_UNKNOWN},
    {"stripe", STATUS, AUTH, 200, "", "{\"object\":\"list\",\"has_more\":false}", ANSWER_IS_UNKNOWN},
    {"stripe", STATUS, AUTH, 404, "", "{\"object\":\"list\",\"has_more\":false,\"data\":[]}",
     ANSWER_IS_UNKNOWN},
    {"stripe", STATUS, AUTH, 403, "", "{}", ANSWER_IS_UNKNOWN},
    {"adyen", AUTH, 0, 200, "", "{\"resultCode\":\"Authorised\"}", ANSWER_IS_APPROVED},
    {"adyen", CHARGE, 0, 200, "", "{\"resultCode\":\"Authorised\"}", ANSWER_IS_CAPTURED},
    {"adyen", VERIFY, 0, 200, "", "{\"resultCode\":\"Authorised\"}", ANSWER_IS_APPROVED},
    {"adyen", CHARGE, 0, 200, "", "{\"resultCode\":\"Refused\"}", ANSWER_IS_DECLINED},
    {"adyen", CHARGE, 0, 200, "", "{\"resultCode\":\"RedirectShopper\"}", ANSWER_IS_ACTION},
    {"adyen", CHARGE, 0, 200, "", "{\"resultCode\":\"PartiallyAuthorised\"}", ANSWER_IS_UNKNOWN},
    {"adyen", CHARGE, 0, 500, "", "{\"status\":500}", ANSWER_IS_UNKNOWN},
    {"adyen", CHARGE, 0, 500, "transient-error: true", "{\"status\":500}", ANSWER_IS_REJECTED},
    {"adyen", CHARGE, 0, 500, "transient-error: TRUE", "{\"status\":500}", ANSWER_IS_REJECTED},
    {"adyen", CHARGE, 0, 500, "Transient-Error: false", "{\"status\":500}", ANSWER_IS_UNKNOWN},
    {"adyen", CHARGE, 0, 200, "Transient-Error: true", "{\"resultCode\":\"Authorised\"}", ANSWER_IS_CAPTURED},
    {"adyen", CHARGE, 0, 422, "", "{\"errorCode\":\"14_006\",\"errorType\":\"validation\"}",
     ANSWER_IS_REJECTED},
    {"adyen", CHARGE, 0, 422, "", "{\"errorCode\":\"704\",\"errorType\":\"validation\"}", ANSWER_IS_UNKNOWN},
    {"adyen", CHARGE, 0, 422, "", "{}", ANSWER_IS_UNKNOWN},
    {"adyen", CHARGE, 0, 401, "", "", ANSWER_IS_REJECTED},
    {"adyen", CHARGE, 0, 403, "", "{\"errorCode\":\"901\",\"errorType\":\"security\"}", ANSWER_IS_UNKNOWN},
    {"adyen", REFUND, 0, 201, "", "{\"status\":\"received\"}", ANSWER_IS_RECEIVED},
    {"checkout", AUTH, 0, 201, "", "{\"approved\":true,\"status\":\"Authorized\"}", ANSWER_IS_APPROVED},
    {"checkout", CHARGE, 0, 201, "", "{\"approved\":true,\"status\":\"Authorized\"}", ANSWER_IS_CAPTURED},
    {"checkout", CHARGE, 0, 201, "", "{\"approved\":false,\"status\":\"Authorized\"}", ANSWER_IS_UNKNOWN},
    {"checkout", CHARGE, 0, 201, "", "{\"approved\":false,\"status\":\"Declined\"}", ANSWER_IS_DECLINED},
    {"checkout", VERIFY, 0, 201, "", "{\"approved\":true,\"status\":\"Card Verified\"}", ANSWER_IS_APPROVED},
    {"checkout", CHARGE, 0, 202, "",
     "{\"status\":\"Pending\",\"_links\":{\"redirect\":{\"href\":\"https://x\"}}}", ANSWER_IS_ACTION},
    {"checkout", CHARGE, 0, 202, "", "{\"status\":\"Pending\"}", ANSWER_IS_PENDING},
    {"checkout", CHARGE, 0, 422, "", "{\"error_type\":\"request_invalid\"}", ANSWER_IS_REJECTED},
    {"checkout", CHARGE, 0, 422, "", "{\"error_type\":null}", ANSWER_IS_UNKNOWN},
    {"checkout", CHARGE, 0, 409, "", "{\"error_type\":\"conflict\"}", ANSWER_IS_UNKNOWN},
    {"checkout", CAPTURE, 0, 202, "", "{\"action_id\":\"act_1\"}", ANSWER_IS_RECEIVED},
    {"checkout", CAPTURE, 0, 403, "", "{}", ANSWER_IS_UNKNOWN},
    {"checkout", STATUS, AUTH, 200, "", "{\"total_count\":0,\"data\":[]}", ANSWER_IS_ABSENT},
    {"checkout", STATUS, AUTH, 200, "", "{\"total_count\":1,\"data\":[]}", ANSWER_IS_UNKNOWN},
    {"checkout", STATUS, AUTH, 200, "", "{\"data\":[]}", ANSWER_IS_UNKNOWN},
    {"checkout", STATUS, AUTH, 200, "",
     "{\"total_count\":1,\"data\":[{\"reference\":\"pay_other\",\"status\":\"Authorized\"}]}",
     ANSWER_IS_UNKNOWN},
    {"checkout", STATUS, AUTH, 200, "",
     "{\"total_count\":1,\"data\":[{\"reference\":\"" TRIAL_KEY "\",\"status\":\"Authorized\"}]}",
     ANSWER_IS_APPROVED},
    {"checkout", STATUS, CHARGE, 200, "",
     "{\"total_count\":2,\"data\":[7,{\"reference\":\"" TRIAL_KEY "\",\"status\":\"Authorized\"}]}",
     ANSWER_IS_CAPTURED},
    {"checkout", STATUS, REFUND, 200, "", "[{\"id\":\"act_0\",\"type\":\"Authorization\"}]",
     ANSWER_IS_ABSENT},
    {"checkout", STATUS, REFUND, 200, "", "[]", ANSWER_IS_UNKNOWN},
    {"checkout", STATUS, REFUND, 200, "",
     "[{\"id\":\"act_1\",\"type\":\"Refund\",\"approved\":true,\"reference\":\"" TRIAL_KEY "\"}]",
     ANSWER_IS_REFUNDED},
    {"checkout", STATUS, REFUND, 200, "",
     "[{\"id\":\"act_1\",\"type\":\"Other\",\"approved\":true,\"reference\":\"" TRIAL_KEY "\"}]",
     ANSWER_IS_UNKNOWN},
    {"checkout", STATUS, CAPTURE, 200, "",
     "[{\"id\":\"act_1\",\"type\":\"Capture\",\"reference\":\"" TRIAL_KEY "\"}]", ANSWER_IS_RECEIVED},
};

Test(answer, meanings) {
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
    bool movement = meanings[i].asked == CAPTURE || meanings[i].asked == VOID || meanings[i].asked == REFUND;
    bool asked_id = movement || (meanings[i].operation >= CAPTURE && meanings[i].operation <= REFUND);
    cr_assert_eq(answer_to(meanings[i].psp, (enum operation)meanings[i].operation,
                           (enum operation)meanings[i].asked, asked_id, meanings[i].status,
                           meanings[i].header, meanings[i].body),
                 0, "%zu", i);
    cr_expect_eq(verdict.answer, meanings[i].answer, "%zu: %s %u %s: %s", i, meanings[i].psp,
                 meanings[i].status, meanings[i].body, answer_name(verdict.answer));
    cr_expect_eq(verdict.transient_error, meanings[i].header[0] == 't', "%zu", i);
  }
}

Test(answer, fields_of_a_stripe_decline) {
  cr_assert_eq(
      answer_to(
          "stripe", OPERATION_CHARGE, 0, false, 402, "Retry-After: 30",
          "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\",\"decline_code\":\"insufficient_"
          "funds\","
          "\"network_decline_code\":\"51\",\"network_advice_code\":\"02\",\"message\":\"Your card has "
          "insufficient funds.\",\"payment_intent\":{\"id\":\"pi_9\",\"status\":\"requires_payment_method\","
          "\"amount\":1234,\"currency\":\"eur\"}}}"),
      0);
  cr_assert_eq(verdict.answer, ANSWER_IS_DECLINED);
  cr_assert_eq(verdict.step, 2);
  cr_assert_str_eq(field(ANSWER_PSP_ID), "pi_9");
  cr_assert_str_eq(field(ANSWER_CODE), "insufficient_funds");
  cr_assert_str_eq(field(ANSWER_NETWORK_CODE), "51");
  cr_assert_str_eq(field(ANSWER_ADVICE_CODE), "02");
  cr_assert_str_eq(field(ANSWER_MESSAGE), "Your card has insufficient funds.");
  cr_assert_str_eq(field(ANSWER_AMOUNT), "1234");
  cr_assert_str_eq(field(ANSWER_CURRENCY), "EUR");
  cr_assert_str_eq(field(ANSWER_RETRY_AFTER), "30");
}

Test(answer, fields_of_an_adyen_refusal) {
  cr_assert_eq(
      answer_to(
          "adyen", OPERATION_CHARGE, 0, false, 200, "",
          "{\"pspReference\":\"WNS7WQ756L2GWR82\",\"resultCode\":\"Refused\",\"refusalReason\":\"Not enough "
          "balance\",\"refusalReasonCode\":\"12\",\"merchantReference\":\"" TRIAL_KEY
          "\",\"additionalData\":{\"refusalReasonRaw\":\"51 : Insufficient funds\",\"merchantAdviceCode\":"
          "\"02 : Try again later\",\"avsResult\":\"4 AVS not supported\",\"cvcResult\":\"1 Matches\"}}"),
      0);
  cr_assert_str_eq(field(ANSWER_CODE), "12");
  cr_assert_str_eq(field(ANSWER_NETWORK_CODE), "51");
  cr_assert_str_eq(field(ANSWER_ADVICE_CODE), "02");
  cr_assert_str_eq(field(ANSWER_AVS_ADDRESS), "unavailable");
  cr_assert_str_eq(field(ANSWER_AVS_POSTAL_CODE), "unavailable");
  cr_assert_str_eq(field(ANSWER_CVC_CHECK), "match");
  cr_assert_str_eq(field(ANSWER_PSP_ID), "WNS7WQ756L2GWR82");
  cr_assert_str_eq(field(ANSWER_REFERENCE), TRIAL_KEY);
  cr_assert_str_eq(field(ANSWER_MESSAGE), "Not enough balance");
}

#define STRIPE_CHECKS(line1, postal_code, cvc)                                                               \
  "{\"id\":\"pi_1\",\"status\":\"succeeded\",\"latest_charge\":{\"payment_method_details\":{\"card\":{"      \
  "\"checks\":"                                                                                              \
  "{\"address_line1_check\":" line1 ",\"address_postal_code_check\":" postal_code ",\"cvc_check\":" cvc      \
  "}}}}}"
#define ADYEN_CHECKS(avs, cvc)                                                                               \
  "{\"resultCode\":\"Authorised\",\"additionalData\":{\"avsResult\":\"" avs "\",\"cvcResult\":\"" cvc "\"}}"
#define CHECKOUT_CHECKS(avs, cvv)                                                                            \
  "{\"id\":\"pay_1\",\"approved\":true,\"status\":\"Authorized\",\"source\":{\"avs_check\":\"" avs           \
  "\",\"cvv_check\":\"" cvv "\"}}"

/* Each PSP's words for the same findings, as its documentation has them. */
static const struct {
  const char *psp;
  uint16_t status;
  const char *body, *address, *postal_code, *code;
} checks[] = {
    {"stripe", 200, STRIPE_CHECKS("\"pass\"", "\"fail\"", "\"pass\""), "match", "no_match", "match"},
    {"stripe", 200, STRIPE_CHECKS("\"unavailable\"", "\"unchecked\"", "\"fail\""), "unavailable",
     "not_checked", "no_match"},
    {"stripe", 200, STRIPE_CHECKS("null", "null", "null"), "", "", ""},
    {"stripe", 200, STRIPE_CHECKS("\"perhaps\"", "null", "\"unchecked\""), "", "", "not_checked"},
    {"adyen", 200, ADYEN_CHECKS("7 Both postal code and address match", "1 Matches"), "match", "match",
     "match"},
    {"adyen", 200, ADYEN_CHECKS("1 Address matches, postal code doesn't", "2 Doesn't match"), "match",
     "no_match", "no_match"},
    {"adyen", 200, ADYEN_CHECKS("15 Postal code matches, address not checked", "3 Not checked"),
     "not_checked", "match", "not_checked"},
    {"adyen", 200, ADYEN_CHECKS("5 No AVS data provided", "6 No CVC/CVV provided"), "not_provided",
     "not_provided", "not_provided"},
    {"adyen", 200, ADYEN_CHECKS("3 AVS unavailable", "5 Issuer not certified for CVC/CVV"), "unavailable",
     "unavailable", "unavailable"},
    {"adyen", 200, ADYEN_CHECKS("26 Neither postal code, address nor name matches", "4 No CVC/CVV provided"),
     "no_match", "no_match", "not_provided"},
    {"adyen", 200, ADYEN_CHECKS("0 Unknown", "0 Unknown"), "", "", ""},
    {"checkout", 201, CHECKOUT_CHECKS("Y", "Y"), "match", "match", "match"},
    {"checkout", 201, CHECKOUT_CHECKS("A", "D"), "match", "no_match", "no_match"},
    {"checkout", 201, CHECKOUT_CHECKS("W", "P"), "no_match", "match", "not_checked"},
    {"checkout", 201, CHECKOUT_CHECKS("P", "X"), "not_checked", "match", "not_checked"},
    {"checkout", 201, CHECKOUT_CHECKS("G", "U"), "unavailable", "unavailable", "unavailable"},
    {"checkout", 201, CHECKOUT_CHECKS("AE8", "N"), "no_match", "no_match", "not_provided"},
    {"checkout", 201, CHECKOUT_CHECKS("4111", ""), "", "", ""},
};

Test(answer, what_the_issuer_checked_is_told_in_the_same_words_by_every_sheet) {
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    cr_assert_eq(answer_to(checks[i].psp, OPERATION_CHARGE, 0, false, checks[i].status, "", checks[i].body),
                 0);
    cr_expect_eq(verdict.answer, ANSWER_IS_CAPTURED, "%s", checks[i].body);
    cr_expect_str_eq(field(ANSWER_AVS_ADDRESS), checks[i].address, "%s", checks[i].body);
    cr_expect_str_eq(field(ANSWER_AVS_POSTAL_CODE), checks[i].postal_code, "%s", checks[i].body);
    cr_expect_str_eq(field(ANSWER_CVC_CHECK), checks[i].code, "%s", checks[i].body);
  }
}

Test(answer, amounts_come_back_as_iso_4217_counts_them) {
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "",
                         "{\"resultCode\":\"Authorised\",\"amount\":{\"value\":50000,\"currency\":\"CLP\"}}"),
               0);
  cr_assert_str_eq(field(ANSWER_AMOUNT), "500");
  cr_assert_str_eq(field(ANSWER_CURRENCY), "CLP");
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "",
                         "{\"resultCode\":\"Authorised\",\"amount\":{\"value\":50001,\"currency\":\"CLP\"}}"),
               0);
  cr_assert_str_eq(field(ANSWER_AMOUNT), "", "what ISO 4217 cannot count is dropped");
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "",
                         "{\"resultCode\":\"Authorised\",\"amount\":{\"value\":-5,\"currency\":\"EUR\"}}"),
               0);
  cr_assert_str_eq(field(ANSWER_AMOUNT), "");
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "",
                         "{\"resultCode\":\"Authorised\",\"amount\":{\"value\":7,\"currency\":\"ZZZ\"}}"),
               0);
  cr_assert_str_eq(field(ANSWER_AMOUNT), "");
  cr_assert_str_eq(field(ANSWER_CURRENCY), "");
  cr_assert_eq(verdict.answer, ANSWER_IS_CAPTURED);
  cr_assert_eq(
      answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "",
                "{\"resultCode\":\"Authorised\",\"amount\":{\"value\":\"12a4\",\"currency\":\"EUR\"}}"),
      0);
  cr_assert_str_eq(field(ANSWER_AMOUNT), "");
  cr_assert_str_eq(field(ANSWER_CURRENCY), "EUR");
}

/* A field that breaks its rule is dropped, the others and the outcome stand. */
Test(answer, unfit_fields_are_dropped) {
  char body[8192], longer[3000];
  memset(longer, 'a', sizeof longer);
  longer[sizeof longer - 1] = '\0';
  static const char *const ids[] = {"\"a b\"", "\"\"", "\"a\\u0000b\"", "\"a\\nb\"", "\"\xc3\xab\"",
                                    "[1]",     "{}",   "null",          "1.5"};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    snprintf(body, sizeof body,
             "{\"resultCode\":\"Refused\",\"refusalReasonCode\":\"12\",\"pspReference\":%s}", ids[i]);
    cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", body), 0);
    cr_assert_eq(verdict.answer, ANSWER_IS_DECLINED, "%s", ids[i]);
    cr_assert_str_eq(field(ANSWER_PSP_ID), "", "%s", ids[i]);
    cr_assert_str_eq(field(ANSWER_CODE), "12");
  }
  snprintf(body, sizeof body,
           "{\"resultCode\":\"Authorised\",\"pspReference\":\"%s\",\"refusalReason\":\"%s\"}", longer,
           longer);
  cr_assert_eq(answer_to("adyen", OPERATION_AUTHORIZE, 0, false, 200, "", body), 0);
  cr_assert_eq(verdict.answer, ANSWER_IS_APPROVED);
  cr_assert_str_eq(field(ANSWER_PSP_ID), "");
  cr_assert_str_eq(field(ANSWER_MESSAGE), "");
}

Test(answer, garbage_is_unknown) {
  static const char *const bodies[] = {"",
                                       "<html>",
                                       "{",
                                       "{\"resultCode\":\"Authorised\"",
                                       "{\"resultCode\":\"Authorised\"}x",
                                       "[]",
                                       "\"Authorised\"",
                                       "null",
                                       "{\"resultCode\":[\"Authorised\"]}",
                                       "{\"resultCode\":\"Refused\",\"resultCode\":\"Authorised\"}",
                                       "{\"resultCode\":\"Authorised\xff\"}",
                                       "{\"resultCode\":\"authorised\"}"};
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", bodies[i]), 0);
    cr_assert_eq(verdict.answer, ANSWER_IS_UNKNOWN, "%s", bodies[i]);
  }
}

static char *wrapped(const char *opening, size_t depth, size_t padding) {
  size_t length = (strlen(opening) + 1) * depth + padding + 64;
  char *text = calloc(1, length);
  cr_assert(text != NULL);
  strcpy(text, "{\"resultCode\":\"Authorised\",\"x\":");
  char *at = text + strlen(text);
  for (size_t i = 0; i < depth; i++, at += strlen(opening))
    memcpy(at, opening, strlen(opening));
  memset(at, ' ', padding);
  at += padding;
  *at++ = '1';
  for (size_t i = 0; i < depth; i++)
    *at++ = ']';
  *at = '}';
  return text;
}

Test(answer, deep_and_huge_bodies_are_unknown) {
  static const char brackets[] = "{\"resultCode\":\"Authorised\",\"refusalReason\":\"\\\"[[[[[[[[[[[[[[[[[[[["
                                 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}";
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", brackets), 0);
  cr_assert_eq(verdict.answer, ANSWER_IS_CAPTURED, "brackets of a text, behind a quotation mark of it");
  char *deep = wrapped("[", ANSWER_DEPTH_MAX + 1, 0), *shallow = wrapped("[", ANSWER_DEPTH_MAX - 2, 0);
  char *huge = wrapped("[", 1, ANSWER_BODY_MAX), *large = wrapped("[", 1, ANSWER_BODY_MAX - 100);
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", deep), 0);
  cr_assert_eq(verdict.answer, ANSWER_IS_UNKNOWN);
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", shallow), 0);
  cr_assert_eq(verdict.answer, ANSWER_IS_CAPTURED);
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", huge), 0);
  cr_assert_eq(verdict.answer, ANSWER_IS_UNKNOWN);
  cr_assert_eq(answer_to("adyen", OPERATION_CHARGE, 0, false, 200, "", large), 0);
  cr_assert_eq(verdict.answer, ANSWER_IS_CAPTURED);
  free(deep);
  free(shallow);
  free(huge);
  free(large);
}

/* Stripe's first step */
static const struct {
  uint16_t status;
  const char *body;
  int result;
  enum answer answer;
} first_steps[] = {
    {200, "{\"id\":\"pm_1\",\"type\":\"card\"}", ANSWER_GOES_ON, 0},
    {200, "{\"id\":\"pm 1\",\"type\":\"card\"}", 0, ANSWER_IS_UNKNOWN},
    {200, "{\"id\":7.5,\"type\":\"card\"}", 0, ANSWER_IS_UNKNOWN},
    {200, "{\"type\":\"card\"}", 0, ANSWER_IS_UNKNOWN},
    {201, "{\"id\":\"pm_1\",\"type\":\"card\"}", 0, ANSWER_IS_UNKNOWN},
    {402, "{\"error\":{\"type\":\"card_error\",\"code\":\"incorrect_number\"}}", 0, ANSWER_IS_DECLINED},
    {500, "{\"error\":{\"type\":\"api_error\"}}", 0, ANSWER_IS_UNKNOWN},
};

Test(answer, the_first_step_goes_on_or_ends) {
  struct sheet *sheet = trial_sheet("stripe");
  struct egress_send send = trial_send("stripe", OPERATION_CHARGE, false);
  for (size_t i = 0; i < sizeof first_steps / sizeof first_steps[0]; i++) {
    struct exchange exchange;
    cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
    const struct http_answer http = {.status = first_steps[i].status,
                                     .body = first_steps[i].body,
                                     .body_length = strlen(first_steps[i].body)};
    cr_assert_eq(read_answer(&exchange, &http, &verdict), first_steps[i].result, "%zu", i);
    cr_assert_eq(exchange.number, first_steps[i].result == ANSWER_GOES_ON ? 2 : 1);
    if (first_steps[i].result == 0)
      cr_assert(verdict.answer == first_steps[i].answer && verdict.step == 1, "%zu", i);
    else
      cr_assert_str_eq(exchange.carried[0], "pm_1");
  }
  sheet_free(sheet);
}

static int read_page(struct exchange *exchange, const char *body) {
  const struct http_answer http = {.status = 200, .body = body, .body_length = strlen(body)};
  return read_answer(exchange, &http, &verdict);
}

static struct rendered rendered;

Test(answer, a_list_is_read_page_by_page) {
  struct sheet *sheet = trial_sheet("stripe");
  struct egress_send send = trial_send("stripe", OPERATION_STATUS, false);
  struct exchange exchange;
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  cr_assert_eq(
      read_page(&exchange,
                "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"pi_1\"},{\"id\":\"pi_2\"}]}"),
      ANSWER_GOES_ON);
  cr_assert_eq(render_step(&exchange, &rendered), 0);
  cr_assert(memmem(rendered.bytes, rendered.length, "&starting_after=pi_2 HTTP", 25) != NULL);
  cr_assert_eq(
      read_page(&exchange,
                "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"pi_3\",\"status\":\"succeeded\","
                "\"metadata\":{\"reference\":\"" TRIAL_KEY "\"}}]}"),
      0);
  cr_assert_eq(verdict.answer, ANSWER_IS_CAPTURED);
  cr_assert_str_eq(field(ANSWER_PSP_ID), "pi_3");
  sheet_free(sheet);
}

/* Only a list read to its end shows an absence; one that does not end, or repeats itself, proves nothing. */
Test(answer, a_list_without_end_proves_nothing) {
  struct sheet *sheet = trial_sheet("stripe");
  struct egress_send send = trial_send("stripe", OPERATION_STATUS, false);
  struct exchange exchange;
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  char body[256];
  unsigned pages = 0;
  int result = ANSWER_GOES_ON;
  for (; result == ANSWER_GOES_ON && pages < 1000; pages++) {
    snprintf(body, sizeof body, "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"pi_%u\"}]}",
             pages);
    result = read_page(&exchange, body);
  }
  cr_assert_eq(result, 0);
  cr_assert_eq(pages, 50);
  cr_assert_eq(verdict.answer, ANSWER_IS_UNKNOWN);
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  cr_assert_eq(read_page(&exchange, body), ANSWER_GOES_ON);
  cr_assert_eq(read_page(&exchange, body), 0, "the same page again");
  cr_assert_eq(verdict.answer, ANSWER_IS_UNKNOWN);
  sheet_free(sheet);
}
