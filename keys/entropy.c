#include "entropy.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { POOL_BYTES = 2048 };

struct pool {
  size_t used;
  uint8_t bytes[POOL_BYTES];
};

static struct pool *pool;

static int fill(void *bytes, size_t length) {
  for (size_t got = 0; got < length;) {
    ssize_t n = getrandom((uint8_t *)bytes + got, length - got, 0);
    if (n < 0 && errno != EINTR)
      return -errno;
    got += n > 0 ? (size_t)n : 0;
  }
  return 0;
}

static void fill_or_die(void *bytes, size_t length) {
  if (fill(bytes, length) < 0)
    abort();
}

static void pool_buf(void *const ret, const size_t length) {
  if (length > POOL_BYTES / 2) {
    fill_or_die(ret, length);
    return;
  }
  if (length > POOL_BYTES - pool->used) {
    fill_or_die(pool->bytes, POOL_BYTES);
    pool->used = 0;
  }
  memcpy(ret, pool->bytes + pool->used, length);
  sodium_memzero(pool->bytes + pool->used, length);
  pool->used += length;
}

static uint32_t pool_random(void) {
  uint32_t value;
  pool_buf(&value, sizeof value);
  return value;
}

static const char *pool_name(void) {
  return "freeport";
}

/* libsodium takes the table as not const, and only reads it. */
static randombytes_implementation pooled = {
    .implementation_name = pool_name,
    .random = pool_random,
    .buf = pool_buf,
};

int entropy_begin(struct arena *arena) {
  struct pool *taken = arena_take(arena, sizeof *taken);
  if (!taken)
    return -ENOMEM;
  taken->used = POOL_BYTES;
  uint8_t probe;
  int r = fill(&probe, sizeof probe);
  if (r < 0)
    return r;
  pool = taken;
  return randombytes_set_implementation(&pooled) == 0 ? 0 : -EINVAL;
}
