/* The tree of a policy, for the files of this room alone. Built by the parser or from JSON, immutable after.
 *
 *   policy     := { set | schedule } { rule } "otherwise" action
 *   set        := "set" NAME "=" "[" member { [ "," ] member } "]"
 *   schedule   := "schedule" NAME "=" NUMBER ( "tries" | "try" ) "within" NUMBER ( "days" | "day" )
 *                 [ "on" "[" member { [ "," ] member } "]" ] [ "at" range ] [ "in" ZONE ]
 *   rule       := "rule" NAME "when" condition action
 *   condition  := and { "or" and }
 *   and        := not { "and" not }
 *   not        := "not" not | "(" condition ")" | comparison
 *   comparison := fact ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
 *               | fact "in" ( set-NAME | "[" member { [ "," ] member } "]" | range )
 *   member     := value | range
 *   range      := value ".." value            both ends included
 *   action     := "route" NAME { "," NAME } [ with ]
 *               | "split" NAME PERCENT { "," NAME PERCENT } [ "by" ( "customer" | "payment" ) ] [ with ]
 *               | "cheapest" "of" NAME { "," NAME } [ "where" "approval" ">=" PERCENT ] [ with ]
 *               | "best" "of" NAME { "," NAME } [ "as" "advice" ] [ with ]
 *               | "decline"
 *   with       := "with" option { "," option }
 *   option     := "three_ds" WORD | "exemption" WORD | "retry" "off" | "max_attempts" NUMBER
 *               | "later" schedule-NAME
 *
 * A condition in parentheses within one of its own kind is one with it: a and (b and c) is a and b and c. */
#pragma once

#include "policy_facts.h"
#include "routing.h"

enum { POLICY_DAY_LAST = 31, POLICY_HOUR_LAST = 23 };

struct place {
  uint32_t line, column; /* 1 for the first; 0: it came from JSON */
};

enum value_type {
  VALUE_WORD = 1, /* of a fixed vocabulary: network, kind, country, currency, weekday, ... */
  VALUE_TEXT,     /* quoted */
  VALUE_NUMBER, /* risk, hour, day, attempts: an integer; of an attribute, and in a named set: thousandths */
  VALUE_AMOUNT, /* minor units and currency */
  VALUE_BIN     /* digits and how many: 6 to 8 */
};

struct value {
  enum value_type type;
  struct place place;
  int64_t number;   /* VALUE_NUMBER, VALUE_BIN, VALUE_AMOUNT (minor units) */
  uint8_t digits;   /* VALUE_BIN */
  char currency[4]; /* VALUE_AMOUNT */
  const char *text; /* VALUE_WORD, VALUE_TEXT: interned in the policy's arena */
};

struct member { /* a value, or a range from low to high */
  bool is_range;
  struct value low, high; /* low == high for a value */
};

/* The members of a named set as values of one fact. */
struct fitted_set {
  struct fitted_set *next;
  enum policy_fact fact;
  unsigned count;
  struct member *members;
};

struct named_set {
  const char *name;
  struct place place;
  unsigned count;
  struct member *members; /* as they stand; no VALUE_BIN among them, for nothing says yet what is compared */
  struct fitted_set *fitted; /* by the facts that are compared with it */
};

struct named_schedule {
  struct policy_schedule is;
  struct place place;
  bool used; /* a rule names it */
};

/* Whether it names hours of the day: not any hour will do. */
static inline bool policy_schedule_has_hours(const struct policy_schedule *schedule) {
  return schedule->hour_from != 0 || schedule->hour_to != POLICY_HOUR_LAST;
}

static inline bool policy_has_options(const struct policy_options *options) {
  return options->three_ds[0] != '\0' || options->exemption[0] != '\0' || options->retry_off ||
         options->max_attempts != 0 || options->later != 0;
}

enum comparison { COMPARE_EQ = 1, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE, COMPARE_IN };

enum node_type { NODE_AND = 1, NODE_OR, NODE_NOT, NODE_COMPARISON };

struct fact_name {
  enum policy_fact fact;
  const char *attribute; /* FACT_CUSTOMER, FACT_METADATA; interned */
  uint8_t zone, window;  /* numbers of policy_zone(), policy_window() */
};

struct node {
  enum node_type type;
  uint8_t height; /* a comparison's is 1; at most POLICY_DEPTH_MAX */
  struct place place;
  /* NODE_AND, NODE_OR: two or more; NODE_NOT: one. */
  unsigned child_count;
  struct node **children;
  /* NODE_COMPARISON */
  struct fact_name fact;
  enum comparison comparison;
  const struct named_set *set; /* COMPARE_IN a named set; then members are its, as values of the fact */
  unsigned member_count;       /* COMPARE_IN: one or more; others: 1 */
  struct member *members;
};

struct rule {
  char name[POLICY_NAME_CAPACITY]; /* "otherwise" for the last */
  struct place place;
  struct node *when; /* NULL for otherwise */
  struct policy_action action;
  struct place candidate_places[POLICY_CANDIDATES_MAX];
  struct place later_place; /* of the name of the schedule, where the options name one */
};

struct policy {
  unsigned set_count, schedule_count, rule_count; /* the last rule is `otherwise` */
  struct named_set *sets;
  struct named_schedule *schedules;
  struct rule *rules;
  unsigned zone_count, window_count;
  const char *zones[POLICY_ZONES_MAX];
  uint32_t window_s[POLICY_WINDOWS_MAX];
  struct program *program; /* what policy_compile() made of the rules */
  struct arena *arena;     /* all of the above lies in it, but rules, which is large and grows */
};
