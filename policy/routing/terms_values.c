/* Which numbers the values of facts have, and what a comparison makes of them. */
#include "policy_terms.h"
#include "policy_words.h"
#include <string.h>

enum {
  LETTERS = 26,
  COUNTRY_TOP = LETTERS * LETTERS, /* the number of what is no country */
  BIN_PLANE = 100000000,           /* BINs of 6, 7 and 8 known digits are apart */
  BIN_DIGITS_MIN = 6,
  BIN_DIGITS_TOP = 8,
  TEN = 10,
  INTERVALS_OF_MEMBER_MAX = 3,
  KEYS_MAX = 4096
};

static const int64_t text_top = INT64_MAX / 2, attribute_bound = INT64_C(1000000000000000);

/* Spans of a named set's values, worked out once. */
struct shared_set {
  struct shared_set *next;
  const struct member *members;
  bool as_number;
  const struct interval_set *set;
};

static int64_t currency_low(unsigned number) {
  return (int64_t)number << CURRENCY_SHIFT;
}

static int64_t power_of_ten(unsigned exponent) {
  int64_t power = 1;
  for (; exponent > 0; exponent--)
    power *= TEN;
  return power;
}

/* ---- Keys ---- */

/* Where words of a vocabulary end: the number of any other word. */
static int64_t word_top(const struct fact_rule *rule) {
  int64_t count = 0;
  if (rule->words == NULL)
    return COUNTRY_TOP;
  while (rule->words[count] != NULL)
    count++;
  return count;
}

/* The numbers that present values have, in up to three set. */
static unsigned present(enum policy_fact fact, bool as_number,
                        struct interval ret_intervals[INTERVALS_OF_MEMBER_MAX]) {
  const struct fact_rule *rule = policy_fact_rule(fact);
  switch (rule->values) {
  case VALUES_NUMBER:
    ret_intervals[0] = (struct interval){rule->low, fact == FACT_CARD_ATTEMPTS ? INT32_MAX : rule->high};
    return 1;
  case VALUES_AMOUNT:
    ret_intervals[0] = (struct interval){0, currency_low(CURRENCIES_KNOWN + 1) - 1};
    return 1;
  case VALUES_BIN:
    for (unsigned i = 0; i < INTERVALS_OF_MEMBER_MAX; i++) {
      int64_t plane = (int64_t)(BIN_DIGITS_MIN + i) * BIN_PLANE;
      ret_intervals[i] = (struct interval){plane, plane + power_of_ten(BIN_DIGITS_MIN + i) - 1};
    }
    return INTERVALS_OF_MEMBER_MAX;
  case VALUES_WORD:
    ret_intervals[0] = (struct interval){0, word_top(rule)};
    return 1;
  default:
    ret_intervals[0] =
        as_number ? (struct interval){-attribute_bound, attribute_bound} : (struct interval){0, text_top};
    return 1;
  }
}

static bool make_domain(struct terms *terms, struct term_key *key) {
  struct interval intervals[INTERVALS_OF_MEMBER_MAX];
  unsigned count = present(key->fact, key->as_number, intervals);
  key->domain = effort_set(&terms->effort, intervals, count, true);
  return key->domain != NULL;
}

static bool widen(struct terms *terms) {
  unsigned capacity = terms->key_capacity == 0 ? LETTERS : 2 * terms->key_capacity;
  struct term_key *keys = effort_memory(&terms->effort, capacity * sizeof *keys);
  if (keys == NULL)
    return false;
  if (terms->key_count > 0)
    memcpy(keys, terms->keys, terms->key_count * sizeof *keys);
  terms->keys = keys;
  terms->key_capacity = capacity;
  return true;
}

/* The number of the key, in *ret_key. Returns whether it was not given up. */
static bool find_key(struct terms *terms, const struct fact_name *name, bool as_number, unsigned *ret_key) {
  struct term_key key = {.fact = name->fact == FACT_CURRENCY ? FACT_AMOUNT : name->fact,
                         .as_number = as_number,
                         .index = (uint8_t)(name->zone + name->window),
                         .attribute = name->attribute};
  for (unsigned i = 0; i < terms->key_count; i++) {
    const struct term_key *one = &terms->keys[i];
    if (one->fact == key.fact && one->as_number == as_number && one->index == key.index &&
        one->attribute == key.attribute) {
      *ret_key = i;
      return effort_take(&terms->effort, i);
    }
  }
  if (terms->key_count == KEYS_MAX) {
    terms->effort.spent = true;
    return false;
  }
  if (!effort_take(&terms->effort, terms->key_count) || !make_domain(terms, &key))
    return false;
  if (terms->key_count == terms->key_capacity && !widen(terms))
    return false;
  *ret_key = terms->key_count;
  terms->keys[terms->key_count++] = key;
  return true;
}

/* ---- Values ---- */

static unsigned currency_number(struct terms *terms, const char *currency) {
  for (unsigned i = 0; i < terms->currency_count; i++)
    if (strcmp(terms->currencies[i], currency) == 0)
      return i;
  if (terms->currency_count == CURRENCIES_KNOWN)
    return CURRENCIES_KNOWN;
  terms->currencies[terms->currency_count] = currency;
  return terms->currency_count++;
}

static int64_t word_number(const struct fact_rule *rule, const char *word) {
  int64_t number = 0;
  if (rule->words == NULL)
    return (word[0] - 'A') * LETTERS + (word[1] - 'A');
  while (strcmp(rule->words[number], word) != 0)
    number++;
  return number;
}

/* The numbers of a BIN's leading digits, wherever as many are known. */
static unsigned bin_intervals(const struct member *member,
                              struct interval ret_intervals[INTERVALS_OF_MEMBER_MAX]) {
  unsigned count = 0;
  for (unsigned digits = member->low.digits; digits <= BIN_DIGITS_TOP; digits++) {
    int64_t plane = (int64_t)digits * BIN_PLANE, scale = power_of_ten(digits - member->low.digits);
    ret_intervals[count++] =
        (struct interval){plane + member->low.number * scale, plane + (member->high.number + 1) * scale - 1};
  }
  return count;
}

/* The numbers that a member's values have. */
static unsigned member_intervals(struct terms *terms, enum policy_fact fact, const struct member *member,
                                 struct interval ret_intervals[INTERVALS_OF_MEMBER_MAX]) {
  int64_t low;
  switch (member->low.type) {
  case VALUE_BIN:
    return bin_intervals(member, ret_intervals);
  case VALUE_NUMBER:
    ret_intervals[0] = (struct interval){member->low.number, member->high.number};
    return 1;
  case VALUE_AMOUNT: /* number 0 of a currency is for what is below zero */
    low = currency_low(currency_number(terms, member->low.currency)) + 1;
    ret_intervals[0] = (struct interval){low + member->low.number, low + member->high.number};
    return 1;
  case VALUE_TEXT: /* texts are interned: their addresses differ as they do */
    low = (int64_t)(uintptr_t)member->low.text;
    ret_intervals[0] = (struct interval){low, low};
    return 1;
  case VALUE_WORD:
    break;
  }
  if (fact == FACT_CURRENCY) {
    unsigned number = currency_number(terms, member->low.text);
    ret_intervals[0] = (struct interval){currency_low(number), currency_low(number + 1) - 1};
  } else {
    low = word_number(policy_fact_rule(fact), member->low.text);
    ret_intervals[0] = (struct interval){low, low};
  }
  return 1;
}

/* The numbers of values that can be compared with the member at all. */
static unsigned comparable(struct terms *terms, enum policy_fact fact, const struct member *member,
                           struct interval ret_intervals[INTERVALS_OF_MEMBER_MAX]) {
  if (member->low.type == VALUE_AMOUNT) {
    unsigned number = currency_number(terms, member->low.currency);
    ret_intervals[0] = (struct interval){currency_low(number), currency_low(number + 1) - 1};
    return 1;
  }
  unsigned count =
      present(fact == FACT_CURRENCY ? FACT_AMOUNT : fact, member->low.type == VALUE_NUMBER, ret_intervals);
  if (member->low.type != VALUE_BIN)
    return count;
  unsigned skipped = member->low.digits - BIN_DIGITS_MIN;
  memmove(ret_intervals, ret_intervals + skipped, (count - skipped) * sizeof *ret_intervals);
  return count - skipped;
}

/* ---- Comparisons ---- */

static const struct interval_set *compared(struct terms *terms, const struct node *node) {
  const struct member *member = &node->members[0];
  struct interval values[INTERVALS_OF_MEMBER_MAX], around[INTERVALS_OF_MEMBER_MAX];
  unsigned value_count = member_intervals(terms, node->fact.fact, member, values);
  unsigned around_count = comparable(terms, node->fact.fact, member, around);
  struct interval below = {around[0].low, values[0].low - 1}, above = {values[0].high + 1, around[0].high};
  struct interval up_to = {around[0].low, values[0].high}, from = {values[0].low, around[0].high};
  const struct interval *ordered = node->comparison == COMPARE_LT   ? &below
                                   : node->comparison == COMPARE_LE ? &up_to
                                   : node->comparison == COMPARE_GT ? &above
                                   : node->comparison == COMPARE_GE ? &from
                                                                    : NULL;
  if (ordered != NULL)
    return effort_set(&terms->effort, ordered, ordered->low <= ordered->high, false);
  const struct interval_set *equal = effort_set(&terms->effort, values, value_count, false);
  if (node->comparison == COMPARE_EQ || equal == NULL)
    return equal;
  const struct interval_set *all = effort_set(&terms->effort, around, around_count, false);
  return all == NULL ? NULL : effort_subtract(&terms->effort, all, equal);
}

/* Those of the members that are numbers, or those that are not; *ret_any: there is one. */
static const struct interval_set *listed(struct terms *terms, const struct node *node, bool numbers,
                                         bool *ret_any) {
  struct interval *list =
      effort_memory(&terms->effort, (size_t)node->member_count * INTERVALS_OF_MEMBER_MAX * sizeof *list);
  unsigned count = 0;
  *ret_any = false;
  for (unsigned i = 0; list != NULL && i < node->member_count; i++) {
    if ((node->members[i].low.type == VALUE_NUMBER) != numbers)
      continue;
    *ret_any = true;
    count += member_intervals(terms, node->fact.fact, &node->members[i], list + count);
  }
  return list == NULL ? NULL : effort_set(&terms->effort, list, count, false);
}

/* Likewise, for a named set out of memory. */
static const struct interval_set *listed_once(struct terms *terms, const struct node *node, bool numbers,
                                              bool *ret_any) {
  unsigned looked = 0;
  for (struct shared_set *one = terms->shared; one != NULL; one = one->next, looked++) {
    if (one->members == node->members && one->as_number == numbers) {
      *ret_any = !interval_set_is_empty(one->set);
      return effort_take(&terms->effort, looked) ? one->set : NULL;
    }
  }
  const struct interval_set *set = listed(terms, node, numbers, ret_any);
  struct shared_set *one =
      node->set == NULL || set == NULL ? NULL : effort_memory(&terms->effort, sizeof *one);
  if (one != NULL) {
    *one = (struct shared_set){terms->shared, node->members, numbers, set};
    terms->shared = one;
  }
  return set;
}

bool terms_of_values(struct terms *terms, const struct node *node,
                     struct term_bound ret_bounds[TERM_PARTS_MAX], unsigned *ret_count) {
  bool attribute = policy_fact_rule(node->fact.fact)->values == VALUES_ATTRIBUTE;
  unsigned count = 0;
  for (unsigned numbers = 0; numbers < TERM_PARTS_MAX; numbers++) {
    bool any =
        node->comparison != COMPARE_IN && (node->members[0].low.type == VALUE_NUMBER) == (numbers == 1);
    const struct interval_set *set = NULL;
    if (node->comparison == COMPARE_IN)
      set = listed_once(terms, node, numbers == 1, &any);
    else if (any)
      set = compared(terms, node);
    if (set == NULL && (any || node->comparison == COMPARE_IN))
      return false;
    if (!any)
      continue;
    if (!find_key(terms, &node->fact, attribute && numbers == 1, &ret_bounds[count].key))
      return false;
    ret_bounds[count++].set = set;
  }
  *ret_count = count;
  return true;
}
