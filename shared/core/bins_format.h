/* The compiled table of BINs as it lies in its file, in the machine's own byte order (the magic number
 * tells):
 *
 *   struct bin_header
 *   for each length of prefix (6, 7, 8 digits):
 *     u32 index[1001]   how many ranges of that length begin below N00..0, by the first three digits N
 *     u32 first[ranges] ascending; u32 last[ranges]; u32 facts[ranges], a number of struct bin_record
 *   struct bin_record records[record_count]
 *   char pool[pool_bytes]   NUL-terminated texts, the empty one first
 *
 * Ranges of one length never overlap. */
#pragma once

#include <stdint.h>

#include "bins.h"

enum {
  BIN_DIGITS_MIN = 6,
  BIN_LENGTHS = BIN_DIGITS_MAX - BIN_DIGITS_MIN + 1,
  BIN_INDEX_DIGITS = 3,
  BIN_INDEX_ENTRIES = 1001,
  BIN_HASH_BYTES = 32,
  BIN_FORMAT = 1,
  BIN_RANGES_MAX = 1 << 24,
  BIN_POOL_MAX = 1 << 28
};

static const uint32_t bin_magic = 0x4e494246; /* "FBIN" */

struct bin_header {
  uint32_t magic;
  uint32_t format;
  uint32_t count; /* BINs and ranges of the source */
  uint32_t ranges[BIN_LENGTHS];
  uint32_t record_count;
  uint32_t pool_bytes;
  uint8_t hash[BIN_HASH_BYTES]; /* BLAKE2b-256 of the header with a hash of zeroes, and all that follows */
};

struct bin_record {
  uint32_t issuer;   /* offset in the pool */
  uint32_t category; /* offset in the pool */
  char country[2];   /* zeroes for none */
  uint8_t network;
  uint8_t funding;
};

/* 10 to the power of the digits that follow the first three of a prefix. */
static inline uint32_t bin_index_scale(unsigned length) {
  static const uint32_t scales[BIN_LENGTHS] = {1000, 10000, 100000};
  return scales[length];
}
