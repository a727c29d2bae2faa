#include <criterion/criterion.h>
#include <string.h>

#include "collect_options.h"
#include "velocity.h"

Test(velocity, a_burst_then_the_rate) {
  struct velocity *velocity = velocity_new(10, 3);
  uint8_t address[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
  int64_t now = 1000000;
  for (int i = 0; i < 3; i++)
    cr_assert(velocity_take(velocity, address, now));
  cr_assert_not(velocity_take(velocity, address, now));
  cr_assert_not(velocity_take(velocity, address, now + 99999));
  cr_assert(velocity_take(velocity, address, now + 100000));
  cr_assert_not(velocity_take(velocity, address, now + 150000));
  for (int i = 0; i < 3; i++)
    cr_assert(velocity_take(velocity, address, now + 60000000));
  cr_assert_not(velocity_take(velocity, address, now + 60000000));
  velocity_free(velocity);
}

Test(velocity, clients_do_not_share_but_one_ipv6_network_is_one_client) {
  struct velocity *velocity = velocity_new(1, 1);
  uint8_t one[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1},
          two[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 2};
  uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, neighbour[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
  cr_assert(velocity_take(velocity, one, 1));
  cr_assert(velocity_take(velocity, two, 1));
  cr_assert_not(velocity_take(velocity, one, 1));
  cr_assert(velocity_take(velocity, six, 1));
  cr_assert_not(velocity_take(velocity, neighbour, 1));
  velocity_free(velocity);
}

Test(velocity, many_clients_are_no_trouble_and_zero_is_no_limit) {
  struct velocity *velocity = velocity_new(1, 1), *none = velocity_new(0, 1);
  for (uint32_t i = 0; i < 100000; i++) {
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
    memcpy(address + 12, &i, 4);
    cr_assert(velocity_take(velocity, address, 1 + i));
    cr_assert(velocity_take(none, address, 1));
    cr_assert(velocity_take(none, address, 1));
  }
  velocity_free(velocity);
  velocity_free(none);
}

Test(options, origins_are_exact) {
  static const char *const good[] = {"https://shop.example", "http://127.0.0.1:8080",
                                     "https://a-b.example:443", "http://[::1]:80"};
  static const char *const bad[] = {"",
                                    "*",
                                    "null",
                                    "shop.example",
                                    "https://",
                                    "https://shop.example/",
                                    "https://Shop.example",
                                    "https://shop.example:",
                                    "https://shop.example:123456",
                                    "https://a b",
                                    "https://a;script-src *",
                                    "ftp://a",
                                    "https://a@b",
                                    "https://a:80/x",
                                    "https://[::1",
                                    "https://*.example"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    cr_expect(origin_valid(good[i]), "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    cr_expect_not(origin_valid(bad[i]), "%s", bad[i]);
}

static int read_options(struct collect_options *options, const char *const *words) {
  char *argv[16] = {"freeport-collect"};
  int argc = 1;
  const char *reason;
  for (; *words != NULL; words++)
    argv[argc++] = (char *)(uintptr_t)*words;
  return options_read(argc, argv, options, &reason);
}

Test(options, are_read_and_wrong_ones_refused) {
  struct collect_options options;
  cr_assert_eq(read_options(&options,
                            (const char *const[]){"--environment", "test", "--origin", "http://a", "--origin",
                                                  "https://b", "--rate", "7", "--burst", "9", NULL}),
               0);
  cr_assert_eq(options.origin_count, 2);
  cr_assert_str_eq(options.origins[1], "https://b");
  cr_assert_eq(options.rate_per_second, 7);
  cr_assert_eq(options.rate_burst, 9);
  cr_assert_not(options.live);
  static const char *const wrong[][6] = {{NULL},
                                         {"--environment", NULL},
                                         {"--environment", "prod", NULL},
                                         {"--environment", "test", "--x", "y", NULL},
                                         {"--environment", "test", "--rate", "-1", NULL},
                                         {"--environment", "test", "--burst", "0", NULL},
                                         {"--environment", "test", "--certificate", "x", NULL},
                                         {"--environment", "live", "--origin", "http://a", NULL}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_expect_eq(read_options(&options, wrong[i]), OPTIONS_WRONG, "case %zu", i);
  cr_assert_eq(read_options(&options, (const char *const[]){"--help", NULL}), OPTIONS_HELP);
}
