/* bench_payments FIGURES: what a whole stack adds to a payment, and how many it makes a second.
 *
 * The stack is that of the environment (DIR/env, sourced). Both figures are held to the same PSP request sent
 * straight to the sandbox over a kept-alive connection; the rounds are interleaved. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_load.h"
#include "report.h"

enum { ROUNDS = 5, SINGLE = 1000, MANY = 6000, WARM_UP = 500, CONNECTIONS = 64 };

struct target {
  const char *secret_key;
  const char *token;
  unsigned run; /* makes references and idempotency keys unique */
};

static int port_of(const char *variable) {
  const char *url = getenv(variable);
  const char *colon = url == NULL ? NULL : strrchr(url, ':');
  if (colon == NULL) {
    fprintf(stderr, "bench: %s is not set: source DIR/env first\n", variable);
    exit(64);
  }
  return atoi(colon + 1);
}

static size_t with_body(char *buffer, size_t capacity, const char *head, const char *body) {
  int length = snprintf(buffer, capacity, "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        head, strlen(body), body);
  return (size_t)length;
}

static size_t next_payment(void *context, unsigned number, char *buffer, size_t capacity) {
  struct target *target = context;
  char head[512], body[512];
  snprintf(head, sizeof head,
           "POST /v1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nIdempotency-Key: "
           "b-%d-%u-%u\r\n",
           target->secret_key, getpid(), target->run, number);
  snprintf(body, sizeof body,
           "{\"amount\":1999,\"currency\":\"EUR\",\"token\":\"%s\",\"capture\":\"automatic\",\"reference\":"
           "\"b-%u-%u\"}",
           target->token, target->run, number);
  return with_body(buffer, capacity, head, body);
}

static int good_payment(void *context, int status, const char *body, size_t length) {
  (void)context;
  return status == 201 && memmem(body, length, "\"status\":\"captured\"", 19) != NULL;
}

/* The request that adyen's sheet makes of such a payment. */
static size_t next_straight(void *context, unsigned number, char *buffer, size_t capacity) {
  struct target *target = context;
  char head[512], body[512];
  snprintf(head, sizeof head,
           "POST /adyen/v71/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: "
           "AQEsandbox\r\nIdempotency-Key: s-%d-%u-%u\r\n",
           getpid(), target->run, number);
  snprintf(
      body, sizeof body,
      "{\"amount\":{\"currency\":\"EUR\",\"value\":1999},\"merchantAccount\":\"SandboxMerchant\","
      "\"paymentMethod\":{"
      "\"type\":\"scheme\",\"number\":\"4242424242424242\",\"expiryMonth\":\"12\",\"expiryYear\":\"2030\"},"
      "\"reference\":\"s-%d-%u-%u\",\"returnUrl\":\"https://shop.example/return\"}",
      getpid(), target->run, number);
  return with_body(buffer, capacity, head, body);
}

static int good_straight(void *context, int status, const char *body, size_t length) {
  (void)context;
  return status == 200 && memmem(body, length, "Authorised", 10) != NULL;
}

static void require_all(unsigned good, unsigned wanted) {
  if (good != wanted) {
    fprintf(stderr, "bench: only %u of %u answers were good\n", good, wanted);
    exit(1);
  }
}

static double run(const struct load *load, unsigned count, double *latencies) {
  double seconds;
  ((struct target *)load->context)->run++;
  require_all(load_run(load, count, latencies, &seconds), count);
  return seconds;
}

static void measure_added(const char *figures, struct load payments, struct load straight) {
  static double latencies[SINGLE];
  double with_stack[ROUNDS], without[ROUNDS];
  payments.connections = straight.connections = 1;
  for (int i = 0; i < ROUNDS; i++) {
    run(&straight, SINGLE, latencies);
    without[i] = median(latencies, SINGLE) * 1e3;
    run(&payments, SINGLE, latencies);
    with_stack[i] = median(latencies, SINGLE) * 1e3;
  }
  double limit = median(without, ROUNDS), added = median(with_stack, ROUNDS) - limit;
  report(figures, &(struct figure){.name = "added",
                                   .value = added,
                                   .unit = "ms at p50",
                                   .limit = limit,
                                   .ratio = added / limit,
                                   .target = "<= 1 ms",
                                   .met = added <= 1.0});
}

static void measure_payments(const char *figures, struct load payments, struct load straight) {
  double rates[ROUNDS], limits[ROUNDS];
  payments.connections = straight.connections = CONNECTIONS;
  for (int i = 0; i < ROUNDS; i++) {
    limits[i] = MANY / run(&straight, MANY, NULL);
    rates[i] = MANY / run(&payments, MANY, NULL);
  }
  double rate = median(rates, ROUNDS), limit = median(limits, ROUNDS);
  report(figures, &(struct figure){.name = "payments",
                                   .value = rate,
                                   .unit = "payments/s",
                                   .limit = limit,
                                   .ratio = rate / limit,
                                   .target = ">= 3000",
                                   .met = rate >= 3000});
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: bench_payments FIGURES TOKEN (with DIR/env in the environment)\n", stderr);
    return 64;
  }
  struct target target = {.secret_key = getenv("FREEPORT_SECRET_KEY"), .token = argv[2]};
  struct load payments = {port_of("FREEPORT_API_URL"), CONNECTIONS, next_payment, good_payment, &target};
  struct load straight = {port_of("FREEPORT_SANDBOX_URL"), CONNECTIONS, next_straight, good_straight,
                          &target};
  run(&payments, WARM_UP, NULL);
  measure_added(argv[1], payments, straight);
  measure_payments(argv[1], payments, straight);
  return 0;
}
