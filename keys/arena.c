#include "arena.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ALIGNMENT = 64, LINE_BYTES = 256 };

struct arena {
  uint8_t *start;
  size_t size, used;
  bool secret;
};

/* How many kilobytes of this process are locked, as the kernel counts them; 0 when it does not say. */
static size_t locked_kilobytes(void) {
  FILE *file = fopen("/proc/self/status", "re");
  if (!file)
    return 0;
  char line[LINE_BYTES];
  size_t kilobytes = 0;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "VmLck:", 6) == 0)
      kilobytes = strtoul(line + 6, NULL, 10);
  }
  fclose(file);
  return kilobytes;
}

static int map_secret(struct arena *arena) {
#ifdef SYS_memfd_secret
  int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
  if (fd < 0)
    return -errno;
  void *start = MAP_FAILED;
  if (ftruncate(fd, (off_t)arena->size) == 0)
    start = mmap(NULL, arena->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int r = start == MAP_FAILED ? -errno : 0;
  close(fd);
  if (r == 0) {
    arena->start = start;
    arena->secret = true;
  }
  return r;
#else
  (void)arena;
  return -ENOSYS;
#endif
}

static int map_locked(struct arena *arena) {
  void *start = mmap(NULL, arena->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED)
    return -errno;
  if (mlock(start, arena->size) < 0) {
    int r = -errno;
    munmap(start, arena->size);
    return r;
  }
  arena->start = start;
  return 0;
}

/* A mapping that says it is locked and is not (a sandbox, an emulator) is found here. */
static int map_checked(struct arena *arena, int (*map)(struct arena *arena)) {
  size_t before = locked_kilobytes();
  int r = map(arena);
  if (r < 0)
    return r;
  if (locked_kilobytes() >= before + arena->size / 1024) {
    memset(arena->start, 0, arena->size); /* take every page now: none may be wanting later */
    (void)madvise(arena->start, arena->size, MADV_DONTDUMP);
    (void)madvise(arena->start, arena->size, MADV_DONTFORK);
    return 0;
  }
  munmap(arena->start, arena->size);
  arena->start = NULL;
  arena->secret = false;
  return -EPERM;
}

int arena_new(size_t bytes, struct arena **ret_arena) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  struct arena *arena = calloc(1, sizeof *arena);
  if (!arena)
    return -ENOMEM;
  arena->size = (bytes + page - 1) / page * page;
  int r = map_checked(arena, map_secret);
  if (r < 0)
    r = map_checked(arena, map_locked);
  if (r < 0) {
    free(arena);
    return r;
  }
  *ret_arena = arena;
  return 0;
}

void arena_free(struct arena *arena) {
  if (!arena)
    return;
  sodium_memzero(arena->start, arena->size);
  munmap(arena->start, arena->size);
  free(arena);
}

void *arena_take(struct arena *arena, size_t bytes) {
  size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (rounded < bytes || rounded > arena->size - arena->used)
    return NULL;
  void *piece = arena->start + arena->used;
  arena->used += rounded;
  return piece;
}

bool arena_is_secret(const struct arena *arena) {
  return arena->secret;
}
