/* The record of a batch as it lies on a disk: what a crash in the middle of writing it leaves can be told
 * from the whole. For store_memory. */
#pragma once

#include "store.h"

struct memory_record {
  uint8_t *bytes;
  size_t length, capacity;
};

/* One change of a batch. */
struct record_change {
  unsigned table;
  bool removes;
  struct view key, value;
};

/* How long the record of that many changes is, whose keys and values are so many bytes together. */
size_t record_length(size_t changes, size_t bytes);
/* An empty record with room for length bytes. Returns 0 or -ENOMEM; freed with record_free(). */
MUST_USE int record_begin(struct memory_record *record, size_t length);
void record_free(struct memory_record *record);
void record_add(struct memory_record *record, const struct record_change *change);
void record_end(struct memory_record *record);
/* A power loss: what is beyond the first `reached` bytes never came to the disk. */
void record_tear(struct memory_record *record, size_t reached);
/* Whether it is whole. */
bool record_is_whole(const struct memory_record *record);
/* The change at *at (0 for the first one), and *at moves on. False after the last one. */
bool record_next(const struct memory_record *record, size_t *at, struct record_change *ret_change);
