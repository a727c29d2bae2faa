#include "vault_line.h"

#include "log.h"
#include "webhook.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
  MESSAGES_PER_ROUND = 256,
  STACK_WIPED = 65536 /* how deep the reading of a webhook may have written: texts of it, and its reply */
};

void vault_line_init(struct vault_line *line, struct loop *loop, const struct sheet_shelf *shelf,
                     uint8_t environment) {
  *line = (struct vault_line){.loop = loop, .shelf = shelf, .environment = environment, .channel.fd = -1};
}

void vault_line_close(struct vault_line *line) {
  if (line->channel.fd < 0)
    return;
  loop_forget(line->loop, &line->watch);
  channel_close(&line->channel);
  line->channel.fd = -1;
  line->number++;
}

/* Watches for room while something waits to be sent. */
static void watch_for_room(struct vault_line *line) {
  bool wanted = channel_waiting(&line->channel);
  if (wanted == line->writing)
    return;
  if (loop_change(line->loop, &line->watch, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
    vault_line_close(line);
  else
    line->writing = wanted;
}

static void send_body(struct vault_line *line, uint8_t type, uint64_t correlation,
                      const struct writer *writer) {
  int error = writer_finish(writer);
  if (error == 0)
    error = channel_send(&line->channel, type | REPLY_BIT, correlation, writer->start, writer_length(writer));
  if (error < 0) {
    log_error("the vault cannot be answered", error);
    vault_line_close(line);
    return;
  }
  watch_for_room(line);
}

static void reply_status(struct vault_line *line, uint8_t type, uint64_t correlation, enum status status) {
  uint8_t bytes[sizeof(uint16_t)];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, (uint16_t)status);
  send_body(line, type, correlation, &writer);
}

void vault_line_reply(void *owner, uint64_t number, uint64_t correlation,
                      const struct dispatch_result *result) {
  struct vault_line *line = owner;
  if (line->channel.fd < 0 || number != line->number)
    return;
  uint8_t bytes[MESSAGE_MAX - MESSAGE_HEADER];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, STATUS_DONE);
  write_dispatch_result(&writer, result);
  send_body(line, EV_SEND, correlation, &writer);
}

static bool take_send(struct vault_line *line, const struct message *message) {
  struct egress_send send;
  struct reader reader = reader_over(message->body, message->length);
  if (read_egress_send(&reader, &send) < 0)
    return false;
  int error = dispatcher_take(line->dispatcher, &send, line->number, message->correlation);
  sodium_memzero(&send, sizeof send);
  if (error < 0)
    reply_status(line, EV_SEND, message->correlation, STATUS_BUSY);
  return true;
}

static void reply_reading(struct vault_line *line, uint64_t correlation,
                          const struct webhook_reading *reading) {
  uint8_t bytes[MESSAGE_MAX - MESSAGE_HEADER];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_u16(&writer, STATUS_DONE);
  write_webhook_reading(&writer, reading);
  send_body(line, EV_WEBHOOK, correlation, &writer);
  sodium_memzero(bytes, writer_length(&writer));
}

/* Read at once: it is a few kilobytes, and nobody else is asked. */
static bool take_webhook(struct vault_line *line, const struct message *message) {
  struct webhook_body body;
  static struct webhook_reading reading;
  struct reader reader = reader_over(message->body, message->length);
  if (read_webhook_body(&reader, &body) < 0)
    return false;
  const struct sheet *sheet = body.environment == line->environment
                                  ? sheet_shelf_find(line->shelf, body.sheet, body.sheet_hash)
                                  : NULL;
  int error = sheet == NULL ? -ENOENT : webhook_read(sheet, &body, &reading);
  if (error == 0)
    reply_reading(line, message->correlation, &reading);
  else
    reply_status(line, EV_WEBHOOK, message->correlation,
                 error == -EBADMSG ? STATUS_INVALID : STATUS_CONFLICT);
  sodium_memzero(&reading, sizeof reading);
  sodium_stackzero(STACK_WIPED);
  return true;
}

/* Returns whether the message was one that the vault may send. */
static bool take(struct vault_line *line, const struct message *message) {
  if (message->correlation == 0)
    return false;
  switch (message->type) {
  case EV_SEND:
    return take_send(line, message);
  case EV_WEBHOOK:
    return take_webhook(line, message);
  default:
    return false;
  }
}

static void take_all(struct vault_line *line) {
  for (int i = 0; i < MESSAGES_PER_ROUND && line->channel.fd >= 0; i++) {
    struct message message;
    int outcome = channel_receive(&line->channel, &message);
    if (outcome == CHANNEL_NOTHING)
      return;
    if (outcome == 0 && take(line, &message)) {
      if (line->channel.fd >= 0)
        channel_wipe(&line->channel);
      continue;
    }
    if (outcome == -ECONNRESET)
      log_info("the vault has gone");
    else
      log_warn("a malformed message: the line to the vault is closed");
    vault_line_close(line);
  }
}

static void on_ready(struct watch *watch, uint32_t events) {
  struct vault_line *line = (struct vault_line *)watch;
  if (events & EPOLLOUT) {
    if (channel_flush(&line->channel) < 0) {
      vault_line_close(line);
      return;
    }
    watch_for_room(line);
  }
  if (line->channel.fd >= 0 && (events & ~(uint32_t)EPOLLOUT) != 0)
    take_all(line);
}

int vault_line_open(struct vault_line *line, int fd) {
  vault_line_close(line);
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
