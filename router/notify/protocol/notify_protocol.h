/* The messages between freeport-router and freeport-notify. The router pushes signed events; notify answers
 * how each attempt ended and can ask for nothing.
 *
 * An event can be longer than a message: NOTIFY_DELIVER holds its beginning, and what is left follows at once
 * in NOTIFY_MORE under the same correlation, nothing between. The reply, NOTIFY_DELIVER | REPLY_BIT, is a
 * status; done is followed by an attempt, and STATUS_BUSY means that no attempt was made. */
#pragma once

#include "channel.h"
#include "cursor.h"
#include "ids.h"
#include "webhook_url.h"

enum notify_type {
  NOTIFY_DELIVER = 1, /* router to notify */
  NOTIFY_MORE         /* router to notify; not answered */
};

enum {
  DELIVERY_BODY_MAX = 262144,
  DELIVERY_PIECE_MAX = 30000, /* bytes of a body in one message */
  DELIVERY_SIGNATURES_CAPACITY = 128,
  DELIVERY_TIMEOUT_MAX_MS = 60000,
  NOTIFY_OUTSTANDING_MAX = 256 /* deliveries that notify holds at once */
};

/* How an attempt ended. */
enum delivery_outcome {
  DELIVERY_TAKEN = 1,       /* answered 2xx */
  DELIVERY_ANSWERED,        /* answered otherwise */
  DELIVERY_REDIRECTED,      /* answered 3xx, which is not followed */
  DELIVERY_NO_ADDRESS,      /* the name has none */
  DELIVERY_ADDRESS_REFUSED, /* private, link-local, this machine */
  DELIVERY_NO_CONNECTION,
  DELIVERY_TLS,
  DELIVERY_CERTIFICATE,
  DELIVERY_TIMEOUT,
  DELIVERY_CLOSED,
  DELIVERY_MALFORMED,
  DELIVERY_UNSENDABLE, /* the event cannot be read, or is longer than can be delivered: no attempt was made */
  DELIVERY_OUTCOME_COUNT
};

struct delivery_head {
  char url[WEBHOOK_URL_CAPACITY];
  struct id id; /* "evt": webhook-id */
  int64_t timestamp_s;
  char signatures[DELIVERY_SIGNATURES_CAPACITY]; /* webhook-signature */
  uint32_t timeout_ms;                           /* for all of it; 1 to DELIVERY_TIMEOUT_MAX_MS */
  uint32_t length;                               /* of the whole body; 1 to DELIVERY_BODY_MAX */
};

struct delivery_attempt {
  enum delivery_outcome outcome;
  uint16_t http_status; /* 100 to 599; 0: none came */
};

/* The head and the beginning of the body: the first DELIVERY_PIECE_MAX bytes, or all of it. */
void write_deliver(struct writer *writer, const struct delivery_head *head, const void *body);
/* Returns 0 with the head and a view of as many of the body's bytes; or -EBADMSG: a URL that cannot be read,
 * a length or time out of range, a piece of another length than belongs there, bytes that no header may hold.
 */
MUST_USE int read_deliver(struct reader *reader, struct delivery_head *ret_head, const uint8_t **ret_piece,
                          size_t *ret_length);
/* The piece of a body of `length` bytes that begins at `at`. */
void write_more(struct writer *writer, const void *body, size_t length, size_t at);
/* Returns 0 with a view of exactly the piece that belongs there; or -EBADMSG. */
MUST_USE int read_more(struct reader *reader, size_t length, size_t at, const uint8_t **ret_piece,
                       size_t *ret_length);
/* How many messages a body of that length takes. */
unsigned delivery_messages(size_t length);

void write_attempt_end(struct writer *writer, const struct delivery_attempt *attempt);
MUST_USE int read_attempt_end(struct reader *reader, struct delivery_attempt *ret_attempt);
/* "taken", "answered", ...; static, "" out of range. */
const char *delivery_outcome_name(enum delivery_outcome outcome);
