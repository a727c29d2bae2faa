/* The file of the ledger's key: the one file of this room beside the store. */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_ONLY = 0600 };

static int check_owner(int fd) {
  struct stat status;
  if (fstat(fd, &status) < 0)
    return -errno;
  bool ours = S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 0077) == 0;
  return ours ? 0 : -EPERM;
}

static int read_key(int fd, uint8_t ret_key[LEDGER_KEY_BYTES]) {
  uint8_t bytes[LEDGER_KEY_BYTES + 1];
  ssize_t length = read(fd, bytes, sizeof bytes);
  int r = length < 0 ? -errno : length == LEDGER_KEY_BYTES ? 0 : -EBADMSG;
  if (r == 0)
    memcpy(ret_key, bytes, LEDGER_KEY_BYTES);
  sodium_memzero(bytes, sizeof bytes);
  return r;
}

static int sync_directory_of(const char *path) {
  char copy[PATH_MAX];
  if (strlen(path) >= sizeof copy)
    return -ENAMETOOLONG;
  strcpy(copy, path);
  int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  int r = fsync(fd) < 0 ? -errno : 0;
  close(fd);
  return r;
}

/* Written beside and renamed, so that a crash leaves a whole key or none. */
static int make_key(const char *path, const struct draws *draws, uint8_t ret_key[LEDGER_KEY_BYTES]) {
  char beside[PATH_MAX];
  uint8_t key[LEDGER_KEY_BYTES];
  if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
    return -ENAMETOOLONG;
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
  if (fd < 0)
    return -errno;
  draws->fill(draws->context, key, sizeof key);
  ssize_t written = write(fd, key, sizeof key);
  int r = written < 0 ? -errno : written != (ssize_t)sizeof key ? -ENOSPC : 0;
  if (r == 0 && fsync(fd) < 0)
    r = -errno;
  close(fd);
  if (r == 0 && rename(beside, path) < 0)
    r = -errno;
  if (r == 0)
    r = sync_directory_of(path);
  if (r == 0)
    memcpy(ret_key, key, sizeof key);
  sodium_memzero(key, sizeof key);
  return r;
}

int ledger_key_file(const char *path, const struct draws *draws, uint8_t ret_key[LEDGER_KEY_BYTES]) {
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? make_key(path, draws, ret_key) : -errno;
  int r = check_owner(fd);
  if (r == 0)
    r = read_key(fd, ret_key);
  close(fd);
  return r;
}
