/* The HTTP front of a process: requests checked and complete, answers at once or later, in the process's own
 * loop.
 *
 * libmicrohttpd parses (external epoll, no thread); this room checks what it lets pass (framing.h), gives
 * every answer its Freeport-Request-Id, and notices when the client of a request that waits has gone, which
 * libmicrohttpd does not. What stays of libmicrohttpd's own making: its refusals of lines that it cannot
 * parse at all (400, 413, 414, 431 with a short HTML text and no Freeport-Request-Id), after which it closes.
 */
#pragma once

#include "clock.h"
#include "ids.h"
#include "loop.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  HTTP_TARGET_MAX = 4096,     /* bytes of path and query together */
  HTTP_HEADER_BYTES = 32768,  /* memory of a connection: request line, headers, and those of the answer */
  HTTP_HEADERS_MAX = 100,     /* header lines of a request */
  HTTP_SWALLOW_MAX = 2097152, /* a body over the limit, but not over this, is read and dropped before the 413,
                                 so that the client reads the answer and not a reset connection */
  HTTP_QUERY_NAME_CAPACITY = 64,
  HTTP_QUERY_VALUE_CAPACITY = 512
};

enum http_method {
  HTTP_OTHER,
  HTTP_GET, /* HEAD too: the body of its answer is left out on the way */
  HTTP_POST,
  HTTP_PUT,
  HTTP_PATCH,
  HTTP_DELETE,
  HTTP_OPTIONS,
  HTTP_METHOD_COUNT
};

struct http_server;
struct http_header;

struct http_limits {
  size_t body_bytes;    /* more is answered 413 */
  unsigned connections; /* at once; further ones wait in the listening socket's queue */
  unsigned requests;    /* being worked on at once; more are answered 503 with Retry-After */
  unsigned timeout_s; /* a connection that sends nothing for so long is closed, unless its request is kept; a
                         request must be whole within four times that */
  /* One path may take longer bodies, of which only so many are held at once: further ones are answered 503.
   */
  const char *long_path;  /* NULL: none; borrowed */
  size_t long_body_bytes; /* at most HTTP_SWALLOW_MAX */
  unsigned long_bodies;
};

/* One request, complete: a handler is never shown half of one. Lives until it is answered or its client has
 * gone. */
struct http_request {
  enum http_method method;
  const char
      *path; /* as it was sent, without the query: printable ASCII, begins with a slash, never decoded */
  const char *query;   /* what followed the question mark, not decoded, or "" */
  const uint8_t *body; /* NULL when length is 0 */
  size_t body_length;
  struct id id;  /* "req_...": sent back as Freeport-Request-Id */
  void *context; /* the handler's own, for a request that it keeps */
};

struct http_options {
  struct loop *loop;         /* borrowed; outlives the server */
  const struct clock *clock; /* borrowed */
  int listen_fd;             /* a listening TCP socket; taken over, also on failure */
  struct http_limits limits;
  const struct http_header
      *headers;            /* for every answer, this room's own refusals too; borrowed; NULL: none */
  const char *certificate; /* PEM text for HTTPS (TLS 1.2 and 1.3), or NULL for plain HTTP; copied */
  const char *certificate_key;
  /* Called once for each request that passed the checks. Answers with http_answer() now, or calls http_keep()
   * and answers later. */
  void (*handle)(void *context, struct http_request *request);
  void *context;
};

/* Starts serving. Everything that needs a file (the TLS library's own settings) is read here, before the
 * jail; SIGPIPE is ignored from here on. Returns 0; -EINVAL for a certificate and key that do not fit; or
 * another negated errno. */
MUST_USE int http_server_open(const struct http_options *options, struct http_server **ret_server);
/* Ends all connections; kept requests are told to be gone first. Not from within a handler. NULL is allowed.
 */
void http_server_close(struct http_server *server);
/* Takes no further connections; those that are there go on. New ones wait in the listening socket's queue as
 * long as somebody else holds it. */
void http_server_stop_accepting(struct http_server *server);
/* How many requests are kept now. */
unsigned http_server_kept(const struct http_server *server);
struct http_header {
  const char *name;  /* NULL ends a list */
  const char *value; /* without control characters */
};

/* An answer. body is copied unless body_is_static. Cache-Control: no-store and X-Content-Type-Options:
 * nosniff are added where headers (may be NULL) has no line of that name, Freeport-Request-Id and Date
 * always. */
struct http_response {
  unsigned status;
  const char *content_type; /* NULL for an answer without a body */
  const void *body;
  size_t length;
  const struct http_header *headers;
  bool body_is_static;
  bool close; /* the connection ends with this answer */
};

/* Answers request, which must not be touched afterwards. */
void http_answer(struct http_request *request, const struct http_response *response);
/* To be called in the handler by one who will answer later. gone: called when the client has left before the
 * answer (it closed its sending side); what it asked for may go on, but the request must not be touched
 * afterwards. */
void http_keep(struct http_request *request, void (*gone)(struct http_request *request));

/* Wipes and frees the body, for a request that is kept and whose body was a secret (it is wiped at the end in
 * any case). */
void http_drop_body(struct http_request *request);

/* The value of a header line, or NULL; name in any case. Borrowed from the request. No header that this
 * project reads can be there twice (framing.h). */
const char *http_header(const struct http_request *request, const char *name);
/* Whether the body is declared to be type ("application/json"), parameters aside. */
bool http_content_is(const struct http_request *request, const char *type);
/* Who is at the other end: an IPv6 address, or an IPv4 one mapped into it. */
void http_peer(const struct http_request *request, uint8_t ret_address[16]);
/* Whether that is 127.0.0.0/8 or ::1. */
bool http_peer_is_loopback(const uint8_t address[16]);

struct http_parameter {
  char name[HTTP_QUERY_NAME_CAPACITY];
  char value[HTTP_QUERY_VALUE_CAPACITY];
};

enum { HTTP_QUERY_END = 1 };

/* The next parameter of a query, percent and plus decoded. *cursor: 0 at first. Returns 0; HTTP_QUERY_END; or
 * -EBADMSG for a broken escape, a control character, invalid UTF-8, or a name or value over its capacity. */
MUST_USE int http_query_next(const char *query, size_t *cursor, struct http_parameter *ret_parameter);
/* One parameter by name into ret of capacity bytes. Returns 0; HTTP_QUERY_END when it is not there; -EBADMSG
 * as above, or when it is there twice or does not fit. */
MUST_USE int http_query_value(const char *query, const char *name, char *ret, size_t capacity);
