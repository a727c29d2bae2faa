/* The vault's whole surface: one table of who may ask what (surface.c). */
#pragma once

#include "cursor.h"
#include "peers.h"

/* One request being answered. */
struct ask {
  struct return_address from;
  enum role role;
  uint32_t uid;
  struct reader body;
  struct writer reply; /* the reply's body after the status */
  bool deferred;       /* it is answered later, through `from` */
};

/* Acts on one message. Returns 0; or -EPROTO for a malformed one: the caller then closes the connection. Bad
 * input changes nothing. */
MUST_USE int surface_take(struct vault *vault, struct peer *peer, const struct message *message);
