#include "cursor.h"

#include <errno.h>
#include <string.h>

bool read_bool(struct reader *reader) {
  uint8_t value = read_u8(reader);
  if (value > 1) {
    reader->bad = true;
    return false;
  }
  return value == 1;
}

size_t read_text(struct reader *reader, char *ret, size_t capacity) {
  uint16_t length = read_u16(reader);
  const uint8_t *bytes = read_view(reader, length);
  if (bytes && (length >= capacity || memchr(bytes, 0, length))) {
    reader->bad = true;
    bytes = NULL;
  }
  if (!bytes) {
    if (capacity)
      ret[0] = '\0';
    return 0;
  }
  memcpy(ret, bytes, length);
  ret[length] = '\0';
  return length;
}

int reader_finish(const struct reader *reader) {
  return !reader->bad && reader->at == reader->end ? 0 : -EBADMSG;
}

struct writer writer_over(void *bytes, size_t capacity) {
  uint8_t *start = bytes;
  return (struct writer){
      .start = start, .at = start, .end = capacity ? start + capacity : start, .bad = false};
}

static uint8_t *room_for(struct writer *writer, size_t length) {
  if (writer->bad || (size_t)(writer->end - writer->at) < length) {
    writer->bad = true;
    return NULL;
  }
  uint8_t *room = writer->at;
  writer->at += length;
  return room;
}

static void write_little_endian(struct writer *writer, uint64_t value, size_t length) {
  uint8_t *room = room_for(writer, length);
  for (size_t i = 0; room && i < length; i++)
    room[i] = (uint8_t)(value >> (8 * i));
}

void write_u8(struct writer *writer, uint8_t value) {
  write_little_endian(writer, value, 1);
}

void write_u16(struct writer *writer, uint16_t value) {
  write_little_endian(writer, value, 2);
}

void write_u32(struct writer *writer, uint32_t value) {
  write_little_endian(writer, value, 4);
}

void write_u64(struct writer *writer, uint64_t value) {
  write_little_endian(writer, value, 8);
}

void write_i64(struct writer *writer, int64_t value) {
  write_little_endian(writer, (uint64_t)value, 8);
}

void write_bool(struct writer *writer, bool value) {
  write_u8(writer, value ? 1 : 0);
}

void write_bytes(struct writer *writer, const void *bytes, size_t length) {
  uint8_t *room = room_for(writer, length);
  if (room && length)
    memcpy(room, bytes, length);
}

void write_text(struct writer *writer, const char *text) {
  size_t length = strlen(text);
  if (length > UINT16_MAX) {
    writer->bad = true;
    return;
  }
  write_u16(writer, (uint16_t)length);
  write_bytes(writer, text, length);
}

size_t writer_length(const struct writer *writer) {
  return (size_t)(writer->at - writer->start);
}

int writer_finish(const struct writer *writer) {
  return writer->bad ? -ENOBUFS : 0;
}
