#include "router_line.h"

#include "log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MESSAGES_PER_ROUND = 256, REPLY_MAX = 16 };

int router_line_init(struct router_line *line, struct loop *loop, struct deliverer *deliverer) {
  *line = (struct router_line){.loop = loop, .deliverer = deliverer, .channel.fd = -1};
  line->body = malloc(DELIVERY_BODY_MAX);
  return line->body == NULL ? -ENOMEM : 0;
}

static void close_line(struct router_line *line) {
  if (line->channel.fd < 0)
    return;
  loop_forget(line->loop, &line->watch);
  channel_close(&line->channel);
  line->channel.fd = -1;
  line->length = 0;
  line->number++;
}

static void lose(struct router_line *line) {
  close_line(line);
  line->lost(line);
}

void router_line_end(struct router_line *line) {
  close_line(line);
  free(line->body);
  line->body = NULL;
}

/* Watches for room while something waits to be sent. */
static void watch_for_room(struct router_line *line) {
  bool wanted = channel_waiting(&line->channel);
  if (wanted == line->writing)
    return;
  if (loop_change(line->loop, &line->watch, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
    lose(line);
  else
    line->writing = wanted;
}

/* attempt: NULL when none was made. */
static void reply(struct router_line *line, uint64_t correlation, enum status status,
                  const struct delivery_attempt *attempt) {
  uint8_t bytes[REPLY_MAX];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, (uint16_t)status);
  if (attempt != NULL)
    write_attempt_end(&writer, attempt);
  int error =
      channel_send(&line->channel, NOTIFY_DELIVER | REPLY_BIT, correlation, bytes, writer_length(&writer));
  if (error < 0) {
    log_error("the router cannot be answered", error);
    lose(line);
    return;
  }
  watch_for_room(line);
}

void router_line_reply(void *owner, uint64_t number, uint64_t correlation,
                       const struct delivery_attempt *attempt) {
  struct router_line *line = owner;
  if (line->channel.fd >= 0 && number == line->number)
    reply(line, correlation, STATUS_DONE, attempt);
}

static void deliver(struct router_line *line) {
  size_t length = line->length;
  if (length < line->head.length)
    return;
  line->length = 0;
  if (deliverer_take(line->deliverer, &line->head, line->body, line->number, line->correlation) < 0)
    reply(line, line->correlation, STATUS_BUSY, NULL);
}

static void keep(struct router_line *line, const uint8_t *piece, size_t length) {
  memcpy(line->body + line->length, piece, length);
  line->length += length;
  deliver(line);
}

/* Returns whether the message was one that the router may send now. */
static bool take(struct router_line *line, const struct message *message) {
  struct reader reader = reader_over(message->body, message->length);
  const uint8_t *piece;
  size_t length;
  if (message->correlation == 0)
    return false;
  if (message->type == NOTIFY_DELIVER && line->length == 0) {
    if (read_deliver(&reader, &line->head, &piece, &length) < 0)
      return false;
    line->correlation = message->correlation;
  } else if (message->type != NOTIFY_MORE || line->length == 0 || message->correlation != line->correlation ||
             read_more(&reader, line->head.length, line->length, &piece, &length) < 0) {
    return false;
  }
  keep(line, piece, length);
  return true;
}

static void take_all(struct router_line *line) {
  for (int i = 0; i < MESSAGES_PER_ROUND && line->channel.fd >= 0; i++) {
    struct message message;
    int outcome = channel_receive(&line->channel, &message);
    if (outcome == CHANNEL_NOTHING)
      return;
    if (outcome == 0 && take(line, &message))
      continue;
    if (outcome == -ECONNRESET)
      log_info("the router has gone");
    else
      log_warn("a malformed message: the line to the router is closed");
    lose(line);
  }
}

static void on_ready(struct watch *watch, uint32_t events) {
  struct router_line *line = (struct router_line *)watch;
  if (events & EPOLLOUT) {
    if (channel_flush(&line->channel) < 0) {
      lose(line);
      return;
    }
    watch_for_room(line);
  }
  if (line->channel.fd >= 0 && (events & ~(uint32_t)EPOLLOUT) != 0)
    take_all(line);
}

int router_line_open(struct router_line *line, int fd) {
  close_line(line);
  int error = channel_open(&line->channel, fd);
  if (error < 0) {
    close(fd);
    line->channel.fd = -1;
    return error;
  }
  line->watch = (struct watch){.ready = on_ready, .fd = fd};
  line->writing = false;
  error = loop_watch(line->loop, &line->watch, EPOLLIN);
  if (error < 0) {
    channel_close(&line->channel);
    line->channel.fd = -1;
  }
  return error;
}
