#include "policy_checker.h"
#include "policy_words.h"
#include <string.h>

static const struct policy_connector *find_connector(const struct checker *checker, const char *name) {
  for (size_t i = 0; i < checker->connector_count; i++)
    if (strcmp(checker->connectors[i].name, name) == 0)
      return &checker->connectors[i];
  return NULL;
}

static void unknown_connector(struct checker *checker, unsigned number, unsigned candidate) {
  const struct rule *rule = &checker->policy->rules[number];
  const char *name = rule->action.candidates[candidate];
  struct guess guess = guess_for(name, strlen(name));
  bool shown = checker->findings->errors < POLICY_FINDINGS_MAX; /* else nobody reads the guess */
  for (size_t i = 0; shown && i < checker->connector_count; i++)
    guess_try(&guess, checker->connectors[i].name);
  checker_find(checker, POLICY_ERROR, number, rule->candidate_places[candidate], "connector_unknown",
               "No connector of that name is registered.%s%s%s", guess.best[0] == '\0' ? "" : " Is it ",
               guess.best, guess.best[0] == '\0' ? "" : "?");
}

/* ---- What a rule asks of the payment, and what a connector can do ---- */

/* What the rule's payments may have for the fact, absence included; NULL: anything, as far as is known. */
static const struct interval_set *asked(struct checker *checker, unsigned number, enum policy_fact fact,
                                        unsigned *ret_key) {
  struct terms *terms = &checker->terms;
  const struct term_list *condition = checker->conditions[number];
  unsigned key = 0;
  while (key < terms->key_count && terms->keys[key].fact != fact)
    key++;
  if (condition == NULL || !condition->known || condition->count == 0 || key == terms->key_count)
    return NULL;
  const struct interval_set *all = term_bound_of(terms, condition->at[0], key);
  for (unsigned i = 1; all != NULL && i < condition->count; i++)
    all = effort_unite(&terms->effort, all, term_bound_of(terms, condition->at[i], key));
  *ret_key = key;
  return all;
}

static bool does_currency(const struct policy_connector *connector, const char *currency) {
  for (unsigned i = 0; i < connector->currency_count; i++)
    if (strcmp(connector->currencies[i], currency) == 0)
      return true;
  return connector->currency_count == 0;
}

static bool does_method(const struct policy_connector *connector, const char *method) {
  const char *const *one = connector->methods;
  while (one != NULL && *one != NULL && strcmp(*one, method) != 0)
    one++;
  return one == NULL || *one != NULL;
}

static bool does_network(const struct policy_connector *connector, const char *network) {
  return connector->networks == 0 || (connector->networks >> network_from_name(network) & 1) != 0;
}

/* One of the things that both a rule and a connector may be particular about. */
static const struct particular {
  enum policy_fact fact;
  bool (*does)(const struct policy_connector *, const char *);
  const char *code, *name;
} particulars[] = {
    {FACT_METHOD, does_method, "connector_method", "payment method"},
    {FACT_AMOUNT, does_currency, "connector_currency", "currency"},
    {FACT_CARD_NETWORK, does_network, "connector_network", "card network"},
};

/* The word with that number, and the numbers that it has; NULL after the last. */
static const char *word_of(const struct terms *terms, enum policy_fact fact, unsigned number,
                           struct interval *ret_interval) {
  *ret_interval = (struct interval){number, number};
  if (fact != FACT_AMOUNT)
    return policy_fact_rule(fact)->words[number];
  if (number == terms->currency_count)
    return NULL;
  *ret_interval =
      (struct interval){(int64_t)number << CURRENCY_SHIFT, ((int64_t)(number + 1) << CURRENCY_SHIFT) - 1};
  return terms->currencies[number];
}

/* How many of the words that the rule allows the connector can do and cannot; nothing is said when it allows
 * others than words, or leaves it open. */
static void count_words(struct checker *checker, const struct interval_set *asked, enum policy_fact fact,
                        const struct particular *particular, const struct policy_connector *connector,
                        unsigned *ret_can, unsigned *ret_cannot) {
  struct effort *effort = &checker->terms.effort;
  struct interval numbers;
  const char *word;
  *ret_can = *ret_cannot = 0;
  for (unsigned i = 0; (word = word_of(&checker->terms, fact, i, &numbers)) != NULL; i++) {
    const struct interval_set *whole = effort_set(effort, &numbers, 1, false);
    const struct interval_set *common = whole == NULL ? NULL : effort_intersect(effort, asked, whole);
    asked = common == NULL ? NULL : effort_subtract(effort, asked, whole);
    if (asked == NULL) {
      *ret_can = *ret_cannot = 0;
      return;
    }
    if (!interval_set_is_empty(common))
      *(particular->does(connector, word) ? ret_can : ret_cannot) += 1;
  }
  if (!interval_set_is_empty(asked))
    *ret_can = *ret_cannot = 0;
}

static void check_particular(struct checker *checker, unsigned number, unsigned candidate,
                             const struct policy_connector *connector, const struct particular *particular) {
  const struct rule *rule = &checker->policy->rules[number];
  unsigned key, can = 0, cannot = 0;
  const struct interval_set *set = asked(checker, number, particular->fact, &key);
  if (set != NULL)
    count_words(checker, set, particular->fact, particular, connector, &can, &cannot);
  if (cannot == 0)
    return;
  if (can == 0)
    checker_find(checker, POLICY_ERROR, number, rule->candidate_places[candidate], particular->code,
                 "This connector can do no %s that the rule lets through.", particular->name);
  else
    checker_find(checker, POLICY_WARNING, number, rule->candidate_places[candidate], particular->code,
                 "This connector cannot do each %s that the rule lets through: %u of %u.", particular->name,
                 can, can + cannot);
}

static void check_candidate(struct checker *checker, unsigned number, unsigned candidate) {
  const struct rule *rule = &checker->policy->rules[number];
  const struct policy_connector *connector = find_connector(checker, rule->action.candidates[candidate]);
  const uint32_t paying = UINT32_C(1) << OPERATION_AUTHORIZE | UINT32_C(1) << OPERATION_CHARGE;
  if (connector == NULL) {
    unknown_connector(checker, number, candidate);
    return;
  }
  if (connector->operations != 0 && (connector->operations & paying) == 0)
    checker_find(checker, POLICY_ERROR, number, rule->candidate_places[candidate], "connector_operation",
                 "This connector can neither authorize nor charge.");
  for (size_t i = 0; i < sizeof particulars / sizeof particulars[0]; i++)
    check_particular(checker, number, candidate, connector, &particulars[i]);
}

void check_connectors(struct checker *checker) {
  for (unsigned i = 0; i < checker->policy->rule_count; i++)
    for (unsigned j = 0; j < checker->policy->rules[i].action.candidate_count; j++)
      check_candidate(checker, i, j);
}
