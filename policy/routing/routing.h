/* The routing policy: a text that a payments person reads, its tree, and what it decides.
 *
 *   text -> policy_parse() -> policy -> policy_print() -> the same text up to layout
 *   JSON -> policy_parse_json() -> policy -> policy_print_json() -> the same tree
 *   policy + facts -> policy_evaluate() -> a rule and its action
 *
 * Pure functions: no file, no clock, no random draw, and no allocation while evaluating. The grammar stands
 * in policy_tree.h and README.md.
 *
 * The first rule that matches wins. `not` binds tighter than `and`, `and` than `or`. A comparison with an
 * absent value, or of an amount with one in another currency, is false, `!=` too; `not` inverts that. A BIN
 * range compares as many leading digits as its bounds have; with fewer known, it is false. */
#pragma once

#include "policy_facts.h"
#include "result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  POLICY_TEXT_MAX = 2 * 1024 * 1024, /* bytes of a policy's text */
  POLICY_RULES_MAX = 16384,          /* otherwise included */
  POLICY_SETS_MAX = 256,
  POLICY_MEMBERS_MAX = 4096, /* of one set */
  POLICY_DEPTH_MAX = 32,     /* of nested conditions */
  POLICY_CANDIDATES_MAX = 16,
  POLICY_NAME_CAPACITY = 33, /* of a rule, a set or a connector: a-z 0-9 _ , 1 to 32 */
  POLICY_HASH_BYTES = 32,
  POLICY_HASH_CAPACITY = 2 * POLICY_HASH_BYTES + 1,
  POLICY_ADVICE_MAX = 4,           /* advice rules that one decision notes */
  POLICY_WORD_CAPACITY = 33,       /* of a word of the language: an option's, a fact's value */
  POLICY_VALUE_MAX = 500,          /* bytes of a quoted text */
  POLICY_ATTRIBUTE_MAX = 40,       /* bytes of NAME in customer.NAME and metadata.NAME */
  POLICY_COMPARISONS_MAX = 131072, /* of one policy */
  POLICY_ATTEMPTS_MAX = 8,         /* of the option max_attempts */
  POLICY_SCHEDULES_MAX = 64,       /* of one policy */
  POLICY_LATER_TRIES_MAX = 15,     /* of one schedule: what Visa allows in 30 days, less the first round's */
  POLICY_LATER_DAYS_MAX = 30,      /* likewise */
  POLICY_SCHEDULE_CAPACITY = 256,  /* of what a schedule says, as text */
  POLICY_ZONE_CAPACITY = 65,       /* of a time zone's name */
  POLICY_JSON_MAX = 16 * 1024 * 1024 /* bytes of a policy as JSON */
};

struct policy; /* parsed and compiled; immutable */

/* Where a policy is wrong and what would be right there. */
struct policy_error {
  uint32_t line;   /* 1 for the first; 0: the fault lies in a JSON tree, whose path `expected` begins with */
  uint32_t column; /* in bytes, 1 for the first */
  char expected[160]; /* "a connector name", "the end of the policy", ...; never the policy's own text */
  char suggestion[POLICY_NAME_CAPACITY]; /* of the language or of the registry, for a misspelt name; or "" */
};

enum policy_action_type {
  POLICY_ROUTE = 1, /* the list is the cascade */
  POLICY_SPLIT,     /* one by weight, the others by descending weight */
  POLICY_CHEAPEST,  /* by expected cost, those that meet the approval floor */
  POLICY_BEST,      /* learned */
  POLICY_DECLINE
};

/* When a payment that nobody waits for is tried again after a decline: `schedule payday = 4 tries within 21
 * days on [1 15 28] at 6..9 in "Europe/Berlin"`. */
struct policy_schedule {
  char name[POLICY_NAME_CAPACITY];
  uint8_t tries;       /* later tries, besides the first round: 1 to POLICY_LATER_TRIES_MAX */
  uint8_t within_days; /* of the payment's creation, 1 to POLICY_LATER_DAYS_MAX */
  uint32_t days; /* bit n: day n of the month, and the last day of a month that has no day n; 0: any day */
  uint8_t hour_from, hour_to;      /* of the day, from the first's :00 to the second's :59; from > to: over
                                    * midnight into the day after; 0 and 23: any hour */
  char zone[POLICY_ZONE_CAPACITY]; /* whose days and hours they are; "" when any day and any hour will do */
};

/* Copied freely: nothing in it points anywhere. */
struct policy_options {
  char three_ds[POLICY_WORD_CAPACITY];  /* "" : as the payment says */
  char exemption[POLICY_WORD_CAPACITY]; /* likewise */
  bool retry_off;
  uint8_t max_attempts; /* 0: the router's own limit */
  uint8_t later;        /* one more than the number of a schedule, of this policy alone; 0: not tried later */
};

struct policy_action {
  enum policy_action_type type;
  unsigned candidate_count; /* 0 for POLICY_DECLINE, else 1 to POLICY_CANDIDATES_MAX */
  char candidates[POLICY_CANDIDATES_MAX][POLICY_NAME_CAPACITY];
  uint8_t weights[POLICY_CANDIDATES_MAX]; /* POLICY_SPLIT: per cent, 1 to 100, 100 together */
  bool by_customer;                       /* POLICY_SPLIT: sticky per customer, else per payment */
  uint16_t floor; /* POLICY_CHEAPEST: approval rate in hundredths of a per cent; 0: none */
  bool advice;    /* POLICY_BEST: never decides; the rules after it go on */
  struct policy_options options;
};

/* What was decided. Points into the policy. */
struct policy_decision {
  unsigned rule;                      /* its number, from 0; the last is `otherwise` */
  const char *name;                   /* "otherwise" for the last */
  const struct policy_action *action; /* never one that is only advice */
  /* The connectors in the order of the cascade, as numbers into action->candidates. For POLICY_CHEAPEST and
   * POLICY_BEST the order of the text: whoever knows rates and costs orders them. */
  unsigned order_count;
  uint8_t order[POLICY_CANDIDATES_MAX];
  uint16_t share; /* POLICY_SPLIT: the draw, 0 to 9999 ten-thousandths; it fell to order[0] */
  /* Advice rules before it that matched, in their order. */
  unsigned advice_count;
  unsigned advice[POLICY_ADVICE_MAX]; /* rule numbers */
};

enum { POLICY_WRONG = 1 };

/* Parses length bytes of text, which need no NUL. Returns 0 with *ret_policy, which the caller frees with
 * policy_free(); POLICY_WRONG with *ret_error; or -ENOMEM. */
MUST_USE int policy_parse(const char *text, size_t length, struct policy **ret_policy,
                          struct policy_error *ret_error);
/* Likewise from the tree as JSON, whose shape README.md gives. */
MUST_USE int policy_parse_json(const char *text, size_t length, struct policy **ret_policy,
                               struct policy_error *ret_error);
/* NULL is allowed. */
void policy_free(struct policy *policy);
/* How much memory it takes, in bytes. */
size_t policy_bytes(const struct policy *policy);

/* Decides. The same policy and facts give the same decision, always (P6). Allocates nothing. */
void policy_evaluate(const struct policy *policy, const struct policy_facts *facts,
                     struct policy_decision *ret_decision);

/* The canonical text, NUL-terminated: one statement a line, one space between words, no comments. Parsing it
 * gives the same tree. Returns 0 with *ret_text, which the caller frees with free(); or -ENOMEM. */
MUST_USE int policy_print(const struct policy *policy, char **ret_text);
MUST_USE int policy_print_json(const struct policy *policy, char **ret_text);
/* BLAKE2b-256 of the canonical text: names the policy by what it says, however it is laid out. */
void policy_hash(const struct policy *policy, uint8_t ret_hash[POLICY_HASH_BYTES]);
/* The same in lower-case hexadecimal digits, NUL-terminated. */
void policy_hash_text(const struct policy *policy, char ret_text[POLICY_HASH_CAPACITY]);

/* "route", "split", "cheapest", "best", "decline"; static. */
const char *policy_action_name(enum policy_action_type type);
/* The rules, from 0; the last is `otherwise`. */
unsigned policy_rule_count(const struct policy *policy);
const char *policy_rule_name(const struct policy *policy, unsigned rule);
const struct policy_action *policy_rule_action(const struct policy *policy, unsigned rule);
/* What the caller must find out for policy_facts: names of time zones, and windows in seconds. NULL and 0
 * beyond the last. Borrowed. */
const char *policy_zone(const struct policy *policy, unsigned number);
uint32_t policy_window(const struct policy *policy, unsigned number);
/* Whether a payment of that kind, as the API names it, is tried later at all: nobody waits for it. */
bool policy_kind_is_tried_later(const char *kind);
/* What the schedule says, as a policy writes it: 4 tries within 21 days on [1 15 28] at 6..9 in
 * "Europe/Berlin".
 */
void policy_schedule_text(const struct policy_schedule *schedule, char ret_text[POLICY_SCHEDULE_CAPACITY]);
/* The schedules, from 0; NULL beyond the last. Borrowed from the policy. policy_schedule(policy,
 * options->later
 * - 1u) is the one that a rule's options name, NULL when they name none. */
const struct policy_schedule *policy_schedule(const struct policy *policy, unsigned number);
