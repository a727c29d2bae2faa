/* An HTTP/1.1 answer, read from bytes that arrive in any pieces. No I/O.
 *
 * Strict where a lenient reader could take another's bytes for an answer (RFC 9112): lines end in CR LF, no
 * folded header, no NUL, one Content-Length or one "chunked", never both. What does not fit is malformed, not
 * guessed. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  HTTP_HEAD_MAX = 16384, /* status line and headers of one answer */
  HTTP_HEADERS_MAX = 64,
  HTTP_INTERIM_MAX = 8,    /* 1xx answers before the real one */
  HTTP_TRAILER_MAX = 4096, /* chunk extensions and trailers, all told */
  HTTP_BODY_MAX = 262144   /* the largest body_limit */
};

enum http_part {
  HTTP_HEAD,
  HTTP_BODY_SIZED,
  HTTP_BODY_TO_CLOSE,
  HTTP_CHUNK_SIZE,
  HTTP_CHUNK_EXTENSION,
  HTTP_CHUNK_SIZE_LF,
  HTTP_CHUNK_DATA,
  HTTP_CHUNK_DATA_CR,
  HTTP_CHUNK_DATA_LF,
  HTTP_TRAILER_START,
  HTTP_TRAILER_LINE,
  HTTP_TRAILER_LF,
  HTTP_END_LF,
  HTTP_DONE
};

struct http_header {
  uint16_t name;  /* where it begins in head; NUL-terminated, as the server wrote it */
  uint16_t value; /* likewise, without the spaces around it */
};

struct http_reply {
  uint16_t status; /* 200 to 599; 0 until the head of the real answer is there */
  bool keep_alive; /* the connection may be used again */
  uint16_t header_count;
  struct http_header headers[HTTP_HEADERS_MAX];
  uint8_t *body; /* owned; body_length bytes and a NUL that is not counted; NULL when there is none */
  size_t body_length;
  /* the reader's own */
  enum http_part part;
  unsigned interim;
  size_t body_limit, body_capacity;
  uint64_t left; /* of the sized body or of this chunk */
  unsigned size_digits;
  size_t overhead; /* extension and trailer bytes so far */
  size_t head_length;
  char head[HTTP_HEAD_MAX + 1];
};

enum { HTTP_REPLY_DONE = 1 };

/* Makes reply ready for one answer of at most body_limit body bytes (capped at HTTP_BODY_MAX). */
void http_reply_begin(struct http_reply *reply, size_t body_limit);
/* Takes in bytes; *ret_used says how many belong to this answer (fewer than length only when it is done).
 * Returns 0 when more is to come; HTTP_REPLY_DONE; -EBADMSG for malformed bytes; -EMSGSIZE when a limit is
 * broken; -ENOMEM. After anything but 0 it is not called again. */
MUST_USE int http_reply_feed(struct http_reply *reply, const uint8_t *bytes, size_t length, size_t *ret_used);
/* The server has closed in an orderly way. Returns HTTP_REPLY_DONE when that ends the body, else -EBADMSG. */
MUST_USE int http_reply_closed(struct http_reply *reply);
/* The first header of that name (compared without case), or NULL. Borrowed. */
const char *http_reply_header(const struct http_reply *reply, const char *name);
/* Wipes and frees what the answer held; reply itself stays the caller's. */
void http_reply_end(struct http_reply *reply);
