#include "control.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 8 };

/* Room for descriptors, aligned as cmsg(3) wants it. */
union ancillary {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
};

static bool is_name(const char name[CONTROL_NAME]) {
  size_t length = strnlen(name, CONTROL_NAME);
  return length >= 1 && length < CONTROL_NAME &&
         strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static void attach(struct msghdr *header, union ancillary *ancillary, int fd) {
  memset(ancillary, 0, sizeof *ancillary);
  header->msg_control = ancillary->bytes;
  header->msg_controllen = CMSG_SPACE(sizeof(int));
  struct cmsghdr *part = CMSG_FIRSTHDR(header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(part), &fd, sizeof fd);
}

int control_send(int control, const char *name, int fd, const void *payload, size_t length) {
  char padded[CONTROL_NAME] = {0};
  if (length > CONTROL_PAYLOAD || strnlen(name, CONTROL_NAME) == CONTROL_NAME)
    return -EMSGSIZE;
  memcpy(padded, name, strlen(name));
  if (!is_name(padded))
    return -EINVAL;
  struct iovec parts[2] = {{padded, sizeof padded}, {(void *)(uintptr_t)payload, length}};
  struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
  union ancillary ancillary;
  if (fd >= 0)
    attach(&header, &ancillary, fd);
  for (;;) {
    if (sendmsg(control, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
      return 0;
    if (errno != EINTR)
      return -errno;
  }
}

/* Takes the descriptors that came: the first one to *ret_fd, all others are closed. Returns how many came. */
static size_t take_descriptors(struct msghdr *header, int *ret_fd) {
  size_t count = 0;
  *ret_fd = -1;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
      continue;
    for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
      if (count++ == 0)
        *ret_fd = fd;
      else
        close(fd);
    }
  }
  return count;
}

static ssize_t receive(int control, struct msghdr *header) {
  for (;;) {
    ssize_t length = recvmsg(control, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length >= 0)
      return length;
    if (errno != EINTR)
      return -errno;
  }
}

int control_receive(int control, struct control_message *ret_message) {
  struct control_message message = {.fd = -1};
  struct iovec parts[2] = {{message.name, sizeof message.name}, {message.payload, sizeof message.payload}};
  union ancillary ancillary;
  struct msghdr header = {.msg_iov = parts,
                          .msg_iovlen = 2,
                          .msg_control = ancillary.bytes,
                          .msg_controllen = sizeof ancillary.bytes};
  ssize_t length = receive(control, &header);
  if (length == -EAGAIN || length == -EWOULDBLOCK)
    return CONTROL_NOTHING;
  if (length < 0)
    return length == -EPIPE ? -ECONNRESET : (int)length;
  size_t descriptors = take_descriptors(&header, &message.fd);
  if (length == 0 && descriptors == 0)
    return -ECONNRESET;
  if (length < CONTROL_NAME || !is_name(message.name) || descriptors > 1 ||
      (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
    if (message.fd >= 0)
      close(message.fd);
    return -EBADMSG;
  }
  message.length = (size_t)length - CONTROL_NAME;
  *ret_message = message;
  sodium_memzero(&message, sizeof message);
  return 0;
}
