/* Where every rule asks about one and the same fact, the rules look meant to share out its values among them:
 * what none of them takes is worth a note. What of that is deliberate only people know, so it is never an
 * error. */
#include "policy_checker.h"
#include "policy_printer.h"
#include "policy_words.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RULES_LEAST = 2, SHOWN_MOST = 5, LIST_CAPACITY = 100 };

/* Whether each deciding rule binds the key in all of its terms; what they take of it, in *ret_taken. */
static bool shared_out(struct checker *checker, unsigned key, const struct interval_set **ret_taken) {
  struct terms *terms = &checker->terms;
  const struct interval_set *taken = effort_set(&terms->effort, NULL, 0, false);
  unsigned rules = 0;
  for (unsigned i = 0; i + 1 < checker->policy->rule_count; i++) {
    const struct term_list *condition = checker->conditions[i];
    if (!checker_decides(checker, i) || checker->dead[i])
      continue;
    if (!condition->known)
      return false;
    for (unsigned j = 0; taken != NULL && j < condition->count; j++) {
      const struct interval_set *bound = term_bound_of(terms, condition->at[j], key);
      if (bound == terms->keys[key].domain || !effort_take(&terms->effort, 1))
        return false;
      taken = effort_unite(&terms->effort, taken, bound);
    }
    rules++;
  }
  *ret_taken = taken;
  return taken != NULL && rules >= RULES_LEAST;
}

/* ---- What is left, in words ---- */

struct list {
  char text[LIST_CAPACITY];
  size_t length;
  unsigned count; /* of what was to be shown */
  bool more;      /* some of it is not */
};

static void add(struct list *list, const char *item) {
  size_t length = strlen(item);
  list->count++;
  list->more = list->more || list->count > SHOWN_MOST || list->length + length + 3 > sizeof list->text;
  if (list->more)
    return;
  list->length += (size_t)snprintf(list->text + list->length, sizeof list->text - list->length, "%s%s",
                                   list->length == 0 ? "" : ", ", item);
}

static void add_numbers(struct list *list, const struct interval_set *rest) {
  char item[64];
  for (unsigned i = 0; i < rest->count; i++) {
    if (rest->items[i].low == rest->items[i].high)
      snprintf(item, sizeof item, "%" PRId64, rest->items[i].low);
    else
      snprintf(item, sizeof item, "%" PRId64 " to %" PRId64, rest->items[i].low, rest->items[i].high);
    add(list, item);
  }
}

static void add_words(struct list *list, const struct fact_rule *rule, const struct interval_set *rest) {
  for (unsigned i = 0; rule->words[i] != NULL; i++)
    if (interval_set_holds(rest, i))
      add(list, rule->words[i]);
}

/* The amounts of a currency from its minor units low to high: all of them, or those between two. */
static void add_amounts(struct list *list, const char *currency, int64_t low, int64_t high, int64_t top) {
  struct value from = {.type = VALUE_AMOUNT, .number = low}, to = {.type = VALUE_AMOUNT, .number = high};
  char first[AMOUNT_CAPACITY], last[AMOUNT_CAPACITY], item[2 * AMOUNT_CAPACITY + 16];
  memcpy(from.currency, currency, sizeof from.currency);
  memcpy(to.currency, currency, sizeof to.currency);
  amount_text(&from, first);
  amount_text(&to, last);
  if (low == 0 && high == top)
    snprintf(item, sizeof item, "%s", currency);
  else if (high == top)
    snprintf(item, sizeof item, "%s or more", first);
  else if (low == 0)
    snprintf(item, sizeof item, "up to %s", last);
  else if (low == high)
    snprintf(item, sizeof item, "%s", first);
  else
    snprintf(item, sizeof item, "%s to %s", first, last);
  add(list, item);
}

/* What is left of the currencies that are named. The number of an amount is one more than its minor units. */
static void add_currencies(struct list *list, const struct terms *terms, const struct interval_set *rest) {
  for (unsigned i = 0, j = 0; i < terms->currency_count; i++) {
    int64_t zero = ((int64_t)i << CURRENCY_SHIFT) + 1, top = ((int64_t)(i + 1) << CURRENCY_SHIFT) - 1;
    while (j < rest->count && rest->items[j].high < zero)
      j++;
    for (unsigned k = j; k < rest->count && rest->items[k].low <= top; k++) {
      int64_t low = rest->items[k].low > zero ? rest->items[k].low : zero;
      int64_t high = rest->items[k].high < top ? rest->items[k].high : top;
      add_amounts(list, terms->currencies[i], low - zero, high - zero, top - zero);
    }
  }
}

static void describe(struct checker *checker, const struct term_key *key, const struct interval_set *rest,
                     struct list *list) {
  const struct fact_rule *rule = policy_fact_rule(key->fact);
  if (rule->values == VALUES_NUMBER)
    add_numbers(list, rest);
  else if (key->fact == FACT_AMOUNT)
    add_currencies(list, &checker->terms, rest);
  else if (rule->values == VALUES_WORD && rule->words != NULL)
    add_words(list, rule, rest);
}

static void note(struct checker *checker, const struct term_key *key, const struct interval_set *rest) {
  const struct policy *policy = checker->policy;
  const struct rule *otherwise = &policy->rules[policy->rule_count - 1];
  const char *name = key->fact == FACT_AMOUNT ? "the currency" : policy_fact_rule(key->fact)->name;
  bool open = key->fact == FACT_AMOUNT || policy_fact_rule(key->fact)->words == NULL;
  struct list list = {0};
  describe(checker, key, rest, &list);
  if (list.count == 0 && open && rest->count > 0)
    add(&list, "other values than they name");
  if (list.more)
    list.length += (size_t)snprintf(list.text + list.length, sizeof list.text - list.length, " and more");
  if (list.count > 0)
    checker_find(checker, POLICY_NOTE, policy->rule_count - 1, otherwise->place, "falls_to_otherwise",
                 "Each rule asks about %s; only otherwise takes: %s%s.", name, list.text,
                 rest->absent ? ", or none" : "");
}

void check_gaps(struct checker *checker) {
  struct terms *terms = &checker->terms;
  for (unsigned key = 0; key < terms->key_count; key++) {
    const struct interval_set *taken, *rest;
    if (!shared_out(checker, key, &taken))
      continue;
    rest = effort_subtract(&terms->effort, terms->keys[key].domain, taken);
    if (rest != NULL && !interval_set_is_empty(rest))
      note(checker, &terms->keys[key], rest);
  }
}
