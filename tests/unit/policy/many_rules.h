/* Policies of many hundreds of rules about more facts than an index has room for, and a slow, obvious
 * evaluator of them that works on what was drawn. */
#pragma once

#include "routing.h"

enum {
  MANY_RULES_MAX = 1500, /* some blocks of the index */
  MANY_ATTRIBUTES = 90,  /* more than the index has slots */
  MANY_CLAUSES_MAX = 4,
  MANY_SETS = 4,
  MANY_SET_MEMBERS = 40,
  MANY_TEXT_MAX = 512 * 1024
};

enum clause_type { CLAUSE_ATTRIBUTE, CLAUSE_AMOUNT, CLAUSE_BIN, CLAUSE_RISK };

/* metadata.aN in low..high, amount >= low with a currency, card.bin in sN, risk in low..high; or not. */
struct clause {
  enum clause_type type;
  bool negated;
  unsigned number, low, high;
};

struct many_rule {
  unsigned count;
  bool either; /* the first two of its clauses are alternatives */
  bool advice;
  struct clause at[MANY_CLAUSES_MAX];
};

struct many_policy {
  unsigned rule_count; /* without `otherwise` */
  struct many_rule rules[MANY_RULES_MAX];
  char bins[MANY_SETS][MANY_SET_MEMBERS][9]; /* of 6 or 8 digits */
  size_t length;
  char text[MANY_TEXT_MAX];
};

struct many_payment {
  struct policy_facts facts;
  char names[MANY_ATTRIBUTES][8], values[MANY_ATTRIBUTES][8], bin[9];
};

/* The same state gives the same draws. */
void many_draw_policy(uint64_t *state, struct many_policy *ret_policy);
/* A payment that one of the rules, drawn too, was made for. */
void many_draw_payment(uint64_t *state, const struct many_policy *policy, struct many_payment *ret_payment);
/* The number of the rule that decides; *ret_advice: how many advice rules before it match. */
unsigned many_decide(const struct many_policy *policy, const struct many_payment *payment,
                     unsigned *ret_advice);
