#include "front.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, QUIET_US = 40000, QUIET_ROUNDS = 40 };

static struct front *current;

static void gone(struct http_request *request) {
  current->gone++;
  if (current->kept == request)
    current->kept = NULL;
}

static void handle(void *context, struct http_request *request) {
  struct front *front = context;
  front->handled++;
  snprintf(front->last_path, sizeof front->last_path, "%s", request->path);
  front->last_body = request->body_length;
  if (strcmp(request->path, "/keep") == 0) {
    front->kept = request;
    http_keep(request, gone);
    return;
  }
  http_answer(request, &(struct http_response){.status = 200,
                                               .content_type = "application/json",
                                               .body = "{\"ok\":true}",
                                               .length = 11,
                                               .body_is_static = true});
}

void front_open(struct front *front, struct http_limits limits, const char *certificate, const char *key) {
  memset(front, 0, sizeof *front);
  current = front;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int error = fd == -1 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, BACKLOG) != 0 ||
              getsockname(fd, (struct sockaddr *)&address, &length) != 0;
  assert(error == 0);
  front->port = ntohs(address.sin_port);
  error = loop_new(&system_clock, &front->loop);
  assert(error == 0);
  struct http_options options = {.loop = front->loop,
                                 .clock = &system_clock,
                                 .listen_fd = fd,
                                 .limits = limits,
                                 .certificate = certificate,
                                 .certificate_key = key,
                                 .handle = handle,
                                 .context = front};
  error = http_server_open(&options, &front->server);
  assert(error == 0);
}

void front_close(struct front *front) {
  http_server_close(front->server);
  loop_free(front->loop);
}

void front_run(struct front *front, int rounds) {
  for (int i = 0; i < rounds; i++) {
    int error = loop_round(front->loop, 1);
    assert(error == 0);
  }
}

int front_connect(const struct front *front) {
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)front->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int error = client == -1 || connect(client, (struct sockaddr *)&address, sizeof address) != 0 ||
              fcntl(client, F_SETFL, O_NONBLOCK) != 0;
  assert(error == 0);
  return client;
}

static int64_t now_us(void) {
  return system_clock.monotonic_us(system_clock.context);
}

void front_talk(struct front *front, int client, const void *bytes, size_t length, struct talk *ret_talk) {
  size_t sent = 0;
  ret_talk->length = 0;
  ret_talk->closed = false;
  int64_t last_us = now_us();
  /* Rounds as well, because on a busy machine the time is up before the server had its turn. */
  for (unsigned quiet = 0; (quiet < QUIET_ROUNDS || now_us() - last_us < QUIET_US) && !ret_talk->closed;
       quiet++) {
    if (sent < length) {
      ssize_t now = send(client, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
      sent += now > 0 ? (size_t)now : 0;
      if (now > 0)
        quiet = 0, last_us = now_us();
    }
    int error = loop_round(front->loop, 1);
    assert(error == 0);
    ssize_t got =
        recv(client, ret_talk->text + ret_talk->length, sizeof ret_talk->text - 1 - ret_talk->length, 0);
    if (got > 0) {
      ret_talk->length += (size_t)got;
      quiet = 0, last_us = now_us();
    }
    ret_talk->closed = got == 0 || (got == -1 && errno != EAGAIN);
  }
  ret_talk->text[ret_talk->length] = '\0';
}

int status_of(const char *text) {
  return strncmp(text, "HTTP/1.", 7) == 0 && strlen(text) > 12 ? atoi(text + 9) : 0;
}

unsigned answers_in(const char *text) {
  unsigned count = 0;
  while ((text = strstr(text, "HTTP/1.1 ")) != NULL) {
    text += 9;
    count += *text >= '1' && *text <= '5';
  }
  return count;
}
