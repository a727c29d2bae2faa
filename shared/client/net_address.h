/* Network addresses: literals, and whether one may be reached from a live environment. */
#pragma once

#include "result.h"
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct net_address {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  };
  socklen_t length;
};

/* The address that host writes out as an IPv4 or IPv6 literal (without brackets), with port. Returns 0, or
 * -EINVAL when host is a name. */
MUST_USE int net_address_literal(const char *host, uint16_t port, struct net_address *ret_address);
/* Whether address is a global unicast one: not loopback, private, link-local, shared, documentation,
 * multicast or reserved (IANA special-purpose registries, RFC 6890), nor an IPv6 form that carries such an
 * IPv4 address. */
bool net_address_is_public(const struct net_address *address);
/* Whether it is this machine's own: 127.0.0.0/8, ::1, or the former in an IPv6 form. */
bool net_address_is_loopback(const struct net_address *address);
