#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card_body.h"

/* 2026-06-15T12:00:00Z */
static const struct card_body_context test_context = {1781524800000, false};
static const struct card_body_context live_context = {1781524800000, true};

#define CARD(members) "{\"type\":\"card\",\"card\":{" members "}}"
#define GOOD "\"number\":\"4242424242424242\",\"exp_month\":12,\"exp_year\":2030"

static const struct {
  const char *body;
  unsigned status;
  const char *code, *param;
} refused[] = {
    {"", 400, "invalid_json", NULL},
    {"[]", 400, "invalid_json", NULL},
    {"{\"type\":\"card\"", 400, "invalid_json", NULL},
    {"{\"type\":\"card\",\"type\":\"card\"}", 400, "invalid_json", NULL},
    {CARD(GOOD ",\"number\":\"4242424242424242\""), 400, "invalid_json", NULL},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":12,\"exp_year\":99999999999999999999"), 400,
     "invalid_json", NULL},
    {"{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", 400, "invalid_json", NULL},
    {"{}", 422, "missing_field", "type"},
    {"{\"type\":\"bank\",\"card\":{}}", 422, "unsupported_type", "type"},
    {"{\"type\":1,\"card\":{}}", 422, "unsupported_type", "type"},
    {"{\"type\":\"card\"}", 422, "missing_field", "card"},
    {"{\"type\":\"card\",\"card\":[]}", 422, "invalid_field", "card"},
    {"{\"type\":\"card\",\"card\":{},\"x\":1}", 422, "unknown_field", NULL},
    {CARD(GOOD ",\"4242424242424242\":1"), 422, "unknown_field", "card"},
    {CARD(""), 422, "missing_field", "card.number"},
    {CARD("\"number\":\"4242424242424242\""), 422, "missing_field", "card.exp_month"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":1"), 422, "missing_field", "card.exp_year"},
    {CARD("\"number\":4242424242424242,\"exp_month\":12,\"exp_year\":2030"), 422, "invalid_card_number",
     "card.number"},
    {CARD("\"number\":\"4242424242424241\",\"exp_month\":12,\"exp_year\":2030"), 422, "invalid_card_number",
     "card.number"},
    {CARD("\"number\":\"4242 4242 4242 4242\",\"exp_month\":12,\"exp_year\":2030"), 422,
     "invalid_card_number", "card.number"},
    {CARD("\"number\":\"4242-4242-4242-4242\",\"exp_month\":12,\"exp_year\":2030"), 422,
     "invalid_card_number", "card.number"},
    {CARD("\"number\":\"\",\"exp_month\":12,\"exp_year\":2030"), 422, "invalid_card_number", "card.number"},
    {CARD("\"number\":\"42424242424\",\"exp_month\":12,\"exp_year\":2030"), 422, "invalid_card_number",
     "card.number"},
    {CARD("\"number\":\"42424242424242424242\",\"exp_month\":12,\"exp_year\":2030"), 422,
     "invalid_card_number", "card.number"},
    {CARD("\"number\":\"424242424242424\",\"exp_month\":12,\"exp_year\":2030"), 422, "invalid_card_number",
     "card.number"},
    {CARD("\"number\":\"4929000000006\",\"exp_month\":12,\"exp_year\":2030"), 422, "test_card_required",
     "card.number"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":0,\"exp_year\":2030"), 422, "invalid_expiry",
     "card.exp_month"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":13,\"exp_year\":2030"), 422, "invalid_expiry",
     "card.exp_month"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":\"12\",\"exp_year\":2030"), 422, "invalid_expiry",
     "card.exp_month"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":12.0,\"exp_year\":2030"), 422, "invalid_expiry",
     "card.exp_month"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":12,\"exp_year\":30"), 422, "invalid_expiry",
     "card.exp_year"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":12,\"exp_year\":2047"), 422, "invalid_expiry",
     "card.exp_year"},
    {CARD("\"number\":\"4242424242424242\",\"exp_month\":5,\"exp_year\":2026"), 422, "invalid_expiry",
     "card.exp_year"},
    {CARD(GOOD ",\"cvc\":123"), 422, "invalid_security_code", "card.cvc"},
    {CARD(GOOD ",\"cvc\":\"\""), 422, "invalid_security_code", "card.cvc"},
    {CARD(GOOD ",\"cvc\":\"12\""), 422, "invalid_security_code", "card.cvc"},
    {CARD(GOOD ",\"cvc\":\"1234\""), 422, "invalid_security_code", "card.cvc"},
    {CARD(GOOD ",\"cvc\":\"12a\""), 422, "invalid_security_code", "card.cvc"},
    {CARD(GOOD ",\"cvc\":null"), 422, "invalid_security_code", "card.cvc"},
    {CARD(GOOD ",\"name\":\"\""), 422, "invalid_name", "card.name"},
    {CARD(GOOD ",\"name\":7"), 422, "invalid_name", "card.name"},
    {CARD(GOOD ",\"name\":\"a\\nb\""), 422, "invalid_name", "card.name"},
    {CARD(GOOD ",\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""), 422,
     "invalid_name", "card.name"},
};

static void expect(const struct problem *problem, unsigned status, const char *code, const char *param,
                   const char *body) {
  cr_assert(problem != NULL, "%s", body);
  cr_expect_eq(problem->status, status, "%s: %u", body, problem->status);
  cr_expect_str_eq(problem->code, code, "%s", body);
  cr_expect_eq(problem->param == NULL, param == NULL, "%s", body);
  if (problem->param != NULL && param != NULL)
    cr_expect_str_eq(problem->param, param, "%s", body);
}

Test(card_body, refuses_with_a_code_and_the_field) {
  struct tokenize tokenize;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    expect(card_body_read(refused[i].body, strlen(refused[i].body), &test_context, &tokenize),
           refused[i].status, refused[i].code, refused[i].param, refused[i].body);
}

Test(card_body, no_refusal_repeats_a_value) {
  char text[PROBLEM_CAPACITY];
  struct tokenize tokenize;
  struct id id = {"req_0"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const struct problem *problem =
        card_body_read(refused[i].body, strlen(refused[i].body), &test_context, &tokenize);
    problem_write(problem, &id, text);
    cr_expect(strstr(text, "4242") == NULL && strstr(text, "2030") == NULL && strstr(text, "123") == NULL,
              "%s", text);
  }
}

Test(card_body, takes_a_card) {
  static const char body[] = CARD(GOOD ",\"cvc\":\"123\",\"name\":\"Zo\xc3\xab \\u00c5\"");
  struct tokenize tokenize;
  cr_assert_null(card_body_read(body, sizeof body - 1, &test_context, &tokenize));
  cr_assert_str_eq(tokenize.card.number, "4242424242424242");
  cr_assert_eq(tokenize.card.exp_month, 12);
  cr_assert_eq(tokenize.card.exp_year, 2030);
  cr_assert_str_eq(tokenize.code.digits, "123");
  cr_assert_str_eq(tokenize.card.name, "Zo\xc3\xab \xc3\x85");
}

Test(card_body, takes_every_network_with_its_code) {
  static const char *const cards[][2] = {
      {"4111111111111111", "123"}, {"5555555555554444", "123"}, {"2223003122003222", "123"},
      {"378282246310005", "1234"}, {"6011111111111117", "123"}, {"4000000000000002", "999"},
  };
  for (size_t i = 0; i < sizeof cards / sizeof *cards; i++) {
    char body[256];
    struct tokenize tokenize;
    int length = snprintf(body, sizeof body,
                          CARD("\"number\":\"%s\",\"exp_month\":6,\"exp_year\":2026,\"cvc\":\"%s\""),
                          cards[i][0], cards[i][1]);
    cr_expect_null(card_body_read(body, (size_t)length, &test_context, &tokenize), "%s", cards[i][0]);
  }
}

Test(card_body, the_live_environment_takes_other_numbers_too) {
  static const char body[] = CARD("\"number\":\"4929000000006\",\"exp_month\":6,\"exp_year\":2046");
  struct tokenize tokenize;
  cr_assert_null(card_body_read(body, sizeof body - 1, &live_context, &tokenize));
}

Test(card_body, bombs_are_refused) {
  static char bomb[CARD_BODY_MAX + 1];
  struct tokenize tokenize;
  memset(bomb, '[', sizeof bomb);
  expect(card_body_read(bomb, CARD_BODY_MAX, &test_context, &tokenize), 400, "invalid_json", NULL, "depth");
  expect(card_body_read(bomb, sizeof bomb, &test_context, &tokenize), 413, "body_too_large", NULL, "size");
}

#define TOKEN "\"token\":\"tok_0A1B2C3D4E5F6G7H8J9K0M1N2P\""

Test(code_body, takes_a_code_and_refuses_the_rest) {
  static const struct {
    const char *body, *code, *param;
  } cases[] = {
      {"{}", "missing_field", "token"},
      {"{" TOKEN "}", "missing_field", "cvc"},
      {"{\"token\":1,\"cvc\":\"123\"}", "invalid_token", "token"},
      {"{\"token\":\"pay_0A1B2C3D4E5F6G7H8J9K0M1N2P\",\"cvc\":\"123\"}", "invalid_token", "token"},
      {"{\"token\":\"tok_0A1B2C3D4E5F6G7H8J9K0M1N2\",\"cvc\":\"123\"}", "invalid_token", "token"},
      {"{" TOKEN ",\"cvc\":\"12\"}", "invalid_security_code", "cvc"},
      {"{" TOKEN ",\"cvc\":\"12345\"}", "invalid_security_code", "cvc"},
      {"{" TOKEN ",\"cvc\":123}", "invalid_security_code", "cvc"},
      {"{" TOKEN ",\"cvc\":\"123\",\"x\":1}", "unknown_field", NULL},
  };
  struct code_typed typed;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    expect(code_body_read(cases[i].body, strlen(cases[i].body), &typed), 422, cases[i].code, cases[i].param,
           cases[i].body);
  static const char good[] = "{" TOKEN ",\"cvc\":\"1234\"}";
  cr_assert_null(code_body_read(good, sizeof good - 1, &typed));
  cr_assert_str_eq(typed.code.digits, "1234");
}

Test(publishable_key, is_read_from_bearer_and_basic) {
  static const char key[] = "pk_test_0123456789abcdef";
  uint8_t wanted[32], hash[32];
  crypto_hash_sha256(wanted, (const uint8_t *)key, sizeof key - 1);
  cr_assert(publishable_key_read("Bearer pk_test_0123456789abcdef", false, hash));
  cr_assert_arr_eq(hash, wanted, 32);
  memset(hash, 0, 32);
  cr_assert(publishable_key_read("Basic cGtfdGVzdF8wMTIzNDU2Nzg5YWJjZGVmOg==", false, hash));
  cr_assert_arr_eq(hash, wanted, 32);
}

Test(publishable_key, anything_else_is_none) {
  static const char *const values[] = {"",
                                       "Bearer",
                                       "Bearer ",
                                       "pk_test_0123456789abcdef",
                                       "Bearer sk_test_0123456789abcdef",
                                       "Bearer pk_live_0123456789abcdef",
                                       "Bearer pk_test_01",
                                       "Bearer pk_test_0123456789 abcdef",
                                       "Basic !!!!",
                                       "Basic cGtfdGVzdF8wMTIzNDU2Nzg5YWJjZGVm",
                                       "Basic Og==",
                                       "Basic ",
                                       "Basic c2tfdGVzdF8wMTIzNDU2Nzg5YWJjZGVmOg=="};
  uint8_t hash[32];
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    cr_expect_not(publishable_key_read(values[i], false, hash), "%s", values[i]);
  cr_expect_not(publishable_key_read(NULL, false, hash));
}
