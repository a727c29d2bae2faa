#include "spawn.h"

#include "control.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60000, STEP_MS = 10 };

/* Ends the test, or whatever else started the process, when condition does not hold. */
static void must(bool condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "spawn: %s: %s\n", what, strerror(errno));
    abort();
  }
}

static void run_child(const char *name, const char *const *arguments, char **environment, int control,
                      int errors) {
  char path[512];
  char *argv[SPAWN_ARGUMENTS_MAX + 2] = {path};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  snprintf(path, sizeof path, "%s/%s", FREEPORT_BUILD, name);
  for (int i = 0; arguments[i] != NULL && i < SPAWN_ARGUMENTS_MAX; i++)
    argv[i + 1] = (char *)(uintptr_t)arguments[i];
  if (dup2(errors, STDERR_FILENO) < 0 || dup2(control, CONTROL_FD) < 0)
    _exit(126);
  execve(path, argv, environment != NULL ? environment : environ);
  _exit(127);
}

void spawn_start(struct spawned *spawned, const char *name, const char *const *arguments,
                 char **environment) {
  int pair[2];
  must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a socket pair");
  /* Above CONTROL_FD, so that dup2() there clears the close-on-exec flag and closes none of them. */
  int control = fcntl(pair[1], F_DUPFD_CLOEXEC, 10);
  close(pair[1]);
  *spawned = (struct spawned){.control = pair[0], .errors = memfd_create("errors", MFD_CLOEXEC)};
  must(spawned->errors >= 0, "a file for its errors");
  spawned->pid = fork();
  must(spawned->pid >= 0, "fork");
  if (spawned->pid == 0)
    run_child(name, arguments, environment, control, spawned->errors);
  close(control);
}

void spawn_give(struct spawned *spawned, const char *name, int fd) {
  struct pollfd watched = {.fd = spawned->control, .events = POLLOUT};
  int r;
  while ((r = control_send(spawned->control, name, fd, NULL, 0)) == -EAGAIN) /* its queue is full */
    must(poll(&watched, 1, WAIT_MS) == 1, "it takes no descriptor");
  must(r == 0, "handing over a descriptor");
}

int spawn_connect(struct spawned *spawned, const char *peer) {
  int pair[2];
  must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a socket pair");
  spawn_give(spawned, peer, pair[1]);
  close(pair[1]);
  return pair[0];
}

void spawn_wait_ready(struct spawned *spawned) {
  struct pollfd watched = {.fd = spawned->control, .events = POLLIN};
  static struct control_message message;
  must(poll(&watched, 1, WAIT_MS) == 1, "it is not ready");
  if (control_receive(spawned->control, &message) == 0 && strcmp(message.name, "ready") == 0)
    return;
  static char output[SPAWN_OUTPUT_MAX + 1];
  spawn_output(spawned, output);
  must(false, output);
}

bool spawn_runs(const struct spawned *spawned) {
  siginfo_t info = {0};
  must(waitid(P_PID, (id_t)spawned->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0, "waitid");
  return info.si_pid == 0;
}

int spawn_wait_end(struct spawned *spawned) {
  int status = 0;
  for (int waited = 0; spawn_runs(spawned) && waited < WAIT_MS; waited += STEP_MS)
    usleep(STEP_MS * 1000);
  if (spawn_runs(spawned))
    kill(spawned->pid, SIGKILL);
  must(waitpid(spawned->pid, &status, 0) == spawned->pid, "waitpid");
  close(spawned->control);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int spawn_stop(struct spawned *spawned) {
  kill(spawned->pid, SIGTERM);
  return spawn_wait_end(spawned);
}

size_t spawn_output(const struct spawned *spawned, char *ret) {
  ssize_t length = pread(spawned->errors, ret, SPAWN_OUTPUT_MAX, 0);
  must(length >= 0, "reading its errors");
  ret[length] = '\0';
  return (size_t)length;
}

#ifdef FREEPORT_SANITIZED
/* Shadow memory is terabytes, and freed blocks are kept on purpose. */
int spawn_memory_count(const struct spawned *spawned, const void *bytes, size_t length) {
  (void)spawned;
  (void)bytes;
  (void)length;
  return -1;
}
#else
enum { MEMORY_PIECE = 1 << 20 };

/* Pieces overlap by length, so that nothing is missed between two. */
static int count_in_range(int memory, off_t from, off_t to, const void *bytes, size_t length, char *piece) {
  int count = 0;
  for (off_t at = from; at < to; at += MEMORY_PIECE) {
    ssize_t got = pread(memory, piece, MEMORY_PIECE + length, at);
    if (got < (ssize_t)length)
      continue;
    if (at + got > to)
      got = to - at;
    const char *end = piece + got;
    for (const char *hit = piece; (hit = memmem(hit, (size_t)(end - hit), bytes, length)) != NULL; hit++)
      count += hit - piece < MEMORY_PIECE;
  }
  return count;
}

int spawn_memory_count(const struct spawned *spawned, const void *bytes, size_t length) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/mem", spawned->pid);
  int memory = open(path, O_RDONLY | O_CLOEXEC);
  snprintf(path, sizeof path, "/proc/%d/maps", spawned->pid);
  FILE *maps = fopen(path, "re");
  char *piece = malloc(MEMORY_PIECE + length);
  int count = memory < 0 || maps == NULL ? -1 : 0;
  unsigned long from, to;
  char mode[8];
  while (count >= 0 && fgets(line, sizeof line, maps) != NULL)
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && strstr(line, "[v") == NULL)
      count += count_in_range(memory, (off_t)from, (off_t)to, bytes, length, piece);
  free(piece);
  if (maps != NULL)
    fclose(maps);
  if (memory >= 0)
    close(memory);
  return count;
}
#endif
