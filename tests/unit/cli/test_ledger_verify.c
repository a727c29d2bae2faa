/* `freeport ledger verify` against a router that says what the test says: every page is walked, and what does
 * not come out again fails the command. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exit_status.h"
#include "ledger_verify.h"

enum { PAYMENTS = 3, REQUEST_CAPACITY = 4096, BODY_CAPACITY = 1024 };

static char directory[] = "/tmp/freeport-verify.XXXXXX";
static int listener;
static pthread_t thread;
static const char *reproduced[PAYMENTS]; /* of each payment, as JSON; NULL: not told */
static unsigned lists_asked, payments_asked[PAYMENTS];

static const char *const ids[PAYMENTS] = {"pay_01JGFJJZXYABCDEFGHJKMNPQRA", "pay_01JGFJJZXYABCDEFGHJKMNPQRB",
                                          "pay_01JGFJJZXYABCDEFGHJKMNPQRC"};

/* Two payments on the first page, one on the second. */
static void list_payments(const char *request, char body[BODY_CAPACITY]) {
  bool second = strstr(request, "starting_after=") != NULL;
  lists_asked++;
  if (second)
    snprintf(body, BODY_CAPACITY, "{\"data\":[{\"id\":\"%s\"}],\"has_more\":false,\"next\":null}", ids[2]);
  else
    snprintf(body, BODY_CAPACITY,
             "{\"data\":[{\"id\":\"%s\"},{\"id\":\"%s\"}],\"has_more\":true,\"next\":\"%s\"}", ids[0], ids[1],
             ids[1]);
}

static void show_payment(const char *request, char body[BODY_CAPACITY]) {
  snprintf(body, BODY_CAPACITY, "{\"decision\":{}}");
  for (unsigned i = 0; i < PAYMENTS; i++) {
    if (strstr(request, ids[i]) == NULL)
      continue;
    payments_asked[i]++;
    if (reproduced[i] != NULL)
      snprintf(body, BODY_CAPACITY, "{\"id\":\"%s\",\"decision\":{\"policy\":\"pol_1\",\"reproduced\":%s}}",
               ids[i], reproduced[i]);
  }
}

static void answer(int connection) {
  char request[REQUEST_CAPACITY] = "", body[BODY_CAPACITY], text[BODY_CAPACITY + 200];
  size_t length = 0;
  ssize_t taken;
  while (strstr(request, "\r\n\r\n") == NULL && length + 1 < sizeof request &&
         (taken = read(connection, request + length, sizeof request - 1 - length)) > 0)
    length += (size_t)taken;
  if (strncmp(request, "GET /v1/payments?", 17) == 0)
    list_payments(request, body);
  else
    show_payment(request, body);
  int size = snprintf(text, sizeof text,
                      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                      "Connection: close\r\n\r\n%s",
                      strlen(body), body);
  cr_assert_eq(write(connection, text, (size_t)size), size);
}

static void *serve(void *unused) {
  for (int connection; (connection = accept(listener, NULL, NULL)) >= 0; close(connection))
    answer(connection);
  return unused;
}

static void setup(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  char path[64];
  cr_redirect_stdout();
  cr_assert_not_null(mkdtemp(directory));
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  cr_assert_eq(bind(listener, (struct sockaddr *)&address, length), 0);
  cr_assert_eq(listen(listener, 8), 0);
  cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  snprintf(path, sizeof path, "%s/env", directory);
  FILE *env = fopen(path, "we");
  fprintf(env,
          "FREEPORT_API_URL=http://127.0.0.1:%u\nFREEPORT_SECRET_KEY=sk_test_01JGFJJZXYABCDEFGHJKMNPQRA\n",
          ntohs(address.sin_port));
  fclose(env);
  cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void teardown(void) {
  char path[64];
  shutdown(listener, SHUT_RDWR);
  pthread_join(thread, NULL);
  close(listener);
  snprintf(path, sizeof path, "%s/env", directory);
  unlink(path);
  rmdir(directory);
}

TestSuite(ledger_verify, .init = setup, .fini = teardown, .timeout = 30);

static int verify(const char *first, const char *second, const char *third) {
  const struct command_line line = {.command = "ledger", .directory = directory};
  reproduced[0] = first;
  reproduced[1] = second;
  reproduced[2] = third;
  int status = ledger_verify(&line);
  fflush(stdout);
  return status;
}

Test(ledger_verify, every_payment_of_every_page_is_asked_for) {
  cr_expect_eq(verify("true", "null", "true"), EXIT_GOOD);
  cr_expect_eq(lists_asked, 2);
  for (unsigned i = 0; i < PAYMENTS; i++)
    cr_expect_eq(payments_asked[i], 1);
  cr_expect_stdout_eq_str(
      "decisions that come out again, to the byte: 2; that do not: 0; that cannot be tried: 1\n");
}

Test(ledger_verify, one_that_does_not_come_out_again_fails_it) {
  cr_expect_eq(verify("true", "true", "false"), EXIT_FAILED);
  cr_expect_stdout_eq_str(
      "pay_01JGFJJZXYABCDEFGHJKMNPQRC  policy pol_1  decides otherwise now\n"
      "decisions that come out again, to the byte: 2; that do not: 1; that cannot be tried: 0\n");
}

Test(ledger_verify, what_is_not_told_is_no_success) {
  cr_expect_eq(verify("true", NULL, "true"), EXIT_FAILED);
  cr_expect_eq(payments_asked[2], 0);
}

Test(ledger_verify, days_are_a_number) {
  static const char *const wrong[] = {"", "0", "-1", "3661", "7d", "seven"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_expect_eq(ledger_verify_days(&(struct command_line){.days = wrong[i]}), 0, "%s", wrong[i]);
  cr_expect_eq(ledger_verify_days(&(struct command_line){.days = "3660"}), VERIFY_DAYS_MAX);
  cr_expect_eq(ledger_verify_days(&(struct command_line){0}), VERIFY_DAYS_DEFAULT);
}
