/* One loop and one client pool for a test, and what became of a request. */
#pragma once

#include "client.h"
#include <stdatomic.h>

enum { TRIAL_BODY = 4096 };

struct told { /* a copy of a client_result, which lives only for its callback */
  unsigned times;
  enum phase phase;
  enum client_error error;
  size_t bytes_sent;
  unsigned status;
  uint32_t latency_us;
  size_t body_length;
  char body[TRIAL_BODY];
};

/* Its clock goes as the machine's, and on top of that as far as the test lets pass: what is to end by its
 * time-out is given a long one, so that nothing else does on a busy machine. */
struct trial {
  struct loop *loop;
  struct client_pool *pool;
  struct clock clock;
  int64_t passed_us;
};

void trial_begin(struct trial *trial, const struct client_settings *settings);
void trial_end(struct trial *trial);
/* Begins a request of that text; told is filled when it ends. Returns what client_send() returned. */
int trial_send(struct trial *trial, const char *host, uint16_t port, bool tls, const char *text,
               int timeout_ms, struct told *told);
/* Lets time pass, at once. */
void trial_pass(struct trial *trial, int ms);
/* Runs the loop until told->times is 1; ends the test when it does not come to that. */
void trial_wait(struct trial *trial, struct told *told);
/* Runs the loop until a counter of the server has come to value; ends the test when it does not. */
void trial_until(struct trial *trial, atomic_uint *counter, unsigned value);
/* Runs the loop a few times: what has come by now is taken in. */
void trial_rest(struct trial *trial);
/* The two at once, to 127.0.0.1 (plain) or localhost (TLS). */
struct told trial_ask(struct trial *trial, uint16_t port, bool tls, const char *text, int timeout_ms);
/* Fills told from result: a done(). */
void trial_told(void *told, const struct client_result *result);
