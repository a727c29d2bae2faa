/* Deliveries under way: each is one request to one endpoint, and ends in one outcome. */
#pragma once

#include "client.h"
#include "notify_protocol.h"

enum {
  NOTIFY_HOSTS_MAX = 512,    /* more than deliveries at once, so that a silent one takes no other's place */
  NOTIFY_RESOLVERS = 32,     /* names looked up at once: more than one merchant has endpoints */
  WEBHOOK_ANSWER_MAX = 16384 /* of an answer's body, which is read and dropped */
};

_Static_assert((int)NOTIFY_HOSTS_MAX >= (int)NOTIFY_OUTSTANDING_MAX,
               "each delivery can have a host of its own");

struct delivery;

struct deliverer {
  struct client_pool *pool; /* borrowed */
  bool live;                /* what URLs may lead to: webhook_url_allowed() */
  unsigned outstanding;
  struct delivery *deliveries; /* under way */
  /* How the delivery of that number, on the line of that number, ended. */
  void (*ended)(void *owner, uint64_t line, uint64_t number, const struct delivery_attempt *attempt);
  void *owner;
};

/* Delivers body (head->length bytes, copied). ended() is called once, perhaps before this returns. Returns 0;
 * -EBUSY when too many are under way; or -ENOMEM: and then nothing left. */
MUST_USE int deliverer_take(struct deliverer *deliverer, const struct delivery_head *head, const void *body,
                            uint64_t line, uint64_t number);
/* Forgets what is under way, once the pool is freed: its end is told to nobody. */
void deliverer_end(struct deliverer *deliverer);
/* What an answer, or the lack of one, says of the attempt. */
struct delivery_attempt deliverer_judge(const struct client_result *result);
