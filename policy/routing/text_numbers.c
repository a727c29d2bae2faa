#include "text_numbers.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* FNV-1a. */
static uint32_t hash_of(const char *text) {
  uint32_t hash = 2166136261u;
  for (; *text != '\0'; text++)
    hash = (hash ^ (uint8_t)*text) * 16777619u;
  return hash ^ hash >> 15;
}

/* Where text stands, or the free entry where it would, and how many stand before it. The table is never full.
 */
static struct string_entry *entry_of(const struct strings *strings, const char *text, uint64_t *looked_at) {
  uint32_t mask = strings->capacity - 1, at = hash_of(text) & mask;
  for (; strings->entries[at].text != NULL && strcmp(strings->entries[at].text, text) != 0; ++*looked_at)
    at = (at + 1) & mask;
  return &strings->entries[at];
}

static int grow(struct strings *strings) {
  struct strings larger = {.count = strings->count,
                           .capacity = strings->capacity ? 2 * strings->capacity : FIRST_CAPACITY,
                           .looked_at = strings->looked_at};
  larger.entries = calloc(larger.capacity, sizeof *larger.entries);
  if (larger.entries == NULL)
    return -ENOMEM;
  for (uint32_t i = 0; i < strings->capacity; i++)
    if (strings->entries[i].text != NULL)
      *entry_of(&larger, strings->entries[i].text, &larger.looked_at) = strings->entries[i];
  free(strings->entries);
  *strings = larger;
  return 0;
}

int strings_add(struct strings *strings, const char *text, uint32_t *ret_number) {
  if (2 * (strings->count + 1) > strings->capacity) {
    int r = grow(strings);
    if (r < 0)
      return r;
  }
  struct string_entry *entry = entry_of(strings, text, &strings->looked_at);
  if (entry->text == NULL)
    *entry = (struct string_entry){.text = text, .number = ++strings->count};
  *ret_number = entry->number;
  return 0;
}

uint32_t strings_find(const struct strings *strings, const char *text) {
  uint64_t looked_at = 0;
  return strings->capacity ? entry_of(strings, text, &looked_at)->number : 0;
}

void strings_free(struct strings *strings) {
  free(strings->entries);
  *strings = (struct strings){0};
}
