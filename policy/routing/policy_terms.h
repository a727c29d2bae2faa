/* Conditions as alternatives of what they ask of each fact, for the checker. For the files of this room
 * alone.
 *
 * Every value of a fact has a number; a condition becomes a list of terms, of which one must hold, each a set
 * of numbers, or absence, for some facts. Facts that hang together, such as a card's BIN and its network,
 * count as independent, which leaves more payments possible than there are: what never matches then, never
 * does. */
#pragma once

#include "policy_effort.h"
#include "policy_tree.h"

enum { TERMS_MAX = 64, TERM_PARTS_MAX = 2, CURRENCY_SHIFT = 50, CURRENCIES_KNOWN = 255 };

/* What a condition asks about: a fact with its argument. `currency` is one with `amount`, and what an
 * attribute is as a number is apart from what it is as a text. */
struct term_key {
  enum policy_fact fact;
  bool as_number;
  uint8_t index; /* of the time zone or window */
  const char *attribute;
  const struct interval_set *domain; /* all that it may be, absence included */
};

struct term_bound {
  unsigned key;
  const struct interval_set *set;
};

struct term {
  uint64_t mask;  /* which keys are bound, by their number modulo 64 */
  unsigned count; /* ascending by key; a key that may be anything is left out */
  struct term_bound at[];
};

struct term_list { /* terms of which one must hold; none: never */
  bool known;      /* else it was given up */
  unsigned count;
  const struct term *at[TERMS_MAX];
};

struct shared_set;

struct terms {
  struct effort effort;
  unsigned key_count, key_capacity;
  struct term_key *keys;
  unsigned currency_count;
  const char *currencies[CURRENCIES_KNOWN]; /* by their numbers; the others have the next number together */
  struct shared_set *shared;
};

/* ---- terms_values.c ---- */

/* What a comparison asks, of one key or of another: an attribute may be listed as a text and as a number.
 * Returns whether it was not given up. */
bool terms_of_values(struct terms *terms, const struct node *node,
                     struct term_bound ret_bounds[TERM_PARTS_MAX], unsigned *ret_count);

/* ---- terms.c ---- */

/* The terms of a condition, or of its opposite. */
void terms_of(struct terms *terms, const struct node *node, bool opposite, struct term_list *ret_list);
/* The term that asks for nothing. */
void terms_of_anything(struct terms *terms, struct term_list *ret_list);
/* Whether whatever fulfils part fulfils whole; false also when it is given up. */
bool term_within(struct terms *terms, const struct term *part, const struct term *whole);
/* Takes away from each of the pieces what fulfils term. Returns whether it is known; false: given up. */
bool terms_subtract(struct terms *terms, struct term_list *pieces, const struct term *term);
/* What the term asks of a key: its domain when it is not bound. */
const struct interval_set *term_bound_of(const struct terms *terms, const struct term *term, unsigned key);
