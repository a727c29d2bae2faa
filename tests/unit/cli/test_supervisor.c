/* The supervisor, with stand-ins for the daemons. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor.h"

enum { ROUND_MS = 20, WAIT_MS = 60000 };

static char folder[64];
static struct listener listeners[LISTENER_COUNT];
static unsigned started[PROCESS_COUNT];
static bool ready;

static void on_ready(void *context) {
  (void)context;
  ready = true;
}

static void on_started(void *context, enum process_name name) {
  (void)context;
  started[name]++;
}

static void on_failed(void *context) {
  (void)context;
  cr_assert_fail("one of them ended before it was ready");
}

static void link_daemon(const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/freeport-%s", folder, name);
  cr_assert_eq(symlink(FAKE_DAEMON, path), 0);
}

static struct supervisor *start(struct loop *loop, int admin) {
  snprintf(folder, sizeof folder, "/tmp/freeport-supervisor-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  char log[128];
  snprintf(log, sizeof log, "%s/log", folder);
  cr_assert_eq(mkdir(log, 0700), 0);
  for (int i = 0; i < LISTENER_COUNT; i++)
    listeners[i].fd = -1;
  struct supervisor_settings settings = {.loop = loop,
                                         .directory = folder,
                                         .programs = folder,
                                         .listeners = listeners,
                                         .admin_listener = admin,
                                         .all_ready = on_ready,
                                         .started = on_started,
                                         .failed = on_failed};
  for (enum process_name name = PROCESS_VAULT; name <= PROCESS_NOTIFY; name++)
    link_daemon(process_text(name));
  struct supervisor *supervisor;
  cr_assert_eq(supervisor_new(&settings, &supervisor), 0);
  cr_assert_eq(supervisor_start(supervisor), 0);
  return supervisor;
}

static void remove_folder(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  cr_assert_eq(system(command), 0);
}

/* A peer that is started again while the vault is dying waits for the next vault. Given up half-way it went
 * on without one, beside a second of its kind. */
Test(supervisor, a_peer_is_started_again_beside_a_dying_vault) {
  struct loop *loop;
  int admin[2];
  cr_assert_eq(loop_new(&system_clock, &loop), 0);
  cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, admin), 0);
  struct supervisor *supervisor = start(loop, admin[0]);
  for (int i = 0; i < WAIT_MS / ROUND_MS && !ready; i++)
    cr_assert_eq(loop_round(loop, ROUND_MS), 0);
  cr_assert(ready);
  usleep(100 * 1000); /* the vault lets go of its line after it was heard */
  pid_t first = supervisor_pid(supervisor, PROCESS_COLLECT);
  cr_assert_eq(getpgid(first), first); /* so that Ctrl-C at a terminal reaches the supervisor alone */
  cr_assert_eq(kill(first, SIGKILL), 0);
  for (int i = 0; i < WAIT_MS / ROUND_MS && started[PROCESS_COLLECT] < 2; i++)
    cr_assert_eq(loop_round(loop, ROUND_MS), 0);
  cr_assert_eq(started[PROCESS_COLLECT], 2);
  cr_assert_neq(supervisor_pid(supervisor, PROCESS_COLLECT), 0);
  cr_assert_neq(supervisor_pid(supervisor, PROCESS_COLLECT), first);
  (void)supervisor_stop(supervisor);
  supervisor_free(supervisor);
  loop_free(loop);
  close(admin[0]);
  close(admin[1]);
  remove_folder();
}
