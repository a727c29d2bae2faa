#include "client_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000 };

void client_host_push(struct client_host *host, struct client_exchange *exchange, bool in_front) {
  exchange->next = in_front ? host->first : NULL;
  if (host->first == NULL)
    host->first = host->last = exchange;
  else if (in_front)
    host->first = exchange;
  else
    host->last = host->last->next = exchange;
  host->queued++;
}

static struct client_exchange *pop(struct client_host *host) {
  struct client_exchange *exchange = host->first;
  host->first = exchange->next;
  if (host->first == NULL)
    host->last = NULL;
  host->queued--;
  return exchange;
}

void client_host_remove(struct client_host *host, struct client_exchange *exchange) {
  struct client_exchange *before = NULL;
  for (struct client_exchange *at = host->first; at != NULL; before = at, at = at->next) {
    if (at != exchange)
      continue;
    if (before == NULL)
      host->first = at->next;
    else
      before->next = at->next;
    if (host->last == at)
      host->last = before;
    host->queued--;
    return;
  }
}

void client_host_connect_failed(struct client_host *host, enum client_error error) {
  if (host->first != NULL)
    client_exchange_finish(pop(host), error);
}

static void fail_queue(struct client_host *host, enum client_error error) {
  while (host->first != NULL)
    client_exchange_finish(pop(host), error);
}

static bool may_reach(const struct client_host *host, const struct net_address *address) {
  const struct client_pool *pool = host->pool;
  if (!pool->public_only || (pool->loopback_too && net_address_is_loopback(address)))
    return true;
  return host->tls && net_address_is_public(address);
}

/* Takes over the addresses that may be reached. */
static void take_addresses(struct client_host *host, const struct net_address *addresses, unsigned count) {
  host->address_count = 0;
  for (unsigned i = 0; i < count; i++)
    if (may_reach(host, &addresses[i]))
      host->addresses[host->address_count++] = addresses[i];
  host->addresses_until_us = client_now(host->pool) + (int64_t)CLIENT_NAME_CACHE_S * US_PER_S;
}

static void on_answered(struct resolver_question *question) {
  struct client_host *host = (struct client_host *)question;
  host->resolving = false;
  if (question->error < 0) {
    fail_queue(host, CLIENT_NO_ADDRESS);
  } else {
    take_addresses(host, question->addresses, question->count);
    client_host_pump(host);
  }
  client_tell(host->pool);
}

/* Whether there are addresses to connect to now; asks for them otherwise. */
static bool addresses_ready(struct client_host *host) {
  if (host->literal || client_now(host->pool) < host->addresses_until_us)
    return true;
  if (!host->resolving) {
    host->resolving = true;
    resolver_ask(host->pool->resolver, &host->question);
  }
  return false;
}

static void open_more(struct client_host *host) {
  while (host->opening < host->queued && host->connections < CLIENT_CONNECTIONS_PER_HOST) {
    if (!addresses_ready(host))
      return;
    if (host->address_count == 0)
      fail_queue(host, CLIENT_ADDRESS_REFUSED);
    else if (client_connection_open(host) < 0)
      client_host_connect_failed(host, CLIENT_NO_CONNECTION);
  }
}

/* Gives the longest waiting request to the most recently used idle connection. A connection that proves dead
 * before a byte left is replaced in silence, but a new one that does so ends a request: else a server that
 * closes every connection at once would be asked without end. */
static void pair_one(struct client_host *host) {
  struct client_connection *connection = host->idle;
  bool used = connection->used;
  if (!client_connection_usable(connection)) {
    client_connection_close(connection, false);
    if (!used)
      client_host_connect_failed(host, CLIENT_CLOSED);
    return;
  }
  struct client_exchange *exchange = pop(host);
  int error = client_connection_start(connection, exchange);
  if (error == 0)
    return;
  if (used && error != -ENOMEM)
    client_host_push(host, exchange, true);
  else
    client_exchange_finish(exchange, error == -ENOMEM ? CLIENT_MEMORY : CLIENT_CLOSED);
}

void client_host_pump(struct client_host *host) {
  while (host->first != NULL && host->idle != NULL)
    pair_one(host);
  open_more(host);
}

unsigned client_host_sweep(struct client_host *host, int64_t now_us) {
  unsigned count = 0;
  for (struct client_connection *at = host->idle, *next; at != NULL; at = next) {
    next = at->next;
    if (now_us >= at->idle_until_us)
      client_connection_close(at, true);
    else
      count++;
  }
  return count;
}

static bool is_for(const struct client_host *host, const struct client_request *request) {
  return host->port == request->port && host->tls == request->tls && host->tls13 == request->tls13 &&
         strcmp(host->question.host, request->host) == 0;
}

static struct client_host *host_new(struct client_pool *pool, const struct client_request *request) {
  struct client_host *host = calloc(1, sizeof *host);
  if (host == NULL)
    return NULL;
  host->pool = pool;
  host->port = request->port;
  host->tls = request->tls;
  host->tls13 = request->tls13;
  host->question.answered = on_answered;
  host->question.port = request->port;
  memcpy(host->question.host, request->host, sizeof host->question.host);
  struct net_address literal;
  if (net_address_literal(request->host, request->port, &literal) == 0) {
    host->literal = true;
    take_addresses(host, &literal, 1);
  }
  host->next = pool->hosts;
  pool->hosts = host;
  pool->host_count++;
  return host;
}

static bool is_at_rest(const struct client_host *host) {
  return host->exchanges == 0 && host->working == NULL && !host->resolving;
}

/* Frees a host that nothing is under way for: one without connections, else the one known longest. Returns
 * whether there was one. */
static bool forget_one(struct client_pool *pool) {
  struct client_host **found = NULL;
  for (struct client_host **at = &pool->hosts; *at != NULL; at = &(*at)->next) {
    if (is_at_rest(*at))
      found = at;
    if (found == at && (*at)->connections == 0)
      break;
  }
  if (found == NULL)
    return false;
  struct client_host *host = *found;
  *found = host->next;
  client_host_free(host);
  pool->host_count--;
  return true;
}

int client_host_find(struct client_pool *pool, const struct client_request *request,
                     struct client_host **ret_host) {
  struct client_host *host = pool->hosts;
  while (host != NULL && !is_for(host, request))
    host = host->next;
  if (host == NULL && pool->host_count == pool->hosts_max && !forget_one(pool))
    return -ENOBUFS;
  if (host == NULL)
    host = host_new(pool, request);
  if (host == NULL)
    return -ENOMEM;
  *ret_host = host;
  return 0;
}

void client_host_free(struct client_host *host) {
  while (host->first != NULL)
    client_exchange_free(pop(host));
  while (host->idle != NULL)
    client_connection_close(host->idle, true);
  while (host->working != NULL) {
    struct client_exchange *exchange = host->working->exchange;
    client_connection_close(host->working, false);
    if (exchange != NULL)
      client_exchange_free(exchange);
  }
  free(host);
}
