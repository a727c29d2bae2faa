#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"

enum { ARGUMENTS_MAX = 32, READY_MS = 10000 };

__attribute__((noreturn)) static void end_with(const char *what) {
  fprintf(stderr, "cannot start a daemon: %s: %s\n", what, strerror(errno));
  exit(1);
}

__attribute__((noreturn)) static void run(const char *program, const char *const *arguments, const char *log, int cpu,
                                          int control) {
  const char *argv[ARGUMENTS_MAX] = {program};
  for (int i = 0; i < ARGUMENTS_MAX - 2 && arguments[i] != NULL; i++) {
    argv[i + 1] = arguments[i];
  }
  if (log != NULL) {
    dup2(open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
  }
  if (cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN)), &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (control == CONTROL_FD) {
    fcntl(control, F_SETFD, 0);
  } else {
    dup2(control, CONTROL_FD);
  }
  execv(program, (char *const *)(uintptr_t)argv);
  _exit(127);
}

struct daemon daemon_start(const char *program, const char *const *arguments, const char *log, int cpu) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    end_with("its control line");
  }
  pid_t pid = fork();
  if (pid < 0) {
    end_with("fork");
  }
  if (pid == 0) {
    run(program, arguments, log, cpu, ends[1]);
  }
  close(ends[1]);
  return (struct daemon){.pid = pid, .control = ends[0]};
}

void daemon_give(const struct daemon *daemon, const char *name, int fd) {
  if (control_send(daemon->control, name, fd, NULL, 0) < 0) {
    end_with("handing it a descriptor");
  }
}

int daemon_link(const struct daemon *daemon, const char *name) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    end_with("a socket pair");
  }
  daemon_give(daemon, name, ends[1]);
  close(ends[1]);
  return ends[0];
}

int daemon_wait_ready(const struct daemon *daemon) {
  struct pollfd waiting = {.fd = daemon->control, .events = POLLIN};
  struct control_message message;
  return poll(&waiting, 1, READY_MS) == 1 && control_receive(daemon->control, &message) == 0 &&
         strcmp(message.name, "ready") == 0;
}

int daemon_end(struct daemon *daemon) {
  int status = 0;
  kill(daemon->pid, SIGTERM);
  waitpid(daemon->pid, &status, 0);
  close(daemon->control);
  *daemon = (struct daemon){.pid = 0, .control = -1};
  return status;
}
