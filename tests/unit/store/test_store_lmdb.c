#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch_log.h"
#include "scratch.h"
#include "store_lmdb.h"

enum { MAP_BYTES = 256 << 20 };

static const char *const tables[] = {"one", "two", NULL};

static struct scratch scratch;

static void set_up(void) {
  scratch = scratch_make();
}

static void tear_down(void) {
  scratch_remove(&scratch);
}

TestSuite(store_lmdb, .init = set_up, .fini = tear_down);

static struct store *open_store(void) {
  struct store *store;
  cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), 0);
  return store;
}

static void fill(struct store *store, uint32_t first, uint32_t count) {
  char value[300];
  memset(value, 'v', sizeof value);
  for (uint32_t i = first; i < first + count; i++)
    cr_assert_eq(store_put(store, 0, &i, sizeof i, value, sizeof value), 0);
}

static off_t file_size(const char *path) {
  struct stat status;
  cr_assert_eq(stat(path, &status), 0);
  return status.st_size;
}

Test(store_lmdb, what_is_committed_is_there_after_opening_again) {
  struct store *store = open_store();
  fill(store, 0, 100);
  cr_assert_eq(store_commit(store), 0);
  fill(store, 100, 100);
  store_close(store);
  store = open_store();
  struct view view;
  uint32_t kept = 99, lost = 100;
  cr_assert_eq(store_get(store, 0, &kept, sizeof kept, &view), 0);
  cr_assert_eq(store_get(store, 0, &lost, sizeof lost, &view), STORE_ABSENT);
  store_close(store);
}

Test(store_lmdb, the_file_is_private) {
  umask(0);
  store_close(open_store());
  struct stat status;
  cr_assert_eq(stat(scratch.file, &status), 0);
  cr_assert_eq(status.st_mode & 0777, 0600);
}

Test(store_lmdb, files_that_others_can_reach_are_refused) {
  struct store *store;
  store_close(open_store());
  cr_assert_eq(chmod(scratch.file, 0640), 0);
  cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), -EPERM);
  cr_assert_eq(chmod(scratch.file, 0600), 0);
  char other[SCRATCH_CAPACITY + 8];
  snprintf(other, sizeof other, "%s.link", scratch.file);
  cr_assert_eq(symlink(scratch.file, other), 0);
  cr_assert_eq(store_open_lmdb(other, tables, MAP_BYTES, &store), -ELOOP);
  if (geteuid() == 0) {
    cr_assert_eq(chown(scratch.file, 12345, 12345), 0);
    cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), -EPERM);
  }
}

/* A power loss in the middle of a first start may leave anything under the name of the draft, and a process
 * that was killed a file without a byte. */
Test(store_lmdb, a_first_start_that_was_cut_off_is_begun_anew) {
  char draft[SCRATCH_CAPACITY + 16];
  snprintf(draft, sizeof draft, "%s.new", scratch.file);
  FILE *file = fopen(draft, "w");
  fputs("half a database", file);
  fclose(file);
  file = fopen(scratch.file, "w");
  fclose(file);
  cr_assert_eq(chmod(scratch.file, 0600), 0);
  store_close(open_store());
  cr_assert_eq(access(draft, F_OK), -1);
  snprintf(draft, sizeof draft, "%s.new-lock", scratch.file);
  cr_assert_eq(access(draft, F_OK), -1);
}

Test(store_lmdb, a_lock_file_that_is_a_link_is_refused) {
  struct store *store;
  char lock[SCRATCH_CAPACITY + 8];
  snprintf(lock, sizeof lock, "%s-lock", scratch.file);
  cr_assert_eq(symlink("/tmp/freeport-elsewhere", lock), 0);
  cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), -ELOOP);
}

Test(store_lmdb, a_file_of_something_else_is_refused) {
  FILE *file = fopen(scratch.file, "w");
  for (int i = 0; i < 3000; i++)
    fputs("no database ", file);
  fclose(file);
  cr_assert_eq(chmod(scratch.file, 0600), 0);
  struct store *store;
  char log[SCRATCH_CAPACITY + 8];
  snprintf(log, sizeof log, "%s-log", scratch.file);
  off_t whole = file_size(scratch.file);
  cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), -EBADMSG);
  cr_assert_eq(file_size(scratch.file), whole, "it stays as it was");
  cr_assert_eq(access(log, F_OK), -1, "an empty log is left beside it");
}

Test(store_lmdb, a_look_before_opening_changes_nothing) {
  uint8_t value[2];
  size_t length;
  struct view key = {(const uint8_t *)"row", 3}, none = {(const uint8_t *)"none", 4};
  cr_assert_eq(store_lmdb_peek(scratch.file, "one", key, value, sizeof value, &length), STORE_ABSENT);
  cr_assert_eq(access(scratch.file, F_OK), -1);
  struct store *store = open_store();
  cr_assert_eq(store_put(store, 0, "row", 3, "long", 4), 0);
  cr_assert_eq(store_commit(store), 0);
  store_close(store);
  struct stat before, after;
  cr_assert_eq(stat(scratch.file, &before), 0);
  cr_assert_eq(store_lmdb_peek(scratch.file, "one", key, value, sizeof value, &length), 0);
  cr_assert_eq(length, 4);
  cr_assert_arr_eq(value, "lo", 2);
  cr_assert_eq(store_lmdb_peek(scratch.file, "one", none, value, sizeof value, &length), STORE_ABSENT);
  cr_assert_eq(store_lmdb_peek(scratch.file, "three", key, value, sizeof value, &length), STORE_ABSENT);
  cr_assert_eq(stat(scratch.file, &after), 0);
  cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  cr_assert_eq(chmod(scratch.file, 0640), 0);
  cr_assert_eq(store_lmdb_peek(scratch.file, "one", key, value, sizeof value, &length), -EPERM);
}

/* Read through the map, a file cut short kills the process: it has to be seen before. */
Test(store_lmdb, a_truncated_file_is_refused_at_any_length) {
  struct store *store = open_store();
  fill(store, 0, 2000);
  cr_assert_eq(store_commit(store), 0);
  store_close(store);
  off_t whole = file_size(scratch.file);
  for (off_t size = whole - 1; size > 0; size -= size > 70000 ? 40961 : 1023) {
    cr_assert_eq(truncate(scratch.file, size), 0);
    cr_assert_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), -EBADMSG, "cut to %ld",
                 (long)size);
    cr_assert_eq(file_size(scratch.file), size, "a refused file stays as it was");
  }
}

/* LMDB leaves pages unwritten that a transaction took at the end of the file and freed again. */
Test(store_lmdb, a_file_that_lacks_only_free_pages_opens) {
  struct store *store = open_store();
  fill(store, 0, 5000);
  cr_assert_eq(store_commit(store), 0);
  for (uint32_t i = 0; i < 5000; i++)
    cr_assert_eq(store_delete(store, 0, &i, sizeof i), 0);
  cr_assert_eq(store_commit(store), 0);
  for (int i = 0; i < 200; i++) { /* what lives moves into the free pages at the front */
    store_close(store);
    store = open_store();
    cr_assert_eq(store_put(store, 1, "k", 1, "v", 1), 0);
    cr_assert_eq(store_commit(store), 0);
  }
  uint64_t used = 0;
  cr_assert_eq(store_lmdb_used(store, &used), 0);
  store_close(store);
  off_t whole = file_size(scratch.file);
  cr_assert_lt((off_t)used, whole / 4);
  cr_assert_eq(truncate(scratch.file, whole - 4096), 0);
  store = open_store();
  struct view key, value;
  cr_assert_eq(store_next(store, 0, NULL, 0, true, &key, &value), STORE_ABSENT);
  cr_assert_eq(store_get(store, 1, "k", 1, &value), 0);
  cr_assert_eq(file_size(scratch.file), whole, "an accepted file is made whole");
  store_close(store);
}

Test(store_lmdb, a_full_disk_loses_the_batch_and_not_the_store) {
  struct store *store = open_store();
  fill(store, 0, 10);
  cr_assert_eq(store_commit(store), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before, tight;
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight = before;
  tight.rlim_cur = (rlim_t)file_size(scratch.file) + 4096;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
  fill(store, 10, 1000);
  cr_assert_lt(store_commit(store), 0);
  cr_assert_not(store_pending(store));
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  struct view view;
  uint32_t lost = 500, kept = 5;
  cr_assert_eq(store_get(store, 0, &lost, sizeof lost, &view), STORE_ABSENT);
  cr_assert_eq(store_get(store, 0, &kept, sizeof kept, &view), 0);
  fill(store, 10, 1000);
  cr_assert_eq(store_commit(store), 0);
  cr_assert_eq(store_get(store, 0, &lost, sizeof lost, &view), 0);
  store_close(store);
}

Test(store_lmdb, a_full_map_is_no_space) {
  struct store *store;
  cr_assert_eq(store_open_lmdb(scratch.file, tables, 1 << 20, &store), 0);
  char value[4096] = {0};
  int r = 0;
  uint32_t i = 0;
  for (; r == 0 && i < 1000; i++)
    r = store_put(store, 0, &i, sizeof i, value, sizeof value);
  cr_assert_eq(r, -ENOSPC);
  cr_assert_lt(store_put(store, 0, &i, sizeof i, value, sizeof value), 0);
  store_abandon(store);
  cr_assert_eq(store_put(store, 0, &i, sizeof i, value, sizeof value), 0);
  cr_assert_eq(store_commit(store), 0);
  store_close(store);
}

/* A snapshot that is kept open would make the file grow with each commit. */
Test(store_lmdb, pages_are_used_again_while_the_store_is_read) {
  struct store *store = open_store();
  struct view view, key;
  uint32_t one = 1;
  for (int round = 0; round < 400; round++) {
    fill(store, 0, 50);
    cr_assert_eq(store_get(store, 0, &one, sizeof one, &view), 0);
    cr_assert_eq(store_commit(store), 0);
    cr_assert_eq(store_get(store, 0, &one, sizeof one, &view), 0);
    cr_assert_eq(store_next(store, 0, &one, sizeof one, false, &key, &view), 0);
  }
  cr_assert_lt(file_size(scratch.file), 1 << 20);
  store_close(store);
}

/* What a backup does while it runs: holds a snapshot. Writes a byte to the pipe when it does, and waits. */
static void hold_a_snapshot(int pipe_end) {
  MDB_env *env;
  MDB_txn *txn;
  if (mdb_env_create(&env) != 0 || mdb_env_open(env, scratch.file, MDB_NOSUBDIR | MDB_RDONLY, 0600) != 0 ||
      mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0 || write(pipe_end, "r", 1) != 1)
    _exit(1);
  for (;;)
    pause();
}

static void kill_a_reader(void) {
  int ends[2];
  char byte;
  cr_assert_eq(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0)
    hold_a_snapshot(ends[1]);
  close(ends[1]);
  cr_assert_eq(read(ends[0], &byte, 1), 1);
  close(ends[0]);
  kill(child, SIGKILL);
  cr_assert_eq(waitpid(child, NULL, 0), child);
}

/* Its slot outlives a killed reader. */
Test(store_lmdb, pages_are_used_again_after_a_reader_was_killed) {
  struct store *store = open_store();
  fill(store, 0, 2000);
  cr_assert_eq(store_commit(store), 0);
  kill_a_reader();
  for (int round = 0; round < 60; round++) {
    fill(store, 0, 2000);
    cr_assert_eq(store_commit(store), 0);
  }
  cr_assert_lt(file_size(scratch.file), 6 << 20);
  store_close(store);
}

/* ---- The log of batches ---- */

static void name_log(char ret_path[SCRATCH_CAPACITY + 8]) {
  snprintf(ret_path, SCRATCH_CAPACITY + 8, "%s-log", scratch.file);
}

/* A process that commits count batches of ten entries from first on, puts another and is killed. */
static void commit_and_die(uint32_t first, uint32_t count) {
  pid_t child = fork();
  if (child == 0) {
    struct store *store = open_store();
    for (uint32_t i = 0; i < count; i++) {
      fill(store, first + i * 10, 10);
      if (store_commit(store) != 0)
        _exit(1);
    }
    fill(store, first + count * 10, 10);
    kill(getpid(), SIGKILL);
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Entries 0 to count - 1 are there, and no other. */
static void expect_entries(struct store *store, uint32_t count) {
  struct view view;
  uint32_t found = 0;
  for (uint32_t i = 0; i < count + 20; i++)
    found += store_get(store, 0, &i, sizeof i, &view) == 0;
  cr_expect_eq(found, count);
  uint32_t last = count - 1;
  cr_expect_eq(store_get(store, 0, &last, sizeof last, &view), 0);
}

Test(store_lmdb, what_a_killed_process_committed_is_there) {
  commit_and_die(0, 5);
  struct store *store = open_store();
  expect_entries(store, 50);
  store_close(store);
  commit_and_die(50, 3);
  commit_and_die(80, 1);
  store = open_store();
  expect_entries(store, 90);
  store_close(store);
}

/* So many that the log fills and is begun anew several times. */
Test(store_lmdb, a_log_that_fills_is_committed_and_begun_anew) {
  commit_and_die(0, 3 * LOG_BYTES / LOG_PAGE);
  struct store *store = open_store();
  expect_entries(store, 10 * 3 * LOG_BYTES / LOG_PAGE);
  store_close(store);
}

Test(store_lmdb, after_a_kill_the_file_is_nothing_without_its_log) {
  commit_and_die(0, 5);
  char log[SCRATCH_CAPACITY + 8], aside[SCRATCH_CAPACITY + 8];
  name_log(log);
  snprintf(aside, sizeof aside, "%s-lag", scratch.file);
  cr_assert_eq(rename(log, aside), 0);
  struct store *store;
  cr_expect_eq(store_open_lmdb(scratch.file, tables, MAP_BYTES, &store), -EBADMSG);
  cr_assert_eq(rename(aside, log), 0);
  store = open_store();
  expect_entries(store, 50);
  store_close(store);
}

/* What a version that knows one table more finds after a crash. */
Test(store_lmdb, a_table_more_costs_nothing_of_the_log) {
  static const char *const more[] = {"one", "two", "three", NULL};
  commit_and_die(0, 5);
  struct store *store;
  cr_assert_eq(store_open_lmdb(scratch.file, more, MAP_BYTES, &store), 0);
  expect_entries(store, 50);
  cr_expect_eq(store_put(store, 2, "k", 1, "v", 1), 0);
  cr_expect_eq(store_commit(store), 0);
  store_close(store);
}

Test(store_lmdb, after_a_close_the_file_stands_alone) {
  struct store *store = open_store();
  fill(store, 0, 50);
  cr_assert_eq(store_commit(store), 0);
  fill(store, 50, 10);
  store_close(store);
  char log[SCRATCH_CAPACITY + 8];
  name_log(log);
  cr_assert_eq(unlink(log), 0);
  store = open_store();
  expect_entries(store, 50);
  store_close(store);
}

Test(store_lmdb, an_abandoned_batch_leaves_those_before_it) {
  struct store *store = open_store();
  fill(store, 0, 50);
  cr_assert_eq(store_commit(store), 0);
  uint32_t first = 0;
  cr_assert_eq(store_delete(store, 0, &first, sizeof first), 0);
  fill(store, 50, 10);
  store_abandon(store);
  cr_expect_not(store_pending(store));
  expect_entries(store, 50);
  fill(store, 50, 10);
  cr_assert_eq(store_commit(store), 0);
  expect_entries(store, 60);
  store_close(store);
  store = open_store();
  expect_entries(store, 60);
  store_close(store);
}

/* The log has room on the disk, the file itself has not: only what needs the file fails. */
Test(store_lmdb, a_batch_too_large_for_the_log_fails_alone) {
  struct store *store = open_store();
  fill(store, 0, 50);
  cr_assert_eq(store_commit(store), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before, tight;
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight = before;
  tight.rlim_cur = LOG_BYTES;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
  fill(store, 50, 2 * LOG_BYTES / 300);
  cr_expect_lt(store_commit(store), 0);
  expect_entries(store, 50);
  fill(store, 50, 10);
  cr_expect_eq(store_commit(store), 0);
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  fill(store, 60, 2 * LOG_BYTES / 300);
  cr_expect_eq(store_commit(store), 0);
  expect_entries(store, 60 + 2 * LOG_BYTES / 300);
  store_close(store);
}

/* A batch of which LMDB refused a part is not made durable by the log, which took all of it. */
Test(store_lmdb, a_batch_that_failed_and_was_not_abandoned_is_not_committed) {
  struct store *store;
  cr_assert_eq(store_open_lmdb(scratch.file, tables, 1 << 20, &store), 0);
  char value[4096] = {0};
  uint32_t i = 0;
  while (i < 1000 && store_put(store, 0, &i, sizeof i, value, sizeof value) == 0)
    i++;
  cr_assert_lt(i, 200, "the map is full, and the log is not");
  cr_expect_eq(store_commit(store), -ECANCELED);
  cr_expect_not(store_pending(store));
  struct view key, view;
  cr_expect_eq(store_next(store, 0, NULL, 0, true, &key, &view), STORE_ABSENT);
  fill(store, 0, 10);
  cr_expect_eq(store_commit(store), 0);
  store_close(store);
  store = open_store();
  expect_entries(store, 10);
  store_close(store);
}

/* What is there can be read meanwhile. */
Test(store_lmdb, a_log_that_cannot_be_written_loses_the_batch_and_not_the_store) {
  struct store *store = open_store();
  fill(store, 0, 50);
  cr_assert_eq(store_commit(store), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before, tight;
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight = before;
  tight.rlim_cur = LOG_PAGE;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
  fill(store, 50, 10);
  cr_expect_eq(store_commit(store), -EFBIG);
  expect_entries(store, 50);
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  fill(store, 50, 10);
  cr_expect_eq(store_commit(store), 0);
  expect_entries(store, 60);
  store_close(store);
}

Test(store_lmdb, one_process_has_the_store) {
  struct store *store = open_store();
  fill(store, 0, 10); /* LMDB's own lock for writers is held too */
  pid_t child = fork();
  if (child == 0) {
    struct store *second;
    _exit(store_open_lmdb(scratch.file, tables, MAP_BYTES, &second) == -EBUSY ? 0 : 1);
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_expect_eq(status, 0);
  store_close(store);
}

Test(store_lmdb, a_compacted_copy_holds_everything_and_no_deleted_bytes) {
  struct store *store = open_store();
  fill(store, 0, 30000);
  cr_assert_eq(store_put(store, 1, "gone", 4, "CANARY-OF-A-DELETED-VALUE", 25), 0);
  cr_assert_eq(store_put(store, 1, "kept", 4, "here", 4), 0);
  cr_assert_eq(store_commit(store), 0);
  cr_assert_eq(store_delete(store, 1, "gone", 4), 0);
  char path[SCRATCH_CAPACITY + 8];
  snprintf(path, sizeof path, "%s.copy", scratch.file);
  cr_assert_eq(store_lmdb_compact(store, path), -EBUSY);
  cr_assert_eq(store_commit(store), 0);
  cr_assert_eq(store_lmdb_compact(store, path), 0);
  cr_assert_eq(store_lmdb_compact(store, path), -EEXIST);
  store_close(store);
  char command[2 * SCRATCH_CAPACITY];
  snprintf(command, sizeof command, "grep -q CANARY-OF-A-DELETED-VALUE %s", scratch.file);
  cr_assert_eq(system(command), 0, "the canary should still stand in the old file");
  snprintf(command, sizeof command, "! grep -q CANARY-OF-A-DELETED-VALUE %s", path);
  cr_assert_eq(system(command), 0);
  cr_assert_eq(store_open_lmdb(path, tables, MAP_BYTES, &store), 0);
  struct view view;
  uint32_t last = 29999;
  cr_assert_eq(store_get(store, 0, &last, sizeof last, &view), 0);
  cr_assert_eq(store_get(store, 1, "kept", 4, &view), 0);
  cr_assert_eq(store_get(store, 1, "gone", 4, &view), STORE_ABSENT);
  store_close(store);
}
