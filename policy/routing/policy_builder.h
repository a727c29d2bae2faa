/* Builds a policy's tree, checking every rule of the language but its syntax: the text's parser and the
 * reader of JSON both call these, so that no rule is checked in one way only. For the files of this room
 * alone.
 *
 * Each returns 0, POLICY_WRONG with the builder's error set, or -ENOMEM. Texts are copied. A place is where
 * the text says it; {0} from JSON. */
#pragma once

#include "policy_tree.h"
#include "policy_words.h"

struct interned; /* a text that the policy holds once */

struct tree_builder {
  struct policy *policy;
  struct policy_error error;
  const char *path; /* from JSON: of what is being read, for errors; NULL: from a text */
  struct interned **slots;
  size_t slot_count, interned_count;
  unsigned set_capacity, schedule_capacity, rule_capacity, comparisons;
  uint64_t steps_left;  /* of building and compiling: STEPS_MAX at first */
  bool intricate;       /* they are used up */
  struct place reached; /* where reading gave up for want of steps or memory */
};

/* A tree of so many bytes of text may take so much memory, and it and its program so many steps
 * (policy_effort.h). */
enum {
  STEPS_MAX = 16 * 1000 * 1000,
  TREE_BYTES_BASE = 16 * 1024 * 1024,
  TREE_BYTES_OF_BYTE = 64,
  TREE_BYTES_MAX = 256 * 1024 * 1024
};

/* Zero is empty. They lie in the policy's arena. */
struct member_list {
  unsigned count, capacity;
  struct member *members;
};

struct node_list {
  unsigned count, capacity;
  struct node **nodes;
};

/* ---- builder.c ---- */

/* length: of what is to be read. */
MUST_USE int tree_begin(size_t length, struct tree_builder *ret_builder);
/* Compiles what was built and hands it over, when result is 0; else drops it. Returns result, and
 * POLICY_WRONG's *ret_error. */
MUST_USE int tree_end(struct tree_builder *builder, int result, struct policy **ret_policy,
                      struct policy_error *ret_error);
/* Notes what would be right at the place. Returns POLICY_WRONG. */
MUST_USE int tree_wrong(struct tree_builder *builder, struct place place, const char *expected);
/* Likewise with the best of the guesses. */
MUST_USE int tree_misspelt(struct tree_builder *builder, struct place place, const char *expected,
                           const struct guess *guess);
/* The policy's own copy of a text, the same for the same text; NULL when there is no memory. */
const char *tree_intern(struct tree_builder *builder, const char *text, size_t length);
/* Room for one more element of size bytes in a list that doubles: *elements may move. */
MUST_USE int tree_grow(struct tree_builder *builder, void **elements, unsigned count, unsigned *capacity,
                       size_t size);
/* Begins a set; its members come with tree_set_end(). */
MUST_USE int tree_set(struct tree_builder *builder, struct place place, const char *name, size_t length);
MUST_USE int tree_set_end(struct tree_builder *builder, struct place place,
                          const struct member_list *members);
/* The set of that name, in *ret_set. */
MUST_USE int tree_set_named(struct tree_builder *builder, struct place place, const char *name, size_t length,
                            struct named_set **ret_set);
/* Whether the value is a word, and the name of a set. */
bool tree_names_set(struct tree_builder *builder, const struct value *value);
/* Begins a schedule, in *ret_schedule, borrowed until the next one begins; builder_schedules.c goes on. */
MUST_USE int tree_schedule(struct tree_builder *builder, struct place place, const char *name, size_t length,
                           struct policy_schedule **ret_schedule);
/* The number of the schedule of that name. */
MUST_USE int tree_schedule_named(struct tree_builder *builder, struct place place, const char *name,
                                 size_t length, unsigned *ret_number);
/* There is none of that name. */
MUST_USE int tree_schedule_unknown(struct tree_builder *builder, struct place place, const char *name,
                                   size_t length);
/* Begins a rule; *ret_rule, whose condition the caller sets, is borrowed until the next one begins. */
MUST_USE int tree_rule(struct tree_builder *builder, struct place place, const char *name, size_t length,
                       struct rule **ret_rule);
MUST_USE int tree_otherwise(struct tree_builder *builder, struct place place, struct rule **ret_rule);

/* ---- builder_values.c ---- */

/* A bare word: a number if it looks like one. */
MUST_USE int tree_word(struct tree_builder *builder, struct place place, const char *text, size_t length,
                       struct value *ret_value);
/* A quoted text, without quotes and escapes. */
MUST_USE int tree_text(struct tree_builder *builder, struct place place, const char *text, size_t length,
                       struct value *ret_value);
MUST_USE int tree_number(struct tree_builder *builder, struct place place, int64_t thousandths,
                         struct value *ret_value);
/* An amount as it is written: its number and its currency. */
MUST_USE int tree_amount(struct tree_builder *builder, struct place place, const char *number,
                         size_t number_length, const char *currency, size_t currency_length,
                         struct value *ret_value);
/* The same from minor units. */
MUST_USE int tree_amount_minor(struct tree_builder *builder, struct place place, int64_t minor,
                               const char *currency, size_t currency_length, struct value *ret_value);
/* Adds a value, or a range when high is not NULL. */
MUST_USE int tree_add_member(struct tree_builder *builder, struct member_list *list, const struct value *low,
                             const struct value *high);
/* The members as values of the fact, or what is wrong with the first that is none. */
MUST_USE int tree_fit(struct tree_builder *builder, enum policy_fact fact, unsigned count,
                      const struct member *members, struct member_list *ret_list);

/* ---- builder_conditions.c ---- */

/* A fact by its name, "metadata.NAME" included. What it wants as an argument then follows by tree_zone() or
 * tree_window(): policy_fact_rule(). */
MUST_USE int tree_fact(struct tree_builder *builder, struct place place, const char *name, size_t length,
                       struct fact_name *ret_fact);
/* The policy's own copy of a time zone's name, in *ret_zone. */
MUST_USE int tree_zone_name(struct tree_builder *builder, struct place place, const char *zone, size_t length,
                            const char **ret_zone);
MUST_USE int tree_zone(struct tree_builder *builder, struct place place, const char *zone, size_t length,
                       struct fact_name *fact);
/* "24h": minutes, hours or days. */
MUST_USE int tree_window(struct tree_builder *builder, struct place place, const char *window, size_t length,
                         struct fact_name *fact);
/* sign_place: where the comparison's sign stands. */
MUST_USE int tree_comparison(struct tree_builder *builder, struct place place, const struct fact_name *fact,
                             enum comparison comparison, struct place sign_place,
                             const struct member_list *members, struct node **ret_node);
MUST_USE int tree_in_set(struct tree_builder *builder, struct place place, const struct fact_name *fact,
                         struct place set_place, const char *set, size_t length, struct node **ret_node);
MUST_USE int tree_not(struct tree_builder *builder, struct place place, struct node *child,
                      struct node **ret_node);
MUST_USE int tree_add_node(struct tree_builder *builder, struct node_list *list, struct node *node);
/* NODE_AND or NODE_OR of one or more nodes: of one, it is that one; one of the same kind becomes its
 * children. */
MUST_USE int tree_junction(struct tree_builder *builder, enum node_type type, const struct node_list *nodes,
                           struct node **ret_node);

/* ---- builder_schedules.c: what a schedule says; numbers in thousandths ---- */

MUST_USE int tree_schedule_tries(struct tree_builder *builder, struct policy_schedule *schedule,
                                 struct place place, int64_t thousandths);
MUST_USE int tree_schedule_within(struct tree_builder *builder, struct policy_schedule *schedule,
                                  struct place place, int64_t thousandths);
extern const char policy_expected_day[];
MUST_USE int tree_schedule_day(struct tree_builder *builder, struct place place, int64_t thousandths,
                               uint8_t *ret_day);
/* Days of the month, both included. place: of the last. */
MUST_USE int tree_schedule_days(struct tree_builder *builder, struct policy_schedule *schedule,
                                struct place place, uint8_t first, uint8_t last);
MUST_USE int tree_schedule_hour(struct tree_builder *builder, struct place place, int64_t thousandths,
                                uint8_t *ret_hour);
MUST_USE int tree_schedule_zone(struct tree_builder *builder, struct policy_schedule *schedule,
                                struct place place, const char *zone, size_t length);
/* What holds of it as a whole; timed: days or hours were given. place: where its time zone stands, or would.
 */
MUST_USE int tree_schedule_end(struct tree_builder *builder, struct policy_schedule *schedule,
                               struct place place, bool timed);

/* ---- builder_actions.c: what a rule does, whose action's type the caller has set ---- */

MUST_USE int tree_candidate(struct tree_builder *builder, struct rule *rule, struct place place,
                            const char *name, size_t length);
/* The share of the last candidate, in thousandths of a per cent. */
MUST_USE int tree_weight(struct tree_builder *builder, struct rule *rule, struct place place,
                         int64_t thousandths);
MUST_USE int tree_floor(struct tree_builder *builder, struct rule *rule, struct place place,
                        int64_t thousandths);
MUST_USE int tree_advice(struct tree_builder *builder, struct rule *rule, struct place place);
extern const char policy_expected_option[]; /* what is expected where an option's name is */
/* The number of the option of that name, which the rule must not have yet, for tree_option_value(). */
MUST_USE int tree_option(struct tree_builder *builder, const struct rule *rule, struct place place,
                         const char *name, size_t length, unsigned *ret_option);
MUST_USE int tree_option_value(struct tree_builder *builder, struct rule *rule, unsigned option,
                               const struct value *value);
/* What holds of an action as a whole. place: of what comes last in it. */
MUST_USE int tree_action_end(struct tree_builder *builder, struct rule *rule, struct place place);
