#include "deliverer.h"

#include "webhook_request.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_MS = 1000 };

struct delivery {
  struct deliverer *deliverer;
  struct delivery *next, **link; /* among those under way; what leads to it */
  uint64_t line, number;
};

static void keep(struct delivery *delivery) {
  struct deliverer *deliverer = delivery->deliverer;
  delivery->next = deliverer->deliveries;
  delivery->link = &deliverer->deliveries;
  if (delivery->next != NULL)
    delivery->next->link = &delivery->next;
  deliverer->deliveries = delivery;
  deliverer->outstanding++;
}

static void let_go(struct delivery *delivery) {
  *delivery->link = delivery->next;
  if (delivery->next != NULL)
    delivery->next->link = delivery->link;
  delivery->deliverer->outstanding--;
  free(delivery);
}

void deliverer_end(struct deliverer *deliverer) {
  while (deliverer->deliveries != NULL)
    let_go(deliverer->deliveries);
}

struct delivery_attempt deliverer_judge(const struct client_result *result) {
  static const enum delivery_outcome outcomes[CLIENT_ERROR_COUNT] = {
      [CLIENT_DONE] = DELIVERY_ANSWERED,
      [CLIENT_NO_ADDRESS] = DELIVERY_NO_ADDRESS,
      [CLIENT_ADDRESS_REFUSED] = DELIVERY_ADDRESS_REFUSED,
      [CLIENT_NO_CONNECTION] = DELIVERY_NO_CONNECTION,
      [CLIENT_TLS] = DELIVERY_TLS,
      [CLIENT_CERTIFICATE] = DELIVERY_CERTIFICATE,
      [CLIENT_TIMEOUT] = DELIVERY_TIMEOUT,
      [CLIENT_CLOSED] = DELIVERY_CLOSED,
      [CLIENT_MALFORMED] = DELIVERY_MALFORMED,
      [CLIENT_TOO_LARGE] = DELIVERY_MALFORMED,
      [CLIENT_MEMORY] = DELIVERY_NO_CONNECTION,
  };
  struct delivery_attempt attempt = {.outcome = outcomes[result->error], .http_status = result->status};
  /* The status says it all: what becomes of the body after it is of no interest. */
  if (result->status / 100 == 2)
    attempt.outcome = DELIVERY_TAKEN;
  else if (result->status / 100 == 3)
    attempt.outcome = DELIVERY_REDIRECTED;
  else if (result->status != 0)
    attempt.outcome = DELIVERY_ANSWERED;
  return attempt;
}

static void on_done(void *context, const struct client_result *result) {
  struct delivery *delivery = context;
  struct deliverer *deliverer = delivery->deliverer;
  struct delivery_attempt attempt = deliverer_judge(result);
  uint64_t line = delivery->line, number = delivery->number;
  let_go(delivery);
  deliverer->ended(deliverer->owner, line, number, &attempt);
}

static int send_request(struct deliverer *deliverer, const struct delivery_head *head,
                        const struct webhook_url *url, const void *body, struct delivery *delivery) {
  size_t capacity = WEBHOOK_HEAD_MAX + head->length;
  struct client_request request = {.port = url->port,
                                   .tls = url->tls,
                                   .bytes = client_bytes(capacity),
                                   .timeout_us = (int64_t)head->timeout_ms * US_PER_MS,
                                   .body_limit = WEBHOOK_ANSWER_MAX,
                                   .done = on_done,
                                   .context = delivery};
  if (request.bytes == NULL)
    return -ENOMEM;
  memcpy(request.host, url->host, sizeof request.host);
  request.length = webhook_request(head, url, body, request.bytes, capacity);
  assert(request.length > 0);
  int error = client_send(deliverer->pool, &request);
  if (error < 0)
    client_bytes_free(request.bytes, capacity);
  return error;
}

/* Tells at once of a URL that may not be spoken to: the router would not send one, unless it was taken over.
 */
static void refuse(struct deliverer *deliverer, uint64_t line, uint64_t number) {
  const struct delivery_attempt attempt = {.outcome = DELIVERY_ADDRESS_REFUSED};
  deliverer->ended(deliverer->owner, line, number, &attempt);
}

int deliverer_take(struct deliverer *deliverer, const struct delivery_head *head, const void *body,
                   uint64_t line, uint64_t number) {
  struct webhook_url url;
  if (webhook_url_parse(head->url, &url) < 0 || !webhook_url_allowed(&url, deliverer->live)) {
    refuse(deliverer, line, number);
    return 0;
  }
  if (deliverer->outstanding >= NOTIFY_OUTSTANDING_MAX)
    return -EBUSY;
  struct delivery *delivery = malloc(sizeof *delivery);
  if (delivery == NULL)
    return -ENOMEM;
  *delivery = (struct delivery){.deliverer = deliverer, .line = line, .number = number};
  int error = send_request(deliverer, head, &url, body, delivery);
  if (error < 0) {
    free(delivery);
    return error == -ENOMEM ? error : -EBUSY;
  }
  keep(delivery);
  return 0;
}
