#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail_parts.h"

/* Debian 12's headers are older than its kernels: what they lack, by the numbers of the kernel's interface.
 */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_DEVICES = 5, ABI_SCOPE = 6 };
#define ALL_FILE_RIGHTS_OF_ABI_1 ((UINT64_C(1) << 13) - 1)
#define RIGHT_REFER (UINT64_C(1) << 13)
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)
#define RIGHT_IOCTL_DEVICE (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

/* What getaddrinfo() reads. A file that is replaced later is not the one that was allowed: then egress and
 * notify are restarted. */
static const char *const resolver_paths[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",   "/etc/host.conf",
    "/etc/gai.conf",    "/etc/services", "/run/systemd/resolve", NULL};

static int abi_version(void) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 1 ? -ENOSYS : (int)abi;
}

static struct ruleset rules_for(enum jail_role role, int abi) {
  struct ruleset rules = {.handled_access_fs = ALL_FILE_RIGHTS_OF_ABI_1};
  if (abi >= ABI_REFER)
    rules.handled_access_fs |= RIGHT_REFER;
  if (abi >= ABI_TRUNCATE)
    rules.handled_access_fs |= RIGHT_TRUNCATE;
  if (abi >= ABI_DEVICES)
    rules.handled_access_fs |= RIGHT_IOCTL_DEVICE;
  if (abi >= ABI_NET)
    rules.handled_access_net = jail_reaches_out(role) ? NET_BIND_TCP : NET_BIND_TCP | NET_CONNECT_TCP;
  if (abi >= ABI_SCOPE)
    rules.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
  return rules;
}

/* The kernel takes a structure as long as its own version knows it. */
static size_t rules_size(int abi) {
  if (abi >= ABI_SCOPE)
    return sizeof(struct ruleset);
  return abi >= ABI_NET ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int allow(int ruleset, const char *path, uint64_t rights) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  struct stat status;
  int r = fstat(fd, &status) < 0 ? -errno : 0;
  if (r == 0) {
    if (!S_ISDIR(status.st_mode))
      rights &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
      r = -errno;
  }
  close(fd);
  return r;
}

static int allow_each(int ruleset, const char *const *paths, bool may_be_absent) {
  for (size_t i = 0; paths && paths[i]; i++) {
    int r = allow(ruleset, paths[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
    if (r < 0 && !(may_be_absent && (r == -ENOENT || r == -EACCES)))
      return r;
  }
  return 0;
}

static int allow_directory(int ruleset, const char *directory, uint64_t handled) {
  const uint64_t rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                          LANDLOCK_ACCESS_FS_MAKE_REG | RIGHT_TRUNCATE;
  return allow(ruleset, directory, rights & handled);
}

int jail_landlock(enum jail_role role, const char *data_directory, const char *const *readonly_paths) {
  int abi = abi_version();
  if (abi < 0)
    return abi;
  struct ruleset rules = rules_for(role, abi);
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, rules_size(abi), 0);
  if (ruleset < 0)
    return -errno;
  int r = data_directory ? allow_directory(ruleset, data_directory, rules.handled_access_fs) : 0;
  if (r == 0)
    r = allow_each(ruleset, readonly_paths, false);
  if (r == 0 && jail_reaches_out(role))
    r = allow_each(ruleset, resolver_paths, true);
  if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
    r = -errno;
  close(ruleset);
  return r;
}
