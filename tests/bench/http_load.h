/* HTTP requests over kept-alive connections, as a load: one thread, many connections, one request out on
 * each. */
#pragma once

#include <stddef.h>

enum { LOAD_CONNECTIONS_MAX = 256 };

struct load {
  int port;        /* of 127.0.0.1 */
  int connections; /* 1 to LOAD_CONNECTIONS_MAX */
  /* Writes the whole of the next request (number, from 0) to buffer; returns its length. */
  size_t (*next)(void *context, unsigned number, char *buffer, size_t capacity);
  /* Whether an answer counts as good. */
  int (*good)(void *context, int status, const char *body, size_t length);
  void *context;
};

/* Sends count requests. Returns how many were good; latencies in seconds go to ret_latencies, count of them
 * (NULL: not wanted); the whole time to *ret_seconds. Ends the program on a broken connection. */
unsigned load_run(const struct load *load, unsigned count, double *ret_latencies, double *ret_seconds);
