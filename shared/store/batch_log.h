/* The log of batches in front of an LMDB file: what was committed since LMDB itself last was.
 *
 * A synced commit of LMDB writes a dozen scattered pages, waits for them and then for its meta page. A batch
 * in this log is one write of consecutive bytes in a file that was filled before, and one wait. LMDB keeps
 * the batches' changes in an open transaction meanwhile; when the log is full they are committed to LMDB as a
 * whole, and the log begins anew.
 *
 * The file, of LOG_BYTES: a page with the log's id, then records, each at the start of a page, so that no
 * write touches what was acknowledged before: u32 magic, u32 index (0 for the first), u64 base, u32 length,
 * 32 bytes checksum, then `length` bytes of changes. base is the number of LMDB's transaction that the log
 * stands on: records of an earlier one are over and done with, those of a later one say that the file was put
 * back without its log. The checksum is BLAKE2b of all that and of the id: it finds torn writes, not forgers,
 * for callers authenticate every value themselves. A change is u8 kind, u8 table, u8 key length, key, and
 * with a put u32 value length and value. */
#pragma once

#include "cursor.h"
#include "store.h"

enum { LOG_BYTES = 1 << 20, LOG_PAGE = 4096, LOG_ID_BYTES = 16 };

struct batch_log {
  int fd;
  uint8_t id[LOG_ID_BYTES];
  uint8_t *bytes;      /* the file, as it is or is to be; owned */
  size_t used;         /* to the end of the last committed record's page */
  uint32_t count;      /* committed records */
  uint64_t base;       /* what they stand on */
  struct writer batch; /* the changes of the batch being made */
};

/* Opens the file path, which is made with mode 0600 when it is absent, and locks it: nobody else has the
 * store now. Returns 0; -EBUSY when another process has it; -ELOOP, -EPERM for what is no file of this user
 * alone; or another negated errno. The caller closes *ret_log with batch_log_close(). Nothing else may be
 * done with it before one of the next two. */
MUST_USE int batch_log_take(const char *path, struct batch_log *ret_log);
/* Begins it anew, with a new id. Durable when it returns 0; or a negated errno. */
MUST_USE int batch_log_begin(struct batch_log *log, const char *path, uint64_t base);
/* Goes on with what it holds: it must have that id. Finds the records that stand on base. Returns 0; -EBADMSG
 * when it is another's, when the file is older than its records, or when it was damaged: a record that cannot
 * be read is accepted as the last one alone, for only that one was never acknowledged; or another negated
 * errno. */
MUST_USE int batch_log_resume(struct batch_log *log, const uint8_t id[LOG_ID_BYTES], uint64_t base);
/* Closes the file. */
void batch_log_close(struct batch_log *log);

/* Notes a change of the batch. What does not fit is said by batch_log_fits(). */
void batch_log_put(struct batch_log *log, unsigned table, struct view key, struct view value);
void batch_log_delete(struct batch_log *log, unsigned table, struct view key);
/* Whether the batch noted has room. */
bool batch_log_fits(const struct batch_log *log);
/* Makes the batch durable. Returns 0; -EIO: nobody knows whether it is, and the store must not go on; or
 * another negated errno (-ENOSPC, -EROFS): not all of it was written, so that it is in the log neither now
 * nor after a crash. */
MUST_USE int batch_log_commit(struct batch_log *log);
/* Forgets the batch. */
void batch_log_abandon(struct batch_log *log);
/* All records are in LMDB, whose transaction number is now base. */
void batch_log_reset(struct batch_log *log, uint64_t base);
/* Overwrites what records that are over and done with left in the file. Only after batch_log_reset(). Returns
 * 0 or a negated errno. */
MUST_USE int batch_log_wipe(struct batch_log *log);

/* Takes the changes in their order; each returns 0 or a negated errno, which ends the walk. */
struct batch_log_changes {
  int (*put)(void *context, unsigned table, struct view key, struct view value);
  int (*remove)(void *context, unsigned table, struct view key);
  void *context;
};
/* Hands over every change of the committed records. tables: how many there are. Returns 0; -EBADMSG when a
 * change is malformed; or what a callback returned. */
MUST_USE int batch_log_each(const struct batch_log *log, unsigned tables,
                            const struct batch_log_changes *changes);
