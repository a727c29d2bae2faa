#include "log.h"
#include "sandbox_webhooks.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  TARGETS_MAX = 16,
  QUEUE_MAX = 2048, /* while so many wait, charges (whose answers usually tell the same) send none more */
  AT_ONCE_MAX = 4,
  PACE_US = 10000, /* a hundred a second: it shares the machine with those that it tells */
  TRIES_MAX = 14,
  FIRST_PAUSE_MS = 500, /* doubled after each try that failed */
  LAST_PAUSE_MS = 30000,
  ANSWER_WITHIN_MS = 15000,
  STATUS_LINE_MAX = 64,
  US_PER_MS = 1000
};

#define CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct target {
  char name[BOOK_NAME_CAPACITY], secret[WEBHOOK_SECRET_CAPACITY];
  uint16_t port;
};

/* One that is to be sent, or is being sent. */
struct posting {
  struct timer timer; /* when it is sent next, or how long its answer may take */
  struct watch watch; /* of its connection; fd -1: none */
  struct webhooks *webhooks;
  struct posting *next, *previous;
  const struct book *book;
  const struct target *target;
  uint64_t number;        /* in the books' log */
  unsigned tries, copies; /* copies: how often it is still to be taken */
  struct text unsigned_body;
  struct text out; /* what is left of the request */
  char answer[STATUS_LINE_MAX + 1];
  size_t answer_length;
};

struct webhooks {
  struct loop *loop;
  const struct clock *clock;
  struct books *books;
  unsigned target_count, waiting, at_once;
  int64_t next_slot_us;
  struct target targets[TARGETS_MAX];
  struct posting *postings;
};

static int64_t now_us(const struct webhooks *webhooks) {
  return webhooks->clock->monotonic_us(webhooks->clock->context);
}

static void hang_up(struct posting *posting) {
  if (posting->watch.fd < 0)
    return;
  loop_forget(posting->webhooks->loop, &posting->watch);
  close(posting->watch.fd);
  posting->watch.fd = -1;
  posting->webhooks->at_once--;
}

static void forget(struct posting *posting) {
  struct webhooks *webhooks = posting->webhooks;
  hang_up(posting);
  loop_clear_timer(webhooks->loop, &posting->timer);
  if (posting->previous != NULL)
    posting->previous->next = posting->next;
  else
    webhooks->postings = posting->next;
  if (posting->next != NULL)
    posting->next->previous = posting->previous;
  webhooks->waiting--;
  text_free(&posting->unsigned_body);
  text_free(&posting->out);
  free(posting);
}

/* It was taken, or given up: it comes no more, in no later process either. */
static void drop(struct posting *posting) {
  books_note_webhook_over(posting->webhooks->books, posting->book, posting->number);
  forget(posting);
}

static void on_time(struct timer *timer);

static void send_in(struct posting *posting, int64_t delay_us) {
  posting->timer.due = on_time;
  if (loop_set_timer(posting->webhooks->loop, &posting->timer, delay_us) < 0)
    drop(posting);
}

static void try_again(struct posting *posting) {
  hang_up(posting);
  if (++posting->tries == TRIES_MAX) {
    log_warn("a webhook was not taken, and is given up");
    drop(posting);
    return;
  }
  int64_t pause_ms = (int64_t)FIRST_PAUSE_MS << (posting->tries - 1);
  send_in(posting, (pause_ms < LAST_PAUSE_MS ? pause_ms : LAST_PAUSE_MS) * US_PER_MS);
}

static void taken(struct posting *posting) {
  hang_up(posting);
  posting->tries = 0;
  if (--posting->copies > 0)
    send_in(posting, PACE_US);
  else
    drop(posting);
}

static void on_no_answer(struct timer *timer) {
  try_again(CONTAINER(timer, struct posting, timer));
}

/* The status line is all that counts. */
static void read_answer_of(struct posting *posting) {
  size_t room = STATUS_LINE_MAX - posting->answer_length;
  ssize_t length = recv(posting->watch.fd, posting->answer + posting->answer_length, room, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  posting->answer_length += length > 0 ? (size_t)length : 0;
  posting->answer[posting->answer_length] = '\0';
  bool whole =
      strchr(posting->answer, '\n') != NULL || length <= 0 || posting->answer_length == STATUS_LINE_MAX;
  if (!whole)
    return;
  if (strncmp(posting->answer, "HTTP/1.1 2", 10) == 0)
    taken(posting);
  else
    try_again(posting);
}

static void on_connection(struct watch *watch, uint32_t events) {
  struct posting *posting = CONTAINER(watch, struct posting, watch);
  if (posting->out.length == 0) {
    read_answer_of(posting);
    return;
  }
  ssize_t sent = (events & (EPOLLERR | EPOLLHUP)) != 0
                     ? -1
                     : send(watch->fd, posting->out.bytes, posting->out.length, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR) && (events & (EPOLLERR | EPOLLHUP)) == 0)
    return;
  if (sent < 0) {
    try_again(posting);
    return;
  }
  text_drop(&posting->out, (size_t)sent);
  if (posting->out.length == 0 && loop_change(posting->webhooks->loop, watch, EPOLLIN) < 0)
    try_again(posting);
}

static void write_request(struct posting *posting) {
  const struct webhooks *webhooks = posting->webhooks;
  struct notice notice = {0};
  text_add(&notice.body, posting->unsigned_body.bytes, posting->unsigned_body.length);
  notice_sign(posting->book, posting->target->secret, webhooks->clock->now_ms(webhooks->clock->context),
              &notice);
  text_clear(&posting->out);
  text_print(&posting->out,
             "POST /v1/hooks/%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
             "Connection: close\r\nContent-Length: %zu\r\n",
             posting->book->name, posting->target->port, notice.body.length);
  text_add(&posting->out, notice.headers.bytes, notice.headers.length);
  text_put(&posting->out, "\r\n");
  text_add(&posting->out, notice.body.bytes, notice.body.length);
  text_free(&notice.body);
  text_free(&notice.headers);
}

/* Returns 0 or a negated errno. */
static int call_up(struct posting *posting) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(posting->target->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -errno;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    close(fd);
    return -ECONNREFUSED;
  }
  posting->watch = (struct watch){.ready = on_connection, .fd = fd};
  posting->webhooks->at_once++;
  int result = loop_watch(posting->webhooks->loop, &posting->watch, EPOLLOUT);
  if (result < 0) {
    posting->watch.fd = -1;
    posting->webhooks->at_once--;
    close(fd);
  }
  return result;
}

static void on_time(struct timer *timer) {
  struct posting *posting = CONTAINER(timer, struct posting, timer);
  struct webhooks *webhooks = posting->webhooks;
  int64_t now = now_us(webhooks);
  if (webhooks->at_once == AT_ONCE_MAX || now < webhooks->next_slot_us) {
    int64_t wait = webhooks->next_slot_us - now;
    send_in(posting, wait > PACE_US ? wait : PACE_US);
    return;
  }
  webhooks->next_slot_us = now + PACE_US;
  posting->answer_length = 0;
  write_request(posting);
  if (call_up(posting) < 0) {
    try_again(posting);
    return;
  }
  posting->timer.due = on_no_answer;
  if (loop_set_timer(webhooks->loop, &posting->timer, (int64_t)ANSWER_WITHIN_MS * US_PER_MS) < 0)
    try_again(posting);
}

static const struct target *find_target(const struct webhooks *webhooks, const char *name) {
  for (unsigned i = 0; i < webhooks->target_count; i++)
    if (strcmp(webhooks->targets[i].name, name) == 0)
      return &webhooks->targets[i];
  return NULL;
}

static int64_t delay_us(const struct behaviour *behaviour) {
  int64_t delay_ms = behaviour->webhook_delay_ms;
  if (behaviour->webhooks == WEBHOOKS_REORDER)
    delay_ms += randombytes_uniform(WEBHOOK_DISORDER_MS);
  return delay_ms * US_PER_MS;
}

static void post(struct webhooks *webhooks, const struct book *book, const struct target *target,
                 uint64_t number, struct text *body) {
  struct posting *posting = get_memory(sizeof *posting);
  *posting = (struct posting){.watch.fd = -1,
                              .webhooks = webhooks,
                              .next = webhooks->postings,
                              .book = book,
                              .target = target,
                              .number = number,
                              .copies = book->behaviour.webhooks == WEBHOOKS_DUPLICATE ? 2 : 1,
                              .unsigned_body = *body};
  if (posting->next != NULL)
    posting->next->previous = posting;
  webhooks->postings = posting;
  webhooks->waiting++;
  send_in(posting, delay_us(&book->behaviour));
}

static void send_or_keep(struct webhooks *webhooks, const struct book *book, const struct target *target,
                         struct text *body) {
  uint64_t number = books_note_webhook(webhooks->books, book, body->bytes);
  if (target != NULL) {
    post(webhooks, book, target, number, body);
    return;
  }
  books_keep_unsent(webhooks->books, book, number, body->bytes);
  text_free(body);
}

static void on_booked(void *context, const struct book *book, const struct charge *charge,
                      const struct movement *movement) {
  struct webhooks *webhooks = context;
  const struct target *target = find_target(webhooks, book->name);
  if (!book->tells || book->behaviour.webhooks == WEBHOOKS_OFF ||
      (movement == NULL && webhooks->waiting >= QUEUE_MAX))
    return;
  unsigned count = notice_count(book, charge, movement);
  for (unsigned i = 0; i < count; i++) {
    struct text body = {0};
    notice_write(book, charge, movement, i, webhooks->clock->now_ms(webhooks->clock->context), &body);
    send_or_keep(webhooks, book, target, &body);
  }
}

int webhooks_new(struct loop *loop, const struct clock *clock, struct books *books,
                 struct webhooks **ret_webhooks) {
  struct webhooks *webhooks = get_memory(sizeof *webhooks);
  *webhooks = (struct webhooks){.loop = loop, .clock = clock, .books = books};
  books->on_booked = on_booked;
  books->on_booked_context = webhooks;
  *ret_webhooks = webhooks;
  return 0;
}

void webhooks_free(struct webhooks *webhooks) {
  webhooks->books->on_booked = NULL;
  while (webhooks->postings != NULL)
    forget(webhooks->postings);
  free(webhooks);
}

static void begin_to_tell(struct books *books, const char *name) {
  struct book *book = books_find(books, name);
  if (book == NULL || book->tells)
    return;
  book->tells = true;
  books_note_tells(books, book);
}

/* What an earlier process could not get rid of, and what was booked since. */
static void go_on(struct webhooks *webhooks, const struct target *target) {
  struct unsent *unsent;
  while ((unsent = books_take_unsent(webhooks->books, target->name)) != NULL) {
    struct text body = {0};
    text_put(&body, unsent->body);
    post(webhooks, unsent->book, target, unsent->number, &body);
    unsent_free(unsent);
  }
}

bool webhooks_set_target(struct webhooks *webhooks, const char *text) {
  struct target target = {0};
  char end;
  if (sscanf(text, "%32[a-z0-9_] %hu %128s%c", target.name, &target.port, target.secret, &end) != 3)
    return false;
  struct target *at = (struct target *)(uintptr_t)find_target(webhooks, target.name);
  if (at == NULL && webhooks->target_count == TARGETS_MAX)
    return false;
  if (at == NULL)
    at = &webhooks->targets[webhooks->target_count++];
  *at = target;
  begin_to_tell(webhooks->books, target.name);
  go_on(webhooks, at);
  return true;
}
