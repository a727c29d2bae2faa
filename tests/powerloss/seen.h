/* A set of 64-bit keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
  uint64_t *keys; /* 0: free */
  size_t count, capacity;
};

/* Whether key was not there before. It is now. */
bool seen_add(struct seen *seen, uint64_t key);
/* A key made of two. */
uint64_t seen_mix(uint64_t key, uint64_t value);
