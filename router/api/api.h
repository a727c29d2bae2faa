/* The router's HTTP API: requests become events of the engine or questions to the vault, and answers go out
 * once what they say is durable. */
#pragma once

#include "engine.h"
#include "fee_source.h"
#include "loop.h"
#include "pump.h"

enum { API_REQUESTS_MAX = 4096 /* waiting at once; more are answered 503 */ };

#define API_VERSION "2026-11-01" /* Freeport-Version */

struct api;

struct api_options {
  struct loop *loop; /* this and the next three are borrowed and outlive the API */
  const struct clock *clock;
  struct ledger *ledger;
  const struct bin_table *bins; /* or NULL */
  const struct sheet_facts *(*sheet)(void *context, const char *name, const uint8_t hash[SHEET_HASH_BYTES]);
  void *sheet_context;
  const struct fee_source *fees; /* what connectors charge, or NULL: not known; borrowed */
  int (*zone_offset)(const char *zone, int64_t at_ms, int32_t *ret_offset_s); /* as the engine has it */
  bool live;              /* keys of the other mode are refused */
  unsigned requests_max;  /* 0: API_REQUESTS_MAX */
  unsigned vault_wait_ms; /* for a question about a token; 0: 5,000 */
  /* After how many ms a webhook is tried again (pump.h); none: the standard. */
  struct retry_schedule webhook_retries;
  struct gate_limits health;
};

/* An API that knows the ledger's open payments; freed with api_free(). Returns 0 or a negated errno. */
MUST_USE int api_new(const struct api_options *options, struct api **ret_api);
void api_free(struct api *api);
/* Serves on a listening TCP socket, which is taken over; replaces the one before. Returns 0 or a negated
 * errno. */
MUST_USE int api_listen(struct api *api, int fd);
/* Speaks to the vault over fd, which is taken over; replaces the line before. Returns 0 or a negated errno.
 */
MUST_USE int api_connect_vault(struct api *api, int fd);
/* Speaks to freeport-notify over fd, likewise. */
MUST_USE int api_connect_notify(struct api *api, int fd);
/* The fees that the options lead to are others now: says so in the log. */
void api_fees_changed(const struct api *api);
/* Takes the supervisor's setting "api_key" (auth.h). Returns 0 or a negated errno. */
MUST_USE int api_add_key(struct api *api, const void *payload, size_t length);
/* The end of a round: one commit, then everything that depends on it. */
void api_round_end(struct api *api);
/* New requests are refused from now on. */
void api_drain(struct api *api);
/* How many requests wait for their answers. */
unsigned api_waiting(const struct api *api);
