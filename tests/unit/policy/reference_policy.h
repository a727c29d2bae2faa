/* Random policies and payments, and a slow, obvious evaluator of them, which shares nothing with the one
 * under test: it works on what was drawn, not on what a parser made of the text. */
#pragma once

#include "routing.h"

enum {
  DRAWN_SCHEDULES = 3,
  DRAWN_RULES_MAX = 24,
  DRAWN_NODES_MAX = 512,
  DRAWN_MEMBERS_MAX = 4,
  DRAWN_TEXT_MAX = 65536
};

enum drawn_type { DRAWN_AND, DRAWN_OR, DRAWN_NOT, DRAWN_COMPARISON };

/* A value as the text has it. Amounts and attributes' numbers are compared as plain decimals, BINs as texts.
 */
struct drawn_value {
  char text[24];        /* "visa", "411111", "12.50", ... without quotes and currency */
  const char *currency; /* of an amount, else NULL */
};

struct drawn_member {
  bool is_range;
  struct drawn_value low, high;
};

struct drawn_node {
  enum drawn_type type;
  int first_child, next; /* numbers of nodes; -1: none */
  unsigned fact;         /* a row of the table of facts */
  const char *sign;      /* "==", ..., "in" */
  unsigned member_count;
  struct drawn_member members[DRAWN_MEMBERS_MAX];
};

struct drawn_schedule {
  unsigned tries, within_days, hour_from, hour_to;
  uint32_t days; /* bit n: day n; 0: any */
};

struct drawn_policy {
  struct drawn_schedule schedules[DRAWN_SCHEDULES];
  unsigned rule_count; /* without `otherwise` */
  unsigned
      later[DRAWN_RULES_MAX + 1]; /* one more than the number of a schedule, or 0; the last: otherwise's */
  int conditions[DRAWN_RULES_MAX];
  bool advice[DRAWN_RULES_MAX];
  unsigned node_count;
  struct drawn_node nodes[DRAWN_NODES_MAX];
  size_t length;
  char text[DRAWN_TEXT_MAX];
};

struct drawn_facts {
  struct policy_facts facts;
  char bin[9];
};

/* The same state gives the same draws. */
unsigned drawn_below(uint64_t *state, unsigned limit);
void draw_policy(uint64_t *state, struct drawn_policy *ret_policy);
/* Windows and zones are numbered as the policy numbers them. */
void draw_facts(uint64_t *state, const struct policy *policy, struct drawn_facts *ret_facts);
/* The number of the rule that decides, and of the advice rules before it. */
unsigned reference_decide(const struct drawn_policy *policy, const struct policy *parsed,
                          const struct policy_facts *facts, unsigned *ret_advice_count);
