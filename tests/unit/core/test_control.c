#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"

static int ends[2];

static void set_up(void) {
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void tear_down(void) {
  close(ends[0]);
  close(ends[1]);
}

TestSuite(control, .init = set_up, .fini = tear_down, .timeout = 30);

static int count_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

Test(control, settings_arrive) {
  struct control_message message;
  uint8_t payload[CONTROL_PAYLOAD];
  memset(payload, 0x5a, sizeof payload);
  cr_expect_eq(control_receive(ends[1], &message), CONTROL_NOTHING);
  cr_assert_eq(control_send(ends[0], "api_key", -1, payload, sizeof payload), 0);
  cr_assert_eq(control_send(ends[0], "ready", -1, NULL, 0), 0);
  cr_assert_eq(control_receive(ends[1], &message), 0);
  cr_expect_str_eq(message.name, "api_key");
  cr_expect_eq(message.fd, -1);
  cr_expect_eq(message.length, CONTROL_PAYLOAD);
  cr_expect_arr_eq(message.payload, payload, sizeof payload);
  cr_assert_eq(control_receive(ends[1], &message), 0);
  cr_expect_str_eq(message.name, "ready");
  cr_expect_eq(message.length, 0);
}

Test(control, a_descriptor_arrives_open_and_close_on_exec) {
  int pipe_ends[2];
  char byte;
  struct control_message message;
  cr_assert_eq(pipe(pipe_ends), 0);
  cr_assert_eq(control_send(ends[0], "vault", pipe_ends[0], NULL, 0), 0);
  cr_assert_eq(control_receive(ends[1], &message), 0);
  cr_expect_str_eq(message.name, "vault");
  cr_assert_geq(message.fd, 0);
  cr_expect_eq(fcntl(message.fd, F_GETFD), FD_CLOEXEC);
  cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
  cr_expect_eq(read(message.fd, &byte, 1), 1);
  cr_expect_geq(fcntl(pipe_ends[0], F_GETFD), 0, "the sender keeps its own");
  close(message.fd);
}

Test(control, names_and_payloads_out_of_range_are_not_sent) {
  uint8_t payload[CONTROL_PAYLOAD + 1] = {0};
  cr_expect_eq(control_send(ends[0], "", -1, NULL, 0), -EINVAL);
  cr_expect_eq(control_send(ends[0], "Vault", -1, NULL, 0), -EINVAL);
  cr_expect_eq(control_send(ends[0], "a_name_of_twenty_four_ch", -1, NULL, 0), -EMSGSIZE);
  cr_expect_eq(control_send(ends[0], "setting", -1, payload, sizeof payload), -EMSGSIZE);
}

static void send_raw(const void *bytes, size_t length, unsigned descriptors) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(16 * sizeof(int))];
  } ancillary = {0};
  struct iovec part = {(void *)(uintptr_t)bytes, length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptors) {
    header.msg_control = &ancillary;
    header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
    for (unsigned i = 0; i < descriptors; i++)
      memcpy(CMSG_DATA(rights) + i * sizeof(int), &(int){STDIN_FILENO}, sizeof(int));
  }
  cr_assert_eq(sendmsg(ends[0], &header, 0), (ssize_t)length);
}

Test(control, malformed_messages_are_refused_and_their_descriptors_closed) {
  char whole[CONTROL_NAME] = "vault";
  char unended[CONTROL_NAME];
  char strange[CONTROL_NAME] = "va/ult";
  static char large[CONTROL_NAME + CONTROL_PAYLOAD + 1] = "vault";
  memset(unended, 'a', sizeof unended);
  const struct {
    const void *bytes;
    size_t length;
    unsigned descriptors;
  } raws[] = {
      {whole, sizeof whole - 1, 1},
      {unended, sizeof unended, 1},
      {strange, sizeof strange, 1},
      {large, sizeof large, 1},
      {whole, sizeof whole, 2},
      {whole, sizeof whole, 16},
      {(char[CONTROL_NAME]){0}, CONTROL_NAME, 1},
  };
  int before = count_descriptors();
  for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++) {
    struct control_message message;
    send_raw(raws[i].bytes, raws[i].length, raws[i].descriptors);
    cr_expect_eq(control_receive(ends[1], &message), -EBADMSG, "case %zu", i);
    cr_expect_eq(count_descriptors(), before, "case %zu", i);
  }
}

Test(control, the_end_of_the_supervisor_is_noticed) {
  struct control_message message;
  close(ends[0]);
  cr_expect_eq(control_receive(ends[1], &message), -ECONNRESET);
  cr_expect_eq(control_send(ends[1], "ready", -1, NULL, 0), -EPIPE);
  ends[0] = -1;
}
