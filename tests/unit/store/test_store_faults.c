/* A store on a disk that fails: the call with which files are written is defined here, for liblmdb as well.
 */
#undef _FILE_OFFSET_BITS
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "batch_log.h"
#include "scratch.h"
#include "store_lmdb.h"

enum { MAP_BYTES = 64 << 20, LMDB_PAGE = 4096, KEPT = 5 };

static const char *const tables[] = {"one", NULL};

static struct scratch scratch;
/* Which writes fail, and how: those of the log, once they are done, as when the sync behind them fails; and
 * those of LMDB's head, of which nothing is done. 0: none. */
static struct { int log_synced, head; } failing;

static bool is_log(int fd) {
  char link[64], path[SCRATCH_CAPACITY + 8] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length > 4 && strcmp(path + length - 4, "-log") == 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  bool log = is_log(fd);
  bool head = !log && offset < 2 * LMDB_PAGE && length < LMDB_PAGE;
  errno = head ? failing.head : 0;
  if (errno)
    return -1;
  ssize_t written = syscall(SYS_pwrite64, fd, bytes, length, offset);
  if (!log || failing.log_synced == 0)
    return written;
  errno = failing.log_synced;
  return -1;
}

/* What our own code calls. */
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  return pwrite(fd, bytes, length, offset);
}

static void set_up(void) {
  scratch = scratch_make();
}

static void tear_down(void) {
  scratch_remove(&scratch);
}

TestSuite(store_faults, .init = set_up, .fini = tear_down);

static struct store *open_store(void) {
  struct store *store;
  cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), 0);
  return store;
}

/* The batches 0 to KEPT - 1, each of one entry. */
static struct store *store_with_batches(void) {
  struct store *store = open_store();
  for (uint32_t i = 0; i < KEPT; i++) {
    cr_assert_eq(store_put(store, 0, &i, sizeof i, "v", 1), 0);
    cr_assert_eq(store_commit(store), 0);
  }
  return store;
}

static unsigned count_entries(struct store *store) {
  struct view key = {0}, value;
  uint32_t last = 0;
  unsigned count = 0;
  for (int r = store_next(store, 0, NULL, 0, true, &key, &value); r == 0; count++) {
    memcpy(&last, key.bytes, sizeof last);
    r = store_next(store, 0, &last, sizeof last, false, &key, &value);
  }
  return count;
}

/* After a restart that batch is there or is not; a process that went on as if it were not could say so, and a
 * restart bring it back. */
static void expect_end(int error) {
  struct store *store = store_with_batches();
  uint32_t next = KEPT;
  cr_assert_eq(store_put(store, 0, &next, sizeof next, "v", 1), 0);
  failing.log_synced = error;
  cr_expect_eq(store_commit(store), -EIO);
  failing.log_synced = 0;
  cr_expect_eq(store_put(store, 0, &next, sizeof next, "v", 1), -EIO);
  cr_expect_eq(store_commit(store), -EIO);
  store_close(store);
  store = open_store();
  cr_expect_eq(count_entries(store), KEPT + 1);
  store_close(store);
}

Test(store_faults, a_failed_sync_of_the_log_ends_the_store) {
  expect_end(EIO);
}

/* A file system that finds a place for what was written only when it syncs says it like this. */
Test(store_faults, a_sync_that_finds_no_space_ends_the_store) {
  expect_end(ENOSPC);
}

/* LMDB itself refuses to go on after that; the log alone holds what was acknowledged. */
Test(store_faults, a_store_that_ended_leaves_its_log_alone) {
  static const char value[STORE_VALUE_MAX];
  struct store *store = store_with_batches();
  for (uint32_t i = KEPT; i < KEPT + 2 * LOG_BYTES / STORE_VALUE_MAX; i++)
    cr_assert_eq(store_put(store, 0, &i, sizeof i, value, sizeof value), 0);
  failing.head = EIO;
  cr_expect_lt(store_commit(store), 0);
  failing.head = 0;
  char copy[SCRATCH_CAPACITY + 8];
  snprintf(copy, sizeof copy, "%s.copy", scratch.file);
  cr_expect_lt(store_lmdb_compact(store, copy), 0);
  store_close(store);
  store = open_store();
  cr_expect_eq(count_entries(store), KEPT);
  store_close(store);
}
