#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  MAGIC_BYTES = 8,
  CHECK_BYTES = 16,
  BODY_BYTES = MAGIC_BYTES + KEY_LABEL_BYTES + KEY_BYTES,
  FILE_BYTES = BODY_BYTES + CHECK_BYTES,
  NAME_BYTES = 64
};

static const uint8_t MAGIC[MAGIC_BYTES] = {'f', 'p', 'k', 'e', 'y', 0, 0, 1};

static int write_whole(int fd, const uint8_t bytes[FILE_BYTES]) {
  ssize_t written = write(fd, bytes, FILE_BYTES);
  if (written != FILE_BYTES)
    return written < 0 ? -errno : -ENOSPC;
  return fsync(fd) == 0 ? 0 : -errno;
}

/* linkat(2) instead of rename(2): it refuses to replace. */
static int put_in_place(int directory, const char *name, const uint8_t bytes[FILE_BYTES]) {
  char temporary[NAME_BYTES];
  snprintf(temporary, sizeof temporary, "%s.new", name);
  (void)unlinkat(directory, temporary, 0);
  int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return -errno;
  int r = write_whole(fd, bytes);
  close(fd);
  if (r == 0 && linkat(directory, temporary, directory, name, 0) < 0)
    r = -errno;
  (void)unlinkat(directory, temporary, 0);
  if (r == 0 && fsync(directory) < 0)
    r = -errno;
  return r;
}

int key_file_make(const char *directory, const char *name, const struct key_label *label,
                  const uint8_t key[KEY_BYTES]) {
  uint8_t bytes[FILE_BYTES];
  memcpy(bytes, MAGIC, MAGIC_BYTES);
  key_label_write(label, bytes + MAGIC_BYTES);
  memcpy(bytes + MAGIC_BYTES + KEY_LABEL_BYTES, key, KEY_BYTES);
  crypto_generichash(bytes + BODY_BYTES, CHECK_BYTES, bytes, BODY_BYTES, NULL, 0);
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int r = fd < 0 ? -errno : put_in_place(fd, name, bytes);
  if (fd >= 0)
    close(fd);
  sodium_memzero(bytes, sizeof bytes);
  return r;
}

static int read_whole(int fd, uint8_t ret_bytes[FILE_BYTES]) {
  struct stat facts;
  if (fstat(fd, &facts) < 0)
    return -errno;
  if (!S_ISREG(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 077) != 0)
    return -EPERM;
  if (facts.st_size != FILE_BYTES)
    return -EBADMSG;
  ssize_t got = read(fd, ret_bytes, FILE_BYTES);
  return got == FILE_BYTES ? 0 : got < 0 ? -errno : -EBADMSG;
}

static int check(const uint8_t bytes[FILE_BYTES], enum key_purpose purpose, uint8_t environment) {
  uint8_t expected[CHECK_BYTES];
  crypto_generichash(expected, sizeof expected, bytes, BODY_BYTES, NULL, 0);
  struct key_label label;
  if (memcmp(bytes, MAGIC, MAGIC_BYTES) != 0 ||
      sodium_memcmp(expected, bytes + BODY_BYTES, CHECK_BYTES) != 0 ||
      key_label_read(bytes + MAGIC_BYTES, &label) < 0)
    return -EBADMSG;
  return label.purpose == purpose && label.environment == environment ? 0 : -EKEYREJECTED;
}

int key_file_read(const char *directory, const char *name, enum key_purpose purpose, uint8_t environment,
                  uint8_t ret_key[KEY_BYTES]) {
  int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return -errno;
  int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  int r = fd < 0 ? -errno : 0;
  close(folder);
  if (r < 0)
    return r;
  uint8_t bytes[FILE_BYTES];
  r = read_whole(fd, bytes);
  close(fd);
  if (r == 0)
    r = check(bytes, purpose, environment);
  if (r == 0)
    memcpy(ret_key, bytes + MAGIC_BYTES + KEY_LABEL_BYTES, KEY_BYTES);
  sodium_memzero(bytes, sizeof bytes);
  return r;
}
