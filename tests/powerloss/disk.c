#include "disk.h"

#include <stdlib.h>
#include <string.h>

/* A disk that syncs nothing still writes what has waited long enough. */
enum { PENDING_MAX = 4096, GROWTH = 1 << 20 };

struct disk disk_new(enum disk_kind kind) {
  return (struct disk){.kind = kind};
}

void disk_free(struct disk *disk) {
  free(disk->durable);
  free(disk->cache);
  free(disk->pending);
  *disk = (struct disk){0};
}

static void *grow(void *bytes, size_t old_size, size_t size) {
  uint8_t *grown = realloc(bytes, size);
  if (!grown)
    abort();
  if (size > old_size)
    memset(grown + old_size, 0, size - old_size);
  return grown;
}

static void make_room(struct disk *disk, size_t size) {
  if (size <= disk->capacity)
    return;
  size_t capacity = (size / GROWTH + 1) * GROWTH;
  disk->durable = grow(disk->durable, disk->capacity, capacity);
  disk->cache = grow(disk->cache, disk->capacity, capacity);
  disk->capacity = capacity;
}

size_t disk_place(enum file_kind file) {
  return file == FILE_LOG ? 0 : LOG_AREA;
}

static enum file_kind file_of(uint64_t number) {
  return number < LOG_AREA / SECTOR_BYTES ? FILE_LOG : FILE_DATABASE;
}

/* Where the sector ends in its file. */
static size_t sector_end(const struct disk *disk, uint64_t number) {
  enum file_kind file = file_of(number);
  size_t end = (size_t)(number + 1) * SECTOR_BYTES - disk_place(file);
  return end < disk->cache_size[file] ? end : disk->cache_size[file];
}

static size_t larger(size_t left, size_t right) {
  return left > right ? left : right;
}

static void settle(struct disk *disk, const struct pending_sector *sector) {
  memcpy(disk->durable + sector->number * SECTOR_BYTES, sector->bytes, SECTOR_BYTES);
  size_t *size = &disk->durable_size[file_of(sector->number)];
  *size = larger(*size, sector_end(disk, sector->number));
}

/* The first count pending sectors are durable now. */
static void settle_first(struct disk *disk, size_t count) {
  for (size_t i = 0; i < count; i++)
    settle(disk, &disk->pending[i]);
  disk->pending_count -= count;
  memmove(disk->pending, disk->pending + count, disk->pending_count * sizeof *disk->pending);
}

static void add_pending(struct disk *disk, size_t event, uint64_t number) {
  if (disk->pending_count == disk->pending_capacity) {
    size_t capacity = disk->pending_capacity ? 2 * disk->pending_capacity : PENDING_MAX;
    disk->pending =
        grow(disk->pending, disk->pending_capacity * sizeof *disk->pending, capacity * sizeof *disk->pending);
    disk->pending_capacity = capacity;
  }
  struct pending_sector *sector = &disk->pending[disk->pending_count++];
  sector->event = event;
  sector->number = number;
  memcpy(sector->bytes, disk->cache + number * SECTOR_BYTES, SECTOR_BYTES);
}

static void begin_write(struct disk *disk, const struct event *event, size_t index) {
  size_t from = disk_place(event->file) + (size_t)event->offset, end = from + event->length;
  if (event->file == FILE_LOG && end > LOG_AREA)
    abort();
  make_room(disk, end + SECTOR_BYTES);
  memcpy(disk->cache + from, event->bytes, event->length);
  size_t *size = &disk->cache_size[event->file];
  *size = larger(*size, (size_t)event->offset + event->length);
  for (uint64_t i = from / SECTOR_BYTES; i * SECTOR_BYTES < end; i++)
    add_pending(disk, index, i);
}

void disk_begin(struct disk *disk, const struct event *event, size_t index) {
  if (event->type == EVENT_WRITE) {
    begin_write(disk, event, index);
  } else if (event->type == EVENT_SIZE) {
    make_room(disk, disk_place(event->file) + (size_t)event->offset + SECTOR_BYTES);
    disk->cache_size[event->file] = (size_t)event->offset;
  }
}

static void sync_file(struct disk *disk, enum file_kind file) {
  size_t left = 0;
  for (size_t i = 0; i < disk->pending_count; i++) {
    if (file_of(disk->pending[i].number) == file)
      settle(disk, &disk->pending[i]);
    else
      disk->pending[left++] = disk->pending[i];
  }
  disk->pending_count = left;
  disk->durable_size[file] = disk->cache_size[file];
}

/* A sector that is written durably leaves no earlier version of itself behind. */
static void settle_write(struct disk *disk, size_t index) {
  size_t left = 0;
  for (size_t i = 0; i < disk->pending_count; i++) {
    const struct pending_sector *sector = &disk->pending[i];
    bool settled = sector->event == index;
    for (size_t j = i + 1; !settled && j < disk->pending_count; j++)
      settled = disk->pending[j].event == index && disk->pending[j].number == sector->number;
    if (settled)
      settle(disk, sector);
    else
      disk->pending[left++] = *sector;
  }
  disk->pending_count = left;
}

void disk_finish(struct disk *disk, const struct event *event, size_t index) {
  bool syncs = disk->kind != DISK_IGNORES_DATASYNC && disk->kind != DISK_IGNORES_SYNCS;
  bool dsyncs = disk->kind != DISK_IGNORES_DSYNC && disk->kind != DISK_IGNORES_SYNCS;
  if (event->type == EVENT_WRITE && event->durable && dsyncs)
    settle_write(disk, index);
  if (event->type == EVENT_SYNC && syncs)
    sync_file(disk, event->file);
  if (disk->pending_count > PENDING_MAX)
    settle_first(disk, disk->pending_count - PENDING_MAX);
  if (event->type == EVENT_NAMED)
    disk->named = true;
}

void disk_after_loss(const struct disk *disk, const bool *kept, enum size_kept size, uint8_t *ret_bytes,
                     size_t ret_sizes[FILE_KINDS]) {
  memcpy(ret_bytes, disk->durable, disk->capacity);
  memcpy(ret_sizes, size == SIZE_WHOLE ? disk->cache_size : disk->durable_size, sizeof disk->durable_size);
  for (size_t i = 0; i < disk->pending_count; i++) {
    if (!kept[i])
      continue;
    const struct pending_sector *sector = &disk->pending[i];
    size_t *reached = &ret_sizes[file_of(sector->number)];
    memcpy(ret_bytes + sector->number * SECTOR_BYTES, sector->bytes, SECTOR_BYTES);
    if (size == SIZE_REACHES)
      *reached = larger(*reached, sector_end(disk, sector->number));
  }
}
