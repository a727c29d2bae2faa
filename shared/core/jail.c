#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail_parts.h"

enum { FREED_BYTE = 0xa5, PRIVATE_UMASK = 077 };

/* A descriptor of a card's file must never come to be standard output. */
static int open_standard_descriptors(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) >= 0)
      continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
      return -EBADF;
  }
  return 0;
}

static int forbid_core(void) {
  const struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

/* Being dumpable is regained by a change of user: so this comes last, and again when the jail closes. Leak
 * detection looks at its own process as a debugger does. */
static int forbid_dumps(void) {
#ifdef FREEPORT_SANITIZED
  return 0;
#else
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
#endif
}

int jail_begin(void) {
  umask(PRIVATE_UMASK);
  mallopt(M_PERTURB, FREED_BYTE);
  int r = open_standard_descriptors();
  if (r == 0)
    r = forbid_core();
  if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    r = -errno;
  return r < 0 ? r : forbid_dumps();
}

int jail_enter(enum jail_role role, const char *data_directory, const char *const *readonly_paths) {
#ifdef FREEPORT_SANITIZED
  (void)role;
  (void)data_directory;
  (void)readonly_paths;
  return 0;
#else
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return -errno;
  int r = forbid_dumps();
  if (r == 0)
    r = jail_landlock(role, data_directory, readonly_paths);
  return r < 0 ? r : jail_seccomp(role);
#endif
}
