/* Else the names below would mean other functions than those that liblmdb calls. */
#undef _FILE_OFFSET_BITS
#include "recorder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
  const char *name; /* NULL: nothing is recorded */
  bool skip_syncs;
  struct recording recording;
  size_t capacity;
} recorder;

static struct event *add(enum event_type type) {
  struct recording *recording = &recorder.recording;
  if (recording->count == recorder.capacity) {
    recorder.capacity = recorder.capacity ? 2 * recorder.capacity : 1024;
    recording->events = realloc(recording->events, recorder.capacity * sizeof *recording->events);
    if (!recording->events)
      abort();
  }
  struct event *event = &recording->events[recording->count++];
  *event = (struct event){.type = type};
  return event;
}

void recorder_begin(const char *name) {
  recorder.name = name;
}

void recorder_mark(enum event_type type) {
  if (recorder.name)
    (void)add(type);
}

struct recording recorder_end(void) {
  struct recording recording = recorder.recording;
  recorder.recording = (struct recording){0};
  recorder.capacity = 0;
  recorder.name = NULL;
  return recording;
}

void recording_free(struct recording *recording) {
  for (size_t i = 0; i < recording->count; i++)
    free(recording->events[i].bytes);
  free(recording->events);
  *recording = (struct recording){0};
}

void recorder_skip_syncs(void) {
  recorder.skip_syncs = true;
}

static bool is_watched(const char *path, enum file_kind *ret_file) {
  const char *slash = strrchr(path, '/');
  size_t length = strlen(recorder.name);
  if (!slash || strncmp(slash + 1, recorder.name, length) != 0)
    return false;
  const char *rest = slash + 1 + length;
  *ret_file = strcmp(rest, "-log") == 0 ? FILE_LOG : FILE_DATABASE;
  return *ret_file == FILE_LOG || *rest == '\0' || strcmp(rest, ".new") == 0;
}

static bool watches(int fd, enum file_kind *ret_file) {
  char link[64], path[PATH_MAX];
  if (!recorder.name)
    return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0)
    return false;
  path[length] = '\0';
  return is_watched(path, ret_file);
}

/* iov as far as length bytes were taken. */
static void add_write(int fd, const struct iovec *iov, size_t length, off_t offset) {
  enum file_kind file;
  if (!watches(fd, &file))
    return;
  struct event *event = add(EVENT_WRITE);
  event->file = file;
  event->durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  event->offset = (uint64_t)offset;
  event->length = length;
  event->bytes = malloc(length);
  if (!event->bytes)
    abort();
  for (size_t done = 0; done < length; iov++) {
    size_t part = iov->iov_len < length - done ? iov->iov_len : length - done;
    memcpy(event->bytes + done, iov->iov_base, part);
    done += part;
  }
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  ssize_t written = syscall(SYS_pwrite64, fd, bytes, length, offset);
  if (written > 0)
    add_write(fd, &(struct iovec){(void *)(uintptr_t)bytes, length}, (size_t)written, offset);
  return written;
}

ssize_t writev(int fd, const struct iovec *iov, int count) {
  off_t offset = recorder.name ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t written = syscall(SYS_writev, fd, iov, count);
  if (written > 0)
    add_write(fd, iov, (size_t)written, offset);
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  off_t offset = recorder.name ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t written = syscall(SYS_write, fd, bytes, length);
  if (written > 0)
    add_write(fd, &(struct iovec){(void *)(uintptr_t)bytes, length}, (size_t)written, offset);
  return written;
}

static int synced(int fd, long result) {
  enum file_kind file;
  if (result == 0 && watches(fd, &file))
    add(EVENT_SYNC)->file = file;
  return (int)result;
}

int fdatasync(int fd) {
  return recorder.skip_syncs ? 0 : synced(fd, syscall(SYS_fdatasync, fd));
}

int fsync(int fd) {
  return recorder.skip_syncs ? 0 : synced(fd, syscall(SYS_fsync, fd));
}

/* What our own code calls. */
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  return pwrite(fd, bytes, length, offset);
}

int ftruncate64(int fd, off64_t size) {
  return ftruncate(fd, size);
}

int ftruncate(int fd, off_t size) {
  int r = (int)syscall(SYS_ftruncate, fd, size);
  enum file_kind file;
  if (r == 0 && watches(fd, &file))
    *add(EVENT_SIZE) = (struct event){.type = EVENT_SIZE, .file = file, .offset = (uint64_t)size};
  return r;
}

int rename(const char *from, const char *to) {
  int r = (int)syscall(SYS_rename, from, to);
  enum file_kind file;
  if (r == 0 && recorder.name && is_watched(to, &file))
    (void)add(EVENT_NAMED);
  return r;
}
