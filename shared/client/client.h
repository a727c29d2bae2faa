/* An HTTP/1.1 client that knows to the byte what left.
 *
 * It retries nothing of which a byte was written, follows no redirect, honours no proxy and no key log of the
 * environment, decompresses nothing. Connections are kept alive per host, port and TLS; one request at a time
 * on each. */
#pragma once

#include "http_reply.h"
#include "loop.h"
#include "operations.h"
#include "resolver.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CLIENT_CONNECTIONS_PER_HOST = 64,
  CLIENT_QUEUE_PER_HOST = 1024,
  CLIENT_HOSTS_MAX = 64,
  CLIENT_IDLE_S = 25, /* servers commonly close after 30 s and more */
  CLIENT_NAME_CACHE_S = 60,
  CLIENT_CONNECT_MS = 5000 /* for one address, its TLS handshake included */
};

struct client_pool; /* opaque */

struct client_settings {
  const char *trust_file; /* PEM; NULL: the system's bundle */
  const char *crl_file;   /* PEM revocation lists; NULL: revocation is not checked */
  bool public_only;       /* refuse addresses that are not global unicast, and plain http */
  bool loopback_too;      /* with public_only: this machine is reached as well, by plain http it alone */
  unsigned hosts_max;     /* hosts known at once; 0: CLIENT_HOSTS_MAX */
  unsigned resolvers;     /* names looked up at once; 0: one */
};

/* Why a request did not end in a whole answer. */
enum client_error {
  CLIENT_DONE,
  CLIENT_NO_ADDRESS,      /* the name has none */
  CLIENT_ADDRESS_REFUSED, /* none that public_only allows */
  CLIENT_NO_CONNECTION,   /* refused, unreachable, or no room for another */
  CLIENT_TLS,             /* the handshake failed: old version, no common cipher, garbage */
  CLIENT_CERTIFICATE,     /* expired, unknown, revoked, or another host's */
  CLIENT_TIMEOUT,
  CLIENT_CLOSED,    /* the server closed or reset the connection */
  CLIENT_MALFORMED, /* the answer breaks HTTP/1.1 */
  CLIENT_TOO_LARGE, /* the answer breaks a limit */
  CLIENT_MEMORY,
  CLIENT_ERROR_COUNT
};

/* How a request ended. Borrowed for the call of done(). */
struct client_result {
  enum phase phase;               /* PHASE_NOT_SENT: the kernel took no byte of the request */
  enum client_error error;        /* CLIENT_DONE exactly when phase is PHASE_REPLY */
  size_t bytes_sent;              /* of the request (under TLS: of the records that carry it) */
  uint16_t status;                /* 0 when no head of an answer came */
  uint32_t latency_us;            /* from the first byte sent to the last received; 0 when none was sent */
  const struct http_reply *reply; /* NULL unless phase is PHASE_REPLY */
};

struct client_request {
  char host[HOST_NAME_CAPACITY]; /* a name or an address, IPv6 without brackets */
  uint16_t port;
  bool tls;
  bool tls13;     /* TLS 1.3 at least; else 1.2 */
  uint8_t *bytes; /* from client_bytes(): taken over by client_send() when it returns 0, wiped once sent */
  size_t length;
  int64_t timeout_us; /* for all of it, waiting in the queue included; > 0 */
  size_t body_limit;  /* of the answer's body; at most HTTP_BODY_MAX */
  void (*done)(void *context, const struct client_result *result); /* once, never within client_send() */
  void *context;
};

/* Reads the trust store and what looking up names needs: before a jail. (The loop
 * ignores SIGPIPE, which TLS's writes would raise.) Returns 0; what tls_new() returns; or another negated
 * errno. The caller frees it with client_pool_free(). */
MUST_USE int client_pool_new(struct loop *loop, const struct clock *clock,
                             const struct client_settings *settings, struct client_pool **ret_pool);
/* Closes everything; requests that still run are wiped and their done() is not called. */
void client_pool_free(struct client_pool *pool);
/* How many certificates are trusted. */
int client_pool_trusted(const struct client_pool *pool);
/* Memory for a request's bytes, or NULL. Whoever still owns it frees it with client_bytes_free(). */
uint8_t *client_bytes(size_t length);
void client_bytes_free(uint8_t *bytes, size_t length);
/* Sends request (which is copied; the bytes are taken over). Returns 0; -ENOBUFS when the host's queue or the
 * table of hosts is full; -EINVAL for plain http where public_only and not loopback_too forbids it; -ENOMEM.
 * On failure nothing was sent and the bytes stay the caller's. */
MUST_USE int client_send(struct client_pool *pool, const struct client_request *request);
/* "timeout", "certificate", ... for logs. Static. */
const char *client_error_name(enum client_error error);
