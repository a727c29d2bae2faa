#include "client.h"

#include "client_parts.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

enum { US_PER_S = 1000000 };

int64_t client_now(const struct client_pool *pool) {
  return pool->clock->monotonic_us(pool->clock->context);
}

uint8_t *client_bytes(size_t length) {
  return malloc(length > 0 ? length : 1);
}

void client_bytes_free(uint8_t *bytes, size_t length) {
  if (bytes == NULL)
    return;
  sodium_memzero(bytes, length);
  free(bytes);
}

static void on_deferred(struct timer *timer) {
  client_tell((struct client_pool *)timer);
}

static void on_sweep(struct timer *timer) {
  struct client_pool *pool = ((struct sweep *)timer)->pool;
  int64_t now = client_now(pool);
  unsigned idle = 0;
  for (struct client_host *host = pool->hosts; host != NULL; host = host->next)
    idle += client_host_sweep(host, now);
  if (idle > 0 && loop_set_timer(pool->loop, timer, (int64_t)CLIENT_IDLE_S * US_PER_S / 4) < 0) {
    /* The next connection to go idle sets it. */
  }
}

int client_pool_new(struct loop *loop, const struct clock *clock, const struct client_settings *settings,
                    struct client_pool **ret_pool) {
  struct client_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL)
    return -ENOMEM;
  pool->loop = loop;
  pool->clock = clock;
  pool->public_only = settings->public_only;
  pool->loopback_too = settings->loopback_too;
  pool->hosts_max = settings->hosts_max > 0 ? settings->hosts_max : CLIENT_HOSTS_MAX;
  pool->deferred.due = on_deferred;
  pool->sweep = (struct sweep){.timer.due = on_sweep, .pool = pool};
  int error = tls_new(settings->trust_file, settings->crl_file, &pool->tls);
  if (error == 0) {
    error = resolver_new(loop, settings->resolvers > 0 ? settings->resolvers : 1, &pool->resolver);
    if (error < 0)
      tls_free(pool->tls);
  }
  if (error < 0) {
    free(pool);
    return error;
  }
  *ret_pool = pool;
  return 0;
}

void client_pool_free(struct client_pool *pool) {
  resolver_free(pool->resolver);
  while (pool->finished != NULL) {
    struct client_exchange *exchange = pool->finished;
    pool->finished = exchange->next;
    client_exchange_free(exchange);
  }
  while (pool->hosts != NULL) {
    struct client_host *host = pool->hosts;
    pool->hosts = host->next;
    client_host_free(host);
  }
  loop_clear_timer(pool->loop, &pool->deferred);
  loop_clear_timer(pool->loop, &pool->sweep.timer);
  tls_free(pool->tls);
  sodium_memzero(pool->receive, sizeof pool->receive);
  free(pool);
}

int client_pool_trusted(const struct client_pool *pool) {
  return tls_trusted(pool->tls);
}

int client_send(struct client_pool *pool, const struct client_request *request) {
  assert(request->done != NULL && request->timeout_us > 0 && request->length > 0);
  if (pool->public_only && !pool->loopback_too && !request->tls)
    return -EINVAL;
  struct client_host *host;
  int error = client_host_find(pool, request, &host);
  if (error < 0)
    return error;
  if (host->queued >= CLIENT_QUEUE_PER_HOST)
    return -ENOBUFS;
  struct client_exchange *exchange;
  error = client_exchange_new(host, request, &exchange);
  if (error < 0)
    return error;
  client_host_push(host, exchange, false);
  client_host_pump(host);
  if (pool->finished != NULL && !pool->telling && loop_set_timer(pool->loop, &pool->deferred, 0) < 0)
    client_tell(pool); /* better early than never */
  return 0;
}

const char *client_error_name(enum client_error error) {
  static const char *const names[CLIENT_ERROR_COUNT] = {
      [CLIENT_DONE] = "done",
      [CLIENT_NO_ADDRESS] = "no_address",
      [CLIENT_ADDRESS_REFUSED] = "address_refused",
      [CLIENT_NO_CONNECTION] = "no_connection",
      [CLIENT_TLS] = "tls",
      [CLIENT_CERTIFICATE] = "certificate",
      [CLIENT_TIMEOUT] = "timeout",
      [CLIENT_CLOSED] = "closed",
      [CLIENT_MALFORMED] = "malformed",
      [CLIENT_TOO_LARGE] = "too_large",
      [CLIENT_MEMORY] = "memory",
  };
  return (unsigned)error < CLIENT_ERROR_COUNT ? names[error] : "";
}
