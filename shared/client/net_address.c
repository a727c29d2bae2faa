#include "net_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* IPv4 blocks that are not global unicast (RFC 6890 and its updates). */
static const struct {
  uint32_t base;
  unsigned bits;
} special_v4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
    {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4},
};

/* IPv6 blocks inside 2000::/3 that are not global unicast, or lead elsewhere (Teredo, 6to4). */
static const struct {
  uint8_t prefix[6];
  unsigned bits;
} special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* IETF protocol assignments, Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

static bool v4_is_public(uint32_t address) {
  for (size_t i = 0; i < sizeof special_v4 / sizeof *special_v4; i++)
    if ((address ^ special_v4[i].base) >> (32 - special_v4[i].bits) == 0)
      return false;
  return true;
}

static bool prefix_matches(const uint8_t *address, const uint8_t *prefix, unsigned bits) {
  unsigned whole = bits / 8, rest = bits % 8;
  if (memcmp(address, prefix, whole) != 0)
    return false;
  return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static uint32_t embedded_v4(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool v6_is_public(const uint8_t *address) {
  static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
  if (memcmp(address, mapped, 12) == 0 || memcmp(address, nat64, 12) == 0)
    return v4_is_public(embedded_v4(address + 12));
  if (address[0] >> 5 != 1)
    return false;
  for (size_t i = 0; i < sizeof special_v6 / sizeof *special_v6; i++)
    if (prefix_matches(address, special_v6[i].prefix, special_v6[i].bits))
      return false;
  return true;
}

int net_address_literal(const char *host, uint16_t port, struct net_address *ret_address) {
  struct net_address address = {0};
  if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    address.length = sizeof address.v4;
  } else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    address.length = sizeof address.v6;
  } else {
    return -EINVAL;
  }
  *ret_address = address;
  return 0;
}

bool net_address_is_public(const struct net_address *address) {
  if (address->any.sa_family == AF_INET)
    return v4_is_public(ntohl(address->v4.sin_addr.s_addr));
  if (address->any.sa_family == AF_INET6)
    return v6_is_public(address->v6.sin6_addr.s6_addr);
  return false;
}

bool net_address_is_loopback(const struct net_address *address) {
  const uint8_t *v6 = address->v6.sin6_addr.s6_addr;
  if (address->any.sa_family == AF_INET)
    return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  if (address->any.sa_family != AF_INET6)
    return false;
  return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr) ||
         (memcmp(v6, mapped, sizeof mapped) == 0 && v6[12] == IN_LOOPBACKNET);
}
