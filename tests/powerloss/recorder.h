/* What a process does to a database, call by call: the calls that can change a file or make it durable are
 * defined here, in the test's own program, and so stand before those of the C library, for liblmdb as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_type {
  EVENT_WRITE,     /* bytes at an offset */
  EVENT_SIZE,      /* ftruncate(2): the size is now offset */
  EVENT_SYNC,      /* fdatasync(2) or fsync(2) */
  EVENT_NAMED,     /* renamed to the name that is watched */
  EVENT_COMMIT,    /* a commit begins */
  EVENT_COMMITTED, /* it has returned 0: what it held is acknowledged */
  EVENT_PROMISE    /* something left the process that rests on what was committed */
};

/* A store is its LMDB file and the log of batches in front of it. */
enum file_kind { FILE_DATABASE, FILE_LOG, FILE_KINDS };

struct event {
  enum event_type type;
  enum file_kind file; /* of a write, a size or a sync */
  bool durable;        /* a write through a descriptor with O_DSYNC: durable once it has returned */
  uint64_t offset;
  size_t length;
  uint8_t *bytes;
};

struct recording {
  struct event *events; /* in the order in which they came */
  size_t count;
};

/* From here on: the file whose name is `name`, or `name` with ".new" behind it, and the one with "-log"
 * behind it; and marks. */
void recorder_begin(const char *name);
void recorder_mark(enum event_type type);
/* Ends it. The recording is the caller's, to be ended with recording_free(). */
struct recording recorder_end(void);
void recording_free(struct recording *recording);
/* From here on no sync of this process reaches a disk: for those that try what others left. */
void recorder_skip_syncs(void);
