/* The tables' own form, for the files and tests of this room alone. */
#pragma once

#include "outcome.h"
#include <stddef.h>
#include <stdint.h>

/* What a row decides. Ordered from the mildest to the strictest: where two sources speak, the later one
 * stands. */
enum verdict {
  VERDICT_APPROVED = 1,
  VERDICT_ELSEWHERE,    /* soft; another acquirer may approve at once */
  VERDICT_LATER,        /* soft; the same answer is to be expected everywhere today */
  VERDICT_AUTHENTICATE, /* the customer must */
  VERDICT_UPDATE_CARD,  /* hard; the card's details are wrong or old */
  VERDICT_CONFIG,       /* the request is wrong wherever it goes */
  VERDICT_FRAUD,        /* suspected fraud */
  VERDICT_NEVER,        /* hard */
  VERDICT_AMBIGUOUS,    /* says that something may have happened */
  VERDICT_COUNT
};

struct outcome_row {
  const char *code;
  enum verdict verdict;
  const char *category;
  const char *reason;
  uint32_t retry_after_s;
};

struct outcome_table {
  const struct outcome_row *rows;
  size_t count;
};

extern const struct outcome_table stripe_outcomes;
extern const struct outcome_table adyen_outcomes;
extern const struct outcome_table checkout_outcomes;
extern const struct outcome_table iso8583_outcomes;
extern const struct outcome_table visa_outcomes;
extern const struct outcome_table mastercard_advice;

#define OUTCOME_TABLE(rows)                                                                                  \
  { (rows), sizeof(rows) / sizeof(rows)[0] }

/* The row of code, or NULL. code may be NULL. */
const struct outcome_row *outcome_row_find(const struct outcome_table *table, const char *code);
/* The table of a PSP by its sheet's name, or NULL. */
const struct outcome_table *outcome_table_of(const char *psp);
