#include "bins_intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bins_format.h"

int bytes_append(struct bytes *bytes, const void *added, size_t length) {
  if (bytes->used + length > bytes->capacity) {
    size_t capacity = (bytes->used + length) * 2;
    uint8_t *at = realloc(bytes->at, capacity);
    if (!at)
      return -ENOMEM;
    *bytes = (struct bytes){.at = at, .used = bytes->used, .capacity = capacity};
  }
  memcpy(bytes->at + bytes->used, added, length);
  bytes->used += length;
  return 0;
}

/* FNV-1a: input can at worst make a compilation slow. */
static uint64_t hash_of(const void *bytes, size_t length) {
  uint64_t hash = 14695981039346656037U;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211U;
  return hash;
}

/* The slot of the element that equals wanted, or the empty one where it goes. Elements lie in store at
 * multiples of unit; texts are compared with their end. */
static uint32_t *slot_of(const struct interned *interned, const struct bytes *store, size_t unit,
                         const void *wanted, size_t length) {
  for (uint64_t i = hash_of(wanted, length);; i++) {
    uint32_t *slot = &interned->slots[i & (interned->capacity - 1)];
    size_t at = (size_t)(*slot - 1) * unit;
    if (*slot == 0 || (store->used - at >= length && memcmp(store->at + at, wanted, length) == 0))
      return slot;
  }
}

static int grow(struct interned *interned, const struct bytes *store, size_t unit, bool texts) {
  if (interned->used * 2 < interned->capacity)
    return 0;
  struct interned grown = {.used = interned->used,
                           .capacity = interned->capacity ? interned->capacity * 2 : 1024};
  grown.slots = calloc(grown.capacity, sizeof *grown.slots);
  if (!grown.slots)
    return -ENOMEM;
  for (size_t i = 0; i < interned->capacity; i++) {
    uint32_t number = interned->slots[i];
    if (number == 0)
      continue;
    const uint8_t *element = store->at + (size_t)(number - 1) * unit;
    size_t length = texts ? strlen((const char *)element) + 1 : unit;
    *slot_of(&grown, store, unit, element, length) = number;
  }
  free(interned->slots);
  *interned = grown;
  return 0;
}

int bins_intern(struct interned *interned, struct bytes *store, size_t unit, bool texts, const void *wanted,
                uint32_t *ret_number) {
  size_t length = texts ? strlen(wanted) + 1 : unit;
  int r = grow(interned, store, unit, texts);
  if (r < 0)
    return r;
  uint32_t *slot = slot_of(interned, store, unit, wanted, length);
  if (*slot == 0) {
    if (store->used + length > BIN_POOL_MAX)
      return -EFBIG;
    uint32_t number = (uint32_t)(store->used / unit);
    r = bytes_append(store, wanted, length);
    if (r < 0)
      return r;
    *slot = number + 1;
    interned->used++;
  }
  *ret_number = *slot - 1;
  return 0;
}
