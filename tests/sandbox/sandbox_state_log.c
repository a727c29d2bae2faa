#include "sandbox_state_log.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_HEAD = 8 };

/* FNV-1a, 32 bits: tells a torn record, nothing more. */
static uint32_t checksum(const uint8_t *bytes, size_t length) {
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < length; i++)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

/* Returns the length of the whole records at the beginning. */
static size_t replay(const uint8_t *bytes, size_t length,
                     void (*take)(void *context, const uint8_t *record, size_t length), void *context) {
  size_t at = 0;
  while (length - at >= RECORD_HEAD) {
    uint32_t head[2];
    memcpy(head, bytes + at, sizeof head);
    if (head[0] > STATE_RECORD_MAX || length - at - RECORD_HEAD < head[0] ||
        checksum(bytes + at + RECORD_HEAD, head[0]) != head[1])
      break;
    take(context, bytes + at + RECORD_HEAD, head[0]);
    at += RECORD_HEAD + head[0];
  }
  return at;
}

static int replay_file(struct state_log *log,
                       void (*take)(void *context, const uint8_t *record, size_t length), void *context) {
  struct stat stat;
  if (fstat(log->fd, &stat) < 0)
    return -errno;
  size_t whole = 0;
  if (stat.st_size > 0) {
    size_t length = (size_t)stat.st_size;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, log->fd, 0);
    if (bytes == MAP_FAILED)
      return -errno;
    whole = replay(bytes, length, take, context);
    munmap(bytes, length);
  }
  if (ftruncate(log->fd, (off_t)whole) < 0)
    return -errno;
  log->length = whole;
  return 0;
}

int state_log_open(struct state_log *log, const char *path, uint64_t limit,
                   void (*take)(void *context, const uint8_t *record, size_t length), void *context) {
  *log = (struct state_log){.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600), .limit = limit};
  if (log->fd < 0)
    return -errno;
  int result = replay_file(log, take, context);
  if (result < 0)
    state_log_close(log);
  return result;
}

void state_log_close(struct state_log *log) {
  if (log->fd >= 0)
    close(log->fd);
  log->fd = -1;
  text_free(&log->waiting);
}

void state_log_append(struct state_log *log, const uint8_t *record, size_t length) {
  uint32_t head[2] = {(uint32_t)length, checksum(record, length)};
  text_add(&log->waiting, head, sizeof head);
  text_add(&log->waiting, record, length);
}

int state_log_flush(struct state_log *log) {
  size_t done = 0;
  int result = 0;
  while (done < log->waiting.length && result == 0) {
    ssize_t written = write(log->fd, log->waiting.bytes + done, log->waiting.length - done);
    if (written > 0)
      done += (size_t)written;
    else if (written < 0 && errno != EINTR)
      result = -errno;
  }
  log->length += done;
  if (done > 0)
    text_drop(&log->waiting, done);
  return result;
}

bool state_log_full(const struct state_log *log) {
  return log->length + log->waiting.length >= log->limit;
}
