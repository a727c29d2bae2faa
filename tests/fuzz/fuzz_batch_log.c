/* A log's record whose checksum is right but whose changes are anything: refused, or handed over within its
 * limits. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "batch_log.h"

enum { TABLES = 3 };

static struct batch_log batches;

static int take(void *context, unsigned table, struct view key, struct view value) {
  (void)context;
  assert(table < TABLES && key.length >= 1 && key.length <= STORE_KEY_MAX && value.length <= STORE_VALUE_MAX);
  return 0;
}

static int take_deletion(void *context, unsigned table, struct view key) {
  return take(context, table, key, (struct view){0});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!batches.bytes)
    batches = (struct batch_log){.fd = memfd_create("batches", MFD_CLOEXEC), .bytes = calloc(1, LOG_BYTES)};
  batch_log_reset(&batches, 1);
  write_bytes(&batches.batch, data, size);
  if (!batch_log_fits(&batches))
    return 0;
  int r = batch_log_commit(&batches);
  assert(r == 0);
  const struct batch_log_changes changes = {take, take_deletion, NULL};
  r = batch_log_each(&batches, TABLES, &changes);
  assert(r == 0 || r == -EBADMSG);
  return 0;
}
