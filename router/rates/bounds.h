/* How sure a rate is, and whether one has fallen. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { BASIS_POINTS = 10000 };

struct rate_bounds {
  uint32_t rate, low, high; /* in basis points: the rate, and what it lies between */
};

/* The rate of approved among total, and Wilson's score interval of 95 % about it (E. B. Wilson, 1927), low
 * rounded down and high up. total of 0: nothing is known, 0 to 10,000. approved: at most total. */
struct rate_bounds rate_bounds(uint64_t approved, uint64_t total);

/* Whether the rate of now is more than RATE_DROP_BP below that of before: one-sided, at RATE_DROP_CONFIDENCE
 * hundredths of a per cent, by the lower end of Newcombe's interval of the difference of two rates (R. G.
 * Newcombe, Statistics in Medicine 17, 1998, method 10), which is as careful with few payments as it has to
 * be. */
enum { RATE_DROP_BP = 300, RATE_DROP_CONFIDENCE = 9995 };
bool rate_dropped(uint64_t approved_now, uint64_t total_now, uint64_t approved_before, uint64_t total_before);
