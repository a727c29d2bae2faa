#include "log.h"
#include "sandbox_control_api.h"
#include "sandbox_exchange.h"
#include "sandbox_server.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  READ_BYTES = 65536,
  BACKLOG = 1024,
  INPUT_MAX = REQUEST_HEAD_MAX + 2 * REQUEST_BODY_MAX,
  LISTENER_NAME_CAPACITY = BOOK_NAME_CAPACITY
};

#define CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

enum connection_state {
  READING,  /* takes requests and sends answers */
  DELAYED,  /* an answer waits for its time */
  HANGING,  /* never answers; waits for the client to go */
  FINISHING /* sends what is left, then closes */
};

struct connection {
  struct watch watch;
  struct timer timer;
  struct server *server;
  struct listener *listener;
  enum connection_state state;
  bool dirty, dead, reset; /* reset: close with RST once the round's log is written */
  uint32_t events;
  struct text in, out;
  struct request request;
  struct book *book;             /* whose request came last */
  struct connection *next_dirty; /* also the list of the dead */
  struct connection *previous, *next;
};

struct listener {
  struct watch watch;
  struct server *server;
  struct listener *next;
  char name[LISTENER_NAME_CAPACITY];
  struct sockaddr_storage address;
  socklen_t address_length;
  bool open;
};

struct server {
  struct loop *loop;
  const struct clock *clock;
  struct books *books;
  struct listener *listeners;
  struct connection *connections, *dirty, *dead;
  struct psp_answer answer; /* one request at a time */
  uint64_t garbage;
};

static void kill_connection(struct connection *connection, bool reset) {
  if (connection->dead)
    return;
  struct server *server = connection->server;
  connection->dead = true;
  if (reset)
    (void)setsockopt(connection->watch.fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
                     sizeof(struct linger));
  loop_clear_timer(server->loop, &connection->timer);
  loop_forget(server->loop, &connection->watch);
  close(connection->watch.fd);
  if (connection->previous == NULL)
    server->connections = connection->next;
  else
    connection->previous->next = connection->next;
  if (connection->next != NULL)
    connection->next->previous = connection->previous;
  if (!connection->dirty) {
    connection->next_dirty = server->dead;
    server->dead = connection;
  }
}

static void free_connection(struct connection *connection) {
  text_free(&connection->in);
  text_free(&connection->out);
  text_free(&connection->request.body);
  free(connection);
}

static void mark_dirty(struct connection *connection) {
  if (connection->dirty || connection->dead)
    return;
  connection->dirty = true;
  connection->next_dirty = connection->server->dirty;
  connection->server->dirty = connection;
}

/* A hanging or delayed connection is only watched for its end. */
static void watch_for(struct connection *connection, uint32_t events) {
  if (events == connection->events)
    return;
  connection->events = events;
  if (loop_change(connection->server->loop, &connection->watch, events) < 0)
    kill_connection(connection, true);
}

static const char *status_words(uint16_t status) {
  static const struct {
    uint16_t status;
    const char *words;
  } known[] = {{200, "OK"},
               {201, "Created"},
               {202, "Accepted"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {402, "Payment Required"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {413, "Content Too Large"},
               {415, "Unsupported Media Type"},
               {422, "Unprocessable Content"},
               {500, "Internal Server Error"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].status == status)
      return known[i].words;
  return "Answer";
}

static void put_answer(struct connection *connection, const struct psp_answer *answer, bool close_after) {
  struct text *out = &connection->out;
  text_print(out, "HTTP/1.1 %u %s\r\n", answer->status, status_words(answer->status));
  if (answer->body.length > 0)
    text_put(out, "Content-Type: application/json; charset=utf-8\r\n");
  text_print(out, "Content-Length: %zu\r\n%s", answer->body.length,
             close_after ? "Connection: close\r\n" : "");
  text_add(out, answer->headers.bytes, answer->headers.length);
  text_put(out, "\r\n");
  text_add(out, answer->body.bytes, answer->body.length);
}

/* In turn bytes that are no HTTP at all, and an answer whose body is no JSON. */
static void put_garbage(struct connection *connection) {
  static const char noise[] = "\x16\x03\x01\xff\xfe\x80garbage\x00\x01\x02\r\n\r\n<<<>>>";
  static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n"
                            "{\"id\":\"\xff\xfe{{{]]]\x01\x02\x03\x04\x05\x06\x07 ~";
  if (connection->server->garbage++ % 2 == 0)
    text_add(&connection->out, noise, sizeof noise - 1);
  else
    text_add(&connection->out, cut, sizeof cut - 1);
}

/* Listening sockets are shut down and not closed: the supervisor may hold a copy, and only so the port is
 * refused. The port stays bound, so that nobody else gets it. */
static void close_listener(struct listener *listener) {
  if (!listener->open)
    return;
  listener->open = false;
  loop_forget(listener->server->loop, &listener->watch);
  (void)shutdown(listener->watch.fd, SHUT_RDWR);
  /* A port that the kernel chose is let go of by shutdown(); one that was asked for is not, and then this is
   * EINVAL. */
  if (bind(listener->watch.fd, (struct sockaddr *)&listener->address, listener->address_length) < 0 &&
      errno != EINVAL)
    log_error("a port could not be held", -errno);
}

static int open_listener(struct listener *listener) {
  if (listener->open)
    return 0;
  if (listen(listener->watch.fd, BACKLOG) < 0)
    return -errno;
  listener->open = true;
  return loop_watch(listener->server->loop, &listener->watch, EPOLLIN);
}

static void close_kept_alive(struct server *server, const struct book *book, const struct connection *but) {
  for (struct connection *connection = server->connections, *next; connection != NULL; connection = next) {
    next = connection->next;
    if (connection != but &&
        (connection->book == book || strcmp(connection->listener->name, book->name) == 0))
      kill_connection(connection, true);
  }
}

/* Makes the ports fit the behaviour: refused for good, a connector's own port is closed. */
static void apply_refusal(struct server *server, const struct book *book, const struct connection *asking) {
  bool refused = book->behaviour.fault == FAULT_REFUSE && book->behaviour.rate >= 1;
  for (struct listener *listener = server->listeners; listener != NULL; listener = listener->next)
    if (strcmp(listener->name, book->name) == 0) {
      if (refused)
        close_listener(listener);
      else if (open_listener(listener) < 0)
        log_warn("a port could not be opened again");
    }
  if (refused)
    close_kept_alive(server, book, asking);
}

/* The book that a path speaks of, and the path without its name. NULL when there is none. */
static struct book *find_book(struct connection *connection, const char **ret_path) {
  const char *path = connection->request.path;
  size_t length = strcspn(path + 1, "/");
  char name[BOOK_NAME_CAPACITY];
  if (length < sizeof name) {
    memcpy(name, path + 1, length);
    name[length] = '\0';
    struct book *book = books_find(connection->server->books, name);
    if (book != NULL) {
      *ret_path = path + 1 + length;
      return book;
    }
  }
  *ret_path = path;
  return books_find(connection->server->books, connection->listener->name);
}

static struct verdict_on_request serve(struct connection *connection) {
  struct server *server = connection->server;
  struct psp_answer *answer = &server->answer;
  text_clear(&answer->body);
  text_clear(&answer->headers);
  if (strncmp(connection->request.path, "/_sandbox/", 10) == 0) {
    const struct book *changed = control_api_serve(server->books, &connection->request, answer);
    if (changed != NULL)
      apply_refusal(server, changed, connection);
    return (struct verdict_on_request){.fate = FATE_ANSWER};
  }
  const char *path;
  connection->book = find_book(connection, &path);
  if (connection->book != NULL)
    return exchange_run(server->books, connection->book, &connection->request, path,
                        server->clock->now_ms(server->clock->context), answer);
  answer->status = 404;
  text_put(&answer->body,
           "{\"error\":\"paths begin with /NAME, where NAME begins with stripe, adyen or checkout\"}");
  return (struct verdict_on_request){.fate = FATE_ANSWER};
}

static void refuse_request(struct connection *connection, uint16_t status) {
  struct psp_answer *answer = &connection->server->answer;
  text_clear(&answer->body);
  text_clear(&answer->headers);
  answer->status = status;
  put_answer(connection, answer, true);
  connection->state = FINISHING;
}

static void carry_out(struct connection *connection, struct verdict_on_request verdict) {
  bool close_after = connection->request.close || connection->request.http_1_0;
  switch (verdict.fate) {
  case FATE_ANSWER:
    put_answer(connection, &connection->server->answer, close_after);
    connection->state = close_after ? FINISHING : READING;
    break;
  case FATE_GARBAGE:
    put_garbage(connection);
    connection->state = FINISHING;
    break;
  case FATE_HANG:
    connection->state = HANGING;
    return;
  case FATE_RESET:
    connection->reset = true;
    connection->state = FINISHING;
    break;
  }
  if (verdict.latency_ms == 0)
    return;
  if (loop_set_timer(connection->server->loop, &connection->timer, (int64_t)verdict.latency_ms * 1000) < 0)
    connection->reset = true;
  else
    connection->state = DELAYED;
}

static void take_requests(struct connection *connection) {
  while (connection->state == READING && connection->in.length > 0) {
    size_t used = 0;
    int result = request_read(connection->in.bytes, connection->in.length, &connection->request, &used);
    if (result == REQUEST_INCOMPLETE)
      break;
    if (result != 0) {
      refuse_request(connection, result == REQUEST_BAD ? 400 : 413);
      break;
    }
    carry_out(connection, serve(connection));
    text_drop(&connection->in, used);
  }
  mark_dirty(connection);
}

static void send_out(struct connection *connection) {
  while (connection->out.length > 0) {
    ssize_t sent = send(connection->watch.fd, connection->out.bytes, connection->out.length, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      watch_for(connection, EPOLLOUT | EPOLLRDHUP);
      return;
    }
    if (sent < 0) {
      kill_connection(connection, true);
      return;
    }
    text_drop(&connection->out, (size_t)sent);
  }
  if (connection->state == FINISHING)
    kill_connection(connection, false);
  else
    watch_for(connection, EPOLLIN | EPOLLRDHUP);
}

static void settle(struct connection *connection) {
  if (connection->reset && connection->state == FINISHING)
    kill_connection(connection, true);
  else if (connection->state == HANGING || connection->state == DELAYED)
    watch_for(connection, EPOLLRDHUP);
  else
    send_out(connection);
}

/* Every change is written before an answer that speaks of it leaves. */
static void on_round_end(void *context) {
  struct server *server = context;
  int result = state_log_flush(&server->books->log);
  if (result < 0)
    log_error("the log of the books could not be written: this round's answers are lost", result);
  while (server->dirty != NULL) {
    struct connection *connection = server->dirty;
    server->dirty = connection->next_dirty;
    connection->dirty = false;
    if (connection->dead)
      free_connection(connection);
    else if (result < 0)
      kill_connection(connection, true);
    else
      settle(connection);
  }
  while (server->dead != NULL) {
    struct connection *connection = server->dead;
    server->dead = connection->next_dirty;
    free_connection(connection);
  }
}

static void on_due(struct timer *timer) {
  struct connection *connection = CONTAINER(timer, struct connection, timer);
  bool last = connection->reset || connection->request.close || connection->request.http_1_0;
  connection->state = last ? FINISHING : READING;
  take_requests(connection);
}

static void read_in(struct connection *connection) {
  char bytes[READ_BYTES];
  ssize_t length = recv(connection->watch.fd, bytes, sizeof bytes, 0);
  if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
    kill_connection(connection, false);
    return;
  }
  if (length > 0)
    text_add(&connection->in, bytes, (size_t)length);
  if (connection->in.length > INPUT_MAX)
    kill_connection(connection, true);
  else
    take_requests(connection);
}

static void on_connection(struct watch *watch, uint32_t events) {
  struct connection *connection = CONTAINER(watch, struct connection, watch);
  if (connection->dead)
    return;
  bool waits = connection->state == HANGING || connection->state == DELAYED;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 || (waits && (events & EPOLLRDHUP) != 0))
    kill_connection(connection, false);
  else if ((events & EPOLLOUT) != 0)
    take_requests(connection);
  else if (!waits && (events & (EPOLLIN | EPOLLRDHUP)) != 0)
    read_in(connection);
}

/* A refusal of less than all connections is a reset before anything is read. */
static bool refuses_now(struct server *server, const char *name) {
  struct book *book = strcmp(name, "http") == 0 ? NULL : books_find(server->books, name);
  return book != NULL && book->behaviour.fault == FAULT_REFUSE &&
         behaviour_draw(&book->behaviour, 0) == FAULT_REFUSE;
}

static void add_connection(struct listener *listener, int fd) {
  struct server *server = listener->server;
  struct connection *connection = get_memory(sizeof *connection);
  *connection = (struct connection){.watch = {.ready = on_connection, .fd = fd},
                                    .timer = {.due = on_due},
                                    .server = server,
                                    .listener = listener,
                                    .events = EPOLLIN | EPOLLRDHUP,
                                    .next = server->connections};
  if (loop_watch(server->loop, &connection->watch, connection->events) < 0) {
    close(fd);
    free(connection);
    return;
  }
  if (connection->next != NULL)
    connection->next->previous = connection;
  server->connections = connection;
}

static void on_listener(struct watch *watch, uint32_t events) {
  struct listener *listener = CONTAINER(watch, struct listener, watch);
  (void)events;
  for (int taken = 0; taken < BACKLOG; taken++) {
    int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
      return;
    if (refuses_now(listener->server, listener->name)) {
      (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
      close(fd);
      continue;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    add_connection(listener, fd);
  }
}

int server_new(struct loop *loop, const struct clock *clock, struct books *books,
               struct server **ret_server) {
  struct server *server = get_memory(sizeof *server);
  *server = (struct server){.loop = loop, .clock = clock, .books = books};
  loop_on_round_end(loop, on_round_end, server);
  *ret_server = server;
  return 0;
}

static void drop_listener(struct server *server, struct listener *listener) {
  for (struct connection *connection = server->connections, *next; connection != NULL; connection = next) {
    next = connection->next;
    if (connection->listener == listener)
      kill_connection(connection, false);
  }
  if (listener->open)
    loop_forget(server->loop, &listener->watch);
  close(listener->watch.fd);
  for (struct listener **at = &server->listeners; *at != NULL; at = &(*at)->next)
    if (*at == listener) {
      *at = listener->next;
      break;
    }
  free(listener);
}

void server_free(struct server *server) {
  while (server->listeners != NULL)
    drop_listener(server, server->listeners);
  on_round_end(server);
  text_free(&server->answer.body);
  text_free(&server->answer.headers);
  free(server);
}

static struct listener *find_listener(const struct server *server, const char *name) {
  struct listener *listener = server->listeners;
  while (listener != NULL && strcmp(listener->name, name) != 0)
    listener = listener->next;
  return listener;
}

int server_add_listener(struct server *server, const char *name, int fd) {
  struct listener *listener = get_memory(sizeof *listener), *earlier = find_listener(server, name);
  *listener = (struct listener){.watch = {.ready = on_listener, .fd = fd},
                                .server = server,
                                .address_length = sizeof listener->address};
  copy_text(listener->name, sizeof listener->name, name);
  int result = 0;
  if (getsockname(fd, (struct sockaddr *)&listener->address, &listener->address_length) < 0 ||
      fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
    result = -errno;
  if (result == 0)
    result = open_listener(listener);
  if (result < 0) {
    free(listener);
    return result;
  }
  if (earlier != NULL)
    drop_listener(server, earlier);
  listener->next = server->listeners;
  server->listeners = listener;
  const struct book *book = strcmp(name, "http") == 0 ? NULL : books_find(server->books, name);
  if (book != NULL)
    apply_refusal(server, book, NULL);
  return 0;
}
