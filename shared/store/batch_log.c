#include "batch_log.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lmdb_file.h"

enum {
  HEAD_MAGIC = 0x4c425046,   /* "FPBL" */
  RECORD_MAGIC = 0x52425046, /* "FPBR" */
  FORMAT = 1,
  CHECKSUM_BYTES = 32,
  CHECKED_BYTES = 4 + 4 + 8 + 4, /* of a record's head */
  RECORD_HEAD = CHECKED_BYTES + CHECKSUM_BYTES,
  CHANGE_PUT = 1,
  CHANGE_DELETE = 2
};

_Static_assert(LOG_BYTES % LOG_PAGE == 0 && LOG_BYTES >= 2 * LOG_PAGE, "whole pages, and room for a record");

static size_t whole_pages(size_t length) {
  return (length + LOG_PAGE - 1) / LOG_PAGE * LOG_PAGE;
}

/* ---- The file ---- */

static int write_at(const struct batch_log *log, size_t at, size_t length) {
  while (length > 0) {
    ssize_t written = pwrite(log->fd, log->bytes + at, length, (off_t)at);
    if (written <= 0)
      return written < 0 ? -errno : -EIO;
    at += (size_t)written;
    length -= (size_t)written;
  }
  return 0;
}

/* Whether it may be that all of it stands in the file: a write whose sync failed has an error too. */
static bool may_be_written(const struct batch_log *log, size_t at, size_t length) {
  uint8_t page[LOG_PAGE];
  for (size_t end = at + length; at < end; at += LOG_PAGE)
    if (pread(log->fd, page, sizeof page, (off_t)at) == LOG_PAGE &&
        memcmp(page, log->bytes + at, LOG_PAGE) != 0)
      return false;
  return true;
}

static int read_all(struct batch_log *log) {
  for (size_t at = 0; at < LOG_BYTES;) {
    ssize_t got = pread(log->fd, log->bytes + at, LOG_BYTES - at, (off_t)at);
    if (got <= 0)
      return got < 0 ? -errno : -EBADMSG;
    at += (size_t)got;
  }
  return 0;
}

static void begin_batch(struct batch_log *log) {
  size_t from = log->used + RECORD_HEAD < LOG_BYTES ? log->used + RECORD_HEAD : LOG_BYTES;
  log->batch = writer_over(log->bytes + from, LOG_BYTES - from);
}

int batch_log_take(const char *path, struct batch_log *ret_log) {
  uint8_t *bytes = calloc(1, LOG_BYTES);
  if (!bytes)
    return -ENOMEM;
  int fd = lmdb_side_file_open(path);
  if (fd < 0) {
    free(bytes);
    return fd;
  }
  *ret_log = (struct batch_log){.fd = fd, .bytes = bytes};
  return 0;
}

static void write_head(struct batch_log *log) {
  struct writer writer = writer_over(log->bytes, LOG_PAGE);
  write_u32(&writer, HEAD_MAGIC);
  write_u32(&writer, FORMAT);
  write_bytes(&writer, log->id, sizeof log->id);
  assert(!writer.bad);
}

static bool head_holds(const struct batch_log *log, const uint8_t id[LOG_ID_BYTES]) {
  struct reader reader = reader_over(log->bytes, LOG_PAGE);
  uint8_t found[LOG_ID_BYTES];
  bool ours = read_u32(&reader) == HEAD_MAGIC && read_u32(&reader) == FORMAT;
  read_bytes(&reader, found, sizeof found);
  return ours && memcmp(found, id, sizeof found) == 0;
}

int batch_log_begin(struct batch_log *log, const char *path, uint64_t base) {
  memset(log->bytes, 0, LOG_BYTES);
  randombytes_buf(log->id, sizeof log->id);
  write_head(log);
  batch_log_reset(log, base);
  int r = write_at(log, 0, LOG_BYTES);
  return r < 0 ? r : lmdb_side_file_settle(path, log->fd);
}

void batch_log_close(struct batch_log *log) {
  close(log->fd);
  free(log->bytes);
  *log = (struct batch_log){.fd = -1};
}

/* ---- Records ---- */

static void checksum(const struct batch_log *log, const uint8_t *record, size_t length,
                     uint8_t ret_checksum[CHECKSUM_BYTES]) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, log->id, sizeof log->id, CHECKSUM_BYTES);
  crypto_generichash_update(&state, record, CHECKED_BYTES);
  crypto_generichash_update(&state, record + RECORD_HEAD, length);
  crypto_generichash_final(&state, ret_checksum, CHECKSUM_BYTES);
}

struct record {
  uint32_t index;
  uint64_t base;
  size_t length;
};

/* Whether a whole record stands at that place. */
static bool read_record(const struct batch_log *log, size_t at, struct record *ret_record) {
  uint8_t expected[CHECKSUM_BYTES];
  struct reader reader = reader_over(log->bytes + at, LOG_BYTES - at);
  uint32_t magic = read_u32(&reader);
  struct record record = {.index = read_u32(&reader), .base = read_u64(&reader)};
  record.length = read_u32(&reader);
  const uint8_t *found = read_view(&reader, CHECKSUM_BYTES);
  if (magic != RECORD_MAGIC || !found || record.length > reader_left(&reader))
    return false;
  checksum(log, log->bytes + at, record.length, expected);
  if (memcmp(found, expected, sizeof expected) != 0)
    return false;
  *ret_record = record;
  return true;
}

static bool is_next(const struct batch_log *log, const struct record *record) {
  return record->base == log->base && record->index == log->count;
}

/* A record behind one that cannot be read was written after that one had been acknowledged; one of a later
 * base, after LMDB had committed what it now lacks. */
static bool something_is_missing(const struct batch_log *log) {
  struct record record;
  for (size_t at = log->used; at < LOG_BYTES; at += LOG_PAGE) {
    if (read_record(log, at, &record) &&
        (record.base > log->base || (record.base == log->base && record.index > log->count)))
      return true;
  }
  return false;
}

static int find_records(struct batch_log *log) {
  struct record record;
  while (log->used < LOG_BYTES && read_record(log, log->used, &record) && is_next(log, &record)) {
    log->used += whole_pages(RECORD_HEAD + record.length);
    log->count++;
  }
  if (something_is_missing(log))
    return -EBADMSG;
  begin_batch(log);
  return 0;
}

int batch_log_resume(struct batch_log *log, const uint8_t id[LOG_ID_BYTES], uint64_t base) {
  int r = read_all(log);
  if (r < 0)
    return r;
  if (!head_holds(log, id))
    return -EBADMSG;
  memcpy(log->id, id, sizeof log->id);
  batch_log_reset(log, base);
  return find_records(log);
}

/* ---- The batch ---- */

static void write_key(struct batch_log *log, uint8_t kind, unsigned table, struct view key) {
  assert(key.length <= STORE_KEY_MAX && table < STORE_TABLES_MAX);
  write_u8(&log->batch, kind);
  write_u8(&log->batch, (uint8_t)table);
  write_u8(&log->batch, (uint8_t)key.length);
  write_bytes(&log->batch, key.bytes, key.length);
}

void batch_log_put(struct batch_log *log, unsigned table, struct view key, struct view value) {
  assert(value.length <= STORE_VALUE_MAX);
  write_key(log, CHANGE_PUT, table, key);
  write_u32(&log->batch, (uint32_t)value.length);
  write_bytes(&log->batch, value.bytes, value.length);
}

void batch_log_delete(struct batch_log *log, unsigned table, struct view key) {
  write_key(log, CHANGE_DELETE, table, key);
}

bool batch_log_fits(const struct batch_log *log) {
  return !log->batch.bad;
}

void batch_log_abandon(struct batch_log *log) {
  begin_batch(log);
}

void batch_log_reset(struct batch_log *log, uint64_t base) {
  log->used = LOG_PAGE;
  log->count = 0;
  log->base = base;
  begin_batch(log);
}

static void write_record_head(struct batch_log *log, size_t length) {
  uint8_t *record = log->bytes + log->used;
  struct writer writer = writer_over(record, RECORD_HEAD);
  write_u32(&writer, RECORD_MAGIC);
  write_u32(&writer, log->count);
  write_u64(&writer, log->base);
  write_u32(&writer, (uint32_t)length);
  checksum(log, record, length, record + CHECKED_BYTES);
}

int batch_log_commit(struct batch_log *log) {
  assert(batch_log_fits(log));
  size_t length = writer_length(&log->batch);
  size_t pages = whole_pages(RECORD_HEAD + length);
  write_record_head(log, length);
  memset(log->bytes + log->used + RECORD_HEAD + length, 0, pages - RECORD_HEAD - length);
  int r = write_at(log, log->used, pages);
  if (r < 0 && may_be_written(log, log->used, pages))
    r = -EIO;
  if (r == 0) {
    log->used += pages;
    log->count++;
  }
  begin_batch(log);
  return r;
}

int batch_log_wipe(struct batch_log *log) {
  assert(log->count == 0);
  memset(log->bytes + LOG_PAGE, 0, LOG_BYTES - LOG_PAGE);
  return write_at(log, LOG_PAGE, LOG_BYTES - LOG_PAGE);
}

/* ---- Reading the changes ---- */

static struct view read_bounded(struct reader *reader, size_t length, size_t least, size_t most) {
  if (length < least || length > most)
    reader->bad = true;
  return (struct view){read_view(reader, length), length};
}

static int read_change(struct reader *reader, unsigned tables, const struct batch_log_changes *changes) {
  uint8_t kind = read_u8(reader);
  uint8_t table = read_u8(reader);
  struct view key = read_bounded(reader, read_u8(reader), 1, STORE_KEY_MAX);
  struct view value = {0};
  if (kind == CHANGE_PUT)
    value = read_bounded(reader, read_u32(reader), 0, STORE_VALUE_MAX);
  if (reader->bad || table >= tables || (kind != CHANGE_PUT && kind != CHANGE_DELETE))
    return -EBADMSG;
  return kind == CHANGE_PUT ? changes->put(changes->context, table, key, value)
                            : changes->remove(changes->context, table, key);
}

int batch_log_each(const struct batch_log *log, unsigned tables, const struct batch_log_changes *changes) {
  size_t at = LOG_PAGE;
  for (uint32_t i = 0; i < log->count; i++) {
    struct record record;
    bool whole = read_record(log, at, &record);
    assert(whole && "it was checked when it was found or written");
    struct reader reader = reader_over(log->bytes + at + RECORD_HEAD, record.length);
    while (reader_left(&reader) > 0) {
      int r = read_change(&reader, tables, changes);
      if (r < 0)
        return r;
    }
    at += whole_pages(RECORD_HEAD + record.length);
  }
  return 0;
}
