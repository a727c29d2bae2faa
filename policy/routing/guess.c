/* Which word a misspelt one was meant to be: the distance of Damerau and Levenshtein, two at most. */
#include "policy_words.h"
#include <string.h>

enum { DISTANCE_MAX = 2 };

static char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static unsigned least(unsigned one, unsigned other) {
  return one < other ? one : other;
}

/* Changed, left out, added and swapped letters between the two. */
static unsigned distance(const char *left, size_t left_length, const char *right, size_t right_length) {
  unsigned rows[3][POLICY_NAME_CAPACITY];
  for (size_t j = 0; j <= right_length; j++)
    rows[0][j] = (unsigned)j;
  for (size_t i = 1; i <= left_length; i++) {
    unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *swapped = rows[(i + 1) % 3];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= right_length; j++) {
      bool same = lower(left[i - 1]) == lower(right[j - 1]);
      row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) &&
          lower(left[i - 2]) == lower(right[j - 1]))
        row[j] = least(row[j], swapped[j - 2] + 1);
    }
  }
  return rows[left_length % 3][right_length];
}

struct guess guess_for(const char *word, size_t length) {
  return (struct guess){.word = word, .length = length, .distance = DISTANCE_MAX + 1};
}

void guess_try(struct guess *guess, const char *candidate) {
  size_t length = strlen(candidate);
  if (length >= POLICY_NAME_CAPACITY || guess->length >= POLICY_NAME_CAPACITY)
    return;
  unsigned found = distance(guess->word, guess->length, candidate, length);
  if (found >= guess->distance || 2 * found >= length)
    return;
  guess->distance = found;
  memcpy(guess->best, candidate, length + 1);
}

void guess_try_all(struct guess *guess, const char *const *candidates) {
  for (; *candidates != NULL; candidates++)
    guess_try(guess, *candidates);
}
