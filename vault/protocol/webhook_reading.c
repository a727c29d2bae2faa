#include "webhook_reading.h"

#include <string.h>

#include "admin.h"
#include "parts.h"

void write_webhook_body(struct writer *writer, const struct webhook_body *body) {
  write_text(writer, body->sheet);
  write_bytes(writer, body->sheet_hash, sizeof body->sheet_hash);
  write_u8(writer, body->environment);
  write_u32(writer, body->length);
  write_bytes(writer, body->bytes, body->length);
}

int read_webhook_body(struct reader *reader, struct webhook_body *ret_body) {
  struct webhook_body body = {0};
  read_name(reader, body.sheet, sizeof body.sheet);
  read_bytes(reader, body.sheet_hash, sizeof body.sheet_hash);
  body.environment = read_enum(reader, ENVIRONMENT_LIVE + 1);
  body.length = read_u32(reader);
  body.bytes = read_view(reader, body.length);
  if (body.length == 0 || body.length > HOOK_BODY_MAX)
    reader->bad = true;
  int r = reader_finish(reader);
  if (r == 0)
    *ret_body = body;
  return r;
}

static void write_event(struct writer *writer, const struct webhook_event *event) {
  write_bool(writer, event->tells);
  if (event->tells) {
    write_text(writer, event->key);
    write_u8(writer, (uint8_t)event->about);
    write_u8(writer, (uint8_t)event->answer);
    write_i64(writer, event->at_ms);
    write_answer_fields(writer, &event->fields);
  }
  write_u8(writer, event->signed_count);
  for (size_t i = 0; i < event->signed_count && i < WEBHOOK_SIGNED_MAX; i++)
    write_text(writer, event->signed_values[i]);
  write_text(writer, event->signature);
}

static void read_told(struct reader *reader, struct webhook_event *event) {
  read_step_key(reader, event->key);
  event->about = (enum operation)read_enum(reader, OPERATION_COUNT);
  event->answer = (enum answer)read_enum(reader, ANSWER_COUNT);
  event->at_ms = read_i64(reader);
  read_answer_fields(reader, &event->fields);
  if (event->at_ms < 0 || !webhook_tells(event->about, event->answer))
    reader->bad = true;
}

static void read_event(struct reader *reader, struct webhook_event *event) {
  event->tells = read_bool(reader);
  if (event->tells)
    read_told(reader, event);
  event->signed_count = read_u8(reader);
  if (event->signed_count > WEBHOOK_SIGNED_MAX)
    reader->bad = true;
  for (size_t i = 0; !reader->bad && i < event->signed_count; i++)
    read_text(reader, event->signed_values[i], sizeof event->signed_values[i]);
  read_text(reader, event->signature, sizeof event->signature);
}

void write_webhook_reading(struct writer *writer, const struct webhook_reading *reading) {
  write_u8(writer, reading->count);
  for (size_t i = 0; i < reading->count && i < WEBHOOK_EVENTS_MAX; i++)
    write_event(writer, &reading->events[i]);
}

int read_webhook_reading(struct reader *reader, struct webhook_reading *ret_reading) {
  memset(ret_reading, 0, sizeof *ret_reading);
  uint8_t count = read_u8(reader);
  if (count > WEBHOOK_EVENTS_MAX)
    reader->bad = true;
  for (size_t i = 0; !reader->bad && i < count; i++)
    read_event(reader, &ret_reading->events[i]);
  ret_reading->count = count;
  int r = reader_finish(reader);
  if (r < 0)
    memset(ret_reading, 0, sizeof *ret_reading);
  return r;
}
