/* One request and its answer, as server.c and exchange.c share them. Not for users of this room. */
#pragma once

#include <microhttpd.h>

#include "framing.h"
#include "http.h"

enum exchange_state {
  EXCHANGE_NEW,       /* the request line is there */
  EXCHANGE_RECEIVING, /* the head is checked; the body is coming */
  EXCHANGE_HANDLING,  /* the handler is running */
  EXCHANGE_KEPT,      /* suspended; its answer comes later */
  EXCHANGE_ANSWERED,  /* response is to be queued, or is */
  EXCHANGE_DEAD       /* to be closed without an answer */
};

struct exchange {
  struct http_request request; /* first: handlers hold a pointer to it */
  struct http_server *server;
  struct MHD_Connection *connection;
  enum exchange_state state;
  const struct problem *refusal; /* what to answer once the body is swallowed */
  struct MHD_Response *response;
  unsigned status;
  uint8_t *body;
  size_t received, expected;
  bool is_long; /* one of the server's long bodies */
  int64_t started_us;
  struct watch watch; /* for the client's leaving, while kept */
  bool keep;
  void (*gone)(struct http_request *request);
  struct exchange *previous, *next; /* in the server's list, while kept */
  const char *raw_target;           /* in libmicrohttpd's buffer */
  size_t target_length;
  bool target_valid;
  char target[]; /* the copy that path and query point into */
};

struct http_server {
  struct MHD_Daemon *daemon;
  struct loop *loop;
  const struct clock *clock;
  struct http_limits limits;
  const struct http_header *headers;
  void (*handle)(void *context, struct http_request *request);
  void *context;
  struct watch watch; /* libmicrohttpd's epoll descriptor */
  struct timer timer;
  struct exchange *kept;
  unsigned kept_count;
  unsigned long_count; /* long bodies held now */
  bool resumed;        /* connections wait for libmicrohttpd to be run */
  bool closing;
};

/* Lets libmicrohttpd go on with a suspended connection in the loop's next round. */
void server_resume(struct http_server *server, struct MHD_Connection *connection);

/* libmicrohttpd's callbacks; each takes the server as its closure. */
void *exchange_begin(void *server, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_step(void *server, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *data_length,
                              void **context);
void exchange_end(void *server, struct MHD_Connection *connection, void **context,
                  enum MHD_RequestTerminationCode code);
/* Tells its keeper that it is gone, and lets libmicrohttpd close the connection. */
void exchange_abandon(struct exchange *exchange);
