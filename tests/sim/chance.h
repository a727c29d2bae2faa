/* Chance from a seed: the same seed, the same draws, on any machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
  uint64_t state;
};

/* A generator of its own for each pair of numbers under one seed. */
struct chance chance_of(uint64_t seed, uint64_t first, uint64_t second);
uint64_t chance_next(struct chance *chance);
/* 0 to below - 1; below is at least 1. */
uint64_t chance_below(struct chance *chance, uint64_t below);
/* The same as a time or an amount. */
int64_t chance_up_to(struct chance *chance, int64_t below);
/* True in so many of a hundred draws. */
bool chance_percent(struct chance *chance, unsigned percent);
/* Fills bytes. */
void chance_fill(struct chance *chance, void *ret_bytes, size_t length);
/* One more value into a running digest. */
uint64_t digest_add(uint64_t digest, uint64_t value);
