/* Checked cursors: message code reads like the schema of the message.
 *
 * Both cursors are sticky: after the first step that does not fit, every later read yields zero or the
 * empty string and every later write is dropped, and reader_finish() / writer_finish() say so. So a parser
 * is a straight list of fields with one check at its end. All integers are little-endian.
 */
#pragma once

#include "result.h"
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
  const uint8_t *at;
  const uint8_t *end;
  bool bad;
};

struct writer {
  uint8_t *start;
  uint8_t *at;
  uint8_t *end;
  bool bad;
};

/* A reader over length bytes at bytes, which it borrows. */
static inline struct reader reader_over(const void *bytes, size_t length) {
  const uint8_t *start = (const uint8_t *)bytes;
  return (struct reader){.at = start, .end = length ? start + length : start, .bad = false};
}

/* Borrows the next length bytes; NULL when they are not there. */
static inline const uint8_t *read_view(struct reader *reader, size_t length) {
  if (reader->bad || (size_t)(reader->end - reader->at) < length) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *view = reader->at;
  reader->at += length;
  return view;
}

/* The next length bytes (1 to 8) as one integer; zero when they are not there. Here, so that opening a record
 * and reading a message cost no call for each of their integers. */
static inline uint64_t read_little_endian(struct reader *reader, size_t length) {
  const uint8_t *bytes = read_view(reader, length);
  uint64_t value = 0;
  if (bytes)
    memcpy(&value, bytes, length);
  return le64toh(value);
}

static inline uint8_t read_u8(struct reader *reader) {
  return (uint8_t)read_little_endian(reader, 1);
}

static inline uint16_t read_u16(struct reader *reader) {
  return (uint16_t)read_little_endian(reader, 2);
}

static inline uint32_t read_u32(struct reader *reader) {
  return (uint32_t)read_little_endian(reader, 4);
}

static inline uint64_t read_u64(struct reader *reader) {
  return read_little_endian(reader, 8);
}

/* A 64-bit two's complement integer. */
static inline int64_t read_i64(struct reader *reader) {
  return (int64_t)read_little_endian(reader, 8);
}

/* Copies exactly length bytes to ret; zeroes ret when they are not there. */
static inline void read_bytes(struct reader *reader, void *ret, size_t length) {
  const uint8_t *bytes = read_view(reader, length);
  if (bytes && length)
    memcpy(ret, bytes, length);
  else if (length)
    memset(ret, 0, length);
}

/* Exactly one byte, 0 or 1; anything else makes the reader bad. */
bool read_bool(struct reader *reader);
/* A text: u16 length, then its bytes. Copied NUL-terminated to ret of capacity bytes (terminator included).
 * Bad when it does not fit or holds a NUL byte. Returns its length. */
size_t read_text(struct reader *reader, char *ret, size_t capacity);
/* How many bytes are left. */
static inline size_t reader_left(const struct reader *reader) {
  return reader->bad ? 0 : (size_t)(reader->end - reader->at);
}

/* 0 when every read fitted and nothing is left over, else -EBADMSG. */
MUST_USE int reader_finish(const struct reader *reader);

/* A writer over capacity bytes at bytes, which it borrows. */
struct writer writer_over(void *bytes, size_t capacity);

/* The next length bytes to write to; NULL when there is no room. */
static inline uint8_t *writer_room(struct writer *writer, size_t length) {
  if (writer->bad || (size_t)(writer->end - writer->at) < length) {
    writer->bad = true;
    return NULL;
  }
  uint8_t *room = writer->at;
  writer->at += length;
  return room;
}

/* The lowest length bytes (1 to 8) of value; here for the same reason as read_little_endian(). */
static inline void write_little_endian(struct writer *writer, uint64_t value, size_t length) {
  uint8_t *room = writer_room(writer, length);
  value = htole64(value);
  if (room)
    memcpy(room, &value, length);
}

static inline void write_u8(struct writer *writer, uint8_t value) {
  write_little_endian(writer, value, 1);
}

static inline void write_u16(struct writer *writer, uint16_t value) {
  write_little_endian(writer, value, 2);
}

static inline void write_u32(struct writer *writer, uint32_t value) {
  write_little_endian(writer, value, 4);
}

static inline void write_u64(struct writer *writer, uint64_t value) {
  write_little_endian(writer, value, 8);
}

/* A 64-bit two's complement integer. */
static inline void write_i64(struct writer *writer, int64_t value) {
  write_little_endian(writer, (uint64_t)value, 8);
}

static inline void write_bool(struct writer *writer, bool value) {
  write_u8(writer, value ? 1 : 0);
}

void write_bytes(struct writer *writer, const void *bytes, size_t length);
/* A text as read_text() takes it; text is NUL-terminated and at most 65,535 bytes. */
void write_text(struct writer *writer, const char *text);
/* How many bytes are written. */
static inline size_t writer_length(const struct writer *writer) {
  return (size_t)(writer->at - writer->start);
}

/* 0 when everything fitted, else -ENOBUFS. */
MUST_USE int writer_finish(const struct writer *writer);
