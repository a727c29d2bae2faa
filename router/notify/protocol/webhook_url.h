/* Where webhooks go: a URL taken apart, and whether it may be one. Used where an endpoint is registered and
 * again where it is spoken to. */
#pragma once

#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum { WEBHOOK_URL_CAPACITY = 513, WEBHOOK_HOST_CAPACITY = 254 };

struct webhook_url {
  char host[WEBHOOK_HOST_CAPACITY]; /* a name, or an address (IPv6 without brackets) */
  bool literal;                     /* it is an address */
  bool tls;
  uint16_t port;
  const char *target; /* path and query within the text, from the slash or question mark on; "" for none */
};

/* http:// or https://, a host in lower case, perhaps a port, path and query of printable ASCII; no user, no
 * fragment. Returns 0, or -EINVAL. */
MUST_USE int webhook_url_parse(const char *text, struct webhook_url *ret_url);
/* Whether it may be registered: https to a name, which of a live environment could be public, never to an
 * address. test takes this machine as well, by name or address and with http or https. What the name leads to
 * is seen when it is spoken to. */
bool webhook_url_allowed(const struct webhook_url *url, bool live);
