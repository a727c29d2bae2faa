/* The line to notify, at the router's end. */
#include "notify_link.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct heard {
  int line; /* notify's end, which says another thing for each that is heard; -1: no more */
  uint64_t count;
  bool there;
};

static void say_busy(int line) {
  uint8_t message[MESSAGE_HEADER + 2];
  struct writer writer = writer_over(message, sizeof message);
  write_u8(&writer, MESSAGE_VERSION);
  write_u8(&writer, NOTIFY_DELIVER | REPLY_BIT);
  write_u16(&writer, 0);
  write_u32(&writer, 2);
  write_u64(&writer, 1);
  write_u16(&writer, STATUS_BUSY);
  cr_assert_eq(send(line, message, sizeof message, 0), (ssize_t)sizeof message);
}

static void changed(void *context, bool there) {
  ((struct heard *)context)->there = there;
}

static void ended(void *context, uint64_t number, const struct delivery_attempt *attempt) {
  struct heard *heard = context;
  cr_assert(number == 1 && attempt == NULL);
  heard->count++;
  cr_assert_lt(heard->count, 100000, "nothing else has its turn");
  if (heard->line >= 0)
    say_busy(heard->line);
}

/* Payments wait for nobody who talks without end. */
Test(notify_link, hears_so_much_in_one_round_and_the_rest_in_the_next) {
  struct heard heard = {0};
  struct notify_link link;
  struct loop *loop;
  int ends[2];
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  notify_link_init(&link, loop, &(struct notify_link_host){changed, ended, &heard});
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  cr_assert_eq(notify_link_connect(&link, ends[0]), 0);
  heard.line = ends[1];
  say_busy(ends[1]);
  cr_assert_eq(loop_round(loop, 0), 0);
  uint64_t first = heard.count;
  heard.line = -1;
  cr_assert_eq(loop_round(loop, 0), 0);
  cr_expect_eq(heard.count, first + 1, "what was said last is still there");
  cr_expect(heard.there);
  notify_link_close(&link);
  close(ends[1]);
  loop_free(loop);
}
