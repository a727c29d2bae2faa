#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"

enum {
  RESTART_PAUSE_MS = 100,
  RESTART_PAUSE_MAX_MS = 5000,
  STEADY_MS = 10000, /* one that ran so long begins anew with the shortest pause */
  STOP_WAIT_MS = 10000,
  CAUSE_WAIT_MS = 500
};

struct process {
  struct supervisor *supervisor;
  enum process_name name;
  pid_t pid; /* 0: does not run */
  bool ready, was_ready;
  int64_t started_us;
  int64_t pause_ms;
  struct watch death;   /* a pidfd */
  struct watch control; /* our end of its control line */
  struct timer restart;
};

struct supervisor {
  struct supervisor_settings settings;
  struct process processes[PROCESS_COUNT];
  bool stopping;
};

static const char *const process_texts[PROCESS_COUNT] = {"vault",  "collect", "hooks",  "egress",
                                                         "router", "notify",  "sandbox"};

/* Which listener goes to which process, and by what name. */
static const struct {
  enum listener_name listener;
  enum process_name process;
  const char *name;
} listener_routes[] = {
    {LISTENER_API, PROCESS_ROUTER, "http"},
    {LISTENER_COLLECT, PROCESS_COLLECT, "http"},
    {LISTENER_HOOKS, PROCESS_HOOKS, "http"},
    {LISTENER_SANDBOX, PROCESS_SANDBOX, "http"},
    {LISTENER_SANDBOX_ADYEN, PROCESS_SANDBOX, "adyen"},
    {LISTENER_SANDBOX_CHECKOUT, PROCESS_SANDBOX, "checkout"},
    {LISTENER_SANDBOX_STRIPE, PROCESS_SANDBOX, "stripe"},
};

/* Which processes speak to each other; each is given its end under the other's name. */
static const struct {
  enum process_name left, right;
} links[] = {
    {PROCESS_VAULT, PROCESS_COLLECT}, {PROCESS_VAULT, PROCESS_HOOKS},   {PROCESS_VAULT, PROCESS_EGRESS},
    {PROCESS_VAULT, PROCESS_ROUTER},  {PROCESS_ROUTER, PROCESS_NOTIFY},
};

static int start_process(struct process *process);

const char *process_text(enum process_name name) {
  return process_texts[name];
}

static bool wanted(const struct supervisor *supervisor, enum process_name name) {
  return name != PROCESS_SANDBOX || supervisor->settings.with_sandbox;
}

static struct process *owner_of_control(struct watch *watch) {
  return (struct process *)((char *)watch - offsetof(struct process, control));
}

static struct process *owner_of_death(struct watch *watch) {
  return (struct process *)((char *)watch - offsetof(struct process, death));
}

static struct process *owner_of_restart(struct timer *timer) {
  return (struct process *)((char *)timer - offsetof(struct process, restart));
}

static void report_all_ready(struct supervisor *supervisor) {
  for (int i = 0; i < PROCESS_COUNT; i++) {
    if (wanted(supervisor, (enum process_name)i) && !supervisor->processes[i].ready) {
      return;
    }
  }
  supervisor->settings.all_ready(supervisor->settings.context);
}

static void on_control(struct watch *watch, uint32_t events) {
  (void)events;
  struct process *process = owner_of_control(watch);
  struct control_message message;
  int result = control_receive(watch->fd, &message);
  if (result == CONTROL_NOTHING) {
    return;
  }
  if (result < 0) {
    loop_forget(process->supervisor->settings.loop, watch); /* it is dying: its pidfd says the rest */
    return;
  }
  if (message.fd >= 0) {
    close(message.fd);
  }
  if (strcmp(message.name, "ready") == 0 && !process->ready) {
    process->ready = process->was_ready = true;
    report_all_ready(process->supervisor);
  }
}

/* Connects two processes by a fresh pair of sockets. One of the two that does not listen any more is dying:
 * it is started again, and connected then. */
static int link_processes(const struct process *left, const struct process *right) {
  if (left->pid == 0 || right->pid == 0) {
    return 0;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
    return -errno;
  }
  int result = control_send(left->control.fd, process_texts[right->name], ends[0], NULL, 0);
  if (result == 0) {
    result = control_send(right->control.fd, process_texts[left->name], ends[1], NULL, 0);
  }
  close(ends[0]);
  close(ends[1]);
  return result == -EPIPE || result == -ECONNRESET ? 0 : result;
}

/* All that the process has a link with. */
static int give_links(const struct process *process) {
  const struct process *processes = process->supervisor->processes;
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    if (links[i].left == process->name || links[i].right == process->name) {
      int result = link_processes(&processes[links[i].left], &processes[links[i].right]);
      if (result < 0) {
        return result;
      }
    }
  }
  return 0;
}

static int give_sockets(struct process *process) {
  struct supervisor *supervisor = process->supervisor;
  for (size_t i = 0; i < sizeof listener_routes / sizeof listener_routes[0]; i++) {
    int fd = supervisor->settings.listeners[listener_routes[i].listener].fd;
    if (listener_routes[i].process == process->name && fd >= 0) {
      int result = control_send(process->control.fd, listener_routes[i].name, fd, NULL, 0);
      if (result < 0) {
        return result;
      }
    }
  }
  int result = 0;
  if (process->name == PROCESS_VAULT) {
    result = control_send(process->control.fd, "admin", supervisor->settings.admin_listener, NULL, 0);
  }
  return result < 0 ? result : give_links(process);
}

static void run_child(const struct process *process, int control, int log) {
  const struct supervisor_settings *settings = &process->supervisor->settings;
  char program[PATH_MAX];
  const char *arguments[PROCESS_ARGUMENTS_MAX + 1] = {program};
  snprintf(program, sizeof program, "%s/freeport-%s", settings->programs, process_texts[process->name]);
  for (int i = 0; i < PROCESS_ARGUMENTS_MAX && settings->arguments[process->name][i] != NULL; i++) {
    arguments[i + 1] = settings->arguments[process->name][i];
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setpgid(0, 0); /* Ctrl-C is for the supervisor, which ends the daemons in its own order */
  prctl(PR_SET_PDEATHSIG, SIGTERM); /* a daemon does not outlive its supervisor, however that ended */
  if (dup2(log, STDERR_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(control, CONTROL_FD) < 0) {
    _exit(71);
  }
  if (control == CONTROL_FD) { /* dup2() to itself keeps close-on-exec */
    fcntl(CONTROL_FD, F_SETFD, 0);
  }
  execv(program, (char *const *)(uintptr_t)arguments); /* execv() does not write to them */
  dprintf(STDERR_FILENO, "freeport: cannot run %s: %s\n", program, strerror(errno));
  _exit(71);
}

static int open_log(const struct process *process) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/log/%s.log", process->supervisor->settings.directory,
           process_texts[process->name]);
  int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  return log < 0 ? -errno : log;
}

/* What it said last, for the person who waits for it. */
static void show_last_words(const struct process *process) {
  char path[PATH_MAX], line[512], last[512] = "";
  snprintf(path, sizeof path, "%s/log/%s.log", process->supervisor->settings.directory,
           process_texts[process->name]);
  FILE *file = fopen(path, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    memcpy(last, line, sizeof last);
  }
  if (file != NULL) {
    fclose(file);
  }
  fprintf(stderr, "freeport: %s ended before it was ready; see %s\n%s%s", process_texts[process->name], path,
          last[0] != '\0' ? "  its last line: " : "", last);
}

static void on_restart(struct timer *timer) {
  struct process *process = owner_of_restart(timer);
  int result = start_process(process);
  if (result < 0) {
    fprintf(stderr, "freeport: cannot start %s again: %s\n", process_texts[process->name], strerror(-result));
    result = loop_set_timer(process->supervisor->settings.loop, timer, RESTART_PAUSE_MAX_MS * 1000);
  }
}

/* Waits until that process has ended or the time is over. */
static bool ended_by(const struct process *process, int64_t deadline_us) {
  int64_t left_ms = (deadline_us - system_clock.monotonic_us(system_clock.context)) / 1000;
  struct pollfd waiting = {.fd = process->death.fd, .events = POLLIN};
  return poll(&waiting, 1, left_ms > 0 ? (int)left_ms : 0) > 0;
}

/* Which one's end to speak of: when the vault refuses to start, those on its lines end as well, and any of
 * them may be seen first. */
static const struct process *first_cause(const struct process *process) {
  const struct process *vault = &process->supervisor->processes[PROCESS_VAULT];
  int64_t deadline_us = system_clock.monotonic_us(system_clock.context) + (int64_t)CAUSE_WAIT_MS * 1000;
  return process != vault && vault->pid != 0 && !vault->was_ready && ended_by(vault, deadline_us) ? vault
                                                                                                  : process;
}

static void forget_process(struct process *process) {
  struct loop *loop = process->supervisor->settings.loop;
  if (process->death.fd >= 0) {
    loop_forget(loop, &process->death);
    close(process->death.fd);
  }
  loop_forget(loop, &process->control);
  close(process->control.fd);
  process->pid = 0;
  process->ready = false;
}

static void on_death(struct watch *watch, uint32_t events) {
  (void)events;
  struct process *process = owner_of_death(watch);
  struct supervisor *supervisor = process->supervisor;
  int status = 0;
  waitpid(process->pid, &status, 0);
  forget_process(process);
  if (supervisor->stopping) {
    return;
  }
  if (!process->was_ready) {
    show_last_words(first_cause(process));
    supervisor->settings.failed(supervisor->settings.context);
    return;
  }
  int64_t ran_us = system_clock.monotonic_us(system_clock.context) - process->started_us;
  if (ran_us > (int64_t)STEADY_MS * 1000) {
    process->pause_ms = RESTART_PAUSE_MS;
  }
  fprintf(stderr, "freeport: %s ended (%s %d); starting it again\n", process_texts[process->name],
          WIFSIGNALED(status) ? "signal" : "exit",
          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  if (loop_set_timer(supervisor->settings.loop, &process->restart, process->pause_ms * 1000) < 0) {
    supervisor->settings.failed(supervisor->settings.context);
  }
  process->pause_ms =
      process->pause_ms * 2 > RESTART_PAUSE_MAX_MS ? RESTART_PAUSE_MAX_MS : process->pause_ms * 2;
}

static int watch_process(struct process *process, int control) {
  struct loop *loop = process->supervisor->settings.loop;
  int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
  int error = -errno;
  process->death = (struct watch){.ready = on_death, .fd = pidfd};
  process->control = (struct watch){.ready = on_control, .fd = control};
  if (pidfd < 0) {
    return error;
  }
  fcntl(pidfd, F_SETFD, FD_CLOEXEC);
  int result = loop_watch(loop, &process->death, EPOLLIN);
  return result < 0 ? result : loop_watch(loop, &process->control, EPOLLIN);
}

/* One that cannot be watched or was not given all of its sockets: left alone it would go on without its peers
 * beside the one that is started in its place. */
static void give_up(struct process *process) {
  kill(process->pid, SIGKILL);
  waitpid(process->pid, NULL, 0);
  forget_process(process);
}

static int start_process(struct process *process) {
  int ends[2];
  int log = open_log(process);
  if (log < 0) {
    return log;
  }
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    int error = -errno;
    close(log);
    return error;
  }
  pid_t pid = fork();
  if (pid == 0) {
    run_child(process, ends[1], log);
  }
  int error = -errno;
  close(ends[1]);
  close(log);
  if (pid < 0) {
    close(ends[0]);
    return error;
  }
  process->pid = pid;
  process->started_us = system_clock.monotonic_us(system_clock.context);
  int result = watch_process(process, ends[0]);
  if (result == 0) {
    result = give_sockets(process);
  }
  if (result < 0) {
    give_up(process);
    return result;
  }
  process->supervisor->settings.started(process->supervisor->settings.context, process->name);
  return 0;
}

int supervisor_new(const struct supervisor_settings *settings, struct supervisor **ret_supervisor) {
  struct supervisor *supervisor = calloc(1, sizeof *supervisor);
  if (supervisor == NULL) {
    return -ENOMEM;
  }
  supervisor->settings = *settings;
  for (int i = 0; i < PROCESS_COUNT; i++) {
    struct process *process = &supervisor->processes[i];
    process->supervisor = supervisor;
    process->name = (enum process_name)i;
    process->pause_ms = RESTART_PAUSE_MS;
    process->restart.due = on_restart;
  }
  *ret_supervisor = supervisor;
  return 0;
}

void supervisor_free(struct supervisor *supervisor) {
  free(supervisor);
}

int supervisor_start(struct supervisor *supervisor) {
  for (int i = 0; i < PROCESS_COUNT; i++) {
    if (wanted(supervisor, (enum process_name)i)) {
      int result = start_process(&supervisor->processes[i]);
      if (result < 0) {
        return result;
      }
    }
  }
  return 0;
}

bool supervisor_stop(struct supervisor *supervisor) {
  /* Those that take requests first, so that what they began can still be finished behind them. */
  static const enum process_name order[] = {PROCESS_COLLECT, PROCESS_HOOKS, PROCESS_ROUTER, PROCESS_NOTIFY,
                                            PROCESS_EGRESS,  PROCESS_VAULT, PROCESS_SANDBOX};
  supervisor->stopping = true;
  bool clean = true;
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
    struct process *process = &supervisor->processes[order[i]];
    if (process->pid == 0) {
      continue;
    }
    kill(process->pid, SIGTERM);
    int64_t deadline_us = system_clock.monotonic_us(system_clock.context) + (int64_t)STOP_WAIT_MS * 1000;
    if (!ended_by(process, deadline_us)) {
      fprintf(stderr, "freeport: %s did not end in time and was killed\n", process_texts[process->name]);
      kill(process->pid, SIGKILL);
      clean = false;
    }
    waitpid(process->pid, NULL, 0);
    forget_process(process);
  }
  return clean;
}

pid_t supervisor_pid(const struct supervisor *supervisor, enum process_name name) {
  return supervisor->processes[name].pid;
}

int supervisor_tell(struct supervisor *supervisor, enum process_name name, const char *setting,
                    const void *payload, size_t length) {
  if (supervisor->processes[name].pid == 0) {
    return -ESRCH;
  }
  return control_send(supervisor->processes[name].control.fd, setting, -1, payload, length);
}

int supervisor_hand(struct supervisor *supervisor, enum process_name name, const char *what, int fd) {
  if (supervisor->processes[name].pid == 0) {
    return -ESRCH;
  }
  return control_send(supervisor->processes[name].control.fd, what, fd, NULL, 0);
}
