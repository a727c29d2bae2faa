/* A server of shared/http and raw clients in one thread, for the tests of this folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

struct front {
  struct loop *loop;
  struct http_server *server;
  int port;
  unsigned handled;          /* how often the handler was called */
  struct http_request *kept; /* the last request of /keep that still waits */
  unsigned gone;             /* how many kept requests lost their client */
  char last_path[64];
  size_t last_body;
};

/* /keep is kept; anything else is answered 200 {"ok":true}. certificate: a PEM text, or NULL. */
void front_open(struct front *front, struct http_limits limits, const char *certificate, const char *key);
void front_close(struct front *front);
/* Runs so many rounds, of a millisecond each where nothing happens. */
void front_run(struct front *front, int rounds);
/* A connected, non-blocking client. */
int front_connect(const struct front *front);

struct talk {
  char text[65536]; /* everything that came back, NUL-terminated */
  size_t length;
  bool closed; /* the server closed the connection */
};

/* Sends bytes, runs the loop and reads what comes back. */
void front_talk(struct front *front, int client, const void *bytes, size_t length, struct talk *ret_talk);
/* The status of the answer at the beginning of text, 0 for none. */
int status_of(const char *text);
/* How many answers text holds. */
unsigned answers_in(const char *text);
