#include "stack_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "paths.h"

static int make_directories(const char *directory) {
  static const char *const below[] = {"", "/vault", "/router", "/sandbox", "/run", "/log"};
  char path[PATH_MAX];
  for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
    int result = file_path(path, sizeof path, "%s%s", directory, below[i]);
    if (result < 0) {
      return result;
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
      fprintf(stderr, "freeport: cannot make the directory %s\n", path);
      return -errno;
    }
  }
  return 0;
}

static int take_lock(struct stack_files *files) {
  char path[PATH_MAX];
  int result = file_path(path, sizeof path, "%s/run/lock", files->directory);
  if (result < 0) {
    return result;
  }
  files->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (files->lock < 0) {
    return -errno;
  }
  if (flock(files->lock, LOCK_EX | LOCK_NB) < 0) {
    fprintf(stderr, "freeport: a stack is running in %s already\n", files->directory);
    close(files->lock);
    return -EBUSY;
  }
  return 0;
}

static int open_admin_listener(struct stack_files *files) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (file_path(address.sun_path, sizeof address.sun_path, "%s/run/admin.sock", files->directory) < 0) {
    fputs("freeport: the path of DIR is too long for a Unix socket (90 characters at most)\n", stderr);
    return -ENAMETOOLONG;
  }
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return -errno;
  }
  unlink(address.sun_path);
  mode_t before = umask(077);
  int result = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0 ? -errno : 0;
  umask(before);
  if (result < 0) {
    close(fd);
    return result;
  }
  files->admin_listener = fd;
  return 0;
}

int stack_files_open(const char *directory, struct stack_files *ret_files) {
  int result = make_directories(directory);
  if (result < 0) {
    return result;
  }
  if (realpath(directory, ret_files->directory) == NULL) {
    return -errno;
  }
  result = take_lock(ret_files);
  if (result < 0) {
    return result;
  }
  result = open_admin_listener(ret_files);
  if (result < 0) {
    close(ret_files->lock);
  }
  return result;
}

void stack_files_close(struct stack_files *files) {
  close(files->admin_listener);
  close(files->lock);
}
