/* Texts by number, so that comparing texts is comparing numbers. */
#pragma once

#include "result.h"
#include <stdint.h>

/* Zeroed is empty. Texts are borrowed and must outlive it. */
struct strings {
  uint32_t count, capacity; /* capacity: a power of two, or 0 */
  uint64_t looked_at;       /* entries, by strings_add() */
  struct string_entry {
    const char *text; /* NULL: free */
    uint32_t number;
  } * entries;
};

/* The number of text, a new one when it has none yet: 1 or more. Returns 0 or -ENOMEM. */
MUST_USE int strings_add(struct strings *strings, const char *text, uint32_t *ret_number);
/* The number of text, or 0. */
uint32_t strings_find(const struct strings *strings, const char *text);
void strings_free(struct strings *strings);
