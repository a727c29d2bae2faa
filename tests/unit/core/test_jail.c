/* Each deed is done in a child that has entered the jail; how the child ended is looked at from outside. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "jail.h"
#include "loop.h"
#include "store_lmdb.h"

enum {
  DONE = 0,
  REFUSED = 10,
  JAIL_FAILED = 20,
  DIFFERENT = 21,
  KILLED = 1000,
  ROLE_COUNT = JAIL_NOTIFY + 1
};

/* Makes a deed's result an exit status: done, refused with EPERM or EACCES, or something else. */
static int status_of(long result) {
  if (result >= 0)
    return DONE;
  return errno == EPERM || errno == EACCES ? REFUSED : DIFFERENT;
}

static char directory[64];
static int listener = -1;
static struct sockaddr_in listener_address;

static void set_up(void) {
  snprintf(directory, sizeof directory, "/tmp/freeport-jail-XXXXXX");
  cr_assert_not_null(mkdtemp(directory));
  listener = socket(AF_INET, SOCK_STREAM, 0);
  listener_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof listener_address;
  cr_assert_eq(bind(listener, (struct sockaddr *)&listener_address, size), 0);
  cr_assert_eq(listen(listener, 4), 0);
  cr_assert_eq(getsockname(listener, (struct sockaddr *)&listener_address, &size), 0);
}

static void tear_down(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", directory);
  cr_assert_eq(system(command), 0);
}

TestSuite(jail, .init = set_up, .fini = tear_down, .timeout = 60);

/* The exit status of the deed in that role's jail, or KILLED when the filter ended the process. */
static int in_jail(enum jail_role role, int (*deed)(void)) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    const char *data = role == JAIL_VAULT || role == JAIL_ROUTER ? directory : NULL;
    if (jail_begin() < 0 || jail_enter(role, data, NULL) < 0)
      _exit(JAIL_FAILED);
    _exit(deed());
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGSYS ? KILLED : -WTERMSIG(status);
  return WEXITSTATUS(status);
}

static int do_nothing(void) {
  return DONE;
}
static int do_exec(void) {
  char *const arguments[] = {(char[]){"true"}, NULL};
  return status_of(execv("/bin/true", arguments));
}
static int do_execveat(void) {
  return status_of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0));
}
static int do_fork(void) {
  pid_t child = fork();
  if (child == 0)
    _exit(DONE);
  return status_of(child);
}
static int do_ptrace(void) {
  return status_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int do_read_process(void) {
  char byte = 0, other = 0;
  struct iovec to = {&byte, 1}, from = {&other, 1};
  return status_of(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
}
static int do_io_uring(void) {
  return status_of(syscall(SYS_io_uring_setup, 1, NULL));
}
static int do_bpf(void) {
  return status_of(syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0));
}
static int do_pidfd(void) {
  return status_of(syscall(SYS_pidfd_open, getpid(), 0));
}
static int do_mount(void) {
  return status_of(mount("none", "/tmp", "tmpfs", 0, NULL));
}
static int do_executable_memory(void) {
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return status_of(memory == MAP_FAILED ? -1 : 0);
}
static int do_make_executable(void) {
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? DIFFERENT : status_of(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}
static int do_tcp_socket(void) {
  return status_of(socket(AF_INET, SOCK_STREAM, 0));
}
static int do_udp6_socket(void) {
  return status_of(socket(AF_INET6, SOCK_DGRAM, 0));
}
static int do_raw_socket(void) {
  return status_of(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}
static int do_unix_socket(void) {
  return status_of(socket(AF_UNIX, SOCK_SEQPACKET, 0));
}
static int do_socketpair(void) {
  int pair[2];
  return status_of(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
}
static int do_listen(void) {
  return status_of(listen(listener, 1));
}
static int do_bind(void) {
  return status_of(bind(listener, (struct sockaddr *)&listener_address, sizeof listener_address));
}
static int do_open_outside(void) {
  return status_of(open("/etc/passwd", O_RDONLY));
}
static int do_read_memory_file(void) {
  return status_of(open("/proc/self/mem", O_RDONLY));
}
static int do_make_file(void) {
  char path[96];
  snprintf(path, sizeof path, "%s/made", directory);
  int fd = open(path, O_RDWR | O_CREAT, 0600);
  return fd < 0 ? status_of(-1) : status_of(pwrite(fd, "x", 1, 0) == 1 ? unlink(path) : -1);
}
static int do_make_directory(void) {
  char path[96];
  snprintf(path, sizeof path, "%s/sub", directory);
  return status_of(mkdir(path, 0700));
}
static int do_signal_parent(void) {
  return status_of(kill(getppid(), 0));
}
static int do_raise_limit(void) {
  const struct rlimit limit = {1 << 20, 1 << 20};
  return status_of(setrlimit(RLIMIT_CORE, &limit));
}
static int do_become_dumpable(void) {
  return status_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

struct deed {
  const char *name;
  int (*deed)(void);
  int wanted[ROLE_COUNT]; /* vault, collect, hooks, egress, router, notify */
};

#define IN_EVERY_ROLE(outcome)                                                                               \
  { outcome, outcome, outcome, outcome, outcome, outcome }
#define BUT_OUTWARD(outcome, outward)                                                                        \
  { outcome, outcome, outcome, outward, outcome, outward }
#define WITH_FILES(outcome, others)                                                                          \
  { outcome, others, others, others, outcome, others }

static const struct deed deeds[] = {
    {"nothing", do_nothing, IN_EVERY_ROLE(DONE)},
    {"execve", do_exec, IN_EVERY_ROLE(KILLED)},
    {"execveat", do_execveat, IN_EVERY_ROLE(KILLED)},
    {"fork", do_fork, IN_EVERY_ROLE(KILLED)},
    {"ptrace", do_ptrace, IN_EVERY_ROLE(KILLED)},
    {"process_vm_readv", do_read_process, IN_EVERY_ROLE(KILLED)},
    {"io_uring_setup", do_io_uring, IN_EVERY_ROLE(KILLED)},
    {"bpf", do_bpf, IN_EVERY_ROLE(KILLED)},
    {"pidfd_open", do_pidfd, IN_EVERY_ROLE(KILLED)},
    {"mount", do_mount, IN_EVERY_ROLE(KILLED)},
    {"executable mmap", do_executable_memory, BUT_OUTWARD(KILLED, REFUSED)},
    {"executable mprotect", do_make_executable, BUT_OUTWARD(KILLED, REFUSED)},
    {"TCP socket", do_tcp_socket, BUT_OUTWARD(KILLED, DONE)},
    {"UDP socket", do_udp6_socket, BUT_OUTWARD(KILLED, DONE)},
    {"raw socket", do_raw_socket, BUT_OUTWARD(KILLED, REFUSED)},
    {"Unix socket", do_unix_socket, BUT_OUTWARD(KILLED, REFUSED)},
    {"socketpair", do_socketpair, IN_EVERY_ROLE(KILLED)},
    {"listen", do_listen, IN_EVERY_ROLE(KILLED)},
    {"bind", do_bind, BUT_OUTWARD(KILLED, REFUSED)},
    {"open outside", do_open_outside, IN_EVERY_ROLE(REFUSED)},
    {"open /proc/self/mem", do_read_memory_file, IN_EVERY_ROLE(REFUSED)},
    {"make a file in the data directory", do_make_file, WITH_FILES(DONE, REFUSED)},
    {"make a directory", do_make_directory, IN_EVERY_ROLE(REFUSED)},
    {"signal another process", do_signal_parent, IN_EVERY_ROLE(REFUSED)},
    {"raise the core limit", do_raise_limit, IN_EVERY_ROLE(REFUSED)},
    {"become dumpable", do_become_dumpable, IN_EVERY_ROLE(REFUSED)},
};

Test(jail, each_role_can_do_its_work_and_nothing_else) {
  for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
    for (int role = 0; role < ROLE_COUNT; role++) {
      int outcome = in_jail((enum jail_role)role, deeds[i].deed);
      int wanted = deeds[i].wanted[role];
      cr_expect_eq(outcome, wanted, "%s in role %d: %d, not %d", deeds[i].name, role, outcome, wanted);
    }
  }
}

struct call {
  const char *name;
  long number;
  bool allowed[ROLE_COUNT]; /* vault, collect, hooks, egress, router, notify */
};

/* Calls that one role needs and another does not, and some that none does. */
static const struct call calls[] = {
    {"openat", SYS_openat, {true, false, false, true, true, true}},
    {"pwrite64", SYS_pwrite64, WITH_FILES(true, false)},
    {"fdatasync", SYS_fdatasync, WITH_FILES(true, false)},
    {"ftruncate", SYS_ftruncate, WITH_FILES(true, false)},
    {"renameat2", SYS_renameat2, WITH_FILES(true, false)},
    {"unlinkat", SYS_unlinkat, WITH_FILES(true, false)},
    {"accept4", SYS_accept4, BUT_OUTWARD(true, false)},
    {"connect", SYS_connect, BUT_OUTWARD(false, true)},
    {"sendmmsg", SYS_sendmmsg, BUT_OUTWARD(false, true)},
    {"ioctl", SYS_ioctl, IN_EVERY_ROLE(false)},
    {"dup", SYS_dup, IN_EVERY_ROLE(false)},
    {"dup3", SYS_dup3, IN_EVERY_ROLE(false)},
    {"memfd_create", SYS_memfd_create, IN_EVERY_ROLE(false)},
    {"fchmod", SYS_fchmod, IN_EVERY_ROLE(false)},
    {"fchmodat", SYS_fchmodat, IN_EVERY_ROLE(false)},
    {"fchown", SYS_fchown, IN_EVERY_ROLE(false)},
    {"linkat", SYS_linkat, IN_EVERY_ROLE(false)},
    {"symlinkat", SYS_symlinkat, IN_EVERY_ROLE(false)},
    {"mknodat", SYS_mknodat, IN_EVERY_ROLE(false)},
    {"utimensat", SYS_utimensat, IN_EVERY_ROLE(false)},
    {"fchdir", SYS_fchdir, IN_EVERY_ROLE(false)},
    {"sendfile", SYS_sendfile, IN_EVERY_ROLE(false)},
    {"splice", SYS_splice, IN_EVERY_ROLE(false)},
    {"shmget", SYS_shmget, IN_EVERY_ROLE(false)},
    {"inotify_init1", SYS_inotify_init1, IN_EVERY_ROLE(false)},
    {"waitid", SYS_waitid, IN_EVERY_ROLE(false)},
    {"seccomp", SYS_seccomp, IN_EVERY_ROLE(false)},
    {"setns", SYS_setns, IN_EVERY_ROLE(false)},
    {"munlockall", SYS_munlockall, IN_EVERY_ROLE(false)},
    {"sched_setaffinity", SYS_sched_setaffinity, IN_EVERY_ROLE(false)},
};

static long call_number;

/* No argument is anything: a call that is let through fails by itself, or does no harm. */
static int do_call(void) {
  return status_of(syscall(call_number, -1L, -1L, -1L, -1L, -1L, -1L));
}

Test(jail, each_role_makes_its_own_calls_and_no_others) {
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    call_number = calls[i].number;
    for (int role = 0; role < ROLE_COUNT; role++) {
      int outcome = in_jail((enum jail_role)role, do_call);
      bool allowed = outcome != REFUSED && outcome != KILLED;
      cr_expect_eq(allowed, calls[i].allowed[role], "%s in role %d: %d", calls[i].name, role, outcome);
    }
  }
}

static int (*thread_deed)(void);
static int thread_status;
static pthread_barrier_t jail_entered;

static void *act_in_thread(void *nothing) {
  pthread_barrier_wait(&jail_entered);
  thread_status = thread_deed();
  return nothing;
}

/* As in_jail(), but it is done by a thread that was there before the jail was entered. */
static int in_jail_by_thread(enum jail_role role, int (*deed)(void)) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    thread_deed = deed;
    thread_status = JAIL_FAILED; /* stays, when the thread alone is ended */
    pthread_barrier_init(&jail_entered, NULL, 2);
    if (jail_begin() < 0 || pthread_create(&thread, NULL, act_in_thread, NULL) != 0 ||
        jail_enter(role, NULL, NULL) < 0)
      _exit(JAIL_FAILED);
    pthread_barrier_wait(&jail_entered);
    pthread_join(thread, NULL);
    _exit(thread_status);
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? KILLED : WEXITSTATUS(status);
}

Test(jail, every_thread_is_in_it) {
  for (int role = 0; role < ROLE_COUNT; role++) {
    cr_expect_eq(in_jail_by_thread((enum jail_role)role, do_nothing), DONE, "role %d", role);
    cr_expect_eq(in_jail_by_thread((enum jail_role)role, do_socketpair), KILLED, "role %d", role);
  }
}

#ifdef __x86_64__
/* The numbers of another interface of the same kernel, which a list of ours does not know. */
static int do_call_of_x32(void) {
  return status_of(syscall(0x40000000 | SYS_getpid));
}

Test(jail, calls_of_another_architecture_end_the_process) {
  for (int role = 0; role < ROLE_COUNT; role++)
    cr_expect_eq(in_jail_by_thread((enum jail_role)role, do_call_of_x32), KILLED, "role %d", role);
}
#endif

static int look_at_process(void) {
  bool dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
  bool privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
  struct rlimit core;
  (void)getrlimit(RLIMIT_CORE, &core);
  return dumpable || privileges || core.rlim_max != 0 || umask(0) != 077 ? DIFFERENT : DONE;
}

Test(jail, jail_begin_hides_the_process) {
  pid_t child = fork();
  if (child == 0) {
    close(STDIN_FILENO);
    int r = jail_begin();
    int next = r < 0 ? -1 : dup(STDERR_FILENO);
    _exit(r < 0 || next == STDIN_FILENO ? JAIL_FAILED : look_at_process());
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert(WIFEXITED(status));
  cr_assert_eq(WEXITSTATUS(status), DONE);
}

static int use_store(void) {
  static const char *const tables[] = {"one", NULL};
  char path[96], copy[96];
  snprintf(path, sizeof path, "%s/store.mdb", directory);
  snprintf(copy, sizeof copy, "%s/copy.mdb", directory);
  struct store *store;
  if (store_open_lmdb(path, tables, 1 << 30, &store) < 0)
    return DIFFERENT;
  char value[600] = {0};
  for (uint32_t i = 0; i < 20000; i++) {
    if (store_put(store, 0, &i, sizeof i, value, sizeof value) < 0)
      return DIFFERENT;
    if (i % 1000 == 0 && store_commit(store) < 0)
      return DIFFERENT;
  }
  int r = store_commit(store);
  if (r == 0)
    r = store_lmdb_compact(store, copy);
  store_close(store);
  return r < 0 ? DIFFERENT : DONE;
}

Test(jail, a_store_works_in_the_vault_and_in_the_router) {
  cr_assert_eq(in_jail(JAIL_VAULT, use_store), DONE);
  tear_down();
  set_up();
  cr_assert_eq(in_jail(JAIL_ROUTER, use_store), DONE);
}

static void *add_one(void *number) {
  ++*(int *)number;
  return NULL;
}

static int resolve_and_connect(void) {
  int number = 0;
  pthread_t thread;
  if (pthread_create(&thread, NULL, add_one, &number) != 0 || pthread_join(thread, NULL) != 0 || number != 1)
    return DIFFERENT;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
  struct addrinfo *found;
  if (getaddrinfo("localhost", "80", &hints, &found) != 0)
    return DIFFERENT;
  freeaddrinfo(found);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int r = connect(fd, (struct sockaddr *)&listener_address, sizeof listener_address);
  return r < 0 && errno != EINPROGRESS ? DIFFERENT : DONE;
}

Test(jail, egress_and_notify_can_resolve_and_connect) {
  cr_assert_eq(in_jail(JAIL_EGRESS, resolve_and_connect), DONE);
  cr_assert_eq(in_jail(JAIL_NOTIFY, resolve_and_connect), DONE);
}

static int take_connection(void) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return fd < 0 ? status_of(-1) : DONE;
}

Test(jail, connections_are_taken_where_somebody_listens) {
  const int wanted[ROLE_COUNT] = {DONE, DONE, DONE, REFUSED, DONE, REFUSED};
  for (int role = 0; role < ROLE_COUNT; role++) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(client, (struct sockaddr *)&listener_address, sizeof listener_address), 0);
    cr_expect_eq(in_jail((enum jail_role)role, take_connection), wanted[role], "role %d", role);
    close(client);
    if (wanted[role] == REFUSED)
      close(accept(listener, NULL, NULL));
  }
}

static int run_loop(void) {
  struct loop *loop;
  if (loop_new(&system_clock, &loop) < 0)
    return DIFFERENT;
  return loop_round(loop, 1) < 0 ? DIFFERENT : DONE;
}

Test(jail, the_loop_runs_in_every_role) {
  for (int role = 0; role < ROLE_COUNT; role++)
    cr_expect_eq(in_jail((enum jail_role)role, run_loop), DONE, "role %d", role);
}
