/* The words of the language: facts, what each may be compared with, options, and which word a misspelt one
 * was meant to be. For the files of this room alone. */
#pragma once

#include "policy_facts.h"
#include "policy_tree.h"
#include "routing.h"

/* What a fact is compared with. */
enum fact_values {
  VALUES_WORD = 1, /* ==, != and in; words of a vocabulary */
  VALUES_TEXT,     /* ==, != and in; quoted texts */
  VALUES_NUMBER,   /* all comparisons, and ranges; integers */
  VALUES_AMOUNT,   /* likewise; amounts */
  VALUES_BIN,      /* ==, != and in, and ranges; leading digits */
  VALUES_ATTRIBUTE /* quoted texts: as VALUES_TEXT; numbers: as VALUES_NUMBER, with up to three decimals */
};

enum fact_argument {
  ARGUMENT_NONE,
  ARGUMENT_ZONE,   /* hour("Europe/Berlin") */
  ARGUMENT_WINDOW, /* card.attempts(24h) */
  ARGUMENT_NAME    /* metadata.NAME */
};

struct fact_rule {
  const char *name; /* of ARGUMENT_NAME up to the dot */
  enum fact_values values;
  enum fact_argument argument;
  int64_t low, high;           /* VALUES_NUMBER */
  const char *const *words;    /* VALUES_WORD: NULL-terminated; NULL: known() says */
  bool (*known)(const char *); /* likewise; VALUES_TEXT: NULL, or which texts there can be */
  const char *expected;        /* what a value is, for errors */
};

/* The rule of a fact. Static. */
const struct fact_rule *policy_fact_rule(enum policy_fact fact);
/* The fact of that name without argument ("hour"; "customer" and "metadata" for attributes); 0: none. */
enum policy_fact policy_fact_named(const char *name, size_t length);
/* Whether the values of a fact of these values may be so compared. */
bool policy_may_compare(enum fact_values values, enum comparison comparison, enum value_type type);
/* Its sign in a policy: "==", ..., "in". Static. */
const char *policy_comparison_sign(enum comparison comparison);
/* The action of that name, or 0. */
enum policy_action_type policy_action_named(const char *name, size_t length);

/* Which the words of an option may be, NULL-terminated. Static. */
extern const char *const policy_three_ds_choices[], *const policy_exemption_choices[];

/* The kinds of payments that nobody waits for: what is declined of others is not tried later. Static. */
enum { POLICY_LATER_KINDS = 4 };
extern const char *const policy_later_kinds[POLICY_LATER_KINDS];

/* Whether the word is one of the language itself, which no connector, set or rule can be named like. */
bool policy_is_reserved(const char *word, size_t length);

/* Reads a number with up to twelve digits and three decimals, and a - before it, as thousandths. No leading
 * zeros, no plus sign, no spaces: what is written so is a text. Returns whether it is one. */
bool policy_read_number(const char *text, size_t length, int64_t *ret_thousandths);

/* ---- Misspelt words ---- */

struct guess {
  const char *word; /* what was written */
  size_t length;
  unsigned distance; /* of the best so far */
  char best[POLICY_NAME_CAPACITY];
};

struct guess guess_for(const char *word, size_t length);
/* What a word of others is called here, whether or not it is possible there; NULL: nothing that is known. */
const char *guess_synonym(const char *word, size_t length);
/* Weighs a word that was possible there: what the written one is called here; or nearer than two changed,
 * left out, added or swapped letters, and most of the word right. Upper and lower case are alike. */
void guess_try(struct guess *guess, const char *candidate);
/* NULL-terminated. */
void guess_try_all(struct guess *guess, const char *const *candidates);
