/* Which word a misspelt one was meant to be: what people call it elsewhere, or else the distance of Damerau
 * and Levenshtein, two at most. */
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

/* In lower case. */
static const struct synonym {
  const char *word, *meant;
} synonyms[] = {
    {"else", "otherwise"},
    {"default", "otherwise"},
    {"fallback", "otherwise"},
    {"if", "when"},
    {"between", "in"},
    {"block", "decline"},
    {"deny", "decline"},
    {"refuse", "decline"},
    {"reject", "decline"},
    {"bin", "card.bin"},
    {"brand", "card.network"},
    {"card.brand", "card.network"},
    {"card.type", "card.funding"},
    {"country", "card.country"},
    {"funding", "card.funding"},
    {"issuer", "card.issuer"},
    {"mcc", "merchant_category"},
    {"network", "card.network"},
    {"american_express", "amex"},
    {"americanexpress", "amex"},
    {"mc", "mastercard"},
    {"master", "mastercard"},
    {"renewal", "recurring"},
    {"subscription", "recurring"},
    {"monday", "mon"},
    {"tuesday", "tue"},
    {"wednesday", "wed"},
    {"thursday", "thu"},
    {"friday", "fri"},
    {"saturday", "sat"},
    {"sunday", "sun"},
    {"el", "GR"},
    {"uk", "GB"},
    {"euro", "EUR"},
    {"3ds", "three_ds"},
    {"attempts", "tries"},
    {"times", "tries"},
};

const char *guess_synonym(const char *word, size_t length) {
  for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++) {
    const char *one = synonyms[i].word;
    size_t same = 0;
    while (same < length && one[same] != '\0' && lower(word[same]) == one[same])
      same++;
    if (same == length && one[same] == '\0')
      return synonyms[i].meant;
  }
  return NULL;
}

struct guess guess_for(const char *word, size_t length) {
  return (struct guess){.word = word, .length = length, .distance = DISTANCE_MAX + 1};
}

void guess_try(struct guess *guess, const char *candidate) {
  size_t length = strlen(candidate);
  if (length >= POLICY_NAME_CAPACITY || guess->length >= POLICY_NAME_CAPACITY)
    return;
  const char *meant = guess_synonym(guess->word, guess->length);
  bool called_so = meant != NULL && strcmp(meant, candidate) == 0;
  unsigned found = called_so ? 0 : distance(guess->word, guess->length, candidate, length);
  if (found >= guess->distance || 2 * found >= length)
    return;
  guess->distance = found;
  memcpy(guess->best, candidate, length + 1);
}

void guess_try_all(struct guess *guess, const char *const *candidates) {
  for (; *candidates != NULL; candidates++)
    guess_try(guess, *candidates);
}
