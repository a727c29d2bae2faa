/* What the sheet language can say and the three sheets do not: by a sheet of the tests' own. */
#include "answer.h"
#include "out.h"
#include "render.h"
#include "render_body.h"
#include "sheet.h"
#include "sheet_model.h"
#include "sheet_trial.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char text[] =
    "sheet: 1\n"
    "name: small\n"
    "host: psp.example.org\n"
    "credentials:\n"
    "  api_key: {secret: true, alphabet: token, limit: 8}\n"
    "  account: {secret: false, required: false, alphabet: print, limit: 8}\n"
    "headers:\n"
    "  Authorization: \"Bearer {credential.api_key}\"\n"
    "  X-Account: \"{credential.account}\"\n"
    "idempotency: {header: Key, lifetime_s: 3600}\n"
    "currencies:\n"
    "  CLP: {refused: true}\n"
    "words:\n"
    "  checks: {M: match, N: no_match}\n"
    "answers:\n"
    "  made:\n"
    "    outcome:\n"
    "      - {http: 200, body: {\"parts[kind=main].state\": ok}, is: approved}\n"
    "      - {http: 200, body: {\"parts[0].state\": present}, is: pending}\n"
    "    fields:\n"
    "      psp_id: id\n"
    "      avs_address: {path: avs, map: checks}\n"
    "      psp_status: {path: state, map: {M: matched}}\n"
    "  listed:\n"
    "    list: {items: data, match: reference}\n"
    "    outcome:\n"
    "      - {http: 200, found: true, item: {state: ok}, is: approved}\n"
    "operations:\n"
    "  verify:\n"
    "    - method: POST\n"
    "      path: /verifications\n"
    "      charging: true\n"
    "      json:\n"
    "        key: \"{key}\"\n"
    "        currency: \"{currency}\"\n"
    "        card: {$card: true, number: \"{card.number}\", until: \"{card.exp_year_short}\",\n"
    "               month: {$number: \"{card.exp_month}\"}, holder: \"{card.name}\"}\n"
    "        first: \"{customer_first_name}\"\n"
    "        last: \"{customer_last_name}\"\n"
    "        why: {$map: reason, fraudulent: F, $otherwise: other, $absent: none}\n"
    "        half: {$first: [{a: \"{key}-{customer_ip}\"}, {b: \"{customer_ip}\"}, whole]}\n"
    "        only: {$when: {reason: [fraudulent]}, yes: true}\n"
    "      answer: made\n"
    "questions:\n"
    "  settling_ms: 1000\n"
    "  attempts: {ask: status}\n"
    "  movements: {ask: none}\n"
    "  about:\n"
    "    - operations: [verify]\n"
    "      steps:\n"
    "        - method: GET\n"
    "          path: /verifications\n"
    "          query: {from: \"{window_from}\",\n"
    "                  only: {$when: {operation: [verify], started_at: present}, word: verified}}\n"
    "          answer: listed\n";

static struct sheet *sheet;
static struct rendered rendered;
static struct exchange exchange;
static struct egress_send send;

static void begin(void) {
  struct sheet_error error = {0};
  cr_assert_eq(sheet_parse(text, sizeof text - 1, &sheet, &error), 0, "line %u: %s", error.line,
               error.reason);
  send = trial_send("small", OPERATION_VERIFY, false);
  snprintf(send.credentials[0].value, sizeof send.credentials[0].value, "sk_trial");
}

static void finish(void) {
  sheet_free(sheet);
}

TestSuite(sheet_language, .init = begin, .fini = finish);

static int render(void) {
  int error = exchange_begin(sheet, &send, &exchange);
  return error != 0 ? error : render_step(&exchange, &rendered);
}

static bool holds(const char *sought) {
  return memmem(rendered.bytes, rendered.length, sought, strlen(sought)) != NULL;
}

Test(sheet_language, a_card_s_date_stands_as_the_psp_wants_it) {
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"card\":{\"number\":\"" TRIAL_CARD "\",\"until\":\"30\",\"month\":3}"));
}

Test(sheet_language, a_holder_s_name_is_text) {
  snprintf(send.card.name, sizeof send.card.name, "Ada Lovelace");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"holder\":\"Ada Lovelace\""));
  snprintf(send.card.name, sizeof send.card.name, "Ada\nLovelace");
  cr_assert_eq(render(), -EINVAL);
}

Test(sheet_language, a_name_is_parted_only_where_it_has_two_parts) {
  static const char *const names[] = {"Ada", " Ada", "Ada "};
  for (size_t i = 0; i < 3; i++) {
    trial_set(&send, REQUEST_CUSTOMER_NAME, names[i]);
    cr_assert_eq(render(), 0);
    cr_assert(!holds("\"first\"") && !holds("\"last\""), "%s", names[i]);
  }
  trial_set(&send, REQUEST_CUSTOMER_NAME, "Ada King Lovelace");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"first\":\"Ada King\",\"last\":\"Lovelace\""));
}

Test(sheet_language, a_map_has_words_for_the_rest_and_for_nothing) {
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"why\":\"none\""));
  trial_set(&send, REQUEST_REASON, "fraudulent");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"why\":\"F\""));
  trial_set(&send, REQUEST_REASON, "late");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"why\":\"other\""));
  trial_set(&send, REQUEST_REASON, "$absent");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"why\":\"other\""), "a value is no word of the sheet's");
}

Test(sheet_language, a_condition_wants_the_whole_value) {
  trial_set(&send, REQUEST_REASON, "fraud");
  cr_assert_eq(render(), 0);
  cr_assert(!holds("\"only\""));
  trial_set(&send, REQUEST_REASON, "fraudulent");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"only\":{\"yes\":true}"));
}

Test(sheet_language, of_what_comes_to_nothing_nothing_is_written) {
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"half\":\"whole\""));
  trial_set(&send, REQUEST_CUSTOMER_IP, "::1");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\"half\":{\"a\":\"" TRIAL_KEY "-::1\"}"));
}

Test(sheet_language, a_currency_that_is_refused_is_refused_by_its_name_too) {
  memcpy(send.amount.currency, "CLP", 4);
  cr_assert_eq(render(), -ERANGE);
}

Test(sheet_language, a_credential_that_is_not_brought_has_no_header) {
  cr_assert_eq(render(), 0);
  cr_assert(!holds("X-Account"));
  send.credential_count = 2;
  snprintf(send.credentials[1].name, sizeof send.credentials[1].name, "account");
  snprintf(send.credentials[1].value, sizeof send.credentials[1].value, "one two");
  cr_assert_eq(render(), 0);
  cr_assert(holds("\r\nX-Account: one two\r\n"));
  snprintf(send.credentials[1].value, sizeof send.credentials[1].value, "one two th");
  cr_assert_eq(render(), -EINVAL, "longer than the sheet says");
}

Test(sheet_language, a_question_knows_what_it_asks_about) {
  send = trial_send("small", OPERATION_STATUS, false);
  snprintf(send.credentials[0].value, sizeof send.credentials[0].value, "sk_trial");
  send.asked_about = OPERATION_VERIFY;
  cr_assert_eq(render(), 0);
  cr_assert(holds("GET /verifications?from=1699999700&only%5Bword%5D=verified HTTP/1.1\r\n"));
  trial_unset(&send, REQUEST_STARTED_AT);
  cr_assert_eq(render(), 0);
  cr_assert(holds("GET /verifications HTTP/1.1\r\n"), "a query without members is none");
}

static struct verdict verdict;

static void answer(const char *body) {
  const struct http_answer http = {.status = 200, .body = body, .body_length = strlen(body)};
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  cr_assert_eq(read_answer(&exchange, &http, &verdict), 0);
}

Test(sheet_language, a_part_is_found_by_its_name) {
  answer("{\"parts\":[{\"kind\":\"first\",\"state\":\"bad\"},{\"kind\":\"main\",\"state\":\"ok\"}]}");
  cr_assert_eq(verdict.answer, ANSWER_IS_APPROVED);
  answer("{\"parts\":[{\"kind\":\"first\",\"state\":\"ok\"},{\"kind\":\"main\",\"state\":\"bad\"}]}");
  cr_assert_eq(verdict.answer, ANSWER_IS_PENDING);
}

Test(sheet_language, a_psp_s_word_is_put_into_ours) {
  answer("{\"id\":\"v_1\",\"state\":\"M\",\"avs\":\"M\"}");
  cr_assert_str_eq(answer_fields_get(&verdict.fields, ANSWER_AVS_ADDRESS), "match");
  cr_assert_str_eq(answer_fields_get(&verdict.fields, ANSWER_STATUS_TEXT), "matched");
  answer("{\"id\":\"v_1\",\"state\":\"X\",\"avs\":\"N\"}");
  cr_assert_str_eq(answer_fields_get(&verdict.fields, ANSWER_AVS_ADDRESS), "no_match");
  cr_assert_str_eq(answer_fields_get(&verdict.fields, ANSWER_STATUS_TEXT), "X");
}

Test(sheet_language, a_field_of_few_words_has_no_other) {
  answer("{\"id\":\"v_1\",\"avs\":\"X\"}");
  cr_assert_null(answer_fields_get(&verdict.fields, ANSWER_AVS_ADDRESS));
  cr_assert_str_eq(answer_fields_get(&verdict.fields, ANSWER_PSP_ID), "v_1");
}

Test(sheet_language, a_body_that_does_not_fit_is_refused) {
  uint8_t bytes[64];
  struct out out = {.bytes = bytes, .capacity = sizeof bytes};
  cr_assert_eq(exchange_begin(sheet, &send, &exchange), 0);
  cr_assert_eq(render_json(&exchange, exchange.step->body, &out), -ENOBUFS);
  out = (struct out){.bytes = bytes, .capacity = sizeof bytes};
  cr_assert_eq(render_form(&exchange, exchange.step->body, false, &out), -ENOBUFS);
}

Test(out, json_has_no_control_characters) {
  uint8_t bytes[64];
  struct out out = {.bytes = bytes, .capacity = sizeof bytes};
  static const char wanted[] = "\"a\\u000Ab\\u007F\\\"\\\\\xc3\xab\"";
  out_json(&out, "a\nb\x7f\"\\\xc3\xab", 8);
  cr_assert_eq(out.length, sizeof wanted - 1);
  cr_assert_arr_eq(bytes, wanted, sizeof wanted - 1);
}

Test(out, what_does_not_fit_is_said_and_not_written) {
  uint8_t bytes[8] = "........";
  struct out out = {.bytes = bytes, .capacity = 4};
  out_text(&out, "four");
  cr_assert(!out.full && out.length == 4);
  out_text(&out, "more");
  cr_assert(out.full && out.length == 4);
  cr_assert_arr_eq(bytes, "four....", 8);
}
