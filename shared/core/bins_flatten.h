/* Cuts ranges of BINs that may overlap into pieces that do not. */
#pragma once

#include <stdint.h>

#include "bins_intern.h"

/* A range of one row; of two that overlap the narrower counts, and of two as wide the later. */
struct span {
  uint32_t first, last;
  uint32_t record;
  uint32_t row;
};

/* spans: an array of struct span of one length of prefix, which is put in order. pieces: empty; then the
 * pieces, ascending, neighbours with the same record joined (of each, row is without meaning). Returns 0 or
 * -ENOMEM. */
MUST_USE int bins_flatten(struct bytes *spans, struct bytes *pieces);
