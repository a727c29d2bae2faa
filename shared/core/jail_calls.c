#include "jail_calls.h"

#include <stddef.h>

/* Memory, time, threads' locks, descriptors that are open already. */
static const char *const every_process[] = {"read",
                                            "write",
                                            "readv",
                                            "writev",
                                            "recvfrom",
                                            "recvmsg",
                                            "sendto",
                                            "sendmsg",
                                            "shutdown",
                                            "close",
                                            "fcntl",
                                            "fstat",
                                            "newfstatat",
                                            "lseek",
                                            "poll",
                                            "ppoll",
                                            "select",
                                            "pselect6",
                                            "epoll_create1",
                                            "epoll_ctl",
                                            "epoll_wait",
                                            "epoll_pwait",
                                            "epoll_pwait2",
                                            "eventfd2",
                                            "pipe2",
                                            "signalfd4",
                                            "getsockopt",
                                            "setsockopt",
                                            "getsockname",
                                            "getpeername",
                                            "munmap",
                                            "mremap",
                                            "madvise",
                                            "brk",
                                            "mlock",
                                            "munlock",
                                            "futex",
                                            "set_robust_list",
                                            "get_robust_list",
                                            "rseq",
                                            "membarrier",
                                            "sched_yield",
                                            "sched_getaffinity",
                                            "sysinfo",
                                            "uname",
                                            "getrandom",
                                            "clock_gettime",
                                            "clock_getres",
                                            "clock_nanosleep",
                                            "nanosleep",
                                            "gettimeofday",
                                            "rt_sigaction",
                                            "rt_sigprocmask",
                                            "rt_sigreturn",
                                            "sigaltstack",
                                            "restart_syscall",
                                            "getpid",
                                            "gettid",
                                            "getuid",
                                            "geteuid",
                                            "getgid",
                                            "getegid",
                                            "exit",
                                            "exit_group",
                                            NULL};

/* On what Landlock leaves of the file system. */
static const char *const file_reading[] = {"open",       "openat",     "pread64",    "preadv", "access",
                                           "faccessat",  "faccessat2", "stat",       "lstat",  "statx",
                                           "getdents64", "readlink",   "readlinkat", NULL};

static const char *const file_writing[] = {"pwrite64",  "pwritev",   "fdatasync", "fsync",
                                           "ftruncate", "fallocate", "rename",    "renameat",
                                           "renameat2", "unlink",    "unlinkat",  NULL};

/* The listening socket is given; connections are taken from it. */
static const char *const listening[] = {"accept", "accept4", NULL};

static const char *const connecting[] = {"connect", "sendmmsg", "recvmmsg", NULL};

const struct call_group allowed_calls[] = {
    {FOR_ALL, every_process},
    {FOR_VAULT | FOR_ROUTER | REACHING_OUT, file_reading},
    {FOR_VAULT | FOR_ROUTER, file_writing},
    {FOR_VAULT | FOR_COLLECT | FOR_HOOKS | FOR_ROUTER, listening},
    {REACHING_OUT, connecting},
    {0, NULL},
};

/* Nothing of ours makes these calls: whoever does has taken the process over. */
static const char *const takeover[] = {"execve",
                                       "execveat",
                                       "fork",
                                       "vfork",
                                       "ptrace",
                                       "process_vm_readv",
                                       "process_vm_writev",
                                       "process_madvise",
                                       "io_uring_setup",
                                       "io_uring_enter",
                                       "io_uring_register",
                                       "bpf",
                                       "perf_event_open",
                                       "userfaultfd",
                                       "kcmp",
                                       "pidfd_open",
                                       "pidfd_getfd",
                                       "pidfd_send_signal",
                                       "unshare",
                                       "setns",
                                       "chroot",
                                       "pivot_root",
                                       "mount",
                                       "umount2",
                                       "mount_setattr",
                                       "move_mount",
                                       "open_tree",
                                       "fsopen",
                                       "fsconfig",
                                       "fsmount",
                                       "fspick",
                                       "open_by_handle_at",
                                       "personality",
                                       "keyctl",
                                       "add_key",
                                       "request_key",
                                       "init_module",
                                       "finit_module",
                                       "delete_module",
                                       "kexec_load",
                                       "kexec_file_load",
                                       "reboot",
                                       "swapon",
                                       "swapoff",
                                       "socketpair",
                                       "listen",
                                       NULL};

/* The resolver's libraries try a Unix socket and bind a netlink one: there it is refused, not deadly. */
static const char *const networking[] = {"socket", "bind", NULL};

/* Only the resolver starts threads. */
static const char *const starting[] = {"clone", NULL};

const struct call_group deadly_calls[] = {
    {FOR_ALL, takeover},
    {FOR_ALL & ~REACHING_OUT, networking},
    {FOR_ALL & ~REACHING_OUT, starting},
    {0, NULL},
};
