/* The words of one merchant for one dimension: each is given a number once and keeps it, as long as there is
 * room. */
#pragma once

#include "dims.h"

enum { NAMES_MAX = 128, NAME_CAPACITY = 67 };

struct names {
  uint16_t count;
  char texts[NAMES_MAX][NAME_CAPACITY];
};

/* The number of text, which is given one when it has none: VALUE_NONE for "" and NULL, VALUE_OTHER when it is
 * too long, when there is no room, and for the word "other" itself. */
uint16_t names_number(struct names *names, const char *text);
/* The number that text has, or VALUE_ANY. */
uint16_t names_find(const struct names *names, const char *text);
/* "" for VALUE_NONE. Borrowed. */
const char *names_text(const struct names *names, uint16_t number);
