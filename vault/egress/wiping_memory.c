#include "wiping_memory.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void *take(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return malloc(size);
}

static void give_back(void *block, const char *file, int line) {
  (void)file;
  (void)line;
  if (block == NULL)
    return;
  sodium_memzero(block, malloc_usable_size(block));
  free(block);
}

/* realloc(3) may move the block and leave its old place as it was. */
static void *take_again(void *block, size_t size, const char *file, int line) {
  if (block == NULL)
    return take(size, file, line);
  if (size == 0) {
    give_back(block, file, line);
    return NULL;
  }
  size_t usable = malloc_usable_size(block);
  void *other = malloc(size);
  if (other == NULL)
    return NULL;
  memcpy(other, block, usable < size ? usable : size);
  give_back(block, file, line);
  return other;
}

int wiping_memory_install(void) {
  return CRYPTO_set_mem_functions(take, take_again, give_back) == 1 ? 0 : -EALREADY;
}
