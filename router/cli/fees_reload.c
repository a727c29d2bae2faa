#include "fees_reload.h"

#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A file that is wrong is said to be, and the fees stay what they were. */
static void hand_over(struct fees_reload *reload) {
  if (reload->path == NULL) {
    fputs("freeport: freeport.yaml names no file of fees\n", stderr);
    return;
  }
  if (config_check_fees(reload->path) < 0) {
    return;
  }
  int fd = open(reload->path, O_RDONLY | O_CLOEXEC);
  int result = fd < 0 ? -errno : supervisor_hand(reload->supervisor, PROCESS_ROUTER, "fees", fd);
  if (fd >= 0) {
    close(fd);
  }
  if (result == 0) {
    fputs("freeport: the router was given the fees anew\n", stderr);
  } else if (result != -ESRCH) { /* it reads them when it starts */
    fprintf(stderr, "freeport: the fees did not reach the router: %s\n", strerror(-result));
  }
}

static void on_signal(struct watch *watch, uint32_t events) {
  struct fees_reload *reload =
      (struct fees_reload *)(void *)((char *)watch - offsetof(struct fees_reload, watch));
  struct signalfd_siginfo info;
  (void)events;
  if (read(watch->fd, &info, sizeof info) == sizeof info) {
    hand_over(reload);
  }
}

int fees_reload_open(struct fees_reload *reload, const char *path, struct loop *loop,
                     struct supervisor *supervisor) {
  sigset_t taken;
  sigemptyset(&taken);
  sigaddset(&taken, SIGUSR1);
  sigprocmask(SIG_BLOCK, &taken, NULL);
  int fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) {
    return -errno;
  }
  *reload = (struct fees_reload){
      .watch = {.ready = on_signal, .fd = fd}, .path = path, .loop = loop, .supervisor = supervisor};
  int result = loop_watch(loop, &reload->watch, EPOLLIN);
  if (result < 0) {
    close(fd);
    *reload = (struct fees_reload){0};
  }
  return result;
}

void fees_reload_close(struct fees_reload *reload) {
  if (reload->loop == NULL) {
    return;
  }
  loop_forget(reload->loop, &reload->watch);
  close(reload->watch.fd);
  *reload = (struct fees_reload){0};
}
