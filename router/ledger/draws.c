#include "draws.h"

#include <sodium.h>

enum { TIME_BYTES = 6 };

static void fill_from_machine(void *context, void *ret_bytes, size_t length) {
  (void)context;
  randombytes_buf(ret_bytes, length);
}

const struct draws system_draws = {.fill = fill_from_machine};

struct id draw_id(const struct draws *draws, const char *prefix, int64_t unix_ms) {
  uint8_t bytes[ID_RANDOM_BYTES];
  for (size_t i = 0; i < TIME_BYTES; i++)
    bytes[i] = (uint8_t)((uint64_t)unix_ms >> (8 * (TIME_BYTES - 1 - i)));
  struct id id;
  do
    draws->fill(draws->context, bytes + TIME_BYTES, sizeof bytes - TIME_BYTES);
  while (id_from_any_bytes(prefix, bytes, &id) < 0);
  return id;
}
