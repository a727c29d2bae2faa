/* `best of ... as advice`: what it would have gained over the rule in force, and how sure that is.
 *
 * A doubly robust estimate (Dudik, Langford, Li 2011). Each payment adds what the advised connector was
 * believed to approve, less what the rule in force got; where the rule could have taken the advised connector
 * too, and did, the real outcome corrects the belief by the inverse of the share in which it does. README.md
 * says what this assumes. */
#pragma once

#include "choice_cells.h"
#include "result.h"
#include <stdbool.h>
#include <stdint.h>

enum {
  /* A share below this is taken for none: so small a one would let a single payment decide. */
  CHOICE_SHARE_LEAST = 10000,
  CHOICE_ADVICE_LEAST = 100,   /* payments: with fewer there is no bound, and so no estimate */
  CHOICE_ADVICE_MOST = 1 << 30 /* payments: none beyond is counted */
};

/* One payment: decided by the rule in force, with the advice beside it, and how its first attempt ended. */
struct choice_advised {
  bool followed;  /* the advised connector is the one that the rule in force took */
  uint32_t share; /* in how many of a million such payments the rule takes the advised one: 0 or
                     a million for a fixed order, its weight for a split */
  struct choice_estimate advised; /* of the advised connector, as it was when it was advised */
  bool approved;
};

/* Sums; all zero to begin with. The caller begins anew whenever the rule in force or the advice changes. */
struct choice_advice {
  uint64_t payments;
  uint64_t differing; /* payments for which the advice was another connector than the one taken */
  uint64_t unseen;    /* of these, those where the rule never takes the advised one: by belief alone */
  int64_t gain;       /* millionths of an approval */
  uint64_t squares;   /* of gains, in millionths of an approval's square */
  uint64_t doubt;     /* sum of the standard deviations of beliefs that nothing could correct; millionths */
};

/* In millionths: 1000 is a tenth of a percentage point of approval. */
struct choice_gain {
  int32_t gain;
  int32_t low, high; /* 95 % bounds */
};

enum { CHOICE_ADVICE_TOO_FEW = 1 };

/* Counts one payment whose outcome tells about the connector. share is at most a million (asserted). */
void choice_advice_record(struct choice_advice *advice, const struct choice_advised *payment);
/* The gain in approval rate that the advice would have brought, per payment, with two-sided 95 % bounds.
 * Returns 0 or CHOICE_ADVICE_TOO_FEW. */
MUST_USE int choice_advice_gain(const struct choice_advice *advice, struct choice_gain *ret_gain);
