#include "client_parts.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { US_PER_S = 1000000, US_PER_MS = 1000, KEEP_ALIVE_MARGIN_S = 1 };

/* The list that a connection stands in by its state. */
static struct client_connection **list_of(struct client_connection *connection) {
  return connection->state == CONNECTION_IDLE ? &connection->host->idle : &connection->host->working;
}

static void list_add(struct client_connection *connection) {
  struct client_connection **list = list_of(connection);
  connection->previous = NULL;
  connection->next = *list;
  if (*list != NULL)
    (*list)->previous = connection;
  *list = connection;
}

static void list_remove(struct client_connection *connection) {
  if (connection->previous != NULL)
    connection->previous->next = connection->next;
  else
    *list_of(connection) = connection->next;
  if (connection->next != NULL)
    connection->next->previous = connection->previous;
}

static void set_state(struct client_connection *connection, enum connection_state state) {
  list_remove(connection);
  if (connection->state == CONNECTION_OPENING)
    connection->host->opening--;
  connection->state = state;
  list_add(connection);
}

static int watch_for(struct client_connection *connection, uint32_t events) {
  struct loop *loop = connection->host->pool->loop;
  if (connection->watched == events)
    return 0;
  connection->watch.fd = connection->transport.fd;
  int error = connection->watched == 0 ? loop_watch(loop, &connection->watch, events)
                                       : loop_change(loop, &connection->watch, events);
  if (error == 0)
    connection->watched = events;
  return error;
}

static void drop_stream(struct client_connection *connection, bool polite) {
  if (connection->watched != 0)
    loop_forget(connection->host->pool->loop, &connection->watch);
  connection->watched = 0;
  transport_close(&connection->transport, polite);
}

void client_connection_close(struct client_connection *connection, bool polite) {
  struct client_host *host = connection->host;
  drop_stream(connection, polite && connection->state == CONNECTION_IDLE);
  loop_clear_timer(host->pool->loop, &connection->opening.timer);
  list_remove(connection);
  if (connection->state == CONNECTION_OPENING)
    host->opening--;
  host->connections--;
  free(connection);
}

/* ---- opening ---- */

/* Begins with the next address that takes a socket at all. */
static int try_addresses(struct client_connection *connection) {
  struct client_host *host = connection->host;
  struct transport_peer peer = {
      .tls = host->tls ? host->pool->tls : NULL, .tls13 = host->tls13, .host = host->question.host};
  int error = -ECONNREFUSED;
  for (; connection->address < host->address_count; connection->address++) {
    peer.address = host->addresses[connection->address];
    error = transport_open(&connection->transport, &peer);
    if (error < 0)
      continue;
    error =
        loop_set_timer(host->pool->loop, &connection->opening.timer, (int64_t)CLIENT_CONNECT_MS * US_PER_MS);
    if (error == 0)
      error = watch_for(connection, EPOLLOUT);
    if (error == 0)
      return 0;
    drop_stream(connection, false);
  }
  return error;
}

static enum client_error opening_error(int error) {
  if (error == -EKEYREJECTED)
    return CLIENT_CERTIFICATE;
  return error == -EPROTO ? CLIENT_TLS : CLIENT_NO_CONNECTION;
}

/* Another address may answer where this one does not; a server that answers with a bad certificate is no
 * reason to look for a better one. */
static void opening_failed(struct client_connection *connection, int error) {
  struct client_host *host = connection->host;
  drop_stream(connection, false);
  if (error != -EKEYREJECTED && error != -EPROTO) {
    connection->address++;
    if (try_addresses(connection) == 0)
      return;
  }
  client_connection_close(connection, false);
  client_host_connect_failed(host, opening_error(error));
  client_host_pump(host);
}

static void on_opening_late(struct timer *timer) {
  struct client_connection *connection = ((struct opening *)timer)->connection;
  struct client_pool *pool = connection->host->pool;
  opening_failed(connection, -ETIMEDOUT);
  client_tell(pool);
}

static void go_idle(struct client_connection *connection, int64_t idle_s) {
  struct client_pool *pool = connection->host->pool;
  set_state(connection, CONNECTION_IDLE);
  connection->idle_until_us = client_now(pool) + idle_s * US_PER_S;
  if (pool->sweep.timer.index == 0 &&
      loop_set_timer(pool->loop, &pool->sweep.timer, (int64_t)CLIENT_IDLE_S * US_PER_S / 4) < 0)
    connection->idle_until_us = 0; /* never used again: without the timer nothing would close it in time */
}

static void on_opening(struct client_connection *connection) {
  int outcome = transport_establish(&connection->transport);
  int error = outcome;
  if (outcome >= 0)
    error = watch_for(connection, outcome == TRANSPORT_WAIT_WRITE ? EPOLLOUT : EPOLLIN);
  if (error < 0) {
    opening_failed(connection, error);
  } else if (outcome == 0) {
    loop_clear_timer(connection->host->pool->loop, &connection->opening.timer);
    go_idle(connection, CLIENT_IDLE_S);
    client_host_pump(connection->host);
  }
}

/* ---- a request on it ---- */

/* Takes the exchange off; the stream is of no more use. */
static void end_with(struct client_connection *connection, enum client_error error) {
  struct client_exchange *exchange = connection->exchange;
  struct client_host *host = connection->host;
  client_connection_close(connection, false);
  client_exchange_finish(exchange, error);
  client_host_pump(host);
}

/* How long the server says that it keeps the connection, less a margin. */
static int64_t idle_seconds(const struct http_reply *reply) {
  const char *value = http_reply_header(reply, "keep-alive");
  const char *timeout = value != NULL ? strcasestr(value, "timeout=") : NULL;
  if (timeout == NULL)
    return CLIENT_IDLE_S;
  long seconds = strtol(timeout + strlen("timeout="), NULL, 10);
  if (seconds <= KEEP_ALIVE_MARGIN_S)
    return 0;
  return seconds < CLIENT_IDLE_S ? seconds - KEEP_ALIVE_MARGIN_S : CLIENT_IDLE_S;
}

/* A whole answer. surplus: bytes followed it that nobody asked for, so that the stream can be trusted no
 * further. */
static void end_with_reply(struct client_connection *connection, bool surplus) {
  struct client_exchange *exchange = connection->exchange;
  struct client_host *host = connection->host;
  bool whole = exchange->written == exchange->request.length;
  if (exchange->left == 0 || !whole || surplus || !exchange->reply->keep_alive ||
      transport_has_pending(&connection->transport)) {
    end_with(connection, exchange->left == 0 ? CLIENT_MALFORMED : CLIENT_DONE);
    return;
  }
  connection->exchange = NULL;
  connection->used = true;
  go_idle(connection, idle_seconds(exchange->reply));
  client_exchange_finish(exchange, CLIENT_DONE);
  client_host_pump(host);
}

static void on_stream_end(struct client_connection *connection, int outcome) {
  struct client_exchange *exchange = connection->exchange;
  if (outcome == TRANSPORT_CLOSED && exchange->received > 0 &&
      http_reply_closed(exchange->reply) == HTTP_REPLY_DONE)
    end_with_reply(connection, true);
  else
    end_with(connection, CLIENT_CLOSED);
}

static enum client_error reading_error(int error) {
  if (error == -EMSGSIZE)
    return CLIENT_TOO_LARGE;
  return error == -ENOMEM ? CLIENT_MEMORY : CLIENT_MALFORMED;
}

/* Takes in what one receive gave. Returns whether the exchange goes on. */
static bool take_in(struct client_connection *connection, size_t received) {
  struct client_exchange *exchange = connection->exchange;
  struct client_pool *pool = connection->host->pool;
  size_t used = 0;
  exchange->received += received;
  exchange->last_us = client_now(pool);
  int outcome = http_reply_feed(exchange->reply, pool->receive, received, &used);
  sodium_memzero(pool->receive, received);
  if (outcome == 0)
    return true;
  if (outcome < 0)
    end_with(connection, reading_error(outcome));
  else
    end_with_reply(connection, used < received);
  return false;
}

static void go_on_receiving(struct client_connection *connection) {
  struct client_pool *pool = connection->host->pool;
  do {
    size_t received = 0;
    int outcome = transport_receive(&connection->transport, pool->receive, RECEIVE_CAPACITY, &received);
    if (outcome == TRANSPORT_WAIT_READ)
      return;
    if (outcome == TRANSPORT_WAIT_WRITE && watch_for(connection, EPOLLIN | EPOLLOUT) == 0)
      return;
    if (outcome == 0 && !take_in(connection, received))
      return;
    if (outcome != 0) {
      on_stream_end(connection, outcome);
      return;
    }
  } while (transport_has_pending(&connection->transport));
}

/* began_us: when the send that took them was called, so that an answer that is there when it returns has
 * taken its time. */
static void note_left(struct client_exchange *exchange, size_t left, int64_t began_us) {
  if (left == 0)
    return;
  if (exchange->left == 0)
    exchange->first_us = began_us;
  exchange->left += left;
}

/* Sends as far as the stream takes it. Returns 0 (all sent, or waiting for room, or cut off with some of it
 * gone: then what can still be read tells how it ended); or a negated errno when the stream failed before a
 * byte left. */
static int go_on_sending(struct client_connection *connection) {
  struct client_exchange *exchange = connection->exchange;
  size_t length = exchange->request.length;
  while (exchange->written < length) {
    size_t sent = 0, left = 0;
    int64_t began_us = client_now(exchange->host->pool);
    int outcome = transport_send(&connection->transport, exchange->request.bytes + exchange->written,
                                 length - exchange->written, &sent, &left);
    note_left(exchange, left, began_us);
    if (outcome > 0)
      outcome = watch_for(connection, outcome == TRANSPORT_WAIT_WRITE ? EPOLLIN | EPOLLOUT : EPOLLIN);
    else if (outcome == 0) {
      exchange->written += sent;
      continue;
    }
    if (outcome == 0 || exchange->left == 0)
      return outcome;
    break;
  }
  client_exchange_forget_bytes(exchange);
  return watch_for(connection, EPOLLIN) < 0 && exchange->left == 0 ? -EIO : 0;
}

/* A stream that failed before a byte left: another one may carry the request, if this one had been idle. */
static void lost_unsent(struct client_connection *connection) {
  struct client_exchange *exchange = connection->exchange;
  struct client_host *host = connection->host;
  bool used = connection->used;
  client_connection_close(connection, false);
  exchange->connection = NULL;
  if (used)
    client_host_push(host, exchange, true);
  else
    client_exchange_finish(exchange, CLIENT_CLOSED);
  client_host_pump(host);
}

static void on_busy(struct client_connection *connection) {
  struct client_exchange *exchange = connection->exchange;
  if (exchange->request.bytes != NULL && go_on_sending(connection) < 0) {
    lost_unsent(connection);
    return;
  }
  go_on_receiving(connection);
}

static void on_ready(struct watch *watch, uint32_t events) {
  struct client_connection *connection = (struct client_connection *)watch;
  struct client_pool *pool = connection->host->pool;
  (void)events;
  if (connection->state == CONNECTION_OPENING)
    on_opening(connection);
  else if (connection->state == CONNECTION_BUSY)
    on_busy(connection);
  else if (!transport_is_quiet(&connection->transport))
    client_connection_close(connection, false);
  client_tell(pool);
}

int client_connection_open(struct client_host *host) {
  struct client_connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL)
    return -ENOMEM;
  connection->watch.ready = on_ready;
  connection->opening = (struct opening){.timer.due = on_opening_late, .connection = connection};
  connection->host = host;
  connection->transport.fd = -1;
  connection->state = CONNECTION_OPENING;
  host->connections++;
  host->opening++;
  list_add(connection);
  int error = try_addresses(connection);
  if (error < 0)
    client_connection_close(connection, false);
  return error;
}

bool client_connection_usable(struct client_connection *connection) {
  return client_now(connection->host->pool) < connection->idle_until_us &&
         transport_is_quiet(&connection->transport);
}

int client_connection_start(struct client_connection *connection, struct client_exchange *exchange) {
  exchange->reply = exchange->reply != NULL ? exchange->reply : malloc(sizeof *exchange->reply);
  int error = exchange->reply != NULL ? 0 : -ENOMEM;
  if (error == 0) {
    http_reply_begin(exchange->reply, exchange->request.body_limit);
    connection->exchange = exchange;
    exchange->connection = connection;
    set_state(connection, CONNECTION_BUSY);
    error = go_on_sending(connection);
  }
  if (error < 0) {
    exchange->connection = NULL;
    client_connection_close(connection, false);
  }
  return error;
}
