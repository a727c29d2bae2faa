/* Why issuers declined, as far as PSPs told the router: no code that a reply brought is lost, and no decline
 * is settled without one while the reply that has it is on its way (P7). */
#pragma once

#include "scenario.h"

struct universe;

enum { HEARD_MAX = 1024 };

/* Replies with codes that the router took in, and has not made durable yet. */
struct reasons {
  uint32_t count;
  struct {
    uint32_t scenario;
    uint8_t key;
  } heard[HEARD_MAX];
};

/* A PSP's reply about the charge of that key is about to be handed to the router, and says why it was
 * declined. */
void reason_comes(struct universe *universe, const struct scenario *scenario, uint8_t key);
/* The router's round is durable, or it is undone or lost. */
void reasons_kept(struct universe *universe);
void reasons_lost(struct universe *universe);
/* At the end: the ledger has each code that the router was told. */
void check_reasons(struct universe *universe, const struct scenario *scenario);
