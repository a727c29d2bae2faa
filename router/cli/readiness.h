/* What the router says of the vault and of its own ledger (B9 and its mirror), for the commands that look at
 * it. */
#pragma once

#include <stdint.h>

#include "ids.h"

enum router_word {
  ROUTER_SILENT,         /* it does not answer, or has no usable line to the vault */
  ROUTER_AGREES,         /* ledger and vault are of the same time */
  ROUTER_SEES_OLD_VAULT, /* the vault's chain does not hold what the journal saw last */
  ROUTER_HAS_OLD_LEDGER  /* the vault released cards for attempts that the ledger does not know */
};

struct readiness {
  enum router_word word;
  uint64_t audit_seen; /* the record of the audit chain up to which the ledger is known to be whole */
};

enum { READINESS_LOOKS = 50 /* five seconds */ };

/* Asks the router at 127.0.0.1:port. The line between it and the vault may just be made anew: it is asked up
 * to `looks` times, until it is not silent. */
void readiness_ask(uint16_t port, const struct id *secret_key, unsigned looks,
                   struct readiness *ret_readiness);
/* The same of the stack in directory; silent when its env cannot be read. command: its name. */
void readiness_of(const char *directory, const char *command, unsigned looks,
                  struct readiness *ret_readiness);
