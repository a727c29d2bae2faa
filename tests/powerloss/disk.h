/* A disk under the two files of a store, as a power loss treats it: what was synced is there; of what was
 * written since, each sector of 512 bytes may be there or not, in any order; and a file may have its old size
 * or a later one.
 */
#pragma once

#include "recorder.h"

/* Both files lie in one row of bytes: the log first, which never grows beyond LOG_AREA, then the database. */
enum { SECTOR_BYTES = 512, LOG_AREA = 1 << 20 };

/* What the disk does wrong, to see that the trial notices. */
enum disk_kind {
  DISK_HONEST,
  DISK_IGNORES_DSYNC,    /* writes that are durable when they return are like all others: MDB_NOMETASYNC */
  DISK_IGNORES_DATASYNC, /* fdatasync(2) does nothing, O_DSYNC does: the order of MDB_NOSYNC lost */
  DISK_IGNORES_SYNCS     /* MDB_NOSYNC */
};

/* A sector that was written and not synced, as it was in memory then. */
struct pending_sector {
  size_t event;
  uint64_t number;
  uint8_t bytes[SECTOR_BYTES];
};

struct disk {
  enum disk_kind kind;
  uint8_t *durable, *cache; /* what is on the disk; what the process sees */
  size_t durable_size[FILE_KINDS], cache_size[FILE_KINDS], capacity;
  struct pending_sector *pending; /* in the order in which they were written */
  size_t pending_count, pending_capacity;
  bool named; /* the file bears its name; before, that name with ".new" behind it */
};

/* How long a file is after the power loss. What lies behind its end is lost. */
enum size_kept {
  SIZE_REACHES, /* as far as what was kept */
  SIZE_WHOLE,   /* as the process saw it; what was not kept reads as zeroes */
  SIZE_DURABLE, /* as it was synced */
  SIZE_KINDS
};

struct disk disk_new(enum disk_kind kind);
void disk_free(struct disk *disk);
/* The event with that index has begun: a write may be on the disk from here on. */
void disk_begin(struct disk *disk, const struct event *event, size_t index);
/* It has returned: what it promises to be durable is. */
void disk_finish(struct disk *disk, const struct event *event, size_t index);
/* Where a file begins in the row. */
size_t disk_place(enum file_kind file);
/* The files after a power loss that kept the pending sectors that are true in kept. ret_bytes has the disk's
 * capacity. */
void disk_after_loss(const struct disk *disk, const bool *kept, enum size_kept size, uint8_t *ret_bytes,
                     size_t ret_sizes[FILE_KINDS]);
