/* The recorder misses nothing: all that it saw, done again, makes the file to the byte. Else what the other
 * tests of this folder show would be void. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "folder.h"
#include "store_lmdb.h"

enum { MAP_BYTES = 64 << 20, BATCHES = 100, FILE_BYTES_MAX = 16 << 20 };

static const char *const tables[] = {"one", NULL};

static void put_batch(struct store *store, uint32_t batch) {
  static uint8_t value[20000];
  for (uint32_t i = 0; i < 40; i++) {
    uint32_t key = (batch * 2654435761U + i * 40503U) % 2000;
    memset(value, (int)(batch + i), sizeof value);
    if (i % 3 == 0)
      cr_assert_eq(store_delete(store, 0, &key, sizeof key), 0);
    else
      cr_assert_eq(store_put(store, 0, &key, sizeof key, value, i == 1 ? sizeof value : 300), 0);
  }
  cr_assert_eq(store_commit(store), 0);
}

static struct recording record(const char *path) {
  struct store *store;
  recorder_begin("file");
  cr_assert_eq(store_open_lmdb(path, tables, MAP_BYTES, &store), 0);
  for (uint32_t i = 0; i < BATCHES; i++)
    put_batch(store, i);
  store_close(store);
  return recorder_end();
}

static size_t read_file(const char *path, uint8_t *ret_bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = read(fd, ret_bytes, FILE_BYTES_MAX);
  cr_assert_gt(length, 0);
  close(fd);
  return (size_t)length;
}

static void check_file(const struct disk *disk, enum file_kind file, const char *path) {
  uint8_t *bytes = malloc(FILE_BYTES_MAX);
  size_t length = read_file(path, bytes);
  cr_assert_eq(disk->durable_size[file], length);
  cr_assert_arr_eq(disk->durable + disk_place(file), bytes, length);
  free(bytes);
}

Test(recorder, what_was_recorded_makes_the_file_to_the_byte) {
  char folder[64], path[80];
  folder_make(folder, sizeof folder);
  snprintf(path, sizeof path, "%s/file", folder);
  struct recording recording = record(path);
  struct disk disk = disk_new(DISK_HONEST);
  size_t durable = 0, syncs = 0;
  for (size_t i = 0; i < recording.count; i++) {
    disk_begin(&disk, &recording.events[i], i);
    disk_finish(&disk, &recording.events[i], i);
    durable += recording.events[i].type == EVENT_WRITE && recording.events[i].durable;
    syncs += recording.events[i].type == EVENT_SYNC;
  }
  check_file(&disk, FILE_DATABASE, path);
  snprintf(path, sizeof path, "%s/file-log", folder);
  check_file(&disk, FILE_LOG, path);
  cr_assert_eq(disk.pending_count, 0);
  cr_assert_gt(durable, BATCHES, "each commit waits for the log, some for LMDB's meta page");
  cr_assert_gt(syncs, 3, "LMDB's own commits");
  disk_free(&disk);
  recording_free(&recording);
  folder_remove(folder);
}
