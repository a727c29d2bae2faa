/* The client's own structures. Internal to shared/client. */
#pragma once

#include "client.h"
#include "tls.h"
#include "transport.h"

enum { RECEIVE_CAPACITY = 16384 };

struct client_host;

/* A request under way. Lives from client_send() to done(). */
struct client_exchange {
  struct timer deadline; /* first: the callback is given its address */
  struct client_request request;
  struct client_host *host;
  struct client_connection *connection; /* NULL while it waits */
  struct client_exchange *next;         /* in the host's queue, or among the finished */
  size_t written;                       /* bytes of the request that the stream took */
  size_t left;                          /* bytes that the kernel took */
  size_t received;                      /* bytes of an answer */
  int64_t first_us, last_us;
  enum client_error error;
  struct http_reply *reply; /* made when it is sent */
};

enum connection_state { CONNECTION_OPENING, CONNECTION_IDLE, CONNECTION_BUSY };

struct client_connection {
  struct watch watch; /* first: the callback is given its address */
  struct opening {
    struct timer timer; /* first, likewise */
    struct client_connection *connection;
  } opening; /* bounds one address's connecting and handshake */
  struct client_host *host;
  struct client_connection *next, *previous; /* in the host's list of the idle, or of the others */
  struct client_exchange *exchange;
  struct transport transport;
  enum connection_state state;
  uint32_t watched; /* events, 0 when the loop does not know it */
  unsigned address; /* which of the host's it tries */
  bool used;        /* has carried a request before */
  int64_t idle_until_us;
};

struct client_host {
  struct resolver_question question; /* first: the callback is given its address */
  struct client_pool *pool;
  struct client_host *next;
  uint16_t port;
  bool tls;
  bool tls13;
  bool literal;
  bool resolving;
  int64_t addresses_until_us;
  unsigned address_count;
  struct net_address addresses[RESOLVED_MAX];
  struct client_exchange *first, *last; /* the queue */
  unsigned queued, connections, opening;
  unsigned exchanges;                /* queued, on a connection, or finished and not told yet */
  struct client_connection *working; /* opening or busy */
  struct client_connection *idle;    /* the most recently used first */
};

struct client_pool {
  struct timer deferred; /* first: the callback is given its address */
  struct sweep {
    struct timer timer; /* first, likewise */
    struct client_pool *pool;
  } sweep;
  struct loop *loop;
  const struct clock *clock;
  struct resolver *resolver;
  struct tls *tls;
  bool public_only, loopback_too;
  unsigned hosts_max;
  bool telling;
  struct client_host *hosts;
  unsigned host_count;
  struct client_exchange *finished, *finished_last;
  uint8_t receive[RECEIVE_CAPACITY];
};

int64_t client_now(const struct client_pool *pool);

/* client_exchange.c: one request's beginning and end */
MUST_USE int client_exchange_new(struct client_host *host, const struct client_request *request,
                                 struct client_exchange **ret_exchange);
/* Wipes the bytes of the request: nothing of them is needed any more. */
void client_exchange_forget_bytes(struct client_exchange *exchange);
/* It has ended so; it must be in no queue and on no connection. client_tell() says so and frees it. */
void client_exchange_finish(struct client_exchange *exchange, enum client_error error);
void client_exchange_free(struct client_exchange *exchange);
/* Calls done() for all that have finished. The last thing in every callback of the loop, so that a done()
 * that sends the next request meets no half-done work. */
void client_tell(struct client_pool *pool);

/* client_connection.c: one stream and the request on it */
/* Begins to connect to the host's addresses, of which there is one at least. Returns 0 or a negated errno. */
MUST_USE int client_connection_open(struct client_host *host);
/* polite: it is idle and says goodbye. Leaves an exchange on it alone. */
void client_connection_close(struct client_connection *connection, bool polite);
/* Puts exchange on the idle connection and sends. Returns 0; or a negated errno when no byte of the request
 * left: the connection is closed and the exchange is the caller's again. */
MUST_USE int client_connection_start(struct client_connection *connection, struct client_exchange *exchange);
/* Whether an idle connection may carry a request. */
bool client_connection_usable(struct client_connection *connection);

/* client_host.c: addresses, queue, which connection carries what */
MUST_USE int client_host_find(struct client_pool *pool, const struct client_request *request,
                              struct client_host **ret_host);
void client_host_free(struct client_host *host);
/* Gives queued requests to connections, opening more where needed and allowed. */
void client_host_pump(struct client_host *host);
void client_host_push(struct client_host *host, struct client_exchange *exchange, bool in_front);
void client_host_remove(struct client_host *host, struct client_exchange *exchange);
/* No connection came of it: the request that has waited longest ends here. */
void client_host_connect_failed(struct client_host *host, enum client_error error);
/* Closes what has idled too long. Returns how many stay idle. */
unsigned client_host_sweep(struct client_host *host, int64_t now_us);
