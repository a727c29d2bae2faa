/* The routing policy: a text that a payments person reads, its tree, and what it decides.
 *
 *   text -> policy_parse() -> tree -> policy_check(), policy_evaluate(), policy_print() -> the same text up
 * to layout
 *
 * Pure functions: no file, no clock, no random draw. For now the language has one statement,
 *
 *   otherwise route adyen, checkout, stripe
 *
 * with comments from # to the end of the line and free white space. The words of the rest of the language are
 * reserved already, so that no policy changes its meaning when they come. */
#pragma once

#include "money.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  POLICY_TEXT_MAX = 65536,   /* bytes of a policy's text */
  POLICY_PRINTED_MAX = 1024, /* bytes of a printed policy, NUL included */
  POLICY_CANDIDATES_MAX = 16,
  POLICY_NAME_CAPACITY = 33, /* of a rule or a connector: a-z 0-9 _ , 1 to 32 */
  POLICY_HASH_BYTES = 32,
  POLICY_HASH_CAPACITY = 2 * POLICY_HASH_BYTES + 1
};

struct policy; /* a parsed policy; immutable */

/* Where a policy is wrong and what would be right there. Never repeats the policy's own text. */
struct policy_error {
  uint32_t line;        /* 1 for the first */
  uint32_t column;      /* in bytes, 1 for the first */
  const char *expected; /* "a connector name", "the end of the policy", ...; static */
};

enum policy_action { POLICY_ROUTE = 1 };

/* What is known of the payment to be decided upon. Borrowed during the call. */
struct policy_facts {
  struct money amount;
  const char *method; /* "card" */
};

/* What was decided. The candidates stand in the order of the cascade. */
struct policy_decision {
  enum policy_action action;
  char rule[POLICY_NAME_CAPACITY]; /* the rule that matched; "otherwise" for the last */
  unsigned candidate_count;        /* 1 to POLICY_CANDIDATES_MAX */
  char candidates[POLICY_CANDIDATES_MAX][POLICY_NAME_CAPACITY];
};

enum { POLICY_WRONG = 1 };

/* Parses length bytes of text, which need no NUL. Returns 0 with *ret_policy, which the caller frees with
 * policy_free(); POLICY_WRONG with *ret_error; or -ENOMEM. A connector stands in a list once. */
MUST_USE int policy_parse(const char *text, size_t length, struct policy **ret_policy,
                          struct policy_error *ret_error);
/* NULL is allowed. */
void policy_free(struct policy *policy);
/* Checks a policy against the connectors that exist: count NUL-terminated names. Returns 0, or POLICY_WRONG
 * with the place of the first unknown connector in *ret_error. */
MUST_USE int policy_check(const struct policy *policy, const char *const *connectors, size_t count,
                          struct policy_error *ret_error);
/* Decides. The same policy and facts give the same decision, always (P6). */
void policy_evaluate(const struct policy *policy, const struct policy_facts *facts,
                     struct policy_decision *ret_decision);
/* The canonical text, NUL-terminated: one statement a line, one space between words, no comments. Parsing it
 * gives the same tree. Returns its length without the NUL. */
size_t policy_print(const struct policy *policy, char ret_text[POLICY_PRINTED_MAX]);
/* BLAKE2b-256 of the canonical text: names the policy by what it says, however it is laid out. */
void policy_hash(const struct policy *policy, uint8_t ret_hash[POLICY_HASH_BYTES]);
/* The same in lower-case hexadecimal digits, NUL-terminated. */
void policy_hash_text(const struct policy *policy, char ret_text[POLICY_HASH_CAPACITY]);
