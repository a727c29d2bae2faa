#include "control.h"
#include "log.h"
#include "loop.h"
#include "sandbox_server.h"
#include "sandbox_webhooks.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, LISTENERS_MAX = 8, MIB = 1024 * 1024 };

static const char help[] =
    "usage: freeport-sandbox --data DIR [--port N] [--listen NAME=PORT]... [--log-bytes N]\n"
    "A PSP to practise on: Stripe, Adyen and Checkout.com in their own wire formats, with books of its own.\n"
    "  --data DIR          where the books are kept\n"
    "  --port N            the same as --listen http=N\n"
    "  --listen NAME=PORT  listens on 127.0.0.1:PORT (0: a free port, told on standard output); NAME is "
    "http, or a\n"
    "                      connector whose own port it is, which the fault `refuse` really closes\n"
    "  --log-bytes N       how large the log of the books may grow (default 2 GiB); then charges fail with "
    "500\n"
    "  --help              this text\n"
    "Started by freeport up, descriptor 3 is the control line, over which listening sockets come by name.\n";

struct listen_option {
  char name[BOOK_NAME_CAPACITY];
  uint16_t port;
};

struct options {
  const char *data;
  struct listen_option listeners[LISTENERS_MAX];
  unsigned listener_count;
  uint64_t log_bytes;
};

static bool read_number(const char *text, uint64_t most, uint64_t *ret_number) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number > most)
    return false;
  *ret_number = number;
  return true;
}

static bool take_data(struct options *options, const char *value) {
  options->data = value;
  return value[0] != '\0';
}

static bool take_log_bytes(struct options *options, const char *value) {
  return read_number(value, INT64_MAX, &options->log_bytes);
}

static bool add_listener(struct options *options, const char *name, size_t length, const char *port_text) {
  uint64_t port;
  if (options->listener_count == LISTENERS_MAX || length == 0 || length >= BOOK_NAME_CAPACITY ||
      !read_number(port_text, UINT16_MAX, &port))
    return false;
  struct listen_option *listener = &options->listeners[options->listener_count++];
  memcpy(listener->name, name, length);
  listener->port = (uint16_t)port;
  return true;
}

static bool take_port(struct options *options, const char *value) {
  return add_listener(options, "http", 4, value);
}

static bool take_listen(struct options *options, const char *value) {
  const char *equals = strchr(value, '=');
  return equals != NULL && add_listener(options, value, (size_t)(equals - value), equals + 1);
}

static bool parse_options(int count, char **arguments, struct options *ret_options) {
  static const struct {
    const char *name;
    bool (*take)(struct options *options, const char *value);
  } table[] = {{"--data", take_data},
               {"--port", take_port},
               {"--listen", take_listen},
               {"--log-bytes", take_log_bytes}};
  *ret_options = (struct options){.log_bytes = (uint64_t)2048 * MIB};
  for (int i = 1; i < count; i += 2) {
    bool taken = false;
    for (size_t j = 0; j < sizeof table / sizeof *table && i + 1 < count; j++)
      if (strcmp(table[j].name, arguments[i]) == 0)
        taken = table[j].take(ret_options, arguments[i + 1]);
    if (!taken)
      return false;
  }
  return ret_options->data != NULL;
}

/* Returns a listening socket on loopback, or a negated errno; the port it got goes to *ret_port. */
static int open_port(uint16_t port, uint16_t *ret_port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, SOMAXCONN) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  *ret_port = ntohs(address.sin_port);
  return fd;
}

static int open_listeners(struct server *server, const struct options *options) {
  for (unsigned i = 0; i < options->listener_count; i++) {
    const struct listen_option *listener = &options->listeners[i];
    uint16_t port = 0;
    int fd = open_port(listener->port, &port);
    int result = fd < 0 ? fd : server_add_listener(server, listener->name, fd);
    if (result < 0)
      return result;
    printf("%s http://127.0.0.1:%u\n", listener->name, port);
  }
  fflush(stdout);
  return 0;
}

struct control_line {
  struct watch watch;
  struct loop *loop;
  struct server *server;
  struct webhooks *webhooks;
  bool ready_said;
};

static void say_ready(struct control_line *line) {
  if (line->ready_said)
    return;
  line->ready_said = control_send(line->watch.fd, "ready", -1, NULL, 0) == 0;
}

/* Where webhooks go is all that is set. */
static void take_setting(struct control_line *line, const struct control_message *message) {
  char text[CONTROL_PAYLOAD + 1];
  memcpy(text, message->payload, message->length);
  text[message->length] = '\0';
  if (strcmp(message->name, "webhooks") == 0 && !webhooks_set_target(line->webhooks, text))
    log_warn("a setting for webhooks could not be read");
}

static void take_listener(struct control_line *line, const struct control_message *message) {
  if (message->fd < 0) {
    take_setting(line, message);
    return;
  }
  int result = server_add_listener(line->server, message->name, message->fd);
  if (result < 0) {
    log_error("a listener could not be taken", result);
    close(message->fd);
    return;
  }
  if (strcmp(message->name, "http") == 0)
    say_ready(line);
}

static void on_control(struct watch *watch, uint32_t events) {
  struct control_line *line = (struct control_line *)(void *)watch; /* its first member */
  (void)events;
  for (;;) {
    static struct control_message message;
    int result = control_receive(watch->fd, &message);
    if (result == CONTROL_NOTHING)
      return;
    if (result < 0) {
      loop_stop(line->loop); /* the supervisor is gone */
      return;
    }
    take_listener(line, &message);
  }
}

static bool is_control_line(int fd) {
  int type = 0;
  socklen_t length = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_SEQPACKET;
}

static int serve(struct loop *loop, struct books *books, const struct options *options) {
  struct server *server;
  struct webhooks *webhooks;
  int result = server_new(loop, &system_clock, books, &server);
  if (result < 0)
    return result;
  result = webhooks_new(loop, &system_clock, books, &webhooks);
  if (result < 0) {
    server_free(server);
    return result;
  }
  struct control_line line = {
      .watch = {.ready = on_control, .fd = CONTROL_FD}, .loop = loop, .server = server, .webhooks = webhooks};
  result = open_listeners(server, options);
  if (result == 0 && is_control_line(CONTROL_FD))
    result = loop_watch(loop, &line.watch, EPOLLIN);
  if (result == 0)
    result = loop_run(loop);
  server_free(server);
  webhooks_free(webhooks);
  return result;
}

static int run(const struct options *options) {
  struct books books;
  struct loop *loop;
  int result = books_open(&books, options->data, options->log_bytes);
  if (result < 0) {
    log_error("the books could not be opened", result);
    return EXIT_FAILURE;
  }
  result = loop_new(&system_clock, &loop);
  if (result == 0) {
    result = serve(loop, &books, options);
    loop_free(loop);
  }
  books_close(&books);
  if (result < 0)
    log_error("the sandbox ends", result);
  return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int count, char **arguments) {
  struct options options;
  log_open("freeport-sandbox");
  if (count == 2 && strcmp(arguments[1], "--help") == 0) {
    fputs(help, stdout);
    return EXIT_SUCCESS;
  }
  if (!parse_options(count, arguments, &options)) {
    fputs(help, stderr);
    return EXIT_USAGE;
  }
  (void)signal(SIGPIPE, SIG_IGN);
  if (sodium_init() < 0)
    return EXIT_FAILURE;
  return run(&options);
}
