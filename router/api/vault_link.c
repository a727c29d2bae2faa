#include "vault_link.h"
#include "log.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
  SLOT_BITS = 16,
  GREETING_TIMEOUT_MS = 5000,
  GREETING_AGAIN_US = 500000 /* a sealed or busy vault is greeted again */
};
_Static_assert(VAULT_CREDITS < (1 << SLOT_BITS), "a slot's number fits its part of a correlation");

enum link_state { LINK_DOWN, LINK_GREETING, LINK_GREETED, LINK_UP, LINK_ROLLED_BACK, LINK_BARRED };

struct slot {
  struct vault_question *question; /* NULL: free */
  uint64_t generation;             /* tells a late reply from one to the slot's next question */
  uint8_t type;
};

struct vault_link {
  struct loop *loop;
  struct vault_link_host host;
  enum link_state state;
  bool broken;         /* the line is to be closed */
  struct timer settle; /* closes it, and answers what could not be sent */
  struct vault_question *unsendable;
  struct channel channel;
  struct watch watch;
  uint32_t events;
  struct audit_head head;
  struct vault_question greeting;
  struct timer greeting_again;
  struct slot slots[VAULT_CREDITS];
  uint16_t free_slots[VAULT_CREDITS];
  unsigned free_count;
  struct vault_question *first, **last; /* waiting for a slot */
  unsigned waiting;
};

static struct vault_link *link_of_watch(struct watch *watch) {
  return (struct vault_link *)((char *)watch - offsetof(struct vault_link, watch));
}

static void forget_body(struct vault_question *question) {
  free(question->body);
  question->body = NULL;
  question->length = 0;
}

/* The one place that a question is answered from. */
static void answer(struct vault_question *question, struct vault_reply *reply) {
  loop_clear_timer(question->link->loop, &question->timer);
  forget_body(question);
  question->answered(question, reply);
}

static void answer_without_reply(struct vault_question *question, enum vault_fate fate, enum status status) {
  struct vault_reply reply = {.fate = fate, .status = status, .body = reader_over("", 0)};
  answer(question, &reply);
}

static void release_slot(struct vault_link *link, uint16_t index) {
  link->slots[index].question->slot = 0;
  link->slots[index].question = NULL;
  link->slots[index].generation++;
  link->free_slots[link->free_count++] = index;
}

static uint64_t correlation_of(const struct vault_link *link, uint16_t index) {
  return (link->slots[index].generation << SLOT_BITS) | index;
}

/* Watches for writability only while something is queued. */
static void adjust_watch(struct vault_link *link) {
  uint32_t events = channel_waiting(&link->channel) ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (link->events != events && loop_change(link->loop, &link->watch, events) == 0)
    link->events = events;
}

/* What cannot be done from within a question is done in the next round. */
static void settle_soon(struct vault_link *link) {
  int result = loop_set_timer(link->loop, &link->settle, 0);
  (void)result; /* without memory for it, line_ready() and the next question settle */
}

static void refuse(struct vault_link *link, struct vault_question *question, enum status status) {
  forget_body(question);
  loop_clear_timer(link->loop, &question->timer);
  question->refusal = status;
  question->next = link->unsendable;
  link->unsendable = question;
  settle_soon(link);
}

static void send_now(struct vault_link *link, struct vault_question *question) {
  uint16_t index = link->free_slots[link->free_count - 1];
  int result = channel_send(&link->channel, question->type, correlation_of(link, index), question->body,
                            question->length);
  if (result != 0) {
    link->broken = link->broken || result != -ENOBUFS;
    refuse(link, question, result == -ENOBUFS ? STATUS_BUSY : STATUS_UNAVAILABLE);
    return;
  }
  link->free_count--;
  link->slots[index].question = question;
  link->slots[index].type = question->type;
  question->slot = (uint16_t)(index + 1);
  forget_body(question);
  adjust_watch(link);
}

static struct vault_question *take_first(struct vault_link *link) {
  struct vault_question *question = link->first;
  link->first = question->next;
  if (link->first == NULL)
    link->last = &link->first;
  question->next = NULL;
  link->waiting--;
  return question;
}

static void send_waiting(struct vault_link *link) {
  while (link->state == LINK_UP && !link->broken && link->first != NULL && link->free_count > 0)
    send_now(link, take_first(link));
}

static void remove_waiting(struct vault_link *link, struct vault_question *question) {
  struct vault_question **at = &link->first;
  while (*at != question)
    at = &(*at)->next;
  *at = question->next;
  if (question->next == NULL)
    link->last = at;
  question->next = NULL;
  link->waiting--;
}

static void time_is_up(struct timer *timer) {
  struct vault_question *question =
      (struct vault_question *)((char *)timer - offsetof(struct vault_question, timer));
  struct vault_link *link = question->link;
  if (question->slot > 0) {
    release_slot(link, (uint16_t)(question->slot - 1));
    answer_without_reply(question, VAULT_LOST, STATUS_UNAVAILABLE);
    send_waiting(link);
    return;
  }
  remove_waiting(link, question);
  answer_without_reply(question, VAULT_NOT_SENT, STATUS_BUSY);
}

/* Everything that was sent is of unknown fate now; everything that waits never left. */
static void fail_all(struct vault_link *link) {
  for (uint16_t i = 0; i < VAULT_CREDITS; i++) {
    struct vault_question *question = link->slots[i].question;
    if (question == NULL)
      continue;
    release_slot(link, i);
    answer_without_reply(question, VAULT_LOST, STATUS_UNAVAILABLE);
  }
  while (link->first != NULL)
    answer_without_reply(take_first(link), VAULT_NOT_SENT, STATUS_UNAVAILABLE);
}

static void close_line(struct vault_link *link) {
  if (link->channel.fd < 0)
    return;
  bool was_up = link->state == LINK_UP;
  link->state = LINK_DOWN;
  link->broken = false;
  loop_clear_timer(link->loop, &link->greeting_again);
  loop_forget(link->loop, &link->watch);
  channel_close(&link->channel);
  link->channel.fd = -1;
  log_warn("vault line closed");
  fail_all(link);
  if (was_up)
    link->host.changed(link->host.context);
}

static void settle(struct vault_link *link) {
  if (link->broken)
    close_line(link);
  while (link->unsendable != NULL) {
    struct vault_question *question = link->unsendable;
    link->unsendable = question->next;
    question->next = NULL;
    answer_without_reply(question, VAULT_NOT_SENT, question->refusal);
  }
}

static void settle_due(struct timer *timer) {
  settle((struct vault_link *)((char *)timer - offsetof(struct vault_link, settle)));
}

static void take_reply(struct vault_link *link, const struct message *message) {
  uint16_t index = (uint16_t)(message->correlation & ((1 << SLOT_BITS) - 1));
  if (index >= VAULT_CREDITS || link->slots[index].question == NULL ||
      correlation_of(link, index) != message->correlation)
    return; /* a reply that came after its question's time was up */
  struct vault_question *question = link->slots[index].question;
  struct vault_reply reply = {.fate = VAULT_REPLIED, .body = reader_over(message->body, message->length)};
  reply.status = (enum status)read_u16(&reply.body);
  if (message->type != (link->slots[index].type | REPLY_BIT) || reply.body.bad) {
    log_warn("vault reply malformed");
    close_line(link);
    return;
  }
  release_slot(link, index);
  answer(question, &reply);
}

static void take_told(struct vault_link *link, const struct message *message) {
  struct reader body = reader_over(message->body, message->length);
  if (message->correlation == 0 && link->host.told(link->host.context, message->type, &body) == 0)
    return;
  log_warn("vault message malformed");
  close_line(link);
}

static void take_message(struct vault_link *link, const struct message *message) {
  if (message->type & REPLY_BIT)
    take_reply(link, message);
  else
    take_told(link, message);
}

static void line_ready(struct watch *watch, uint32_t events) {
  struct vault_link *link = link_of_watch(watch);
  if ((events & EPOLLOUT) && channel_flush(&link->channel) != 0) {
    close_line(link);
    return;
  }
  while (link->channel.fd >= 0) {
    struct message message;
    int result = channel_receive(&link->channel, &message);
    if (result == CHANNEL_NOTHING)
      break;
    if (result != 0) {
      close_line(link);
      return;
    }
    take_message(link, &message);
  }
  send_waiting(link);
  settle(link);
  if (link->channel.fd >= 0)
    adjust_watch(link);
}

static void greet(struct vault_link *link);

static void greet_again(struct timer *timer) {
  greet((struct vault_link *)((char *)timer - offsetof(struct vault_link, greeting_again)));
}

static void greeted(struct vault_link *link, struct reader *body) {
  struct audit_head head;
  read_audit_head(body, &head);
  if (reader_finish(body) != 0) {
    log_warn("vault reply malformed");
    close_line(link);
    return;
  }
  link->state = LINK_GREETED;
  link->host.head(link->host.context, &head);
}

static void greeting_answered(struct vault_question *question, struct vault_reply *reply) {
  struct vault_link *link = question->link;
  if (link->state != LINK_GREETING)
    return;
  if (reply->fate == VAULT_REPLIED && reply->status == STATUS_DONE) {
    greeted(link, &reply->body);
  } else if (reply->fate == VAULT_REPLIED && reply->status == STATUS_ROLLED_BACK) {
    link->state = LINK_ROLLED_BACK;
    log_warn("the vault is older than the journal and is not used");
  } else if (loop_set_timer(link->loop, &link->greeting_again, GREETING_AGAIN_US) != 0) {
    close_line(link);
  }
}

static void greet(struct vault_link *link) {
  uint8_t bytes[64];
  struct writer writer = writer_over(bytes, sizeof bytes);
  write_audit_head(&writer, &link->head);
  assert(writer_finish(&writer) == 0);
  vault_link_ask(link, &link->greeting, RV_HEAD, bytes, writer_length(&writer), GREETING_TIMEOUT_MS);
}

int vault_link_new(struct loop *loop, const struct vault_link_host *host, struct vault_link **ret_link) {
  struct vault_link *link = calloc(1, sizeof *link);
  if (link == NULL)
    return -ENOMEM;
  link->loop = loop;
  link->host = *host;
  link->settle.due = settle_due;
  link->channel.fd = -1;
  link->watch = (struct watch){.ready = line_ready, .fd = -1};
  link->greeting.answered = greeting_answered;
  link->greeting_again.due = greet_again;
  link->last = &link->first;
  /* Correlation 0 is for unasked messages, and a restarted router must not take the replies of the one
   * before. */
  for (uint16_t i = 0; i < VAULT_CREDITS; i++) {
    link->slots[i].generation = 1 + randombytes_uniform(1U << 30);
    link->free_slots[link->free_count++] = i;
  }
  *ret_link = link;
  return 0;
}

void vault_link_free(struct vault_link *link) {
  if (link == NULL)
    return;
  close_line(link);
  fail_all(link);
  settle(link);
  loop_clear_timer(link->loop, &link->settle);
  free(link);
}

int vault_link_connect(struct vault_link *link, int fd, const struct audit_head *head) {
  close_line(link);
  int result = channel_open(&link->channel, fd);
  if (result != 0) {
    close(fd);
    link->channel.fd = -1;
    return result;
  }
  link->watch.fd = link->channel.fd;
  link->events = EPOLLIN;
  result = loop_watch(link->loop, &link->watch, EPOLLIN);
  if (result != 0) {
    channel_close(&link->channel);
    link->channel.fd = -1;
    return result;
  }
  link->head = *head;
  link->state = LINK_GREETING;
  greet(link);
  return 0;
}

void vault_link_begin(struct vault_link *link) {
  if (link->state != LINK_GREETED && link->state != LINK_BARRED)
    return;
  link->state = LINK_UP;
  log_info("vault line up");
  link->host.changed(link->host.context);
}

void vault_link_bar(struct vault_link *link) {
  if (link->state == LINK_GREETED)
    link->state = LINK_BARRED;
}

bool vault_link_greeted(const struct vault_link *link) {
  return link->state == LINK_GREETED;
}

bool vault_link_barred(const struct vault_link *link) {
  return link->state == LINK_BARRED;
}

bool vault_link_up(const struct vault_link *link) {
  return link->state == LINK_UP;
}

bool vault_link_rolled_back(const struct vault_link *link) {
  return link->state == LINK_ROLLED_BACK;
}

static bool may_ask(const struct vault_link *link, const struct vault_question *question,
                    enum router_vault_type type) {
  return link->state == LINK_UP || (link->state == LINK_GREETING && question == &link->greeting) ||
         (link->state == LINK_GREETED && type == RV_RELEASES);
}

void vault_link_ask(struct vault_link *link, struct vault_question *question, enum router_vault_type type,
                    const void *body, size_t length, uint32_t timeout_ms) {
  question->link = link;
  question->next = NULL;
  question->slot = 0;
  question->body = NULL;
  question->timer = (struct timer){.due = time_is_up};
  if (link->broken || !may_ask(link, question, type)) {
    refuse(link, question, STATUS_UNAVAILABLE);
    return;
  }
  question->body = malloc(length > 0 ? length : 1);
  if (question->body == NULL || link->waiting >= VAULT_WAITING_MAX ||
      loop_set_timer(link->loop, &question->timer, (int64_t)timeout_ms * 1000) != 0) {
    refuse(link, question, STATUS_BUSY);
    return;
  }
  memcpy(question->body, body, length);
  question->length = (uint32_t)length;
  question->type = (uint8_t)type;
  if (link->free_count > 0 && link->first == NULL) {
    send_now(link, question);
    return;
  }
  *link->last = question;
  link->last = &question->next;
  link->waiting++;
}

unsigned vault_link_pending(const struct vault_link *link) {
  return VAULT_CREDITS - link->free_count + link->waiting;
}
