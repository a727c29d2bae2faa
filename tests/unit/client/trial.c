#include "trial.h"

#include <criterion/criterion.h>
#include <string.h>

enum { REST_ROUNDS = 20, REST_MS = 5 };

/* In microseconds; generous, because a test that waits in vain has failed anyway. */
static const int64_t patience_us = 60000000;

static int64_t trial_us(void *context) {
  const struct trial *trial = context;
  return system_clock.monotonic_us(NULL) + trial->passed_us;
}

void trial_begin(struct trial *trial, const struct client_settings *settings) {
  static const struct client_settings none = {0};
  trial->clock = (struct clock){.now_ms = system_clock.now_ms, .monotonic_us = trial_us, .context = trial};
  trial->passed_us = 0;
  cr_assert_eq(loop_new(&trial->clock, &trial->loop), 0);
  cr_assert_eq(client_pool_new(trial->loop, &trial->clock, settings != NULL ? settings : &none, &trial->pool),
               0);
}

void trial_end(struct trial *trial) {
  client_pool_free(trial->pool);
  loop_free(trial->loop);
}

void trial_told(void *context, const struct client_result *result) {
  struct told *told = context;
  told->times++;
  told->phase = result->phase;
  told->error = result->error;
  told->bytes_sent = result->bytes_sent;
  told->status = result->status;
  told->latency_us = result->latency_us;
  if (result->reply != NULL && result->reply->body != NULL) {
    told->body_length = result->reply->body_length;
    size_t kept = told->body_length < TRIAL_BODY - 1 ? told->body_length : TRIAL_BODY - 1;
    memcpy(told->body, result->reply->body, kept);
  }
}

int trial_send(struct trial *trial, const char *host, uint16_t port, bool tls, const char *text,
               int timeout_ms, struct told *told) {
  struct client_request request = {.port = port,
                                   .tls = tls,
                                   .length = strlen(text),
                                   .timeout_us = (int64_t)timeout_ms * 1000,
                                   .body_limit = HTTP_BODY_MAX,
                                   .done = trial_told,
                                   .context = told};
  memset(told, 0, sizeof *told);
  strcpy(request.host, host);
  request.bytes = client_bytes(request.length);
  memcpy(request.bytes, text, request.length);
  int error = client_send(trial->pool, &request);
  if (error < 0)
    client_bytes_free(request.bytes, request.length);
  cr_assert_eq(told->times, 0, "told within client_send()");
  return error;
}

void trial_pass(struct trial *trial, int ms) {
  trial->passed_us += (int64_t)ms * 1000;
}

void trial_wait(struct trial *trial, struct told *told) {
  int64_t end = system_clock.monotonic_us(NULL) + patience_us;
  while (told->times == 0 && system_clock.monotonic_us(NULL) < end)
    cr_assert_eq(loop_round(trial->loop, 100), 0);
  cr_assert_eq(told->times, 1);
}

void trial_until(struct trial *trial, atomic_uint *counter, unsigned value) {
  int64_t end = system_clock.monotonic_us(NULL) + patience_us;
  while (*counter < value && system_clock.monotonic_us(NULL) < end)
    cr_assert_eq(loop_round(trial->loop, REST_MS), 0);
  cr_assert_geq(*counter, value);
}

void trial_rest(struct trial *trial) {
  for (unsigned i = 0; i < REST_ROUNDS; i++)
    cr_assert_eq(loop_round(trial->loop, REST_MS), 0);
}

struct told trial_ask(struct trial *trial, uint16_t port, bool tls, const char *text, int timeout_ms) {
  struct told told;
  cr_assert_eq(trial_send(trial, tls ? "localhost" : "127.0.0.1", port, tls, text, timeout_ms, &told), 0);
  trial_wait(trial, &told);
  return told;
}
