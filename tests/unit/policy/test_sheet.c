#include "sheet.h"
#include "sheet_model.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_sheet(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.yaml", FREEPORT_SHEETS, name);
  FILE *file = fopen(path, "rb");
  cr_assert(file != NULL);
  char *text = calloc(1, SHEET_BYTES_MAX + 1);
  cr_assert(text != NULL);
  size_t length = fread(text, 1, SHEET_BYTES_MAX, file);
  cr_assert(length > 0);
  fclose(file);
  return text;
}

static struct sheet *parse(const char *name) {
  char *text = read_sheet(name);
  struct sheet *sheet = NULL;
  struct sheet_error error = {0};
  cr_assert_eq(sheet_parse(text, strlen(text), &sheet, &error), 0, "%s line %u: %s", name, error.line,
               error.reason);
  free(text);
  return sheet;
}

/* Refused, and for that reason; *ret_sheet stays as it was. */
static void expect_refused(const char *text, size_t length, const char *reason) {
  struct sheet *sheet = NULL;
  struct sheet_error error = {0};
  cr_assert_eq(sheet_parse(text, length, &sheet, &error), -EINVAL, "accepted, wanted: %s", reason);
  cr_assert(sheet == NULL);
  cr_assert(error.reason != NULL && strstr(error.reason, reason) != NULL,
            "refused for '%s' (line %u), wanted '%s'", error.reason, error.line, reason);
  cr_assert(error.line >= 1);
}

Test(sheet, facts_of_stripe) {
  struct sheet *sheet = parse("stripe");
  struct sheet_facts facts;
  sheet_facts(sheet, &facts);
  cr_assert_str_eq(facts.name, "stripe");
  cr_assert_str_eq(sheet_name(sheet), "stripe");
  cr_assert_str_eq(sheet_host(sheet), "api.stripe.com");
  for (unsigned i = OPERATION_AUTHORIZE; i <= OPERATION_VERIFY; i++)
    cr_assert(facts.operations[i], "%s", operation_name((enum operation)i));
  cr_assert(!facts.operations[OPERATION_CONTINUE]);
  cr_assert_eq(facts.question, QUESTION_STATUS);
  cr_assert_eq(facts.movement_question, QUESTION_STATUS);
  cr_assert(facts.absent_is_proof && facts.movement_absent_is_proof && facts.received_is_asked);
  cr_assert(!facts.several_captures && !facts.voids_rest);
  cr_assert_eq(facts.settling_ms, 120000);
  cr_assert_eq(facts.key_lifetime_s, 86400);
  sheet_free(sheet);
}

Test(sheet, facts_of_adyen_which_answers_no_questions) {
  struct sheet *sheet = parse("adyen");
  struct sheet_facts facts;
  sheet_facts(sheet, &facts);
  cr_assert(facts.operations[OPERATION_VERIFY] && !facts.operations[OPERATION_STATUS]);
  cr_assert_eq(facts.question, QUESTION_REPLAY);
  cr_assert_eq(facts.movement_question, QUESTION_REPLAY);
  cr_assert(!facts.absent_is_proof && !facts.movement_absent_is_proof && !facts.received_is_asked);
  cr_assert(!facts.several_captures && !facts.voids_rest);
  cr_assert_eq(facts.key_lifetime_s, 604800);
  sheet_free(sheet);
}

Test(sheet, facts_of_checkout) {
  struct sheet *sheet = parse("checkout");
  struct sheet_facts facts;
  sheet_facts(sheet, &facts);
  cr_assert_eq(facts.question, QUESTION_STATUS);
  cr_assert(facts.absent_is_proof && facts.received_is_asked);
  cr_assert(facts.several_captures && facts.voids_rest);
  sheet_free(sheet);
}

Test(sheet, names_the_credentials_that_a_connector_needs) {
  struct sheet *sheet = parse("checkout");
  bool secret = false, required = false;
  cr_assert_str_eq(sheet_credential(sheet, 0, &secret, &required), "api_key");
  cr_assert(secret && required);
  cr_assert_str_eq(sheet_credential(sheet, 2, &secret, &required), "descriptor_city");
  cr_assert(!secret && !required);
  cr_assert(sheet_credential(sheet, 3, NULL, NULL) == NULL);
  cr_assert(sheet_credential(sheet, 1000000, NULL, NULL) == NULL);
  sheet_free(sheet);
}

Test(sheet, says_how_webhooks_are_signed) {
  static const struct {
    const char *sheet;
    struct webhook_signing signing;
  } known[] = {{"stripe", {WEBHOOK_TIMESTAMPED_HMAC, 0}},
               {"checkout", {WEBHOOK_BODY_HMAC, 1}},
               {"adyen", {WEBHOOK_FIELD_HMAC, 0}}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    struct sheet *sheet = parse(known[i].sheet);
    struct webhook_signing signing;
    sheet_webhook_signing(sheet, &signing);
    cr_assert_eq(signing.scheme, known[i].signing.scheme, "%s", known[i].sheet);
    cr_assert_eq(signing.header, known[i].signing.header, "%s", known[i].sheet);
    for (size_t number = 0; sheet_credential(sheet, number, NULL, NULL) != NULL; number++)
      cr_assert_not(webhook_secret_is(sheet_credential(sheet, number, NULL, NULL)));
    sheet_free(sheet);
  }
}

Test(sheet, hash_is_of_the_bytes) {
  uint8_t one[SHEET_HASH_BYTES], same[SHEET_HASH_BYTES], other[SHEET_HASH_BYTES], last[SHEET_HASH_BYTES];
  sheet_hash("sheet: 1", 8, one);
  sheet_hash("sheet: 1", 8, same);
  sheet_hash("sheet: 1 ", 9, other);
  cr_assert_arr_eq(one, same, sizeof one);
  cr_assert_neq(memcmp(one, other, sizeof one), 0);
  sheet_hash("sheet: 2", 8, last);
  cr_assert_neq(memcmp(one, last, sizeof one), 0, "of the last one too");
}

/* Where the PSPs count otherwise than ISO 4217: each fact that the shared table calls verified stands in its
 * sheet. */
Test(sheet, exponents_are_those_of_the_shared_table) {
  FILE *file = fopen(FREEPORT_SHARED "/iso/psp_minor_unit_exceptions.csv", "r");
  if (file == NULL)
    cr_skip_test("../shared/iso is absent");
  struct sheet *sheets[] = {parse("stripe"), parse("adyen")};
  char line[512];
  unsigned checked = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    char psp[16], code[8], verified[64];
    int iso = 0, minor = 0;
    if (sscanf(line, "%15[^,],%7[^,],%d,%d,%63[^,]", psp, code, &iso, &minor, verified) != 5 ||
        strncmp(verified, "yes", 3) != 0)
      continue;
    struct sheet *sheet = strcmp(psp, "stripe") == 0  ? sheets[0]
                          : strcmp(psp, "adyen") == 0 ? sheets[1]
                                                      : NULL;
    const struct currency_rule *rule = sheet == NULL ? NULL : sheet_currency(sheet, code);
    if (sheet == NULL || (rule != NULL && rule->refused))
      continue;
    cr_assert_eq(sheet_exponent(sheet, code), minor, "%s %s", psp, code);
    checked++;
  }
  fclose(file);
  cr_assert(checked > 20);
  cr_assert_eq(sheet_exponent(sheets[0], "UGX"), -EINVAL);
  cr_assert_eq(sheet_exponent(sheets[0], "XXX"), -EINVAL);
  sheet_free(sheets[0]);
  sheet_free(sheets[1]);
}

/* A sheet made wrong in one place is refused, and the reason says which rule it breaks. */
static const struct {
  const char *sheet;
  const char *find;
  const char *replace;
  const char *reason;
} wrong[] = {
    /* the schema */
    {"adyen", "sheet: 1", "sheet: 2", "a number out of range"},
    {"adyen", "name: adyen", "name: Adyen!", "a name is"},
    {"adyen", "host: checkout-test.adyen.com", "host: \"https://checkout-test.adyen.com\"", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: 127.0.0.1", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: 0x7f.0.0.0x1", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: 0x7f.0x000001", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: \"127.1\"", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: 0177.0.0.01", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: \"2130706433\"", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: 0x7f000001", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: adyen.com.", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: \"x@adyen.com\"", "a host is"},
    {"adyen", "host: checkout-test.adyen.com", "host: \"{reference}.adyen.com\"", "a host is"},
    {"adyen", "base_path: /v71", "base_path: /../v71", "a base path"},
    {"adyen", "tls_minimum: \"1.2\"", "tls_minimum: \"1.0\"", "tls_minimum"},
    {"adyen", "base_path: /v71", "base_path: /v71\nproxy: http", "a key that the format does not have"},
    {"adyen", "base_path: /v71", "base_path: /v71\nretry: 3", "a key that the format does not have"},
    {"adyen", "alphabet: print, limit: 64", "alphabet: anything", "no such alphabet"},
    {"checkout", "void_rest: true}", "void_rest: 1}", "true or false"},
    {"checkout", "several: true, void_rest: true}", "void_rest: true}", "only where several captures leave"},
    {"checkout", "several: true, void_rest: true}", "several: false}", "a capture is sent {final}"},
    {"checkout", "        capture_type: {$map: final, true: Final, false: NonFinal}\n", "",
     "a capture is sent {final}"},
    {"adyen", "currencies:\n", "captures: {several: true}\n\ncurrencies:\n", "a capture is sent {final}"},
    {"adyen", "CLP: {exponent: 2}", "CLX: {exponent: 2}", "no ISO 4217 currency"},
    {"adyen", "CLP: {exponent: 2}", "CLP: {exponent: 7}", "a number out of range"},
    {"adyen", "  authorize:\n", "  hold:\n", "no such operation"},
    {"adyen", "  authorize:\n", "  status:\n", "status is described under questions"},
    {"adyen", "\"{merchant_category}\"", "\"{merchant_catgory}\"", "no such placeholder"},
    {"adyen", "\"{merchant_category}\"", "\"{merchant_category\"", "a { without its }"},
    {"adyen", "\"{merchant_category}\"", "\"merchant_category}\"", "a } without its {"},
    {"adyen", "\"{merchant_category}\"", "\"{credential.password}\"", "no such placeholder"},
    {"adyen", "\"{merchant_category}\"", "\"{metadata}\"", "no such placeholder"},
    {"adyen", "is: captured", "is: paid", "no such outcome"},
    {"adyen", "psp_id: pspReference", "psp_number: pspReference", "no such answer field"},
    {"adyen", "psp_id: pspReference", "psp_id: \"psp Reference\"", "not a path"},
    {"adyen", "psp_id: pspReference", "psp_id: \"list[x\"", "a path with a ["},
    {"adyen", "answer: payment", "answer: pay", "no such answer"},
    {"adyen", "$include: [amount, payment]", "$include: [amount, paymnt]", "no such definition"},
    {"adyen", "method: POST", "method: FETCH", "no such method"},
    {"adyen", "path: /payments\n", "path: payments\n", "a path begins with /"},
    {"adyen", "http: [4xx, 5xx]", "http: [4xx, 6xx]", "an HTTP status"},
    {"adyen", "captureDelayHours: 0", "reference: again", "the same field twice"},
    {"adyen", "$map: kind\n      customer", "$map: kinds\n      customer", "no such placeholder"},
    {"adyen", "{$number: \"{browser_color_depth}\"}", "{$number: \"{browser_color_depth}\", $limit: 2}",
     "only a text"},
    {"adyen", "{$number: \"{browser_color_depth}\"}", "{$number: \"1{browser_color_depth}\"}",
     "one placeholder alone"},
    {"stripe", "address:\n        line1", "$address:\n        line1", "a key that the format does not have"},
    /* headers */
    {"adyen", "  Accept: application/json", "  Content-Length: \"3\"", "not a header that a sheet may set"},
    {"adyen", "  Accept: application/json", "  Host: example.org", "not a header that a sheet may set"},
    {"adyen", "  Accept: application/json", "  x-api-key: again", "the same header twice"},
    {"adyen", "  Accept: application/json", "  X-Name: \"{customer_name}\"", "may not stand in a path"},
    {"adyen", "header: Idempotency-Key", "header: \"Idempotency Key\"", "not a header"},
    {"adyen", "  Accept: application/json", "  idempotency-key: again", "the same header twice"},
    {"adyen", "  Accept: application/json", "  X-Ref: \"{psp_id}\"", "may not stand in a path"},
    {"adyen", "mcc: \"{merchant_category}\"", "mcc: \"{window_from}\"", "paging and time windows"},
    {"checkout", "{reference: \"{key}\", limit: 10}", "{reference: \"{key}\", m: {$metadata: 10}}",
     "metadata may not stand here"},
    {"adyen", "      number: \"{card.number}\"\n", "      number: \"{card.number}\"\n      $metadata: 10\n",
     "metadata may not stand here"},
    /* where a card may stand (B3) */
    {"adyen", "      $card: true\n", "", "in an object declared with $card"},
    {"adyen", "holderName: \"{card.name}\"", "holderName: \"no {card.number}\"",
     "a card's value stands alone"},
    {"adyen", "mcc: \"{merchant_category}\"", "mcc: \"{card.number}\"", "in an object declared with $card"},
    {"adyen", "metadata:\n      $metadata: 80", "metadata: {$card: true, number: \"{card.number}\"}",
     "read back"},
    {"adyen", "reference: \"{key}\"\n    merchantOrder", "reference: \"{card.number}\"\n    merchantOrder",
     "in an object"},
    {"adyen", "path: /payments\n", "path: \"/payments/{card.number}\"\n", "a card stands in a body only"},
    {"adyen", "X-API-Key: \"{credential.api_key}\"", "X-API-Key: \"{card.code}\"",
     "a card stands in a body only"},
    {"checkout", "{reference: \"{key}\", limit: 10}", "{reference: \"{card.number}\"}",
     "a card stands in a body only"},
    {"checkout", "        capture_type: {",
     "        source: {$card: true, number: \"{card.number}\"}\n        capture_type: {",
     "this operation releases no card"},
    {"adyen", "type: scheme\n", "type: \"{reference}\"\n", "only the card's own values"},
    {"adyen", "      number: \"{card.number}\"\n", "", "sends no card number"},
    {"stripe", "{$map: kind, moto: true}", "{$map: card.number, moto: true}", "cannot be mapped"},
    {"adyen", "$when: {browser_user_agent: present}", "$when: {card.number: [4242424242424242]}",
     "presence only"},
    {"adyen", "message: [refusalReason, message]", "message: [paymentMethod.number]", "bears a card's name"},
    {"checkout", "cvc_check: {path: source.cvv_check", "cvc_check: {path: source.cvv", "bears a card's name"},
    /* words */
    {"checkout", "cvc_check: {path: source.cvv_check, map: cvv}", "cvc_check: source.cvv_check",
     "needs a map into these"},
    {"checkout", "D: no_match", "D: wrong", "needs a map into these"},
    {"checkout", "map: cvv}", "map: cvc}", "no such words"},
    /* credentials and personal data */
    {"adyen", "mcc: \"{merchant_category}\"", "mcc: \"{credential.api_key}\"", "a header only"},
    {"checkout", "{reference: \"{key}\", limit: 10}", "{reference: \"{customer_email}\"}",
     "may not stand in a path"},
    {"adyen", "path: \"/payments/{psp_id}/captures\"", "path: \"/payments/{reference}/captures\"",
     "may not stand in a path"},
    {"adyen", "path: \"/payments/{psp_id}/captures\"", "path: \"/payments/../{psp_id}\"",
     "a path of letters"},
    {"adyen", "path: \"/payments/{psp_id}/captures\"", "path: \"/payments?x={psp_id}\"", "a path of letters"},
    /* steps, keys, carried values */
    {"adyen", "      charging: true\n", "", "a step that charges nothing"},
    {"adyen", "method: POST", "method: GET", "a GET has no body"},
    {"checkout",
     "    - method: POST\n      path: \"/payments/{psp_id}/voids\"\n      charging: true\n      json: "
     "{reference: "
     "\"{key}\", metadata: {reason: \"{reason}\"}}\n",
     "    - method: GET\n      path: \"/payments/{psp_id}/voids\"\n      charging: true\n",
     "a charging step is no GET"},
    {"stripe", "    - {method: POST, path: /payment_methods,",
     "    - {method: POST, path: /payment_methods, when: {carried.payment_method: present},",
     "no earlier step carries"},
    {"stripe", "capture_method: manual}\n      answer: intent\n",
     "capture_method: manual}\n      answer: payment_method\n    - {method: POST, path: /x, answer: "
     "payment_method}\n",
     "ends the operation"},
    {"stripe", "{http: 200, body: {id: present, type: card}, is: next}",
     "{http: 404, body: {id: present, type: card}, is: next}", "2xx status only"},
    {"stripe", "    - method: POST\n      path: /refunds\n",
     "    - {method: POST, path: /refunds, charging: true, form: {amount: 1}, answer: refunded}\n"
     "    - method: POST\n      path: /refunds\n",
     "exactly one charging step"},
    {"adyen", "      path: /payments\n", "      path: /payments\n      when: {kind: present}\n",
     "cannot be left out"},
    {"adyen", "{header: Idempotency-Key, lifetime_s: 604800}", "{body: true, lifetime_s: 604800}",
     "without an idempotency key"},
    {"adyen", "{header: Idempotency-Key, lifetime_s: 604800}", "{header: Idempotency-Key}",
     "has a lifetime_s"},
    {"stripe", "      reference: \"{key}\"\n      order_reference: \"{reference}\"\n      customer_id",
     "      order_reference: \"{reference}\"\n      customer_id", "needs {key}"},
    {"stripe", "    payment_method: \"{carried.payment_method}\"\n    payment_method_types",
     "    payment_method_types", ""},
    {"stripe", "{carried.payment_method}", "{carried.customer}", "no such placeholder"},
    {"stripe", "form: {amount_to_capture: {$number: \"{amount}\"}}",
     "form: {amount_to_capture: \"{carried.payment_method}\"}", "no earlier step carries"},
    {"stripe", "        starting_after: \"{cursor}\"\n          answer: intents_listed",
     "        starting_after: \"{cursor}\"\n          charging: true\n          answer: intents_listed",
     "a question is a GET"},
    /* what proves nothing (P2) */
    {"adyen", "{http: [401, 429], is: rejected}", "{http: [401, 403], is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 4xx, is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 500, is: declined}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 404, is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 407, is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 408, is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 409, is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 425, is: rejected}", "proves nothing"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 400, item: {a: b}, is: rejected}", "need a list"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 400, found: true, is: rejected}", "need a list"},
    {"adyen", "  payment:\n    outcome:", "  payment:\n    list: {items: a, match: b}\n    outcome:",
     "only a question reads a list"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 404, is: absent}", "only a question"},
    {"adyen", "{http: [401, 429], is: rejected}", "{http: 409, is: approved}", "a success needs a 2xx"},
    {"adyen", ", header: {Transient-Error: \"true\"}, is: rejected, transient: true}",
     ", is: rejected, transient: true}", "transient is told by a header"},
    {"checkout", "{http: 200, found: false, body: {total_count: \"0\"}, is: absent}",
     "{http: 404, found: false, is: absent}", "counts with a 2xx"},
    {"checkout", "{http: 200, found: false, body: {total_count: \"0\"}, is: absent}",
     "{http: 200, is: absent}", "absent is found: false"},
    {"checkout", "{http: 200, found: true, item: {status: Pending}, is: pending}",
     "{http: 200, is: captured}", "only found: true"},
    {"checkout", "{http: 200, body: {status: [Declined, Expired]}, is: declined}",
     "{http: 200, is: rejected}", "says nothing about what it asks"},
    {"stripe", "{http: 200, body: {id: present, type: card}, is: next}", "{http: 200, is: approved}",
     "can only go on"},
    {"stripe", "{http: 200, body: {status: requires_capture}, is: approved}", "{http: 200, is: next}",
     "no step follows"},
    /* questions */
    {"adyen", "attempts: {ask: replay}", "attempts: {ask: status}", "needs {key}|asked by status"},
    {"adyen", "attempts: {ask: replay}", "attempts: {ask: replay, absent_is_proof: true}",
     "only a status question"},
    {"adyen", "attempts: {ask: replay}", "attempts: {ask: guess}", "ask: status"},
    {"adyen", "  settling_ms: 120000\n", "", "settling_ms is missing"},
    {"adyen", "questions:\n", "questions:\n  schedule: {first_ms: 2000}\n", "first_ms and last_ms"},
    {"adyen", "questions:\n", "questions:\n  schedule: {first_ms: 2000, last_ms: 1999}\n", "number"},
    {"adyen", "questions:\n", "questions:\n  schedule: {first_ms: 99, last_ms: 2000}\n", "number"},
    {"adyen", "questions:\n", "questions:\n  schedule: {first_ms: 100, last_ms: 2000, often: true}\n",
     "does not have here"},
    /* webhooks */
    {"adyen", "scheme: field_hmac", "scheme: plain", "scheme: body_hmac"},
    {"adyen", "    value: additionalData.hmacSignature\n", "", "a signature stands in a header, or is"},
    {"stripe", "header: Stripe-Signature}", "header: X-Signature}", "not a header that freeport-hooks"},
    {"stripe", "  key: data.object.metadata.reference\n", "", "name the event and the key"},
    {"stripe", "about: verify", "about: continue", "about an operation that is not offered"},
    {"stripe", "about: verify", "about: nothing", "no such operation"},
    {"adyen", "      - merchantReference\n", "", "event, key and time are covered"},
    {"adyen", "      - success\n", "", "what the signature does not cover decides nothing"},
    {"adyen", "  event: eventCode\n", "  event: eventCode\n  time: eventDate\n", "event, key and time"},
    {"adyen", "    message: reason", "    code: reason", "is a message or a network's code at most"},
    {"adyen", "    message: reason", "    message: number", "bears a card's name"},
    {"adyen", "{body: {success: \"true\"}, is: voided}", "{body: {success: \"true\"}, is: refunded}",
     "cannot say that"},
    {"adyen", "{body: {success: \"true\"}, is: voided}", "{body: {success: \"true\"}, is: absent}",
     "cannot say that"},
    {"adyen", "{body: {success: \"true\"}, is: voided}", "{body: {success: \"true\"}, is: rejected}",
     "cannot say that"},
    {"adyen", "{body: {success: \"true\"}, is: voided}", "{http: 200, is: voided}", "only its body says"},
    {"adyen", "{body: {success: \"true\"}, is: voided}", "{header: {X: \"1\"}, is: voided}",
     "only its body says"},
    {"adyen", "{body: {success: \"true\"}, is: voided}", "{body: {success: \"true\"}, is: next}",
     "only its body says"},
    {"adyen", "\nheaders:\n", "  webhook_secret: {secret: true}\nheaders:\n", "no sheet names them"},
    {"checkout", "- operations: [authorize,", "- operations: [continue, authorize,", "that is not offered"},
};

/* The sheet's text with one thing in it replaced; the caller frees it. */
static char *changed_sheet(const char *sheet, const char *find, const char *replace) {
  char *text = read_sheet(sheet);
  char *place = strstr(text, find);
  cr_assert(place != NULL, "%s: not found: %s", sheet, find);
  char *changed = calloc(1, strlen(text) + strlen(replace) + 1);
  cr_assert(changed != NULL);
  sprintf(changed, "%.*s%s%s", (int)(place - text), text, replace, place + strlen(find));
  free(text);
  return changed;
}

static void expect_wrong(const char *sheet, const char *find, const char *replace, const char *reason) {
  char *changed = changed_sheet(sheet, find, replace);
  struct sheet *parsed = NULL;
  struct sheet_error error = {0};
  int result = sheet_parse(changed, strlen(changed), &parsed, &error);
  char wanted[128];
  snprintf(wanted, sizeof wanted, "%s", reason);
  bool matched = result == 0 && reason[0] == '\0';
  for (char *part = strtok(wanted, "|"); result == -EINVAL && part != NULL; part = strtok(NULL, "|"))
    matched |= strstr(error.reason, part) != NULL;
  cr_expect(matched, "%s with '%s' for '%s': %d line %u '%s', wanted '%s'", sheet, replace, find, result,
            error.line, error.reason, reason);
  sheet_free(parsed);
  free(changed);
}

Test(sheet, a_schedule_of_its_own) {
  struct sheet *sheet = parse("adyen");
  struct sheet_facts facts;
  sheet_facts(sheet, &facts);
  cr_assert(facts.first_question_ms == 0 && facts.last_question_ms == 0);
  sheet_free(sheet);
  char *changed =
      changed_sheet("adyen", "questions:\n", "questions:\n  schedule: {first_ms: 2000, last_ms: 60000}\n");
  cr_assert_eq(sheet_parse(changed, strlen(changed), &sheet, NULL), 0);
  sheet_facts(sheet, &facts);
  cr_assert(facts.first_question_ms == 2000 && facts.last_question_ms == 60000);
  sheet_free(sheet);
  free(changed);
}

Test(sheet, lint_refuses) {
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    expect_wrong(wrong[i].sheet, wrong[i].find, wrong[i].replace, wrong[i].reason);
}

Test(sheet, a_missing_section_is_refused) {
  static const char *const sections[] = {"sheet",   "name",       "host",      "credentials", "headers",
                                         "answers", "operations", "questions", "idempotency"};
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    char find[64], replace[64];
    snprintf(find, sizeof find, "\n%s:", sections[i]);
    snprintf(replace, sizeof replace, "\nno_%s:", sections[i]);
    expect_wrong("adyen", find, replace, "a key that the format does not have");
  }
  expect_refused("sheet: 1\nname: x\n", 17, "a section is missing");
}

/* YAML that wants to be more than a sheet. */
static const struct {
  const char *text;
  const char *reason;
} hostile[] = {
    {"", "empty"},
    {"# nothing\n", "empty"},
    {"just a text", "a map is wanted"},
    {"- a\n- b\n", "a map is wanted"},
    {"sheet: &a 1\nname: *a\n", "anchors and tags"},
    {"sheet: *a\n", "aliases|anchors"},
    {"sheet: !!int 1\n", "anchors and tags"},
    {"sheet: !<tag:x> 1\n", "anchors and tags"},
    {"headers: &h {a: b}\n", "anchors and tags"},
    {"<<: {sheet: 1}\n", "a merge key"},
    {"sheet: 1\nsheet: 1\n", "the same key twice"},
    {"headers: {a: b, a: c}\n", "the same key twice"},
    {"sheet: 1\n---\nsheet: 1\n", "a second document"},
    {"%TAG ! tag:example.org,2026:\n---\nsheet: 1\n", "anchors and tags"},
    {"? [a, b]\n: c\n", "a key that is no text"},
    {"? {a: b}\n: c\n", "a key that is no text"},
    {"\"\": a\n", "an empty key"},
    {"sheet: \"\\x01\"\n", "not printable ASCII"},
    {"sheet: \"\\0\"\n", "not printable ASCII"},
    {"sheet: \"\\r\\nX: y\"\n", "not printable ASCII"},
    {"name: Zo\xc3\xab\n", "not printable ASCII"},
    {"name: \xff\xfe\n", "not well-formed"},
    {"sheet: [1\n", "not well-formed"},
    {"sheet: {a: b\n", "not well-formed"},
    {"\tsheet: 1\n", "not well-formed"},
    {"sheet: 1\n name: x\n", "not well-formed"},
};

Test(sheet, hostile_yaml_is_refused) {
  for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
    struct sheet *sheet = NULL;
    struct sheet_error error = {0};
    cr_assert_eq(sheet_parse(hostile[i].text, strlen(hostile[i].text), &sheet, &error), -EINVAL, "%s",
                 hostile[i].text);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s", hostile[i].reason);
    bool matched = false;
    for (char *part = strtok(wanted, "|"); part != NULL; part = strtok(NULL, "|"))
      matched |= strstr(error.reason, part) != NULL;
    cr_assert(matched, "'%s' refused for '%s'", hostile[i].text, error.reason);
  }
  expect_refused("a\0b: c", 6, "");
}

static char *repeated(const char *head, const char *piece, size_t count, size_t *ret_length) {
  size_t length = strlen(head) + strlen(piece) * count;
  char *text = malloc(length + 1);
  cr_assert(text != NULL);
  strcpy(text, head);
  for (size_t i = 0; i < count; i++)
    memcpy(text + strlen(head) + i * strlen(piece), piece, strlen(piece));
  text[length] = '\0';
  *ret_length = length;
  return text;
}

Test(sheet, huge_and_deep_yaml_is_refused) {
  static const struct {
    const char *head, *piece;
    size_t count;
    const char *reason;
  } bombs[] = {
      {"", "# padding\n", SHEET_BYTES_MAX / 10 + 2, "too long"},
      {"sheet: ", "[", 10000, "nested too deep"},
      {"sheet: ", "{a: ", 10000, "nested too deep"},
      {"sheet: [", "a,", 20000, "too many pieces"},
      {"sheet: ", "a", 5000, "too long or not printable"},
  };
  for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
    size_t length = 0;
    char *text = repeated(bombs[i].head, bombs[i].piece, bombs[i].count, &length);
    expect_refused(text, length, bombs[i].reason);
    free(text);
  }
}

/* Definitions that include one another would double with each level. */
Test(sheet, definitions_cannot_multiply) {
  expect_wrong("adyen", "  address:\n    street", "  address:\n    $include: payment\n    street",
               "too deep");
  char definitions[1024] = "definitions:\n";
  for (int i = 0; i < 6; i++) {
    char line[128];
    snprintf(line, sizeof line, "  d%d: {a: {$include: d%d}, b: {$include: d%d}}\n", i, i + 1, i + 1);
    strcat(definitions, line);
  }
  strcat(definitions, "  amount:\n    x: {$include: d0}\n");
  expect_wrong("adyen", "definitions:\n  amount:\n", definitions, "too deep");
}

Test(sheet, every_shortened_sheet_is_refused_or_read_but_never_more) {
  char *text = read_sheet("checkout");
  size_t length = strlen(text);
  for (size_t cut = 0; cut < length; cut += 97) {
    struct sheet *sheet = NULL;
    struct sheet_error error = {0};
    int result = sheet_parse(text, cut, &sheet, &error);
    cr_assert(result == -EINVAL && sheet == NULL && error.reason != NULL, "cut at %zu", cut);
  }
  free(text);
}
