/* A vault in the test's own process, with a clock that the test moves and a socket to each of its peers. */
#pragma once

#include <stdlib.h>

#include "collect_vault.h"
#include "egress_vault.h"
#include "vault.h"

struct harness {
  char folder[64];
  struct store *store;
  struct loop *loop;
  struct arena *arena;
  struct vault *vault;
  struct vault_options options;
  int64_t now_ms, now_us; /* what the vault's clock says */
  struct clock clock;
  struct channel collect, router, egress, hooks, admin;
  struct id merchant, other_merchant;
  uint8_t key_hash[32], other_key_hash[32];
  uint64_t correlation;
  unsigned similar_limit;
};

enum harness_store { HARNESS_MEMORY, HARNESS_LMDB };

/* 2026-06-15T12:00:00Z */
#define HARNESS_NOW_MS INT64_C(1781524800000)

/* Opens a vault with two merchants and the connector "adyen"; asserts on failure. */
void harness_open(struct harness *harness, enum harness_store kind);
void harness_close(struct harness *harness);
/* Ends the vault (and with LMDB the store) and starts it again on what lies there. */
void harness_restart(struct harness *harness);
/* Moves the clock. */
void harness_pass(struct harness *harness, int64_t ms);
/* Runs rounds until nothing moves. */
void harness_run(struct harness *harness);

/* Sends a request and runs rounds until its reply is there; returns its status, and the rest of its body in
 * ret_body, borrowed until the next receive. -1: the vault closed the connection; -2: no reply. */
int harness_ask(struct harness *harness, struct channel *channel, uint8_t type, const struct writer *body,
                struct reader *ret_body);
/* Only sends. Returns the correlation. */
uint64_t harness_send(struct harness *harness, struct channel *channel, uint8_t type,
                      const struct writer *body);
/* The next message on a channel, after running rounds. Returns 0; CHANNEL_NOTHING; or a negated errno. */
int harness_receive(struct harness *harness, struct channel *channel, struct message *ret_message);

struct tokenize harness_card(const struct harness *harness, const char *number, const char *code);
/* Tokenizes; returns the status. */
int harness_tokenize(struct harness *harness, const char *number, const char *code,
                     struct tokenized *ret_tokenized);
int harness_describe(struct harness *harness, const struct id *merchant, const struct id *token,
                     struct token_description *ret_description);
int harness_question(struct harness *harness, struct channel *channel, uint8_t type,
                     const struct id *merchant, const struct id *token,
                     struct token_description *ret_description);
/* A charge of 10.00 EUR by that token at "adyen". */
struct dispatch harness_charge(const struct harness *harness, const struct id *token);
/* Sends a dispatch and hands over what egress got. Returns 0; or the status that the router got instead; -2
 * neither. */
int harness_dispatch(struct harness *harness, const struct dispatch *dispatch, struct egress_send *ret_send,
                     uint64_t *ret_correlation);
/* Egress answers; returns the router's status and result. */
int harness_answer(struct harness *harness, uint64_t correlation, const struct dispatch_result *result,
                   struct dispatch_result *ret_result);
/* A result as of a whole, approved answer. */
struct dispatch_result harness_approved(void);
