#include "net_address.h"
#include <criterion/criterion.h>
#include <errno.h>

static bool is_public(const char *text) {
  struct net_address address;
  cr_assert_eq(net_address_literal(text, 443, &address), 0, "%s", text);
  return net_address_is_public(&address);
}

Test(net_address, names_are_no_literals) {
  struct net_address address;
  static const char *const names[] = {"example.com", "1.2.3",  "0x7f.1", "127.1",
                                      "[::1]",       "::1%lo", "",       "1.2.3.4:80"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    cr_assert_eq(net_address_literal(names[i], 443, &address), -EINVAL, "%s", names[i]);
}

Test(net_address, special_blocks_are_not_public) {
  static const char *const inside[] = {
      "0.0.0.0",
      "0.1.2.3",
      "10.0.0.1",
      "10.255.255.255",
      "100.64.0.1",
      "100.127.255.254",
      "127.0.0.1",
      "127.255.255.255",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.0.0.8",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.0.1",
      "198.18.0.1",
      "198.19.255.255",
      "198.51.100.7",
      "203.0.113.9",
      "224.0.0.1",
      "240.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:10.0.0.1",
      "::127.0.0.1",
      "fe80::1",
      "fc00::1",
      "fd12::1",
      "ff02::1",
      "2001::1",
      "2001:db8::1",
      "2002:7f00:1::",
      "64:ff9b::10.0.0.1",
      "100::1",
      "fec0::1",
      "3fff::1",
      "64:ff9b:1::8.8.8.8",
  };
  for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
    cr_assert(!is_public(inside[i]), "%s", inside[i]);
}

Test(net_address, their_neighbours_are) {
  static const char *const outside[] = {
      "1.1.1.1",     "9.255.255.255", "11.0.0.0",    "100.63.255.255", "100.128.0.0",      "126.255.255.255",
      "128.0.0.0",   "169.253.0.1",   "169.255.0.1", "172.15.255.255", "172.32.0.0",       "192.0.1.1",
      "192.167.1.1", "192.169.0.0",   "198.17.0.1",  "198.20.0.0",     "223.255.255.1",    "2606:4700::1111",
      "2a00::1",     "2001:200::1",   "2001:db9::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
  };
  for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
    cr_assert(is_public(outside[i]), "%s", outside[i]);
}
