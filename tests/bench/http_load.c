#include "http_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "report.h"

enum { BUFFER = 65536 };

struct connection {
  int fd;
  unsigned number; /* of the request that is out */
  double began;
  size_t have;
  char buffer[BUFFER];
};

static struct connection connections[LOAD_CONNECTIONS_MAX];

static int connect_to(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    give_up("cannot connect");
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static void send_next(const struct load *load, struct connection *connection, unsigned number) {
  static char request[BUFFER];
  size_t length = load->next(load->context, number, request, sizeof request);
  connection->number = number;
  connection->have = 0;
  connection->began = seconds_now();
  if (send(connection->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) {
    give_up("cannot send");
  }
}

/* Where the body of a whole answer begins, or NULL while it is not whole. */
static const char *whole_answer(struct connection *connection, size_t *ret_length) {
  connection->buffer[connection->have] = '\0';
  char *end = strstr(connection->buffer, "\r\n\r\n");
  char *length_header = end == NULL ? NULL : strcasestr(connection->buffer, "\r\ncontent-length:");
  if (length_header == NULL || length_header > end) {
    return NULL;
  }
  *ret_length = (size_t)strtoul(length_header + strlen("\r\ncontent-length:"), NULL, 10);
  const char *body = end + 4;
  return connection->have >= (size_t)(body - connection->buffer) + *ret_length ? body : NULL;
}

/* Returns whether an answer has become whole; *ret_good whether it was good. */
static int take_bytes(const struct load *load, struct connection *connection, int *ret_good) {
  ssize_t got = recv(connection->fd, connection->buffer + connection->have, BUFFER - 1 - connection->have, 0);
  if (got <= 0) {
    give_up("a connection broke");
  }
  connection->have += (size_t)got;
  size_t length;
  const char *body = whole_answer(connection, &length);
  if (body == NULL) {
    return 0;
  }
  *ret_good = load->good(load->context, atoi(connection->buffer + strlen("HTTP/1.1 ")), body, length);
  return 1;
}

unsigned load_run(const struct load *load, unsigned count, double *ret_latencies, double *ret_seconds) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  unsigned sent = 0, answered = 0, good = 0;
  for (int i = 0; i < load->connections; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    connections[i].fd = connect_to(load->port);
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  double began = seconds_now();
  for (int i = 0; i < load->connections && sent < count; i++) {
    send_next(load, &connections[i], sent++);
  }
  while (answered < count) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, 30000);
    if (ready <= 0) {
      give_up("no answer within thirty seconds");
    }
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      int was_good;
      if (take_bytes(load, connection, &was_good) == 0) {
        continue;
      }
      if (ret_latencies != NULL) {
        ret_latencies[answered] = seconds_now() - connection->began;
      }
      answered++;
      good += was_good != 0;
      if (sent < count) {
        send_next(load, connection, sent++);
      }
    }
  }
  *ret_seconds = seconds_now() - began;
  for (int i = 0; i < load->connections; i++) {
    close(connections[i].fd);
  }
  close(epoll);
  return good;
}
