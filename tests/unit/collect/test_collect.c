/* collect whole, over HTTP, with a vault of a few lines behind it. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collect.h"
#include "fake_vault.h"
#include "json_guard.h"

#define ORIGIN "http://shop.example"
#define KEY "Authorization: Bearer pk_test_0123456789abcdef\r\n"
#define JSON "Content-Type: application/json\r\n"
#define CARD                                                                                                 \
  "{\"type\":\"card\",\"card\":{\"number\":\"4242424242424242\",\"exp_month\":12,\"exp_year\":2040,\"cvc\":" \
  "\"123\"}}"
#define CODE "{\"token\":\"tok_0A1B2C3D4E5F6G7H8J9K0M1N2P\",\"cvc\":\"123\"}"

static struct collect_options options = {
    .origin_count = 1, .origins = {ORIGIN}, .rate_per_second = 50, .rate_burst = 500};
static struct collect collect;
static struct http_server *server;
static struct loop *loop;
static struct fake_vault vault;
static int port, client = -1;
static char text[8192];

static void connect_vault(void) {
  int pair[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  fake_vault_open(&vault, pair[0]);
  cr_assert_eq(line_connect(&collect.line, pair[1]), 0);
}

static void setup(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  cr_assert_eq(bind(fd, (struct sockaddr *)&address, length), 0);
  cr_assert_eq(listen(fd, 16), 0);
  cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
  port = ntohs(address.sin_port);
  json_wipe_freed();
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  cr_assert_eq(collect_open(&collect, &options, loop, &system_clock), 0);
  struct http_options http = {.loop = loop,
                              .clock = &system_clock,
                              .listen_fd = fd,
                              .limits = {4096, 100, 100, 10},
                              .handle = collect_handle,
                              .context = &collect};
  cr_assert_eq(http_server_open(&http, &server), 0);
  connect_vault();
}

static void teardown(void) {
  if (client != -1)
    close(client);
  fake_vault_close(&vault);
  http_server_close(server);
  collect_close(&collect);
  loop_free(loop);
}

static void send_request(const char *method, const char *path, const char *headers, const char *body) {
  char request[8192];
  int length =
      snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s",
               method, path, headers, strlen(body), body);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (client != -1)
    close(client);
  client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
  cr_assert_eq(send(client, request, (size_t)length, 0), length);
}

/* Runs the loop until an answer is there; its status, 0 for none within half a second. */
static int answer(void) {
  size_t length = 0;
  text[0] = '\0';
  for (int i = 0; i < 500 && strstr(text, "\r\n\r\n") == NULL; i++) {
    cr_assert_eq(loop_round(loop, 1), 0);
    ssize_t got = recv(client, text + length, sizeof text - 1 - length, MSG_DONTWAIT);
    length += got > 0 ? (size_t)got : 0;
    text[length] = '\0';
  }
  return length > 12 ? atoi(text + 9) : 0;
}

static void reach_vault(void) {
  unsigned before = vault.asked;
  for (int i = 0; i < 500 && vault.asked == before; i++) {
    cr_assert_eq(loop_round(loop, 1), 0);
    fake_vault_receive(&vault);
  }
  cr_assert_eq(vault.asked, before + 1);
}

static bool says(const char *part) {
  return strstr(text, part) != NULL;
}

TestSuite(collect, .init = setup, .fini = teardown, .timeout = 30);

Test(collect, a_card_becomes_a_token) {
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  cr_assert_str_eq(vault.tokenize.card.number, "4242424242424242");
  cr_assert_str_eq(vault.tokenize.code.digits, "123");
  fake_vault_answer(&vault, STATUS_DONE);
  cr_assert_eq(answer(), 201);
  cr_assert(says("{\"id\":\"tok_") && says("\"object\":\"token\",\"livemode\":false,\"created_at\":\""), "%s",
            text);
  cr_assert(says("\"type\":\"card\",\"card\":{\"bin\":\"42424242\",\"last4\":\"4242\",\"network\":\"visa\","
                 "\"exp_month\":12,"
                 "\"exp_year\":2040}}"),
            "%s", text);
  cr_assert_not(says("fingerprint") || says("issuer") || says("country"));
  cr_assert(says("Freeport-Request-Id: req_"));
}

Test(collect, a_code_becomes_a_lease) {
  send_request("POST", "/v1/security-codes", KEY JSON, CODE);
  reach_vault();
  cr_assert_str_eq(vault.typed.code.digits, "123");
  fake_vault_answer(&vault, STATUS_DONE);
  cr_assert_eq(answer(), 201);
  cr_assert(says("{\"id\":\"cvc_") && says("\"expires_at\":\"2027-01-15T08:00:00.000Z\""), "%s", text);
}

Test(collect, what_the_vault_refuses_has_a_status_of_its_own) {
  static const struct {
    enum status status;
    int token, code;
  } cases[] = {{STATUS_BUSY, 503, 503},      {STATUS_REFUSED, 401, 401},     {STATUS_LIMITED, 429, 429},
               {STATUS_SEALED, 503, 503},    {STATUS_STORAGE, 503, 503},     {STATUS_INVALID, 422, 422},
               {STATUS_NOT_FOUND, 503, 404}, {STATUS_UNAVAILABLE, 503, 503}, {(enum status)999, 503, 503}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    send_request("POST", "/v1/tokens", KEY JSON, CARD);
    reach_vault();
    fake_vault_answer(&vault, cases[i].status);
    cr_expect_eq(answer(), cases[i].token, "token, status %d", cases[i].status);
    cr_expect(!says("503") || says("Retry-After:"));
    send_request("POST", "/v1/security-codes", KEY JSON, CODE);
    reach_vault();
    fake_vault_answer(&vault, cases[i].status);
    cr_expect_eq(answer(), cases[i].code, "code, status %d", cases[i].status);
  }
}

Test(collect, wrong_requests_never_reach_the_vault) {
  static const struct {
    const char *method, *path, *headers, *body;
    int status;
  } cases[] = {
      {"POST", "/v1/tokens", JSON, CARD, 401},
      {"POST", "/v1/tokens", "Authorization: Bearer sk_test_0123456789abcdef\r\n" JSON, CARD, 401},
      {"POST", "/v1/tokens", "Authorization: Bearer pk_live_0123456789abcdef\r\n" JSON, CARD, 401},
      {"POST", "/v1/tokens", KEY, CARD, 415},
      {"POST", "/v1/tokens", KEY "Content-Type: text/plain\r\n", CARD, 415},
      {"POST", "/v1/tokens", KEY JSON, "{", 400},
      {"POST", "/v1/tokens", KEY JSON, "{}", 422},
      {"POST", "/v1/token", KEY JSON, CARD, 404},
      {"PUT", "/v1/tokens", KEY JSON, CARD, 405},
      {"GET", "/v1/tokens", KEY, "", 405},
      {"GET", "/v1/fields/nothing.js", "", "", 404},
      {"GET", "/v1/fields/security-code", "", "", 404},
      {"GET", "/v1/fields?origin=http%3A%2F%2Fshop.example&fields=number", "", "", 422},
      {"GET", "/v1/fields?origin=http%3A%2F%2Fshop.example&fields=cvc&fields=cvc", "", "", 422},
      {"GET", "/v1/fields?fields=cvc", "", "", 400},
      {"GET", "/v1/fields?origin=http://evil.example&fields=cvc", "", "", 403},
      {"GET", "/v1/fields", "", "", 400},
      {"GET", "/v1/fields?origin=http://evil.example", "", "", 403},
      {"GET", "/v1/fields?origin=http%3A%2F%2Fshop.example&origin=http%3A%2F%2Fevil.example", "", "", 403},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    send_request(cases[i].method, cases[i].path, cases[i].headers, cases[i].body);
    cr_expect_eq(answer(), cases[i].status, "case %zu: %s", i, text);
    cr_expect(says("application/problem+json"), "case %zu", i);
    cr_expect_not(says("4242"), "case %zu", i);
  }
  fake_vault_receive(&vault);
  cr_assert_eq(vault.asked, 0);
}

Test(collect, a_lost_vault_fails_what_waits_and_a_new_one_serves) {
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  fake_vault_close(&vault);
  cr_assert_eq(answer(), 503);
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  cr_assert_eq(answer(), 503);
  cr_assert(says("vault_unavailable"));
  connect_vault();
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  fake_vault_answer(&vault, STATUS_DONE);
  cr_assert_eq(answer(), 201);
}

Test(collect, a_replaced_line_fails_what_waits) {
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  struct fake_vault old = vault;
  connect_vault();
  cr_assert_eq(answer(), 503);
  fake_vault_close(&old);
}

Test(collect, a_malformed_answer_ends_the_line_not_the_process) {
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  cr_assert_eq(send(vault.channel.fd, "garbage", 7, 0), 7);
  cr_assert_eq(answer(), 503);
  cr_assert_not(line_up(&collect.line));
  fake_vault_close(&vault);
  connect_vault();
  send_request("GET", "/healthz", "", "");
  cr_assert_eq(answer(), 200);
}

Test(collect, a_client_that_left_and_a_late_answer_harm_nothing) {
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  close(client);
  client = -1;
  for (int i = 0; i < 20; i++)
    cr_assert_eq(loop_round(loop, 1), 0);
  cr_assert_eq(http_server_kept(server), 0);
  fake_vault_answer(&vault, STATUS_DONE);
  fake_vault_answer(&vault, STATUS_DONE);
  send_request("POST", "/v1/tokens", KEY JSON, CARD);
  reach_vault();
  fake_vault_answer(&vault, STATUS_DONE);
  cr_assert_eq(answer(), 201);
}

Test(collect, cors_is_for_configured_origins) {
  static const char ask[] =
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n";
  char headers[512];
  snprintf(headers, sizeof headers, "Origin: " ORIGIN "\r\n%s", ask);
  send_request("OPTIONS", "/v1/tokens", headers, "");
  cr_assert_eq(answer(), 204);
  cr_assert(says("Access-Control-Allow-Origin: " ORIGIN "\r\n") &&
            says("Access-Control-Allow-Methods: POST"));
  snprintf(headers, sizeof headers, "Origin: http://evil.example\r\n%s", ask);
  send_request("OPTIONS", "/v1/tokens", headers, "");
  cr_assert_eq(answer(), 403);
  cr_assert_not(says("Access-Control-Allow"));
  send_request("POST", "/v1/tokens", "Origin: " ORIGIN "\r\n" KEY JSON, "{}");
  cr_assert_eq(answer(), 422);
  cr_assert(says("Access-Control-Allow-Origin: " ORIGIN "\r\n"));
  send_request("POST", "/v1/tokens", "Origin: null\r\n" KEY JSON, "{}");
  cr_assert_eq(answer(), 422);
  cr_assert_not(says("Access-Control-Allow"));
}

static void expect_form(const char *path, bool card) {
  send_request("GET", path, "", "");
  cr_assert_eq(answer(), 200);
  cr_assert(says("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
                 "connect-src 'self'; "));
  cr_assert(says("frame-ancestors " ORIGIN "\r\n"));
  cr_assert_not(says("unsafe"));
  cr_assert(says("id=\"cvc\""));
  cr_assert_eq(says("id=\"number\""), card);
}

Test(collect, the_forms_have_a_strict_policy) {
  expect_form("/v1/fields?origin=http%3A%2F%2Fshop.example", true);
  expect_form("/v1/fields?origin=http%3A%2F%2Fshop.example&fields=cvc", false);
}

Test(collect, health_tells_of_the_vault) {
  send_request("GET", "/healthz", "", "");
  cr_assert_eq(answer(), 200);
  cr_assert(says("\"vault\":true"));
  fake_vault_close(&vault);
  for (int i = 0; i < 10; i++)
    cr_assert_eq(loop_round(loop, 1), 0);
  send_request("GET", "/healthz", "", "");
  cr_assert_eq(answer(), 200);
  cr_assert(says("\"vault\":false"));
}
