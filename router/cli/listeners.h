/* The TCP listeners of a stack. The supervisor binds them and hands them to the daemons, so that a daemon
 * needs no right to bind, and connections wait rather than fail while one is restarted. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum listener_name {
  LISTENER_API,
  LISTENER_COLLECT,
  LISTENER_SANDBOX,
  LISTENER_SANDBOX_ADYEN,
  LISTENER_SANDBOX_CHECKOUT,
  LISTENER_SANDBOX_STRIPE,
  LISTENER_HOOKS, /* the last to come: those before keep their ports above a port base */
  LISTENER_COUNT
};

struct listener {
  int fd; /* -1 when not open */
  uint16_t port;
};

/* Opens every listener on loopback (those of the sandbox only when with_sandbox): at port_base, port_base +
 * 1, ... in the order of the enum; or, with port_base 0, at the ports remembered in DIR/run/ports, or at free
 * ones where none is, which are remembered. Returns 0, or a negated errno (-EADDRINUSE: another process has
 * the port) with a message on standard error. */
MUST_USE int listeners_open(const char *directory, uint16_t port_base, bool with_sandbox,
                            struct listener ret_listeners[LISTENER_COUNT]);
void listeners_close(struct listener listeners[LISTENER_COUNT]);
