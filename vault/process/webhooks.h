/* Webhooks: what hooks hands in is checked by the connector's secret, read by egress, and told to the router;
 * only when the router has it durably is hooks told so.
 *
 * Nothing is stored: what is lost on the way is answered "not now", and the PSP sends it again. The secrets
 * stay here; egress and hooks are never told them. */
#pragma once

#include "hooks_vault.h"
#include "loop.h"
#include "peers.h"
#include "webhook_counts.h"
#include "webhook_reading.h"

enum {
  WEBHOOKS_MAX = 256,    /* on their way at once */
  WEBHOOK_WAIT_MS = 8000 /* for egress and the router together; hooks waits ten seconds */
};

enum arrival_state { ARRIVAL_FREE, ARRIVAL_READING, ARRIVAL_TELLING };

/* A webhook on its way. */
struct arrival {
  struct vault *vault;
  enum arrival_state state;
  struct return_address from;
  uint64_t serial; /* names it to egress and, with the number of an event, to the router */
  char connector[CONNECTOR_NAME_CAPACITY];
  uint8_t waiting; /* bit per event that the router has not taken yet */
  bool by_fields;  /* its signatures cover some fields, and no codes */
  struct timer timer;
};

struct webhooks {
  struct arrival all[WEBHOOKS_MAX];
  uint64_t serial;
  struct webhook_reading reading; /* the one being taken in */
  struct webhook webhook;         /* the one being told */
  struct webhook_counts counts;
};

void webhooks_begin(struct webhooks *webhooks, struct vault *vault);
void webhooks_end(struct webhooks *webhooks, struct vault *vault);
/* Takes a webhook on. Returns 0: the answer follows through from; STATUS_REFUSED for one that is signed by
 * nobody known (no such connector, no secret, no webhooks in its sheet, a wrong signature: the caller is not
 * told which); STATUS_BUSY, STATUS_UNAVAILABLE; or a negated errno. */
MUST_USE int webhook_take(struct vault *vault, const struct return_address *from, const struct hook *hook);
/* Egress has read it. status other than STATUS_DONE: it could not; webhooks.reading is then not read. */
void webhook_was_read(struct vault *vault, uint64_t correlation, enum status status);
/* The router has taken an event of it, or not. */
void webhook_was_taken(struct vault *vault, const struct webhook_taken *taken);
/* Egress or the router is gone: what waits for it is answered STATUS_UNAVAILABLE. */
void webhooks_peer_lost(struct vault *vault, enum role role);
