#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cursor.h"

enum { SEND_BUFFER = 1 << 20 };

struct queued {
  struct queued *next;
  size_t length;
  uint8_t bytes[];
};

int channel_open(struct channel *channel, int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
    return -errno;
  if (type != SOCK_SEQPACKET)
    return -EPROTOTYPE;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    return -errno;
  int wanted = SEND_BUFFER; /* the kernel grants what net.core.wmem_max allows; less is no error */
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
  uint8_t *buffer = malloc(MESSAGE_MAX);
  if (!buffer)
    return -ENOMEM;
  *channel = (struct channel){.fd = fd, .buffer = buffer};
  return 0;
}

static void free_first(struct channel *channel) {
  struct queued *first = channel->first;
  channel->first = first->next;
  if (!channel->first)
    channel->last = NULL;
  channel->queued--;
  sodium_memzero(first->bytes, first->length);
  free(first);
}

void channel_close(struct channel *channel) {
  while (channel->first)
    free_first(channel);
  if (channel->buffer) {
    channel_wipe(channel);
    free(channel->buffer);
  }
  if (channel->fd >= 0)
    close(channel->fd);
  *channel = (struct channel){.fd = -1};
}

static void write_header(uint8_t ret_header[MESSAGE_HEADER], uint8_t type, uint64_t correlation,
                         size_t length) {
  struct writer writer = writer_over(ret_header, MESSAGE_HEADER);
  write_u8(&writer, MESSAGE_VERSION);
  write_u8(&writer, type);
  write_u16(&writer, 0);
  write_u32(&writer, (uint32_t)length);
  write_u64(&writer, correlation);
}

/* One sendmsg. Returns 0; -EAGAIN when the socket is full; or another negated errno. */
static int send_parts(int fd, struct iovec *parts, size_t count) {
  struct msghdr header = {.msg_iov = parts, .msg_iovlen = count};
  for (;;) {
    if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
      return 0;
    if (errno != EINTR)
      return errno == EWOULDBLOCK ? -EAGAIN : -errno;
  }
}

static int enqueue(struct channel *channel, const uint8_t header[MESSAGE_HEADER], const void *body,
                   size_t length) {
  if (channel->queued >= CHANNEL_QUEUE)
    return -ENOBUFS;
  struct queued *queued = malloc(sizeof *queued + MESSAGE_HEADER + length);
  if (!queued)
    return -ENOBUFS;
  queued->next = NULL;
  queued->length = MESSAGE_HEADER + length;
  memcpy(queued->bytes, header, MESSAGE_HEADER);
  if (length)
    memcpy(queued->bytes + MESSAGE_HEADER, body, length);
  if (channel->last)
    channel->last->next = queued;
  else
    channel->first = queued;
  channel->last = queued;
  channel->queued++;
  return 0;
}

int channel_send(struct channel *channel, uint8_t type, uint64_t correlation, const void *body,
                 size_t length) {
  if (length > MESSAGE_MAX - MESSAGE_HEADER)
    return -EMSGSIZE;
  uint8_t header[MESSAGE_HEADER];
  write_header(header, type, correlation, length);
  if (!channel->first) {
    struct iovec parts[2] = {{header, sizeof header}, {(void *)(uintptr_t)body, length}};
    int r = send_parts(channel->fd, parts, 2);
    if (r != -EAGAIN)
      return r;
  }
  return enqueue(channel, header, body, length);
}

int channel_flush(struct channel *channel) {
  while (channel->first) {
    struct iovec part = {channel->first->bytes, channel->first->length};
    int r = send_parts(channel->fd, &part, 1);
    if (r < 0)
      return r == -EAGAIN ? 0 : r;
    free_first(channel);
  }
  return 0;
}

bool channel_waiting(const struct channel *channel) {
  return channel->first != NULL;
}

static int read_message(const uint8_t *bytes, size_t length, struct message *ret_message) {
  struct reader reader = reader_over(bytes, length);
  uint8_t version = read_u8(&reader);
  uint8_t type = read_u8(&reader);
  uint16_t zero = read_u16(&reader);
  uint32_t body_length = read_u32(&reader);
  uint64_t correlation = read_u64(&reader);
  const uint8_t *body = read_view(&reader, body_length);
  if (version != MESSAGE_VERSION || zero != 0 || reader_finish(&reader) < 0)
    return -EBADMSG;
  *ret_message =
      (struct message){.type = type, .correlation = correlation, .body = body, .length = body_length};
  return 0;
}

/* Without room for ancillary data the kernel drops descriptors that come along, and says so with MSG_CTRUNC.
 */
static ssize_t receive_bytes(struct channel *channel, int *ret_flags) {
  struct iovec part = {channel->buffer, MESSAGE_MAX};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  for (;;) {
    ssize_t length = recvmsg(channel->fd, &header, MSG_DONTWAIT);
    if (length >= 0) {
      *ret_flags = header.msg_flags;
      return length;
    }
    if (errno != EINTR)
      return -errno;
  }
}

int channel_receive(struct channel *channel, struct message *ret_message) {
  int flags = 0;
  ssize_t length = receive_bytes(channel, &flags);
  if (length == -EAGAIN || length == -EWOULDBLOCK)
    return CHANNEL_NOTHING;
  if (length == 0 || length == -EPIPE)
    return -ECONNRESET;
  if (length < 0)
    return (int)length;
  if ((size_t)length > channel->received)
    channel->received = (size_t)length;
  if (flags & (MSG_TRUNC | MSG_CTRUNC))
    return -EBADMSG;
  return read_message(channel->buffer, (size_t)length, ret_message);
}

void channel_wipe(struct channel *channel) {
  sodium_memzero(channel->buffer, channel->received);
  channel->received = 0;
}
