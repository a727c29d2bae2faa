#include "draws_seeded.h"

#include <assert.h>

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(struct chance *chance) {
  uint64_t mixed = chance->state += 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
  return mixed ^ mixed >> 31;
}

struct chance chance_new(uint64_t seed, unsigned round, unsigned thread) {
  struct chance chance = {.state = seed << 20 ^ (uint64_t)round << 8 ^ thread};
  next(&chance);
  return chance;
}

unsigned chance_below(struct chance *chance, unsigned below) {
  assert(below > 0);
  return (unsigned)(next(chance) % below);
}

bool chance_is(struct chance *chance, unsigned percent) {
  return chance_below(chance, 100) < percent;
}
