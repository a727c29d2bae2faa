#include "front_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "control.h"
#include "json_guard.h"
#include "log.h"

enum { PEM_MAX = 65536 };

static void end(struct front *front, int result) {
  front->result = result;
  loop_stop(front->loop);
}

/* All of it, whatever bytes stand in the file. */
static void forget_key(const struct front *front) {
  if (front->certificate_key != NULL)
    sodium_memzero(front->certificate_key, PEM_MAX);
}

static int serve(struct front *front, int fd) {
  if (front->server != NULL) {
    close(fd);
    return 0;
  }
  const struct front_settings *settings = front->settings;
  struct http_options options = {.loop = front->loop,
                                 .clock = &system_clock,
                                 .listen_fd = fd,
                                 .limits = settings->limits,
                                 .certificate = front->certificate,
                                 .certificate_key = front->certificate_key,
                                 .handle = settings->handle,
                                 .context = settings->context};
  int error = http_server_open(&options, &front->server);
  forget_key(front);
  return error != 0 ? error : jail_enter(settings->role, NULL, NULL);
}

/* What one message of the supervisor asks for. Returns 0 or a negated errno that ends the process. */
static int obey(struct front *front, const struct control_message *message) {
  int error = 0;
  if (strcmp(message->name, "http") == 0 && message->fd != -1) {
    error = serve(front, message->fd);
  } else if (strcmp(message->name, "vault") == 0 && message->fd != -1) {
    int lost = line_connect(front->settings->line, message->fd);
    if (lost != 0)
      log_error("vault_line_refused", lost);
  } else if (message->fd != -1) {
    close(message->fd);
  }
  if (error == 0 && !front->ready_sent && front->server != NULL && line_up(front->settings->line)) {
    front->ready_sent = true;
    error = control_send(CONTROL_FD, "ready", -1, NULL, 0);
  }
  return error;
}

static void control_ready(struct watch *watch, uint32_t events) {
  (void)events;
  struct front *front = (struct front *)(void *)((char *)watch - offsetof(struct front, control));
  struct control_message message;
  for (;;) {
    int outcome = control_receive(CONTROL_FD, &message);
    if (outcome == CONTROL_NOTHING)
      return;
    if (outcome == -ECONNRESET) {
      end(front, EXIT_SUCCESS);
      return;
    }
    int error = outcome == 0 ? obey(front, &message) : outcome;
    if (error != 0) {
      log_error("control_failed", error);
      end(front, EXIT_FAILURE);
      return;
    }
  }
}

/* The text of a small file, or NULL with errno. */
static char *read_pem(const char *path) {
  char *text = calloc(1, PEM_MAX + 1);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = text != NULL && fd != -1 ? read(fd, text, PEM_MAX) : -1;
  if (fd != -1)
    close(fd);
  if (length > 0)
    return text;
  free(text);
  return NULL;
}

static int read_files(struct front *front, const char *certificate, const char *certificate_key) {
  if (certificate == NULL)
    return 0;
  front->certificate = read_pem(certificate);
  front->certificate_key = read_pem(certificate_key);
  return front->certificate != NULL && front->certificate_key != NULL ? 0 : -EINVAL;
}

int front_begin(struct front *front, const char *certificate, const char *certificate_key) {
  *front = (struct front){.control = {control_ready, CONTROL_FD}};
  int error = sodium_init() < 0 ? -EIO : read_files(front, certificate, certificate_key);
  json_object_seed(randombytes_random()); /* by itself it would open /dev/urandom in the jail, and guess */
  if (error == 0)
    error = loop_new(&system_clock, &front->loop);
  if (error != 0)
    front_end(front);
  return error;
}

int front_run(struct front *front, const struct front_settings *settings) {
  front->settings = settings;
  int error = loop_watch(front->loop, &front->control, EPOLLIN);
  return error != 0 ? error : loop_run(front->loop);
}

void front_stop(struct front *front) {
  http_server_close(front->server);
  front->server = NULL;
}

void front_end(struct front *front) {
  loop_free(front->loop);
  forget_key(front);
  free(front->certificate);
  free(front->certificate_key);
  *front = (struct front){.result = front->result};
}
