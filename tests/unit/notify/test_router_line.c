/* The line to the router, at its end. */
#include "router_line.h"
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned lost;

static void on_lost(struct router_line *line) {
  cr_expect_lt(line->channel.fd, 0);
  lost++;
}

/* Whoever is not told waits for ever for a line that nobody brings. */
Test(router_line, is_said_to_be_lost_however_that_is_found) {
  const struct delivery_attempt taken = {.outcome = DELIVERY_TAKEN, .http_status = 200};
  struct deliverer deliverer = {0};
  struct router_line line;
  struct loop *loop;
  int ends[2];
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  cr_assert_eq(router_line_init(&line, loop, &deliverer), 0);
  line.lost = on_lost;
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  cr_assert_eq(router_line_open(&line, ends[0]), 0);
  close(ends[1]);
  router_line_reply(&line, line.number, 1, &taken);
  cr_expect_eq(lost, 1, "by an answer that cannot be given");
  cr_assert_eq(loop_round(loop, 0), 0);
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  cr_assert_eq(router_line_open(&line, ends[0]), 0);
  close(ends[1]);
  cr_assert_eq(loop_round(loop, 0), 0);
  cr_expect_eq(lost, 2, "by its end");
  router_line_end(&line);
  loop_free(loop);
}
