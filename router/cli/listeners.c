#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static int listen_on(uint16_t port, struct listener *ret_listener) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return -errno;
  }
  int on = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  *ret_listener = (struct listener){.fd = fd, .port = ntohs(address.sin_port)};
  return 0;
}

static void remembered_ports(const char *directory, uint16_t ret_ports[LISTENER_COUNT]) {
  memset(ret_ports, 0, LISTENER_COUNT * sizeof ret_ports[0]);
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/run/ports", directory);
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return;
  }
  for (int i = 0; i < LISTENER_COUNT && fscanf(file, "%hu", &ret_ports[i]) == 1; i++) {
  }
  fclose(file);
}

/* Ports of listeners that are not open this time are remembered for the next. */
static int remember_ports(const char *directory, const struct listener *listeners,
                          const uint16_t before[LISTENER_COUNT]) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/run/ports", directory);
  FILE *file = fopen(path, "we");
  if (file == NULL) {
    return -errno;
  }
  for (int i = 0; i < LISTENER_COUNT; i++) {
    fprintf(file, "%u\n", listeners[i].fd >= 0 ? listeners[i].port : before[i]);
  }
  return fclose(file) == 0 ? 0 : -errno;
}

/* A kept port that somebody else has taken is not changed for another: clients and PSPs know it. */
static int open_one(const char *directory, uint16_t wanted, bool kept, struct listener *ret_listener) {
  int result = listen_on(wanted, ret_listener);
  if (result < 0) {
    fprintf(stderr, "freeport: cannot listen on 127.0.0.1:%u: %s\n", wanted, strerror(-result));
  }
  if (result == -EADDRINUSE && kept) {
    fprintf(stderr,
            "freeport: this stack keeps its ports: end what has that one, give others with --port-base, or "
            "remove %s/run/ports to have new ones chosen\n",
            directory);
  }
  return result;
}

int listeners_open(const char *directory, uint16_t port_base, bool with_sandbox,
                   struct listener ret_listeners[LISTENER_COUNT]) {
  for (int i = 0; i < LISTENER_COUNT; i++) {
    ret_listeners[i].fd = -1;
  }
  uint16_t remembered[LISTENER_COUNT];
  remembered_ports(directory, remembered);
  for (int i = 0; i < LISTENER_COUNT; i++) {
    if (i >= LISTENER_SANDBOX && i <= LISTENER_SANDBOX_STRIPE && !with_sandbox) {
      continue;
    }
    uint16_t wanted = port_base != 0 ? (uint16_t)(port_base + i) : remembered[i];
    int result = open_one(directory, wanted, port_base == 0, &ret_listeners[i]);
    if (result < 0) {
      listeners_close(ret_listeners);
      return result;
    }
  }
  return remember_ports(directory, ret_listeners, remembered);
}

void listeners_close(struct listener listeners[LISTENER_COUNT]) {
  for (int i = 0; i < LISTENER_COUNT; i++) {
    if (listeners[i].fd >= 0) {
      close(listeners[i].fd);
      listeners[i].fd = -1;
    }
  }
}
