#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch_log.h"
#include "scratch.h"

enum { BASE = 7, TABLES = 2 };

static struct scratch scratch;
static struct batch_log batches;

static void set_up(void) {
  scratch = scratch_make();
  cr_assert_eq(batch_log_take(scratch.file, &batches), 0);
  cr_assert_eq(batch_log_begin(&batches, scratch.file, BASE), 0);
}

static void tear_down(void) {
  batch_log_close(&batches);
  scratch_remove(&scratch);
}

TestSuite(batch_log, .init = set_up, .fini = tear_down);

static struct view view_of(const char *text) {
  return (struct view){(const uint8_t *)text, strlen(text)};
}

static void commit_put(const char *key, const char *value) {
  batch_log_put(&batches, 1, view_of(key), view_of(value));
  cr_assert_eq(batch_log_commit(&batches), 0);
}

/* What the log holds, as text: "1+key=value " and "1-key ". */
static char seen[LOG_BYTES];

static int see_put(void *context, unsigned table, struct view key, struct view value) {
  (void)context;
  char change[256];
  snprintf(change, sizeof change, "%u+%.*s=%.*s ", table, (int)key.length, (const char *)key.bytes,
           (int)value.length, (const char *)value.bytes);
  strcat(seen, change);
  return 0;
}

static int see_delete(void *context, unsigned table, struct view key) {
  (void)context;
  char change[256];
  snprintf(change, sizeof change, "%u-%.*s ", table, (int)key.length, (const char *)key.bytes);
  strcat(seen, change);
  return 0;
}

static int see_each(const struct batch_log *log) {
  const struct batch_log_changes changes = {see_put, see_delete, NULL};
  seen[0] = '\0';
  return batch_log_each(log, TABLES, &changes);
}

/* Opens the file again, as a process that was killed finds it. */
static int open_again(uint64_t base) {
  uint8_t id[LOG_ID_BYTES];
  memcpy(id, batches.id, sizeof id);
  batch_log_close(&batches);
  cr_assert_eq(batch_log_take(scratch.file, &batches), 0);
  return batch_log_resume(&batches, id, base);
}

static void overwrite(off_t at, const void *bytes, size_t length) {
  int fd = open(scratch.file, O_WRONLY);
  cr_assert_eq(pwrite(fd, bytes, length, at), (ssize_t)length);
  close(fd);
}

Test(batch_log, committed_batches_are_found_again_in_their_order) {
  commit_put("a", "1");
  batch_log_put(&batches, 0, view_of("b"), view_of(""));
  batch_log_delete(&batches, 1, view_of("a"));
  cr_assert_eq(batch_log_commit(&batches), 0);
  batch_log_put(&batches, 0, view_of("c"), view_of("never committed"));
  cr_assert_eq(open_again(BASE), 0);
  cr_expect_eq(batches.count, 2);
  cr_assert_eq(see_each(&batches), 0);
  cr_expect_str_eq(seen, "1+a=1 0+b= 1-a ");
  commit_put("d", "4");
  cr_assert_eq(open_again(BASE), 0);
  cr_assert_eq(see_each(&batches), 0);
  cr_expect_str_eq(seen, "1+a=1 0+b= 1-a 1+d=4 ");
}

Test(batch_log, an_abandoned_batch_leaves_nothing) {
  batch_log_put(&batches, 0, view_of("gone"), view_of("x"));
  batch_log_abandon(&batches);
  commit_put("kept", "y");
  cr_assert_eq(open_again(BASE), 0);
  cr_assert_eq(see_each(&batches), 0);
  cr_expect_str_eq(seen, "1+kept=y ");
}

Test(batch_log, records_of_an_earlier_base_are_over) {
  commit_put("a", "1");
  commit_put("b", "2");
  batch_log_reset(&batches, BASE + 1);
  commit_put("c", "3");
  cr_assert_eq(open_again(BASE + 1), 0);
  cr_assert_eq(see_each(&batches), 0);
  cr_expect_str_eq(seen, "1+c=3 ");
  cr_assert_eq(open_again(BASE + 2), 0);
  cr_expect_eq(batches.count, 0);
}

/* The file on which they stand was put back to an earlier state without its log. */
Test(batch_log, records_of_a_later_base_are_refused) {
  commit_put("a", "1");
  batch_log_reset(&batches, BASE + 1);
  commit_put("b", "2");
  cr_expect_eq(open_again(BASE), -EBADMSG);
  cr_expect_eq(open_again(BASE + 1), 0);
}

/* Whatever part of its sectors reached the disk. */
Test(batch_log, a_torn_last_record_is_dropped_wherever_it_is_torn) {
  commit_put("a", "1");
  size_t second = batches.used;
  char value[200];
  memset(value, 'v', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  commit_put("b", value);
  char whole[LOG_PAGE];
  memcpy(whole, batches.bytes + second, sizeof whole);
  size_t length = 52 + 3 + 1 + 4 + strlen(value);
  for (size_t at = 0; at < length; at++) {
    char wrong = (char)(whole[at] ^ 0x40);
    overwrite((off_t)(second + at), &wrong, 1);
    cr_assert_eq(open_again(BASE), 0, "byte %zu", at);
    cr_assert_eq(batches.count, 1, "byte %zu", at);
    overwrite((off_t)(second + at), &whole[at], 1);
  }
  cr_assert_eq(open_again(BASE), 0);
  cr_expect_eq(batches.count, 2, "and untouched it is there");
}

Test(batch_log, a_damaged_record_before_the_last_is_noticed) {
  commit_put("a", "1");
  commit_put("b", "2");
  commit_put("c", "3");
  overwrite(LOG_PAGE + LOG_PAGE + 60, "?", 1);
  cr_expect_eq(open_again(BASE), -EBADMSG);
}

Test(batch_log, a_record_out_of_its_turn_is_none) {
  commit_put("a", "1");
  commit_put("b", "2");
  overwrite((off_t)batches.used, batches.bytes + LOG_PAGE, LOG_PAGE);
  cr_assert_eq(open_again(BASE), 0);
  cr_assert_eq(see_each(&batches), 0);
  cr_expect_str_eq(seen, "1+a=1 1+b=2 ");
}

Test(batch_log, another_log_or_none_is_refused) {
  uint8_t id[LOG_ID_BYTES], other[LOG_ID_BYTES] = {1};
  memcpy(id, batches.id, sizeof id);
  commit_put("a", "1");
  cr_expect_eq(batch_log_resume(&batches, other, BASE), -EBADMSG);
  cr_expect_eq(batch_log_resume(&batches, id, BASE), 0);
  cr_assert_eq(truncate(scratch.file, LOG_BYTES - 1), 0);
  cr_expect_eq(batch_log_resume(&batches, id, BASE), -EBADMSG);
  batch_log_close(&batches);
  cr_assert_eq(unlink(scratch.file), 0);
  cr_assert_eq(batch_log_take(scratch.file, &batches), 0);
  cr_expect_eq(batch_log_resume(&batches, id, BASE), -EBADMSG);
}

Test(batch_log, each_log_has_an_id_of_its_own) {
  uint8_t id[LOG_ID_BYTES];
  memcpy(id, batches.id, sizeof id);
  cr_assert_eq(batch_log_begin(&batches, scratch.file, BASE), 0);
  cr_expect_neq(memcmp(id, batches.id, sizeof id), 0);
}

Test(batch_log, one_process_has_it) {
  struct batch_log second;
  cr_expect_eq(batch_log_take(scratch.file, &second), -EBUSY);
}

Test(batch_log, the_file_is_private_and_no_link) {
  struct stat status;
  cr_assert_eq(stat(scratch.file, &status), 0);
  cr_expect_eq(status.st_mode & 0777, 0600);
  struct batch_log second;
  cr_assert_eq(chmod(scratch.file, 0640), 0);
  cr_expect_eq(batch_log_take(scratch.file, &second), -EPERM);
  char link[SCRATCH_CAPACITY + 8];
  snprintf(link, sizeof link, "%s.link", scratch.file);
  cr_assert_eq(symlink(scratch.file, link), 0);
  cr_expect_eq(batch_log_take(link, &second), -ELOOP);
}

Test(batch_log, what_does_not_fit_is_said_and_leaves_the_rest) {
  static uint8_t value[STORE_VALUE_MAX];
  commit_put("a", "1");
  unsigned noted = 0;
  for (; batch_log_fits(&batches) && noted < 2 * LOG_BYTES / STORE_VALUE_MAX; noted++)
    batch_log_put(&batches, 0, view_of("k"), (struct view){value, sizeof value});
  cr_assert_not(batch_log_fits(&batches));
  cr_expect_gt(noted, LOG_BYTES / STORE_VALUE_MAX - 2);
  batch_log_abandon(&batches);
  cr_expect(batch_log_fits(&batches));
  commit_put("b", "2");
  cr_assert_eq(open_again(BASE), 0);
  cr_assert_eq(see_each(&batches), 0);
  cr_expect_str_eq(seen, "1+a=1 1+b=2 ");
}

Test(batch_log, it_fills_to_its_last_page) {
  unsigned committed = 0;
  while (batch_log_fits(&batches)) {
    batch_log_put(&batches, 0, view_of("k"), view_of("v"));
    if (batch_log_fits(&batches)) {
      cr_assert_eq(batch_log_commit(&batches), 0);
      committed++;
    }
  }
  cr_expect_eq(committed, LOG_BYTES / LOG_PAGE - 1);
  cr_assert_eq(open_again(BASE), 0);
  cr_expect_eq(batches.count, committed);
}

Test(batch_log, wiping_leaves_nothing_of_what_is_over) {
  commit_put("canary", "CANARY-OF-AN-OLD-BATCH");
  batch_log_reset(&batches, BASE + 1);
  cr_assert_eq(batch_log_wipe(&batches), 0);
  char command[2 * SCRATCH_CAPACITY];
  snprintf(command, sizeof command, "grep -q CANARY %s", scratch.file);
  cr_expect_neq(system(command), 0);
  commit_put("canary", "CANARY-OF-A-NEW-BATCH");
  cr_expect_eq(system(command), 0);
}

/* A batch whose bytes are what the caller makes of them. */
static int see_bytes(const void *bytes, size_t length) {
  batch_log_reset(&batches, BASE);
  write_bytes(&batches.batch, bytes, length);
  cr_assert_eq(batch_log_commit(&batches), 0);
  return see_each(&batches);
}

Test(batch_log, malformed_changes_are_refused) {
  cr_expect_eq(see_bytes("\1\1\1k\1\0\0\0v", 9), 0);
  cr_expect_eq(see_bytes("\0\1\1k", 4), -EBADMSG, "no such kind");
  cr_expect_eq(see_bytes("\3\1\1k", 4), -EBADMSG, "no such kind");
  cr_expect_eq(see_bytes("\1\2\1k\1\0\0\0v", 9), -EBADMSG, "no such table");
  cr_expect_eq(see_bytes("\1\1\0\1\0\0\0v", 8), -EBADMSG, "no key");
  cr_expect_eq(see_bytes("\1\1\1k\2\0\0\0v", 9), -EBADMSG, "cut");
  static char long_value[8 + STORE_VALUE_MAX + 1] = "\1\1\1k\1\0\1"; /* 65,537 bytes */
  cr_expect_eq(see_bytes(long_value, sizeof long_value), -EBADMSG, "too long a value");
  memcpy(long_value, "\1\1\1k\0\0\1", 8); /* 65,536 */
  cr_expect_eq(see_bytes(long_value, sizeof long_value - 1), 0);
  cr_expect_eq(see_bytes("\2\1\1k", 4), 0);
  cr_expect_eq(see_bytes("\2\1\1k\2", 5), -EBADMSG, "something left over");
}
