#include "client_parts.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

static void on_deadline(struct timer *timer) {
  struct client_exchange *exchange = (struct client_exchange *)timer;
  struct client_host *host = exchange->host;
  if (exchange->connection != NULL)
    client_connection_close(exchange->connection, false);
  else
    client_host_remove(host, exchange);
  client_exchange_finish(exchange, CLIENT_TIMEOUT);
  client_host_pump(host);
  client_tell(host->pool);
}

int client_exchange_new(struct client_host *host, const struct client_request *request,
                        struct client_exchange **ret_exchange) {
  struct client_exchange *exchange = calloc(1, sizeof *exchange);
  if (exchange == NULL)
    return -ENOMEM;
  exchange->host = host;
  exchange->deadline.due = on_deadline;
  int error = loop_set_timer(host->pool->loop, &exchange->deadline, request->timeout_us);
  if (error < 0) {
    free(exchange);
    return error;
  }
  exchange->request = *request;
  host->exchanges++;
  *ret_exchange = exchange;
  return 0;
}

void client_exchange_forget_bytes(struct client_exchange *exchange) {
  client_bytes_free(exchange->request.bytes, exchange->request.length);
  exchange->request.bytes = NULL;
}

void client_exchange_finish(struct client_exchange *exchange, enum client_error error) {
  struct client_pool *pool = exchange->host->pool;
  loop_clear_timer(pool->loop, &exchange->deadline);
  client_exchange_forget_bytes(exchange);
  exchange->error = error;
  exchange->connection = NULL;
  exchange->next = NULL;
  if (pool->finished == NULL)
    pool->finished = exchange;
  else
    pool->finished_last->next = exchange;
  pool->finished_last = exchange;
}

void client_exchange_free(struct client_exchange *exchange) {
  loop_clear_timer(exchange->host->pool->loop, &exchange->deadline);
  client_exchange_forget_bytes(exchange);
  if (exchange->reply != NULL) {
    http_reply_end(exchange->reply);
    free(exchange->reply);
  }
  exchange->host->exchanges--;
  free(exchange);
}

static enum phase phase_of(const struct client_exchange *exchange) {
  if (exchange->left == 0)
    return PHASE_NOT_SENT;
  if (exchange->error == CLIENT_DONE)
    return PHASE_REPLY;
  return exchange->received == 0 ? PHASE_SENT_NO_REPLY : PHASE_PARTIAL_REPLY;
}

static uint32_t latency_of(const struct client_exchange *exchange) {
  int64_t latency = exchange->received > 0 ? exchange->last_us - exchange->first_us : 0;
  return latency < 0 ? 0 : latency > UINT32_MAX ? UINT32_MAX : (uint32_t)latency;
}

static void tell_one(const struct client_exchange *exchange) {
  struct client_result result = {
      .phase = phase_of(exchange),
      .error = exchange->error,
      .bytes_sent = exchange->left,
      .status = exchange->reply != NULL ? exchange->reply->status : 0,
      .latency_us = latency_of(exchange),
  };
  if (result.phase == PHASE_REPLY)
    result.reply = exchange->reply;
  exchange->request.done(exchange->request.context, &result);
}

void client_tell(struct client_pool *pool) {
  if (pool->telling)
    return;
  pool->telling = true;
  while (pool->finished != NULL) {
    struct client_exchange *exchange = pool->finished;
    pool->finished = exchange->next;
    tell_one(exchange);
    client_exchange_free(exchange);
  }
  pool->telling = false;
}
