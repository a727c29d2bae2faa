#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "timers.h"

enum { EVENTS_PER_ROUND = 1024, US_PER_MS = 1000 };

struct loop {
  const struct clock *clock;
  int epoll;
  struct watch signals;
  struct timers timers;
  void (*round_end)(void *context);
  void *round_end_context;
  bool stopped;
  int ready;   /* how many of events the running round took */
  int handled; /* how many of them were called or are being called */
  struct epoll_event events[EVENTS_PER_ROUND];
};

/* A process holds thousands of connections: take what the hard limit grants. That it grants little is no
 * error here. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static void on_signal(struct watch *watch, uint32_t events) {
  (void)events;
  struct loop *loop = (struct loop *)(void *)((char *)watch - offsetof(struct loop, signals));
  struct signalfd_siginfo info;
  if (read(watch->fd, &info, sizeof info) == (ssize_t)sizeof info)
    loop->stopped = true;
}

static int take_signals(struct loop *loop) {
  sigset_t taken;
  sigemptyset(&taken);
  sigaddset(&taken, SIGTERM);
  sigaddset(&taken, SIGINT);
  signal(SIGPIPE, SIG_IGN);
  int r = pthread_sigmask(SIG_BLOCK, &taken, NULL);
  if (r != 0)
    return -r;
  loop->signals = (struct watch){.ready = on_signal, .fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC)};
  if (loop->signals.fd < 0)
    return -errno;
  return loop_watch(loop, &loop->signals, EPOLLIN);
}

int loop_new(const struct clock *clock, struct loop **ret_loop) {
  struct loop *loop = calloc(1, sizeof *loop);
  if (!loop)
    return -ENOMEM;
  loop->clock = clock;
  loop->signals.fd = -1;
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  int r = loop->epoll < 0 ? -errno : timers_open(&loop->timers);
  if (r == 0)
    r = take_signals(loop);
  if (r < 0) {
    loop_free(loop);
    return r;
  }
  raise_descriptor_limit();
  *ret_loop = loop;
  return 0;
}

void loop_free(struct loop *loop) {
  if (!loop)
    return;
  if (loop->signals.fd >= 0)
    close(loop->signals.fd);
  if (loop->epoll >= 0)
    close(loop->epoll);
  timers_close(&loop->timers);
  free(loop);
}

static int control(struct loop *loop, int operation, struct watch *watch, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = watch};
  return epoll_ctl(loop->epoll, operation, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_watch(struct loop *loop, struct watch *watch, uint32_t events) {
  return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct watch *watch, uint32_t events) {
  return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_forget(struct loop *loop, struct watch *watch) {
  (void)control(loop, EPOLL_CTL_DEL, watch, 0);
  for (int i = loop->handled; i < loop->ready; i++) {
    if (loop->events[i].data.ptr == watch)
      loop->events[i].data.ptr = NULL;
  }
}

static int64_t now_us(const struct loop *loop) {
  return loop->clock->monotonic_us(loop->clock->context);
}

int loop_set_timer(struct loop *loop, struct timer *timer, int64_t delay_us) {
  timers_remove(&loop->timers, timer);
  timer->at_us = now_us(loop) + (delay_us > 0 ? delay_us : 0);
  return timers_add(&loop->timers, timer);
}

void loop_clear_timer(struct loop *loop, struct timer *timer) {
  timers_remove(&loop->timers, timer);
}

void loop_on_round_end(struct loop *loop, void (*round_end)(void *context), void *context) {
  loop->round_end = round_end;
  loop->round_end_context = context;
}

void loop_stop(struct loop *loop) {
  loop->stopped = true;
}

/* How long epoll may wait, in milliseconds, rounded up so that no round comes just before its timer. */
static int wait_ms(const struct loop *loop, int timeout_ms) {
  const struct timer *first = timers_first(&loop->timers);
  if (!first || timeout_ms == 0)
    return timeout_ms;
  int64_t left_us = first->at_us - now_us(loop);
  if (left_us <= 0)
    return 0;
  int64_t left_ms = (left_us + US_PER_MS - 1) / US_PER_MS;
  int64_t most = timeout_ms < 0 ? INT32_MAX : timeout_ms;
  return (int)(left_ms < most ? left_ms : most);
}

static void call_ready(struct loop *loop) {
  while (loop->handled < loop->ready) {
    const struct epoll_event *event = &loop->events[loop->handled++];
    struct watch *watch = event->data.ptr;
    if (watch)
      watch->ready(watch, event->events);
  }
  loop->ready = loop->handled = 0;
}

static void call_due(struct loop *loop) {
  int64_t now = now_us(loop);
  for (;;) {
    struct timer *timer = timers_first(&loop->timers);
    if (!timer || timer->at_us > now)
      return;
    timers_remove(&loop->timers, timer);
    timer->due(timer);
  }
}

int loop_round(struct loop *loop, int timeout_ms) {
  timers_settle(&loop->timers);
  int ready = epoll_wait(loop->epoll, loop->events, EVENTS_PER_ROUND, wait_ms(loop, timeout_ms));
  if (ready < 0 && errno != EINTR)
    return -errno;
  loop->ready = ready < 0 ? 0 : ready;
  loop->handled = 0;
  call_ready(loop);
  call_due(loop);
  if (loop->round_end)
    loop->round_end(loop->round_end_context);
  return 0;
}

int loop_run(struct loop *loop) {
  loop->stopped = false;
  while (!loop->stopped) {
    int r = loop_round(loop, -1);
    if (r < 0)
      return r;
  }
  return 0;
}
