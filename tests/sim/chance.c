#include "chance.h"

#include <string.h>

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

struct chance chance_of(uint64_t seed, uint64_t first, uint64_t second) {
  return (struct chance){.state = mixed(mixed(mixed(seed + 1) + first) + second)};
}

uint64_t chance_next(struct chance *chance) {
  chance->state += 0x9e3779b97f4a7c15ULL;
  return mixed(chance->state);
}

uint64_t chance_below(struct chance *chance, uint64_t below) {
  return chance_next(chance) % below;
}

int64_t chance_up_to(struct chance *chance, int64_t below) {
  return (int64_t)chance_below(chance, (uint64_t)below);
}

bool chance_percent(struct chance *chance, unsigned percent) {
  return percent > 0 && chance_below(chance, 100) < percent;
}

void chance_fill(struct chance *chance, void *ret_bytes, size_t length) {
  uint8_t *bytes = ret_bytes;
  for (; length > 0; bytes += sizeof(uint64_t)) {
    uint64_t value = chance_next(chance);
    size_t part = length < sizeof value ? length : sizeof value;
    memcpy(bytes, &value, part);
    length -= part;
    if (length == 0)
      break;
  }
}

uint64_t digest_add(uint64_t digest, uint64_t value) {
  return mixed(digest ^ (value + 0x9e3779b97f4a7c15ULL));
}
