#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop.h"

static int64_t now_us;

static int64_t fake_us(void *context) {
  (void)context;
  return now_us;
}

static const struct clock fake_clock = {.now_ms = fake_us, .monotonic_us = fake_us};

static struct loop *loop;

static void set_up(void) {
  now_us = 1000;
  cr_assert_eq(loop_new(&fake_clock, &loop), 0);
}

static void tear_down(void) {
  loop_free(loop);
}

TestSuite(loop, .init = set_up, .fini = tear_down, .timeout = 60);

static void run_round(void) {
  cr_assert_eq(loop_round(loop, 0), 0);
}

struct counted {
  struct timer timer;
  int calls;
  int order;
  struct counted *clears; /* when due, clears this one */
  bool again;             /* when due, sets itself anew at once */
};

static int calls;

static void on_due(struct timer *timer) {
  struct counted *counted = (struct counted *)(void *)timer;
  counted->calls++;
  counted->order = ++calls;
  if (counted->clears)
    loop_clear_timer(loop, &counted->clears->timer);
  if (counted->again)
    cr_assert_eq(loop_set_timer(loop, timer, 0), 0);
}

static void set(struct counted *counted, int64_t delay_us) {
  counted->timer.due = on_due;
  cr_assert_eq(loop_set_timer(loop, &counted->timer, delay_us), 0);
}

Test(loop, timers_come_in_order_when_they_are_due) {
  struct counted late = {0}, soon = {0}, cleared = {0};
  set(&late, 200);
  set(&soon, 100);
  set(&cleared, 50);
  loop_clear_timer(loop, &cleared.timer);
  loop_clear_timer(loop, &cleared.timer);
  now_us += 99;
  run_round();
  cr_expect_eq(soon.calls, 0);
  now_us += 101;
  run_round();
  cr_expect_eq(soon.calls, 1);
  cr_expect_eq(late.calls, 1);
  cr_expect_lt(soon.order, late.order);
  cr_expect_eq(cleared.calls, 0);
  run_round();
  cr_expect_eq(soon.calls, 1, "once");
}

Test(loop, a_timer_set_anew_forgets_its_first_time) {
  struct counted counted = {0};
  set(&counted, 10);
  set(&counted, 1000);
  now_us += 500;
  run_round();
  cr_expect_eq(counted.calls, 0);
  now_us += 500;
  run_round();
  cr_expect_eq(counted.calls, 1);
}

Test(loop, a_timer_of_no_delay_comes_in_the_next_round) {
  struct counted counted = {.again = true};
  set(&counted, 0);
  for (int round = 1; round <= 5; round++) {
    run_round();
    cr_expect_eq(counted.calls, round, "once a round, never in the same");
  }
}

Test(loop, an_overdue_timer_is_not_waited_for) {
  struct counted counted = {0};
  set(&counted, 100);
  now_us += 5000000;
  cr_assert_eq(loop_round(loop, -1), 0);
  cr_expect_eq(counted.calls, 1);
}

Test(loop, a_due_timer_can_be_cleared_by_another) {
  struct counted second = {0}, first = {.clears = &second};
  set(&first, 1);
  set(&second, 2);
  now_us += 5;
  run_round();
  cr_expect_eq(first.calls, 1);
  cr_expect_eq(second.calls, 0);
}

/* Random sets and clears against a plain list. */
enum { TIMERS = 3000 };

Test(loop, many_timers_agree_with_a_list) {
  static struct counted counted[TIMERS];
  static int64_t due[TIMERS];
  static int wanted[TIMERS];
  srandom(5);
  for (int step = 0; step < 60000; step++) {
    unsigned which = (unsigned)random() % TIMERS;
    unsigned what = (unsigned)random() % 10;
    if (what < 6) {
      int64_t delay = random() % 5000;
      set(&counted[which], delay);
      due[which] = now_us + delay;
    } else if (what < 8) {
      loop_clear_timer(loop, &counted[which].timer);
      due[which] = 0;
    } else if (step % 50 == 0) {
      now_us += random() % 3000;
      run_round();
      for (unsigned i = 0; i < TIMERS; i++) {
        if (due[i] && due[i] <= now_us) {
          wanted[i]++;
          due[i] = 0;
        }
        cr_assert_eq(counted[i].calls, wanted[i], "timer %u at step %d", i, step);
      }
    }
  }
}

struct watched {
  struct watch watch;
  int calls;
  struct watched *forgets;
};

static void on_ready(struct watch *watch, uint32_t events) {
  struct watched *watched = (struct watched *)(void *)watch;
  cr_assert(events & EPOLLIN);
  watched->calls++;
  if (watched->forgets)
    loop_forget(loop, &watched->forgets->watch);
}

static void watch_readable_pipe(struct watched *watched) {
  int ends[2];
  cr_assert_eq(pipe(ends), 0);
  cr_assert_eq(write(ends[1], "x", 1), 1);
  watched->watch = (struct watch){.ready = on_ready, .fd = ends[0]};
  cr_assert_eq(loop_watch(loop, &watched->watch, EPOLLIN), 0);
}

Test(loop, what_is_ready_is_called_until_it_is_forgotten) {
  struct watched watched = {0};
  watch_readable_pipe(&watched);
  run_round();
  run_round();
  cr_expect_eq(watched.calls, 2, "level-triggered");
  cr_assert_eq(loop_change(loop, &watched.watch, 0), 0);
  run_round();
  cr_expect_eq(watched.calls, 2);
  cr_assert_eq(loop_change(loop, &watched.watch, EPOLLIN), 0);
  loop_forget(loop, &watched.watch);
  run_round();
  cr_expect_eq(watched.calls, 2);
}

/* Whichever comes first forgets the other, which is ready too. */
Test(loop, a_watch_forgotten_in_a_round_is_not_called_in_it) {
  struct watched left = {0}, right = {0};
  left.forgets = &right;
  right.forgets = &left;
  watch_readable_pipe(&left);
  watch_readable_pipe(&right);
  run_round();
  cr_expect_eq(left.calls + right.calls, 1);
}

Test(loop, a_watch_can_forget_itself) {
  struct watched watched = {0};
  watched.forgets = &watched;
  watch_readable_pipe(&watched);
  run_round();
  run_round();
  cr_expect_eq(watched.calls, 1);
}

static int ended_after;

static void on_round_end(void *context) {
  const struct watched *watched = context;
  ended_after = watched->calls;
}

Test(loop, the_rounds_end_comes_after_all_callbacks) {
  struct watched watched = {0};
  watch_readable_pipe(&watched);
  loop_on_round_end(loop, on_round_end, &watched);
  run_round();
  cr_expect_eq(ended_after, 1);
}

Test(loop, what_cannot_be_watched_is_said) {
  struct watch none = {.fd = -1};
  cr_expect_eq(loop_watch(loop, &none, EPOLLIN), -EBADF);
}

Test(loop, it_leaves_no_descriptor_open) {
  loop_free(loop);
  int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct loop *own;
  cr_assert_eq(loop_new(&system_clock, &own), 0);
  loop_free(own);
  int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
  cr_expect_eq(after, before + 1, "no descriptor is left open");
  close(before);
  close(after);
  cr_assert_eq(loop_new(&fake_clock, &loop), 0);
}

static void on_alarm(int number) {
  (void)number;
}

Test(loop, a_signal_that_is_not_its_own_is_no_error) {
  const struct sigaction action = {.sa_handler = on_alarm};
  const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
  cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
  for (int i = 0; i < 5; i++)
    cr_assert_eq(loop_round(loop, 50), 0);
  cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}

Test(loop, twenty_thousand_descriptors_are_watched) {
  struct rlimit limit;
  struct loop *own;
  cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max - 1;
  cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  cr_assert_eq(loop_new(&fake_clock, &own), 0);
  loop_free(own);
  cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  cr_expect_eq(limit.rlim_cur, limit.rlim_max, "the soft limit is raised");
  if (limit.rlim_cur < 20100)
    cr_skip_test("the hard limit on descriptors is too low");
  int ends[2];
  cr_assert_eq(pipe(ends), 0);
  cr_assert_eq(write(ends[1], "x", 1), 1);
  struct watched *watched = calloc(20000, sizeof *watched);
  for (int i = 0; i < 20000; i++) {
    watched[i].watch = (struct watch){.ready = on_ready, .fd = dup(ends[0])};
    cr_assert_eq(loop_watch(loop, &watched[i].watch, EPOLLIN), 0);
  }
  for (int round = 0; round < 100; round++)
    run_round();
  for (int i = 0; i < 20000; i++)
    cr_assert_gt(watched[i].calls, 0, "%d starved", i);
  free(watched);
}

Test(loop, a_termination_signal_ends_the_run) {
  struct loop *own;
  cr_assert_eq(loop_new(&system_clock, &own), 0);
  raise(SIGTERM);
  cr_expect_eq(loop_run(own), 0);
  raise(SIGPIPE);
  loop_free(own);
}

Test(loop, who_is_told_again_to_end_ends_in_its_own_way) {
  struct loop *own;
  loop_free(loop);
  loop = NULL;
  cr_assert_eq(loop_new(&system_clock, &own), 0);
  raise(SIGTERM);
  cr_expect_eq(loop_run(own), 0);
  raise(SIGTERM);
  loop_free(own);
  raise(SIGINT);
}

static void on_stop(struct timer *timer) {
  (void)timer;
  loop_stop(loop);
}

Test(loop, a_run_waits_for_its_timers) {
  loop_free(loop);
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  struct timer timer = {.due = on_stop};
  int64_t before = system_clock.monotonic_us(NULL);
  cr_assert_eq(loop_set_timer(loop, &timer, 20000), 0);
  cr_assert_eq(loop_run(loop), 0);
  cr_expect_geq(system_clock.monotonic_us(NULL) - before, 20000);
}
