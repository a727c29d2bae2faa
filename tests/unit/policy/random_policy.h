/* Policies drawn from a seed, as text: well-formed, over the whole language or over a few facts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random_text {
  uint64_t state; /* of the draws */
  unsigned first; /* of its facts */
  bool small; /* a few facts with a few values: card.country, currency, amount, card.bin, risk, metadata.size
               */
  char *text; /* NUL-terminated; the caller frees it */
  size_t length, capacity;
};

/* A whole policy with 1 to rules_most rules and `otherwise`. */
char *random_policy(uint64_t seed, bool small, unsigned rules_most);
/* From 0 to below - 1. */
unsigned random_below(struct random_text *random, unsigned below);
