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

void write_bytes(struct writer *writer, const void *bytes, size_t length) {
  uint8_t *room = writer_room(writer, length);
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

int writer_finish(const struct writer *writer) {
  return writer->bad ? -ENOBUFS : 0;
}
