/* Where every rule asks about one and the same fact, the rules look meant to share out its values among them:
 * what none of them takes is worth a note. What of that is deliberate only people know, so it is never an
 * error. */
#include "policy_checker.h"
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
};

static void add(struct list *list, const char *item) {
  size_t length = strlen(item);
  list->count++;
  if (list->count > SHOWN_MOST || list->length + length + 3 > sizeof list->text)
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

/* Currencies of which something is left, and whether it is all of it. */
static void add_currencies(struct list *list, const struct terms *terms, const struct interval_set *rest) {
  char item[64];
  for (unsigned i = 0; i < terms->currency_count; i++) {
    int64_t low = (int64_t)i << CURRENCY_SHIFT, high = ((int64_t)(i + 1) << CURRENCY_SHIFT) - 1;
    bool any = false, all = false;
    for (unsigned j = 0; j < rest->count; j++) {
      any =
          any || (rest->items[j].low <= high && rest->items[j].high > low); /* not just what is below zero */
      all = all || (rest->items[j].low <= low + 1 && rest->items[j].high >= high);
    }
    snprintf(item, sizeof item, "%s%s", all ? "" : "some amounts of ", terms->currencies[i]);
    if (any)
      add(list, item);
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
  if (list.count > SHOWN_MOST)
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
