/* A round of the loop: everything that came is acted on, one commit makes it durable, then the replies leave.
 *
 * A reply that rests on what is not yet durable is held. When the commit fails, nothing of the round has
 * happened: the batch is abandoned, what it changed in memory is taken back, and those who wait are told
 * STATUS_STORAGE. */
#pragma once

#include "peers.h"

enum { ROUND_REPLIES = 4096, ROUND_BYTES = 1 << 20, ROUND_DISPATCHES = 1024 };

struct held_reply {
  struct return_address to;
  enum status status;
  uint32_t offset, length;
};

struct round {
  size_t reply_count, used, dispatch_count;
  bool registry_changed;   /* merchants, keys, connectors: loaded anew when the commit fails */
  bool connectors_changed; /* the router is told after the commit */
  bool ledger_accepted;    /* likewise, with the head that the commit ended with */
  struct held_reply replies[ROUND_REPLIES];
  uint16_t dispatches[ROUND_DISPATCHES]; /* released by the commit */
  uint8_t bytes[ROUND_BYTES];
};

/* Replies: at once when nothing waits for a commit, else after it. */
void round_reply(struct vault *vault, const struct return_address *to, enum status status, const void *body,
                 size_t length);
/* Makes room for what one more message may add, by committing early when there is little. */
void round_make_room(struct vault *vault);
/* The dispatch in that place is sent when the round's commit has succeeded. */
void round_hold_dispatch(struct vault *vault, uint16_t place);
/* The store has refused something: gives the batch up. error: a negated errno. */
void round_fail(struct vault *vault, int error);
/* At the end of a round. context: the vault. */
void round_end(void *context);
