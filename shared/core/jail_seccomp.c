#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail_calls.h"
#include "jail_parts.h"

enum { SOCKET_KIND = 0xf }; /* of socket(2)'s type: the rest are flags */

static int add_group(scmp_filter_ctx filter, uint32_t action, const char *const *names) {
  for (size_t i = 0; names[i]; i++) {
    int call = seccomp_syscall_resolve_name(names[i]);
    if (call == __NR_SCMP_ERROR)
      return -EINVAL;
    int r = seccomp_rule_add(filter, action, call, 0);
    if (r < 0)
      return r;
  }
  return 0;
}

static int add_groups(scmp_filter_ctx filter, uint32_t action, const struct call_group *groups,
                      unsigned role) {
  int r = 0;
  for (; r == 0 && groups->roles; groups++) {
    if (groups->roles & role)
      r = add_group(filter, action, groups->names);
  }
  return r;
}

/* Memory that may be executed is never made; where the resolver may look for a library, it is refused.
 */
static int add_memory(scmp_filter_ctx filter, enum jail_role role) {
  const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
  int r = 0;
  for (size_t i = 0; r == 0 && i < 2; i++) {
    r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (r == 0 && !jail_reaches_out(role))
      r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, calls[i], 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
  }
  return r;
}

/* abort() and raise() signal this process alone; limits may be asked for. */
static int add_self(scmp_filter_ctx filter) {
  int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                           SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
  if (r == 0)
    r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
                         SCMP_A2(SCMP_CMP_EQ, 0));
  /* glibc then falls back to clone(2), whose flags a filter can see. */
  return r < 0 ? r : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int allow_socket(scmp_filter_ctx filter, int family, int kind) {
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                          SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family),
                          SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_KIND, (scmp_datum_t)kind));
}

static int add_sockets(scmp_filter_ctx filter) {
  const int families[] = {AF_INET, AF_INET6};
  int r = 0;
  for (size_t i = 0; r == 0 && i < 2; i++) {
    r = allow_socket(filter, families[i], SOCK_STREAM);
    if (r == 0)
      r = allow_socket(filter, families[i], SOCK_DGRAM);
  }
  return r < 0
             ? r
             : allow_socket(filter, AF_NETLINK, SOCK_RAW); /* getaddrinfo() asks which addresses there are */
}

/* A thread in the same namespaces; what is no thread ends the process. */
static int add_threads(scmp_filter_ctx filter) {
  const scmp_datum_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                           SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | namespaces, CLONE_THREAD));
  if (r == 0)
    r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  return r;
}

static int set_attributes(scmp_filter_ctx filter) {
  int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (r == 0)
    r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  if (r == 0)
    r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a search tree, not a list */
  return r;
}

static int fill(scmp_filter_ctx filter, enum jail_role role) {
  int r = set_attributes(filter);
  if (r == 0)
    r = add_groups(filter, SCMP_ACT_ALLOW, allowed_calls, 1U << role);
  if (r == 0)
    r = add_groups(filter, SCMP_ACT_KILL_PROCESS, deadly_calls, 1U << role);
  if (r == 0)
    r = add_memory(filter, role);
  if (r == 0)
    r = add_self(filter);
  if (r == 0 && jail_reaches_out(role))
    r = add_sockets(filter);
  if (r == 0 && jail_reaches_out(role))
    r = add_threads(filter);
  return r;
}

int jail_seccomp(enum jail_role role) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!filter)
    return -ENOMEM;
  int r = fill(filter, role);
  if (r == 0)
    r = seccomp_load(filter);
  seccomp_release(filter);
  return r == -EINVAL || r == -ECANCELED ? -ENOSYS : r;
}
