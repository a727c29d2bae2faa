#include "memory_record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* length, changes, checksum */
enum { HEAD_BYTES = 8, CHANGE_BYTES = 12, CHECK_BYTES = 8 };

size_t record_length(size_t changes, size_t bytes) {
  return HEAD_BYTES + changes * CHANGE_BYTES + bytes + CHECK_BYTES;
}

int record_begin(struct memory_record *record, size_t length) {
  uint8_t *bytes = malloc(length);
  if (!bytes)
    return -ENOMEM;
  *record = (struct memory_record){.bytes = bytes, .length = HEAD_BYTES, .capacity = length};
  return 0;
}

void record_free(struct memory_record *record) {
  free(record->bytes);
}

static void put(struct memory_record *record, const void *bytes, size_t length) {
  assert(record->length + length <= record->capacity);
  if (length > 0)
    memcpy(record->bytes + record->length, bytes, length);
  record->length += length;
}

static void put_number(struct memory_record *record, uint32_t number) {
  put(record, &number, sizeof number);
}

void record_add(struct memory_record *record, const struct record_change *change) {
  put_number(record, (uint32_t)change->table << 1 | change->removes);
  put_number(record, (uint32_t)change->key.length);
  put_number(record, (uint32_t)change->value.length);
  put(record, change->key.bytes, change->key.length);
  put(record, change->value.bytes, change->value.length);
}

/* FNV-1a: torn writes are told, not enemies. */
static uint64_t checksum(const uint8_t *bytes, size_t length) {
  uint64_t sum = 0xcbf29ce484222325ULL;
  for (size_t i = 0; i < length; i++)
    sum = (sum ^ bytes[i]) * 0x100000001b3ULL;
  return sum;
}

void record_end(struct memory_record *record) {
  uint64_t length = record->length + CHECK_BYTES;
  memcpy(record->bytes, &length, sizeof length);
  uint64_t sum = checksum(record->bytes, record->length);
  put(record, &sum, sizeof sum);
}

void record_tear(struct memory_record *record, size_t reached) {
  if (reached < record->length)
    memset(record->bytes + reached, 0, record->length - reached);
}

bool record_is_whole(const struct memory_record *record) {
  uint64_t length, sum;
  memcpy(&length, record->bytes, sizeof length);
  if (length < HEAD_BYTES + CHECK_BYTES || length > record->capacity)
    return false;
  memcpy(&sum, record->bytes + length - CHECK_BYTES, sizeof sum);
  return sum == checksum(record->bytes, length - CHECK_BYTES);
}

bool record_next(const struct memory_record *record, size_t *at, struct record_change *ret_change) {
  uint32_t head[CHANGE_BYTES / sizeof(uint32_t)];
  if (*at == 0)
    *at = HEAD_BYTES;
  if (*at + CHECK_BYTES >= record->length)
    return false;
  const uint8_t *bytes = record->bytes + *at;
  memcpy(head, bytes, sizeof head);
  bytes += sizeof head;
  *ret_change = (struct record_change){.table = head[0] >> 1,
                                       .removes = head[0] & 1,
                                       .key = {bytes, head[1]},
                                       .value = {bytes + head[1], head[2]}};
  *at += sizeof head + head[1] + head[2];
  return true;
}
