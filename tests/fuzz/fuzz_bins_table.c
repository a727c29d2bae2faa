/* A table whose hash is right but whose content is anything: refused when it is opened, or safe to look into.
 */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bins_format.h"

static int file = -1;
static char path[64];

static void write_table(const uint8_t *data, size_t size) {
  struct bin_header header = {0};
  uint8_t *bytes = malloc(size);
  assert(bytes != NULL);
  memcpy(bytes, data, size);
  memcpy(&header, bytes, sizeof header);
  header.magic = bin_magic;
  header.format = BIN_FORMAT;
  memset(header.hash, 0, sizeof header.hash);
  memcpy(bytes, &header, sizeof header);
  crypto_generichash(header.hash, sizeof header.hash, bytes, size, NULL, 0);
  memcpy(bytes, &header, sizeof header);
  assert(ftruncate(file, 0) == 0 && pwrite(file, bytes, size, 0) == (ssize_t)size);
  free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < sizeof(struct bin_header))
    return 0;
  if (file < 0) {
    file = memfd_create("bins", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  }
  write_table(data, size);
  struct bin_table *table;
  if (bin_table_open(path, &table) < 0)
    return 0;
  static const char *const leading[] = {"000000", "424242", "42424242", "99999999", "4111111"};
  for (size_t i = 0; i < sizeof leading / sizeof leading[0]; i++) {
    struct bin_facts facts = bin_table_find(table, leading[i]);
    assert(facts.network < NETWORK_COUNT && strlen(facts.issuer) < sizeof facts.issuer);
  }
  bin_table_close(table);
  return 0;
}
