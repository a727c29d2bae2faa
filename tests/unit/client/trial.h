/* One loop and one client pool for a test, and what became of a request. */
#pragma once

#include "client.h"

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

struct trial {
  struct loop *loop;
  struct client_pool *pool;
};

void trial_begin(struct trial *trial, const struct client_settings *settings);
void trial_end(struct trial *trial);
/* Begins a request of that text; told is filled when it ends. Returns what client_send() returned. */
int trial_send(struct trial *trial, const char *host, uint16_t port, bool tls, const char *text,
               int timeout_ms, struct told *told);
/* Runs the loop until told->times is 1; ends the test after ten seconds. */
void trial_wait(struct trial *trial, struct told *told);
/* Runs the loop for so long. */
void trial_run(struct trial *trial, int ms);
/* The two at once, to 127.0.0.1 (plain) or localhost (TLS). */
struct told trial_ask(struct trial *trial, uint16_t port, bool tls, const char *text, int timeout_ms);
/* Fills told from result: a done(). */
void trial_told(void *told, const struct client_result *result);
