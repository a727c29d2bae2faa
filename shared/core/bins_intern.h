/* Texts and records of a table that is being compiled: each is kept once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result.h"

/* A growing array of bytes. */
struct bytes {
  uint8_t *at;
  size_t used, capacity;
};

/* Finds a text or a record that is in the table already: offsets plus one, by hash. */
struct interned {
  uint32_t *slots;
  size_t used, capacity; /* a power of two */
};

/* Adds length bytes. Returns 0 or -ENOMEM. */
MUST_USE int bytes_append(struct bytes *bytes, const void *added, size_t length);
/* The number of the element of store that equals wanted, which is added when it is not there: for texts (unit
 * 1) the offset of the NUL-terminated text, else the element's place among those of unit bytes. Returns 0;
 * -ENOMEM; or -EFBIG.
 */
MUST_USE int bins_intern(struct interned *interned, struct bytes *store, size_t unit, bool texts,
                         const void *wanted, uint32_t *ret_number);
