#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "card_body.h"
#include "collect.h"
#include "control.h"
#include "jail.h"
#include "json_guard.h"
#include "log.h"

enum {
  EXIT_WRONG_USAGE = 64,
  PEM_MAX = 65536,
  CONNECTIONS_MAX = 8192,
  CONNECTION_TIMEOUT_S = 20,
};

struct process {
  struct collect collect;
  struct collect_options options;
  struct loop *loop;
  struct http_server *server;
  struct watch control;
  char *certificate, *certificate_key;
  bool ready_sent;
  int result; /* what main() returns */
};

static void end(struct process *process, int result) {
  process->result = result;
  loop_stop(process->loop);
}

static int serve(struct process *process, int fd) {
  if (process->server != NULL) {
    close(fd);
    return 0;
  }
  struct http_options options = {
      .loop = process->loop,
      .clock = &system_clock,
      .listen_fd = fd,
      .limits = {CARD_BODY_MAX, CONNECTIONS_MAX, LINE_QUESTIONS_MAX, CONNECTION_TIMEOUT_S},
      .certificate = process->certificate,
      .certificate_key = process->certificate_key,
      .handle = collect_handle,
      .context = &process->collect};
  int error = http_server_open(&options, &process->server);
  if (error == 0 && process->certificate_key != NULL)
    sodium_memzero(process->certificate_key, strlen(process->certificate_key));
  return error != 0 ? error : jail_enter(JAIL_COLLECT, NULL, NULL);
}

/* What one message of the supervisor asks for. Returns 0 or a negated errno that ends the process. */
static int obey(struct process *process, const struct control_message *message) {
  int error = 0;
  if (strcmp(message->name, "http") == 0 && message->fd != -1) {
    error = serve(process, message->fd);
  } else if (strcmp(message->name, "vault") == 0 && message->fd != -1) {
    int lost = line_connect(&process->collect.line, message->fd);
    if (lost != 0)
      log_error("vault_line_refused", lost);
  } else if (message->fd != -1) {
    close(message->fd);
  }
  if (error == 0 && !process->ready_sent && process->server != NULL && line_up(&process->collect.line)) {
    process->ready_sent = true;
    error = control_send(CONTROL_FD, "ready", -1, NULL, 0);
  }
  return error;
}

static void control_ready(struct watch *watch, uint32_t events) {
  (void)events;
  struct process *process = (struct process *)(void *)((char *)watch - offsetof(struct process, control));
  struct control_message message;
  for (;;) {
    int outcome = control_receive(CONTROL_FD, &message);
    if (outcome == CONTROL_NOTHING)
      return;
    if (outcome == -ECONNRESET) {
      end(process, EXIT_SUCCESS);
      return;
    }
    int error = outcome == 0 ? obey(process, &message) : outcome;
    if (error != 0) {
      log_error("control_failed", error);
      end(process, EXIT_FAILURE);
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

static int read_files(struct process *process) {
  if (process->options.certificate == NULL)
    return 0;
  process->certificate = read_pem(process->options.certificate);
  process->certificate_key = read_pem(process->options.certificate_key);
  return process->certificate != NULL && process->certificate_key != NULL ? 0 : -EINVAL;
}

static int start(struct process *process) {
  int error = sodium_init() < 0 ? -EIO : read_files(process);
  json_object_seed(randombytes_random()); /* by itself it would open /dev/urandom in the jail, and guess */
  if (error == 0)
    error = loop_new(&system_clock, &process->loop);
  if (error == 0)
    error = collect_open(&process->collect, &process->options, process->loop, &system_clock);
  process->control = (struct watch){control_ready, CONTROL_FD};
  return error != 0 ? error : loop_watch(process->loop, &process->control, EPOLLIN);
}

static void stop(struct process *process) {
  http_server_close(process->server);
  collect_close(&process->collect);
  loop_free(process->loop);
  free(process->certificate);
  free(process->certificate_key);
}

int main(int argc, char **argv) {
  static struct process process;
  const char *reason;
  int error = jail_begin();
  log_open("freeport-collect");
  json_wipe_freed();
  switch (options_read(argc, argv, &process.options, &reason)) {
  case OPTIONS_HELP:
    fputs(options_help(), stdout);
    return EXIT_SUCCESS;
  case OPTIONS_WRONG:
    fprintf(stderr, "freeport-collect: %s; see --help\n", reason);
    return EXIT_WRONG_USAGE;
  default:
    break;
  }
  if (error == 0)
    error = start(&process);
  if (error == 0)
    error = loop_run(process.loop);
  if (error != 0) {
    log_error("ended", error);
    return EXIT_FAILURE;
  }
  stop(&process);
  return process.result;
}
