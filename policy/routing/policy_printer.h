/* What the files that print a policy's canonical text share. */
#pragma once

#include "policy_tree.h"
#include "result.h"
#include <sodium.h>

/* Where the text goes: into memory that grows, or into a hash, which needs none. */
struct printer {
  const struct policy *policy;
  crypto_generichash_state *hash; /* NULL: into memory */
  char *text;
  size_t length, capacity;
  bool failed; /* for want of memory */
};

void print_bytes(struct printer *printer, const char *bytes, size_t length);
void print_word(struct printer *printer, const char *word);
/* A printf() of at most 127 bytes. */
void print_format(struct printer *printer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was printed into memory, which the caller frees. Returns 0 or -ENOMEM. */
MUST_USE int printer_finish(struct printer *printer, char **ret_text);

/* ---- printer_conditions.c ---- */

/* What stands before and after a fact's name, its time zone and its window. */
struct fact_form {
  const char *name[2], *zone[2], *window[2];
};

void print_fact(struct printer *printer, const struct fact_name *fact, const struct fact_form *form);

/* A text in quotation marks, with \" and \\ for those in it: as the language and JSON both have it. */
void print_quoted(struct printer *printer, const char *text);
void print_members(struct printer *printer, unsigned count, const struct member *members);
void print_condition(struct printer *printer, const struct node *node);

enum { NUMBER_CAPACITY = 32, AMOUNT_CAPACITY = 64, WINDOW_CAPACITY = 16, FACT_CAPACITY = 64 };

/* Thousandths as a number without needless decimals: "12.5". */
void number_text(int64_t thousandths, char ret_text[NUMBER_CAPACITY]);
/* A VALUE_AMOUNT as a policy writes it: "5000.00 USD". */
void amount_text(const struct value *value, char ret_text[AMOUNT_CAPACITY]);
/* Seconds in the largest unit that holds them: "1d", "90m". */
void window_text(uint32_t seconds, char ret_text[WINDOW_CAPACITY]);
/* The fact's name without its time zone or window: "metadata.channel". */
void fact_text(const struct fact_name *fact, char ret_text[FACT_CAPACITY]);
