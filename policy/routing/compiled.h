/* The compiled form of a policy, for compile.c and evaluate.c. */
#pragma once

#include "program.h"
#include "rule_index.h"

struct compiled_rule {
  bool shown;                 /* a candidate of the index matches: nothing is left to look at */
  struct condition condition; /* empty: always true */
};

struct program { /* conditions lie in the policy's arena, slots and index in memory of their own */
  struct slots slots;
  unsigned rule_count;
  struct compiled_rule *rules;
  struct rule_index index;
  uint64_t steps; /* that compiling took */
};
