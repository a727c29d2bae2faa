#include "front_line.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log.h"

enum { SWEEP_US = 1000000, MESSAGES_PER_ROUND = 256, TURN_SHIFT = 32 };

static struct vault_line *line_of_watch(struct watch *watch) {
  return (struct vault_line *)(void *)((char *)watch - offsetof(struct vault_line, watch));
}

static void finish(struct vault_line *line, struct question *question, enum status status,
                   struct reader *reply) {
  line_answered *answered = question->answered;
  void *asker = question->asker;
  question->open = false;
  question->turn++;
  line->open_count--;
  answered(asker, status, reply);
}

static void fail(struct vault_line *line, struct question *question) {
  struct reader nothing = reader_over("", 0);
  finish(line, question, STATUS_UNAVAILABLE, &nothing);
}

void line_close(struct vault_line *line) {
  if (line->channel.fd == -1)
    return;
  loop_forget(line->loop, &line->watch);
  loop_clear_timer(line->loop, &line->timer);
  channel_close(&line->channel);
  line->channel.fd = -1;
  for (size_t i = 0; i < LINE_QUESTIONS_MAX; i++)
    if (line->questions[i].open)
      fail(line, &line->questions[i]);
}

/* Takes one reply to its question. Returns false for a message that no vault sends. */
static bool take(struct vault_line *line, const struct message *message) {
  uint64_t place = message->correlation & UINT32_MAX;
  if ((message->type & REPLY_BIT) == 0 || place >= LINE_QUESTIONS_MAX)
    return false;
  struct question *question = &line->questions[place];
  struct reader reply = reader_over(message->body, message->length);
  enum status status = read_u16(&reply);
  if (reply.bad)
    return false;
  if (question->open && question->turn == message->correlation >> TURN_SHIFT)
    finish(line, question, status, &reply);
  return true;
}

static void set_events(struct vault_line *line) {
  uint32_t events = channel_waiting(&line->channel) ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (loop_change(line->loop, &line->watch, events) != 0)
    line_close(line);
}

static void ready(struct watch *watch, uint32_t events) {
  struct vault_line *line = line_of_watch(watch);
  int outcome = 0;
  for (int i = 0; i < MESSAGES_PER_ROUND && outcome == 0 && line->channel.fd != -1; i++) {
    struct message message;
    outcome = channel_receive(&line->channel, &message);
    if (outcome == 0 && !take(line, &message))
      outcome = -EBADMSG;
  }
  if (line->channel.fd == -1)
    return;
  if (outcome >= 0 && (events & EPOLLOUT) != 0) {
    int error = channel_flush(&line->channel);
    outcome = error != 0 ? error : outcome;
  }
  if (outcome < 0) {
    log_error("vault_line_lost", outcome);
    line_close(line);
  } else if ((events & EPOLLOUT) != 0) {
    set_events(line);
  }
}

static void sweep(struct timer *timer) {
  struct vault_line *line = (struct vault_line *)(void *)((char *)timer - offsetof(struct vault_line, timer));
  int64_t now = line->clock->monotonic_us(line->clock->context);
  for (size_t i = 0; i < LINE_QUESTIONS_MAX; i++)
    if (line->questions[i].open && now - line->questions[i].asked_us > LINE_ANSWER_WITHIN_US)
      fail(line, &line->questions[i]);
  if (line->open_count > 0 && loop_set_timer(line->loop, &line->timer, SWEEP_US) != 0)
    log_warn("no_timer");
}

void line_init(struct vault_line *line, struct loop *loop, const struct clock *clock) {
  memset(line, 0, sizeof *line);
  line->loop = loop;
  line->clock = clock;
  line->channel.fd = -1;
  line->timer.due = sweep;
}

int line_connect(struct vault_line *line, int fd) {
  line_close(line);
  int error = channel_open(&line->channel, fd);
  if (error != 0) {
    close(fd);
    line->channel.fd = -1;
    return error;
  }
  line->watch = (struct watch){ready, fd};
  error = loop_watch(line->loop, &line->watch, EPOLLIN);
  if (error != 0) {
    channel_close(&line->channel);
    line->channel.fd = -1;
  }
  return error;
}

bool line_up(const struct vault_line *line) {
  return line->channel.fd != -1;
}

/* A free place; there is one as long as open_count says so. Places are used in turn. */
static unsigned free_place(struct vault_line *line) {
  while (line->questions[line->next].open)
    line->next = (line->next + 1) % LINE_QUESTIONS_MAX;
  unsigned place = line->next;
  line->next = (line->next + 1) % LINE_QUESTIONS_MAX;
  return place;
}

int line_ask(struct vault_line *line, uint8_t type, const void *body, size_t length, line_answered *answered,
             void *asker, unsigned *ret_handle) {
  if (!line_up(line))
    return -ENOTCONN;
  if (line->open_count == LINE_QUESTIONS_MAX)
    return -EBUSY;
  unsigned place = free_place(line);
  struct question *question = &line->questions[place];
  int error =
      channel_send(&line->channel, type, (uint64_t)question->turn << TURN_SHIFT | place, body, length);
  if (error == -ENOBUFS)
    return -EBUSY;
  if (error != 0) {
    line_close(line);
    return -ENOTCONN;
  }
  if (channel_waiting(&line->channel))
    set_events(line);
  if (!line_up(line))
    return -ENOTCONN;
  *question = (struct question){answered, asker, line->clock->monotonic_us(line->clock->context),
                                question->turn, true};
  line->open_count++;
  if (line->timer.index == 0 && loop_set_timer(line->loop, &line->timer, SWEEP_US) != 0)
    log_warn("no_timer");
  *ret_handle = place;
  return 0;
}

void line_abandon(struct vault_line *line, unsigned handle) {
  assert(handle < LINE_QUESTIONS_MAX && line->questions[handle].open);
  line->questions[handle].asker = NULL;
}
