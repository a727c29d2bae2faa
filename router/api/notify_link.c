#include "notify_link.h"
#include "log.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  QUEUE_MAX = CHANNEL_QUEUE / 2,
  MESSAGES_PER_ROUND = NOTIFY_OUTSTANDING_MAX /* more have no reason to come at once; payments go first */
};

void notify_link_init(struct notify_link *link, struct loop *loop, const struct notify_link_host *host) {
  *link = (struct notify_link){.loop = loop, .host = *host, .channel.fd = -1};
}

void notify_link_close(struct notify_link *link) {
  if (link->channel.fd < 0)
    return;
  loop_forget(link->loop, &link->watch);
  channel_close(&link->channel);
  link->channel.fd = -1;
}

static void lose(struct notify_link *link) {
  notify_link_close(link);
  log_warn("notify line closed");
  link->host.changed(link->host.context, false);
}

/* Watches for writability only while something is queued. */
static void adjust_watch(struct notify_link *link) {
  uint32_t events = channel_waiting(&link->channel) ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (link->events != events && loop_change(link->loop, &link->watch, events) == 0)
    link->events = events;
}

/* Returns whether the message was a reply to a delivery. */
static bool take(struct notify_link *link, const struct message *message) {
  struct reader reader = reader_over(message->body, message->length);
  struct delivery_attempt attempt;
  unsigned status = read_u16(&reader);
  if (message->type != (NOTIFY_DELIVER | REPLY_BIT) || reader.bad)
    return false;
  if (status == STATUS_BUSY && reader_finish(&reader) == 0) {
    link->host.ended(link->host.context, message->correlation, NULL);
    return true;
  }
  if (status != STATUS_DONE || read_attempt_end(&reader, &attempt) != 0)
    return false;
  link->host.ended(link->host.context, message->correlation, &attempt);
  return true;
}

static void line_ready(struct watch *watch, uint32_t events) {
  struct notify_link *link = (struct notify_link *)watch;
  if ((events & EPOLLOUT) && channel_flush(&link->channel) != 0) {
    lose(link);
    return;
  }
  for (int i = 0; i < MESSAGES_PER_ROUND; i++) {
    struct message message;
    int result = channel_receive(&link->channel, &message);
    if (result == CHANNEL_NOTHING)
      break;
    if (result != 0 || !take(link, &message)) {
      lose(link);
      return;
    }
  }
  adjust_watch(link);
}

int notify_link_connect(struct notify_link *link, int fd) {
  if (link->channel.fd >= 0)
    lose(link);
  int result = channel_open(&link->channel, fd);
  if (result != 0) {
    close(fd);
    link->channel.fd = -1;
    return result;
  }
  link->watch = (struct watch){.ready = line_ready, .fd = fd};
  link->events = EPOLLIN;
  result = loop_watch(link->loop, &link->watch, EPOLLIN);
  if (result != 0) {
    channel_close(&link->channel);
    link->channel.fd = -1;
    return result;
  }
  link->host.changed(link->host.context, true);
  return 0;
}

/* Not from within the pump, which is sending: the loop finds the line at its end and tells the host then. */
static void shutdown_line(struct notify_link *link) {
  if (shutdown(link->channel.fd, SHUT_RDWR) < 0)
    log_warn("notify line cannot be shut down");
}

/* A piece of a delivery. What is queued is sent in order or the line ends, so that none goes without the
 * others. */
static int send_piece(struct notify_link *link, uint64_t number, enum notify_type type,
                      const struct writer *piece) {
  assert(writer_finish(piece) == 0);
  return channel_send(&link->channel, (uint8_t)type, number, piece->start, writer_length(piece));
}

int notify_link_send(struct notify_link *link, uint64_t number, const struct delivery_head *head,
                     const void *body) {
  uint8_t bytes[MESSAGE_MAX - MESSAGE_HEADER];
  struct writer writer = writer_over(bytes, sizeof bytes);
  if (link->channel.fd < 0 || link->channel.queued + delivery_messages(head->length) > QUEUE_MAX)
    return -EAGAIN;
  write_deliver(&writer, head, body);
  int result = send_piece(link, number, NOTIFY_DELIVER, &writer);
  for (size_t at = DELIVERY_PIECE_MAX; result == 0 && at < head->length; at += DELIVERY_PIECE_MAX) {
    writer = writer_over(bytes, sizeof bytes);
    write_more(&writer, body, head->length, at);
    result = send_piece(link, number, NOTIFY_MORE, &writer);
  }
  if (result == 0)
    adjust_watch(link);
  else
    shutdown_line(link);
  return result == 0 ? 0 : -EAGAIN;
}
