/* What became of a dispatch: its steps sent one after another, their answers read, the last one scrubbed.
 *
 * The phase that is told is the charging step's: until its first byte leaves, nothing was charged, whatever
 * happened to the steps before it. */
#pragma once

#include "client.h"
#include "egress_vault.h"
#include "sheet_shelf.h"

enum {
  DISPATCHES_MAX = 1024,     /* outstanding at once */
  DISPATCH_REQUESTS_MAX = 64 /* of one dispatch: steps and pages; a PSP that goes on for ever does not */
};

struct dispatcher; /* opaque */

struct dispatcher_settings {
  struct loop *loop;
  const struct clock *clock;
  struct client_pool *pool;
  const struct sheet_shelf *shelf;
  uint8_t environment;
  /* Called once for each dispatch that was taken, never within dispatcher_take(). context: as given there. */
  void (*ended)(void *owner, uint64_t line, uint64_t correlation, const struct dispatch_result *result);
  void *owner;
};

/* Borrows all that settings name. Returns 0 or -ENOMEM; freed with dispatcher_free(). */
MUST_USE int dispatcher_new(const struct dispatcher_settings *settings, struct dispatcher **ret_dispatcher);
/* Before the client pool's end. Wipes what is outstanding; ended() is not called. */
void dispatcher_free(struct dispatcher *dispatcher);
unsigned dispatcher_outstanding(const struct dispatcher *dispatcher);
/* Takes a copy of send, which the caller wipes. line and correlation come back with the end. Returns 0;
 * -EBUSY when DISPATCHES_MAX are outstanding; -ENOMEM. On failure nothing was sent. */
MUST_USE int dispatcher_take(struct dispatcher *dispatcher, const struct egress_send *send, uint64_t line,
                             uint64_t correlation);
