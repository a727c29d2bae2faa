#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

static struct channel left, right;

static void set_up(void) {
  int pair[2];
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  cr_assert_eq(channel_open(&left, pair[0]), 0);
  cr_assert_eq(channel_open(&right, pair[1]), 0);
}

static void tear_down(void) {
  channel_close(&left);
  channel_close(&right);
}

TestSuite(channel, .init = set_up, .fini = tear_down, .timeout = 60);

Test(channel, a_message_arrives_as_it_was_sent) {
  struct message message;
  cr_expect_eq(channel_receive(&right, &message), CHANNEL_NOTHING);
  cr_assert_eq(channel_send(&left, 3 | REPLY_BIT, UINT64_MAX, "body", 4), 0);
  cr_assert_eq(channel_send(&left, 4, 7, NULL, 0), 0);
  cr_assert_eq(channel_receive(&right, &message), 0);
  cr_expect_eq(message.type, 3 | REPLY_BIT);
  cr_expect_eq(message.correlation, UINT64_MAX);
  cr_expect_eq(message.length, 4);
  cr_expect_arr_eq(message.body, "body", 4);
  cr_assert_eq(channel_receive(&right, &message), 0);
  cr_expect_eq(message.type, 4);
  cr_expect_eq(message.length, 0);
  cr_expect_eq(channel_receive(&right, &message), CHANNEL_NOTHING);
}

Test(channel, the_largest_message_passes_and_a_larger_one_is_not_sent) {
  char *body = calloc(1, MESSAGE_MAX);
  struct message message;
  cr_expect_eq(channel_send(&left, 1, 1, body, MESSAGE_MAX - MESSAGE_HEADER + 1), -EMSGSIZE);
  cr_assert_eq(channel_send(&left, 1, 1, body, MESSAGE_MAX - MESSAGE_HEADER), 0);
  cr_assert_eq(channel_receive(&right, &message), 0);
  cr_expect_eq(message.length, MESSAGE_MAX - MESSAGE_HEADER);
  free(body);
}

/* Fills the socket, then the queue. Returns how many messages were taken. */
static unsigned fill(void) {
  char body[1024] = {0};
  unsigned taken = 0;
  int r = 0;
  while (r == 0) {
    memcpy(body, &taken, sizeof taken);
    r = channel_send(&left, 1, taken, body, sizeof body);
    taken += r == 0;
  }
  cr_assert_eq(r, -ENOBUFS);
  return taken;
}

Test(channel, a_full_socket_never_blocks_and_a_full_queue_takes_nothing) {
  unsigned taken = fill();
  cr_expect_gt(taken, CHANNEL_QUEUE);
  cr_expect_eq(left.queued, CHANNEL_QUEUE);
  cr_expect(channel_waiting(&left));
  struct message message;
  for (unsigned received = 0; received < taken; received++) {
    int r = channel_receive(&right, &message);
    if (r == CHANNEL_NOTHING) {
      cr_assert_eq(channel_flush(&left), 0);
      r = channel_receive(&right, &message);
    }
    cr_assert_eq(r, 0);
    cr_assert_eq(message.correlation, received, "order is kept");
  }
  cr_expect_eq(channel_flush(&left), 0);
  cr_expect_not(channel_waiting(&left));
  cr_expect_eq(channel_receive(&right, &message), CHANNEL_NOTHING);
}

Test(channel, what_waits_is_not_overtaken) {
  unsigned taken = fill();
  struct message message;
  cr_assert_eq(channel_receive(&right, &message), 0);
  cr_assert_eq(channel_flush(&left), 0);
  while (channel_receive(&right, &message) == 0)
    taken--;
  cr_assert_eq(channel_send(&left, 2, 99, NULL, 0), 0, "queued behind what waits");
  cr_assert_eq(channel_flush(&left), 0);
  uint8_t last = 0;
  for (;;) {
    int r = channel_receive(&right, &message);
    if (r == CHANNEL_NOTHING && channel_waiting(&left)) {
      cr_assert_eq(channel_flush(&left), 0);
      continue;
    }
    if (r != 0)
      break;
    cr_assert_eq(last, 0, "the new message came before one that waited");
    last = message.type == 2 ? 2 : 0;
  }
  cr_expect_eq(last, 2);
}

Test(channel, a_flush_sends_as_much_as_goes) {
  (void)fill();
  struct message message;
  while (channel_receive(&right, &message) == 0)
    continue;
  unsigned before = left.queued;
  cr_assert_eq(channel_flush(&left), 0);
  cr_expect_lt(left.queued + 1, before);
}

Test(channel, a_peer_that_left_is_noticed) {
  struct message message;
  cr_assert_eq(channel_send(&left, 1, 1, "x", 1), 0);
  channel_close(&left);
  cr_expect_eq(channel_receive(&right, &message), 0, "what it sent before is still read");
  cr_expect_eq(channel_receive(&right, &message), -ECONNRESET);
  cr_expect_eq(channel_send(&right, 1, 1, "x", 1), -EPIPE, "without a signal");
}

struct raw {
  const char *name;
  size_t length;
  uint8_t bytes[32];
};

Test(channel, malformed_messages_are_refused) {
  static const struct raw raws[] = {
      {"shorter than a header", 15, {1, 1}},
      {"another version", 16, {2, 1}},
      {"version 0", 16, {0, 1}},
      {"the zero is not zero", 16, {1, 1, 0, 1}},
      {"longer than it says", 17, {1, 1}},
      {"shorter than it says", 17, {1, 1, 0, 0, 2}},
      {"a length beyond all", 16, {1, 1, 0, 0, 255, 255, 255, 255}},
      {"one byte", 1, {1}},
  };
  for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++) {
    struct message message;
    cr_assert_eq(send(left.fd, raws[i].bytes, raws[i].length, 0), (ssize_t)raws[i].length);
    cr_expect_eq(channel_receive(&right, &message), -EBADMSG, "%s", raws[i].name);
  }
}

Test(channel, a_message_larger_than_the_buffer_is_refused) {
  size_t length = MESSAGE_MAX + 1;
  uint8_t *bytes = calloc(1, length);
  uint32_t body = MESSAGE_MAX - MESSAGE_HEADER; /* what is left of it would look whole */
  bytes[0] = MESSAGE_VERSION;
  bytes[1] = 1;
  memcpy(bytes + 4, &body, sizeof body);
  cr_assert_eq(send(left.fd, bytes, length, 0), (ssize_t)length);
  struct message message;
  cr_expect_eq(channel_receive(&right, &message), -EBADMSG);
  free(bytes);
}

static int count_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

Test(channel, descriptors_that_come_along_are_refused_and_closed) {
  uint8_t bytes[MESSAGE_HEADER] = {MESSAGE_VERSION, 1};
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } ancillary = {0};
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr header = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
  *rights =
      (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  int given = STDIN_FILENO;
  memcpy(CMSG_DATA(rights), &given, sizeof given);
  cr_assert_eq(sendmsg(left.fd, &header, 0), sizeof bytes);
  int before = count_descriptors();
  struct message message;
  cr_expect_eq(channel_receive(&right, &message), -EBADMSG);
  cr_expect_eq(count_descriptors(), before);
}

Test(channel, only_sockets_that_keep_borders_are_taken) {
  int pair[2], pipe_ends[2];
  struct channel channel;
  cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  cr_assert_eq(pipe(pipe_ends), 0);
  cr_expect_eq(channel_open(&channel, pair[0]), -EPROTOTYPE);
  cr_expect_eq(channel_open(&channel, pipe_ends[0]), -ENOTSOCK);
  cr_expect_eq(channel_open(&channel, -1), -EBADF);
  cr_expect_geq(fcntl(pair[0], F_GETFD), 0, "it stays the caller's");
}

Test(channel, wiping_leaves_nothing_of_what_was_received) {
  struct message message;
  cr_assert_eq(channel_send(&left, 1, 1, "4111111111111111 and more", 25), 0);
  cr_assert_eq(channel_receive(&right, &message), 0);
  cr_assert_eq(channel_send(&left, 1, 1, "short", 5), 0);
  cr_assert_eq(channel_receive(&right, &message), 0);
  channel_wipe(&right);
  for (size_t i = 0; i < MESSAGE_HEADER + 25; i++)
    cr_assert_eq(right.buffer[i], 0, "byte %zu", i);
}

Test(channel, closing_is_safe_at_any_time) {
  struct channel none = {.fd = -1};
  channel_close(&none);
  (void)fill();
  channel_close(&left);
  channel_close(&left);
}
