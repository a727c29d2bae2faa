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
  const char *issuer_code; /* of a PSP's row: the ISO 8583 code that it stands for when none came, where Visa
                              forbids a repeat of that one; else NULL */
};

struct outcome_table {
  const struct outcome_row *rows;
  size_t count;
};

/* What follows from a verdict. */
struct verdict_meaning {
  enum outcome_class class;
  enum outcome_retry retry;
  bool elsewhere; /* another acquirer may be tried at once */
};

extern const struct outcome_table stripe_outcomes;
extern const struct outcome_table adyen_outcomes;
extern const struct outcome_table checkout_outcomes;
extern const struct outcome_table iso8583_outcomes;
extern const struct outcome_table visa_outcomes;
extern const struct outcome_table mastercard_advice;

enum { OUTCOME_PSPS = 3 };

/* All that a classification reads. */
struct outcome_tables {
  struct {
    const char *psp;
    const struct outcome_table *table;
  } psps[OUTCOME_PSPS];
  const struct outcome_table *iso8583, *visa, *mastercard;
  const struct verdict_meaning *meanings; /* VERDICT_COUNT of them */
};

/* Those that outcome_classify() goes by. */
extern const struct outcome_tables outcome_tables;

#define OUTCOME_TABLE(rows)                                                                                  \
  { (rows), sizeof(rows) / sizeof(rows)[0] }

/* The row of code, or NULL. code may be NULL. */
const struct outcome_row *outcome_row_find(const struct outcome_table *table, const char *code);
/* outcome_classify() by other tables. */
struct outcome outcome_classify_by(const struct outcome_tables *tables, const char *psp, enum answer answer,
                                   enum phase phase, const char *code, const char *network_code,
                                   const char *advice_code, enum network network);
/* outcome_lint() of other tables. */
const char *outcome_lint_tables(const struct outcome_tables *tables);
