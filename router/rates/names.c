#include "names.h"

#include <assert.h>
#include <string.h>

static const char other[] = "other";

uint16_t names_find(const struct names *names, const char *text) {
  if (strcmp(text, other) == 0)
    return VALUE_OTHER;
  for (unsigned i = 0; i < names->count; i++)
    if (strcmp(names->texts[i], text) == 0)
      return (uint16_t)(VALUE_FIRST + i);
  return VALUE_ANY;
}

uint16_t names_number(struct names *names, const char *text) {
  if (!text || text[0] == '\0')
    return VALUE_NONE;
  uint16_t number = names_find(names, text);
  if (number != VALUE_ANY)
    return number;
  if (names->count == NAMES_MAX || strlen(text) >= NAME_CAPACITY)
    return VALUE_OTHER;
  strcpy(names->texts[names->count], text);
  return (uint16_t)(VALUE_FIRST + names->count++);
}

const char *names_text(const struct names *names, uint16_t number) {
  if (number < VALUE_FIRST)
    return number == VALUE_OTHER ? other : "";
  assert(number - VALUE_FIRST < names->count);
  return names->texts[number - VALUE_FIRST];
}
